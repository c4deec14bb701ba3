import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type AccessOptions, findAccess } from '../../clusters/api/access/access.ts';
import { connect } from '../../clusters/api/client.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { lpv } from '../../clusters/project-root.ts';
import { redact } from '../../clusters/text/redact.ts';
import { allRequirements } from '../../specs/catalogue/catalogue.ts';
import { readDurations, secondsBy } from '../../specs/catalogue/durations.ts';
import { whyNotRun } from '../../specs/catalogue/features.ts';
import { loadSpecs, specFiles } from '../../specs/runner/load.ts';
import { mochaReporter } from '../../specs/runner/mocha-events.ts';
import { seedLimit } from '../../specs/runner/seed.ts';
import { type Choice, chooseBy, type Filters } from '../../specs/runner/selection.ts';
import { shardOf } from '../../specs/runner/shards.ts';
import { flagOf } from '../command-line/verb.ts';
import { comparisonAsMarkdown } from '../report/compare/markdown.ts';
import { comparisonForTerminal } from '../report/compare/terminal.ts';
import { readProduct } from '../report/formats/conformance/product.ts';
import { addToSummary } from '../report/formats/github.ts';
import { terminalCapabilities } from '../report/formats/terminal.ts';
import { isLent } from '../report/model/reproduce.ts';
import { type ClusterOptions, planCluster } from '../run/cluster/plan.ts';
import { planText } from '../run/lent-cluster/plan-text.ts';
import { imagesFor, type LentOptions, surveyCluster } from '../run/lent-cluster/survey.ts';
import { checkManifests } from '../run/manifests.ts';
import { runOnEach } from '../run/matrix.ts';
import { Registry } from '../run/registry.ts';
import { type RunPlan, runRequirements, stepsFor } from '../run/run-requirements.ts';
import { endAdvice, keptAdvice, usableCluster } from './own-cluster.ts';
import { assertReportFolder } from './report-folder.ts';

const say = (text: string) => void process.stdout.write(`${text}\n`);

/** The options of `lpv run`. */
type Options = Omit<ClusterOptions, 'kubernetes'> &
  Filters &
  RunPlan['options'] &
  AccessOptions &
  LentOptions & {
    yes?: boolean;
    kubernetes?: readonly string[];
    use?: string;
    seed?: number;
    list?: boolean;
    dryRun?: boolean;
    report: string;
    product?: string;
    reporter?: string;
    reporterOption?: Record<string, string>;
  };

/** Runs the chosen specs, or prints them or the steps to them, and returns the exit status. */
export async function runSpecs(options: Options): Promise<ExitStatus> {
  // Before the specs are loaded, which takes a second.
  if (!options.list && !options.dryRun && !isLent(options)) await assertReportFolder(options.report);
  const runPlans = await planRuns(options);
  if (options.list) return list(runPlans);
  if (isLent(options)) return (await runOnLent(runPlans, options)).exitStatus;
  const { agent, ...given } = options;
  for (const option of ofLentCluster) if (given[option] !== undefined) throw ofNoCluster(flagOf(option));
  if (agent === false) throw ofNoCluster(flagOf('agent', agent));
  if (options.dryRun) return tellSteps(runPlans, options.report);
  const [only, ...others] = runPlans;
  if (only && others.length === 0) {
    const { exitStatus, kept, folder } = await runRequirements(only, options.report);
    await sendReports([folder]);
    const removed = !kept && !only.existing && exitStatus !== 'environment' && exitStatus !== 'interrupted';
    const advice = endAdvice(folder, removed);
    if (advice !== '') say(advice);
    if (kept) say(keptAdvice(kept));
    return exitStatus;
  }
  const { runs, exitStatus, folder, comparison } = await runOnEach(runPlans, options.report);
  await sendReports(runs.map((run) => run.folder));
  if (comparison) {
    say(`\n${comparisonForTerminal(comparison, terminalCapabilities(process.stdout, process.env).color).trimEnd()}`);
    say(`\n   comparison: ${join(folder, 'comparison.html')}`);
    const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY } = process.env;
    if (GITHUB_ACTIONS === 'true' && GITHUB_STEP_SUMMARY)
      addToSummary(GITHUB_STEP_SUMMARY, comparisonAsMarkdown(comparison));
  }
  for (const { kept } of runs) if (kept) say(keptAdvice(kept));
  return exitStatus;
}

/**
 * Runs the specs on a cluster of the user's, once that is confirmed, and returns the folder of the report; or prints the
 * plan of it.
 */
export async function runOnLent(
  [runPlan]: readonly RunPlan[],
  options: Options,
): Promise<{ exitStatus: ExitStatus; folder?: string }> {
  if (!runPlan) throw new Error('there is no plan');
  const access = await findAccess(options, { environment: process.env });
  using client = await connect({ kubeconfig: access });
  const images = await imagesFor(runPlan.plan.versions, options);
  const survey = await surveyCluster(client, access, { options, images });
  const notRun = runPlan.specs.flatMap(({ requirement }) => whyNotRun(requirement, survey) ?? []);
  const run = runPlan.specs.length - notRun.length;
  say(
    redact(planText(survey, { run, skipped: notRun.map(({ reason }) => reason), product: runPlan.product }).join('\n')),
  );
  if (options.dryRun) return { exitStatus: 'conforms' };
  await assertReportFolder(options.report);
  if (!options.yes) await confirm(access.name);
  const { exitStatus, folder } = await runRequirements({ ...runPlan, lent: { survey, client } }, options.report);
  await sendReports([folder]);
  say(endAdvice(folder, false));
  return { exitStatus, folder };
}

/** Waits until the user has typed the name of the context. @throws DomainError (badUsage) where it is another text */
async function confirm(context: string): Promise<void> {
  const refuse = (seen: string) =>
    new DomainError(
      {
        attempted: `asking whether to run on the cluster of the context ${context}`,
        seen,
        remedy: 'read the plan above; then type the name of the context, or give --yes',
      },
      { exit: 'badUsage' },
    );
  if (!process.stdin.isTTY) throw refuse('there is no terminal to ask at');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const typed = await terminal.question(`\nType ${context} to run there: `);
    if (typed.trim() !== context) throw refuse('another text was typed; nothing was created');
  } finally {
    terminal.close();
  }
}

/** What says something about a cluster of the user's only, beside `--no-agent`. */
const ofLentCluster = [
  'as',
  'asGroup',
  'namespace',
  'nodes',
  'yes',
  'agentImage',
  'registry',
  'disks',
  'disruptive',
] as const;

function ofNoCluster(flag: string): DomainError {
  return new DomainError(
    {
      attempted: 'choosing the cluster',
      seen: `${flag} without --context or --kubeconfig`,
      why: 'no cluster of yours is used unless it is named',
      remedy: 'name it: --context NAME',
    },
    { exit: 'badUsage' },
  );
}

/** Sends the folders of reports to the parent process, where it listens, as `npm test` does. */
async function sendReports(reports: readonly string[]): Promise<void> {
  // A parent that has ended needs no reports.
  await new Promise<unknown>((sent) => process.send?.({ reports }, undefined, undefined, sent) ?? sent(undefined));
}

/**
 * Returns one plan for each Kubernetes minor asked for. Bad input is found here, before anything is created. `choice` takes
 * the place of the filters among the options.
 */
export async function planRuns(options: Options, choice?: Choice): Promise<RunPlan[]> {
  const minors = options.kubernetes ?? [undefined];
  if (minors.length > 1 && options.kubernetesSource !== undefined)
    throw oneTreeOneMinor(minors, options.kubernetesSource);
  const plans = await Promise.all(minors.map((kubernetes) => planCluster({ ...options, kubernetes })));
  const existing = options.use === undefined ? undefined : await usableCluster(new Registry(), options.use);
  const product = options.product === undefined ? undefined : await readProduct(options.product);
  await checkManifests();
  const reporter = options.reporter === undefined ? undefined : await mochaReporter(options.reporter);
  const catalogue = allRequirements();
  const selection = (
    await loadSpecs({ files: await specFiles(), choice: choice ?? chooseBy(options, catalogue) })
  ).toSorted((a, b) => catalogue.indexOf(a.requirement) - catalogue.indexOf(b.requirement));
  const specs = options.shard ? shardOf(selection, options.shard, secondsBy(readDurations())) : selection;
  // The same order on every minor, so that their figures can be compared.
  const seed = options.seed ?? randomInt(seedLimit);
  return plans.map((plan) => ({
    options,
    plan,
    existing,
    specs,
    selection,
    seed,
    product,
    mocha: reporter && [reporter, options.reporterOption],
  }));
}

function oneTreeOneMinor(minors: readonly unknown[], tree: string): DomainError {
  return new DomainError(
    {
      attempted: `running the specs on Kubernetes ${minors.join(' and ')}`,
      seen: `--kubernetes-source ${tree} is one tree, which is of one minor`,
      remedy: `give one minor, run it again for the other tree, and compare the reports: ${lpv('diff REPORT REPORT')}`,
    },
    { exit: 'badUsage' },
  );
}

function list([first]: readonly RunPlan[]): ExitStatus {
  for (const { requirement } of first?.specs ?? []) {
    const { id, chapter, sentence } = requirement;
    say(`${id.padEnd(10)} ${chapter.padEnd(12)} ${sentence}`);
  }
  return 'conforms';
}

function tellSteps(runPlans: readonly RunPlan[], folder: string): ExitStatus {
  const nothing = async () => {};
  const target = {
    run: 'dry',
    cluster: 'lpv-dry',
    network: 'lpv-dry',
    folder,
    kubeconfig: '',
    reserve: nothing,
    use: nothing,
  };
  for (const runPlan of runPlans) {
    if (runPlans.length > 1) say(`Kubernetes ${runPlan.plan.minor.name}`);
    for (const { title } of stepsFor(runPlan, target)) say(`would be done: ${title}`);
    say(`would be done: Running ${runPlan.specs.length} specs`);
  }
  return 'conforms';
}
