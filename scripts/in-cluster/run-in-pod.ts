import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { redact } from '../../clusters/text/redact.ts';
import { allRequirements } from '../../specs/catalogue/catalogue.ts';
import type { RunEvent } from '../../specs/runner/events.ts';
import { type Choice, chooseBy } from '../../specs/runner/selection.ts';
import { readReport, reportFile } from '../report/model/report-file.ts';
import { resultsFolder } from '../runner-image/manifests.ts';
import { readRunOptions } from '../verbs/run.ts';
import { planRuns, runOnLent } from '../verbs/run-specs.ts';
import { type Driver, driverOf } from './driver.ts';
import { firstLines, focusOn, ginkgoName, junitWithoutRun, lastLines, progressOf } from './ginkgo.ts';
import { keepReport } from './kept-report.ts';
import { postProgress, progressReader, resultTree, writeDone, writeNoResults, writeTree } from './sonobuoy.ts';

type Of<Kind extends Driver['kind']> = Extract<Driver, { kind: Kind }>;

/**
 * Runs the specs on the cluster that this pod is in, for whatever has started the pod, and returns the exit status. The
 * arguments are options of `lpv run`.
 */
export async function runInPod(environment: NodeJS.ProcessEnv, argv: readonly string[]): Promise<ExitStatus> {
  const driver = driverOf(environment);
  switch (driver.kind) {
    case 'hydrophone':
      return await underHydrophone(driver, argv);
    case 'sonobuoy':
      return await underSonobuoy(driver, argv);
    case 'job':
      return await inJob(driver, argv, environment);
  }
}

/** What a run is told here, beside its options. */
interface Wishes {
  report: string;
  shard?: Of<'job'>['shard'];
  reader?: (event: RunEvent) => void;
  /** Called with the number of specs that are going to run. */
  planned?: (specs: readonly { requirement: ReturnType<typeof allRequirements>[number] }[]) => boolean;
  choice?: Choice;
}

/** Runs the specs with the options of a command line; `planned` returning false ends it before anything is created. */
async function run(argv: readonly string[], { report, shard, reader, planned, choice }: Wishes) {
  // The only folder that can be written to.
  process.env.LPV_STATE_HOME = join(report, '.state');
  process.env.LPV_CACHE_HOME = join(report, '.cache');
  const { LPV_NODE: ownNode } = process.env;
  const options = { ...readRunOptions(argv), ...(shard && { shard }), ownNode, report, yes: true };
  const plans = await planRuns(options, choice);
  if (planned?.(plans[0]?.specs ?? []) === false) return { exitStatus: 'conforms' } as const;
  return await runOnLent(
    plans.map((plan) => ({ ...plan, reader })),
    options,
  );
}

async function underHydrophone({ focus, skip, dryRun }: Of<'hydrophone'>, argv: readonly string[]) {
  const all = allRequirements();
  const begun = performance.now();
  const log = (text: string): void => appendFileSync(join(resultsFolder, 'e2e.log'), text);
  const junit = join(resultsFolder, 'junit_01.xml');
  let first = false;
  const begin = (chosen: number): void => {
    if (!first) log(firstLines({ chosen, all: all.length }));
    first = true;
  };
  let [passed, failed] = [0, 0];
  let exitStatus: ExitStatus = 'environment';
  try {
    const focused = focusOn(focus, skip);
    const filters = chooseBy(readRunOptions(argv), all);
    const choice: Choice = {
      asked: [`E2E_FOCUS=${focus} E2E_SKIP=${skip}`, filters.asked].join(' '),
      takes: (requirement) => focused(requirement) && filters.takes(requirement),
    };
    const ended = await run(argv, {
      report: resultsFolder,
      choice,
      reader: (event) => log(progressOf(event)),
      planned: (specs) => {
        begin(specs.length);
        if (!dryRun) return true;
        const skipped = specs.map(({ requirement }) => requirement);
        log(skipped.map((requirement) => `S [SKIPPED] ${ginkgoName(requirement)}\n`).join(''));
        writeFileSync(junit, junitWithoutRun({ skipped, because: 'dry run' }));
        return false;
      },
    });
    exitStatus = ended.exitStatus;
    if ('folder' in ended && ended.folder !== undefined) {
      copyFileSync(join(ended.folder, 'junit_01.xml'), junit);
      log(`\n${await readFile(join(ended.folder, 'e2e.log'), 'utf8')}\n`);
      const report = await readReport(await reportFile(ended.folder));
      passed = report.statistics.passed;
      failed = report.statistics.failed + report.outside.length;
    }
  } catch (error) {
    const text = redact(messageOf(error));
    exitStatus = error instanceof DomainError && error.exit !== 'conforms' ? error.exit : 'environment';
    begin(0);
    log(`${text}\n`);
    process.stderr.write(`${text}\n`);
    writeFileSync(junit, junitWithoutRun({ error: text }));
  }
  const milliseconds = performance.now() - begun;
  const conforms = exitStatus === 'conforms';
  const last = lastLines({ all: all.length, passed, failed, milliseconds, conforms });
  log(last);
  process.stdout.write(last);
  return exitStatus;
}

async function underSonobuoy({ results, progressPort }: Of<'sonobuoy'>, argv: readonly string[]) {
  try {
    const ended = await run(argv, {
      report: results,
      ...(progressPort && { reader: progressReader((progress) => postProgress(progressPort, progress)) }),
    });
    const folder = 'folder' in ended ? ended.folder : undefined;
    if (folder === undefined) throw new Error('the run has no report');
    writeTree(folder, resultTree(await readReport(await reportFile(folder))));
    writeDone(results, folder);
    return ended.exitStatus;
  } catch (error) {
    const folder = join(results, 'not-begun');
    mkdirSync(folder, { recursive: true });
    writeNoResults(folder, redact(messageOf(error)));
    writeDone(results, folder);
    throw error;
  }
}

async function inJob({ shard }: Of<'job'>, argv: readonly string[], environment: NodeJS.ProcessEnv) {
  const ended = await run(argv, { report: resultsFolder, ...(shard && { shard }) });
  if ('folder' in ended && ended.folder !== undefined) await keepReport(ended.folder, environment);
  return ended.exitStatus;
}
