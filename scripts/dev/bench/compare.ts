/**
 * `npm run bench -- --compare REF [options of lpv run]`: the same choice on two commits in turns, the ratios of what it
 * takes, and status 1 where this commit is slower.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as commander from 'commander';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../../clusters/errors/exit-status.ts';
import { type CommandResult, run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { Engine, probeEngine } from '../../../clusters/host/engine/engine.ts';
import { engineMissing } from '../../../clusters/host/engine/engine-errors.ts';
import { presentNodeImage } from '../../../clusters/host/node-image/acquire.ts';
import { lpv, projectRoot } from '../../../clusters/project-root.ts';
import { wholeNumber } from '../../command-line/values.ts';
import { problemOf } from '../../command-line/verb.ts';
import { addToSummary } from '../../report/formats/github.ts';
import { readReport } from '../../report/model/report-file.ts';
import { planCluster } from '../../run/cluster/plan.ts';
import { timestamp } from '../../run/run-identity.ts';
import { readCpuTime } from '../../run/surroundings.ts';
import { readRunOptions } from '../../verbs/run.ts';
import { listen } from '../test.ts';
import { compared, comparedAsText, type Round, type Taken, takenBy, verdictOf } from './compared.ts';
import { leastRounds } from './ratios.ts';

/** What a comparison is asked for. */
interface Asked {
  ref: string;
  rounds: number;
  /** A difference up to this does not count: 0.05 is 5 %. */
  margin: number;
  /** Arguments of `lpv run`. */
  choice: readonly string[];
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Options of `lpv run` that are decided here, or that make no cluster of a run's own. */
const notHere = ['list', 'dry-run', 'use', 'kubeconfig', 'context', 'keep', 'seed', 'report', 'image', 'repeat'];

/**
 * Returns what a command line asks for: what is no option of the comparison is one of `lpv run`.
 * @throws DomainError (badUsage)
 */
export function readComparison(argv: readonly string[]): Asked {
  const command = new commander.Command()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .requiredOption('--compare <REF>')
    .addOption(new commander.Option('--rounds <NUMBER>').argParser(wholeNumber(leastRounds, 100)).default(8))
    .addOption(new commander.Option('--margin <PERCENT>').argParser(wholeNumber(1, 100)).default(5));
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof commander.CommanderError) throw badUsage(problemOf(error));
    throw error;
  }
  const choice = command.args.length > 0 ? command.args : ['--chapter', 'scenario'];
  const { kubernetes } = readRunOptions(choice);
  const refused = notHere.find((name) => choice.some((word) => word === `--${name}` || word.startsWith(`--${name}=`)));
  if (refused !== undefined) throw badUsage(`--${refused} cannot go with --compare`);
  if ((kubernetes?.length ?? 1) > 1) throw badUsage('commits are compared on one Kubernetes minor');
  const { compare: ref, rounds, margin } = command.opts<{ compare: string; rounds: number; margin: number }>();
  return { ref, rounds, margin: margin / 100, choice };
}

function badUsage(seen: string, remedy?: string): DomainError {
  const attempted = 'comparing two commits';
  return new DomainError({ attempted, seen, ...(remedy !== undefined && { remedy }) }, { exit: 'badUsage' });
}

/** Compares this working tree with a commit, prints the ratios, and keeps them in a folder below `reports`. */
export async function compare(argv: readonly string[]): Promise<ExitStatus> {
  const asked = readComparison(argv);
  const commits = await readCommits(asked.ref);
  const image = await imageOf(asked.choice);
  using interruptions = listen(process);
  const { signal } = interruptions;
  const folder = resolve('reports', `${timestamp(new Date())}-compare-${commits.before.slice(0, 7)}`);
  await mkdir(folder, { recursive: true });
  say(` • ${commits.title}, by ${asked.rounds} rounds of lpv run ${asked.choice.join(' ')}`);
  try {
    await using tree = await checkOut(commits.before, signal);
    const trees = { now: projectRoot, before: tree.path };
    for (const path of Object.values(trees)) await assertChoice(path, asked.choice, signal);
    const rounds = await measureInTurns(trees, { ...asked, image, folder }, signal);
    return await conclude(rounds, asked, { ...commits, image, folder });
  } catch (error) {
    if (signal.aborted) return 'interrupted';
    throw error;
  }
}

/** Returns the two commits, told before anything is made. @throws DomainError (badUsage) where there is no such commit */
async function readCommits(ref: string): Promise<{ now: string; before: string; title: string }> {
  if (!existsSync(join(projectRoot, '.git'))) throw badUsage('this is no checkout of a repository');
  const commitOf = async (name: string) => {
    const { status, stdout } = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`);
    return status === 0 ? stdout.trim() : undefined;
  };
  const [now, before] = [await commitOf('HEAD'), await commitOf(ref)];
  if (now === undefined || before === undefined)
    throw badUsage(`there is no commit ${ref} here`, 'fetch it; of a shallow clone: git fetch --unshallow');
  const changed = (await git('status', '--porcelain')).stdout.trim() !== '';
  const here = `${now.slice(0, 7)}${changed ? ' with changes that are not committed' : ''}`;
  return { now, before, title: `${here} (now) beside ${before.slice(0, 7)} (before: ${ref})` };
}

async function git(...args: string[]): Promise<CommandResult> {
  // The repository's configuration may name a program to run.
  const argv = ['git', '-c', 'core.fsmonitor=false', '-C', projectRoot, ...args] as const;
  return await host.attempt({ argv, deadline: 60_000 });
}

/** Returns the node image that both have. @throws DomainError where none is here: nothing is built for a comparison */
async function imageOf(choice: readonly string[]): Promise<string> {
  const plan = await planCluster({ image: 'auto', kubernetes: readRunOptions(choice).kubernetes?.[0], install: false });
  const engine = await probeEngine();
  if (engine.kind !== 'answers') throw engineMissing(engine, []);
  const present = await presentNodeImage({ ...plan, wish: plan.image, engine: new Engine(engine.facts) });
  if (present !== undefined) return present;
  const remedy = `get it first: ${lpv(`image --kubernetes ${plan.minor.name}`)}`;
  throw new DomainError({ attempted: 'comparing two commits', seen: 'no node image is here', remedy });
}

/** Creates a working tree of a commit with packages of its own; disposing it removes the tree. */
async function checkOut(commit: string, signal: AbortSignal): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'lpv-compare-'));
  const path = join(folder, 'tree');
  const made = {
    path,
    async [Symbol.asyncDispose]() {
      await git('worktree', 'remove', '--force', path);
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await run(host, {
      argv: ['git', '-C', projectRoot, 'worktree', 'add', '--detach', path, commit],
      deadline: 120_000,
    });
    await run(host, { argv: ['npm', 'ci', '--prefer-offline'], directory: path, deadline: 600_000, signal });
    return made;
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
}

/** Checks that a tree has the choice; its modules are compiled by that, too, which counts for no round. */
async function assertChoice(tree: string, choice: readonly string[], signal: AbortSignal): Promise<void> {
  const argv = [process.execPath, join(tree, 'scripts', 'lpv.js'), 'run', ...choice, '--list'] as const;
  const { status, stderr } = await host.attempt({ argv, directory: tree, deadline: 120_000, signal });
  if (status !== 0)
    throw badUsage(`${tree === projectRoot ? 'this tree' : 'the other commit'} says:\n${stderr.trim()}`);
}

/** Returns the rounds in which both runs went well. Which tree is first changes each time. */
async function measureInTurns(
  trees: Readonly<Record<keyof Round, string>>,
  asked: Asked & { image: string; folder: string },
  signal: AbortSignal,
): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 1; round <= asked.rounds; round++) {
    const taken = new Map<string, Taken | undefined>();
    for (const side of round % 2 === 0 ? (['now', 'before'] as const) : (['before', 'now'] as const))
      taken.set(side, await measure(trees[side], { ...asked, round, side }, signal));
    const [now, before] = [taken.get('now'), taken.get('before')];
    if (!now || !before) continue;
    rounds.push({ now, before });
    const figure = (of: Taken) => `${of['the whole run'].toFixed(1)} s`;
    say(`   round ${round} of ${asked.rounds}: now ${figure(now)}, before ${figure(before)}`);
  }
  return rounds;
}

/** Returns what one run took; undefined, and told, where it did not end well. */
async function measure(
  tree: string,
  { choice, image, folder, round, side }: Asked & { image: string; folder: string; round: number; side: string },
  signal: AbortSignal,
): Promise<Taken | undefined> {
  const reports = join(folder, `${round}-${side}`);
  const given = ['--image', image, '--seed', String(round), '--report', reports];
  const begun = await readCpuTime();
  const { status } = await host.attempt({
    argv: [process.execPath, join(tree, 'scripts', 'lpv.js'), 'run', ...choice, ...given],
    directory: tree,
    // A run writes no step summary of its own.
    env: { GITHUB_ACTIONS: '', LPV_INSTALL: 'off' },
    deadline: 30 * 60_000,
    signal,
  });
  const ended = await readCpuTime();
  if (status !== 0) {
    say(`   round ${round} is left out: the run of ${side} ended with status ${status}, see ${reports}`);
    return undefined;
  }
  const [name = ''] = await readdir(reports);
  // The kernel counts in hundredths of a second.
  const processors = begun && ended ? (ended.busy - begun.busy) / 100 : Number.NaN;
  return takenBy(await readReport(join(reports, name, 'report.yaml')), processors);
}

/** Prints and keeps what was seen, and returns the status. */
async function conclude(
  rounds: readonly Round[],
  { margin, choice }: Asked,
  { folder, ...facts }: { now: string; before: string; title: string; image: string; folder: string },
): Promise<ExitStatus> {
  if (rounds.length < leastRounds) {
    const seen = `${rounds.length} rounds ended well; bounds need ${leastRounds}`;
    throw new DomainError({ attempted: 'comparing two commits', seen, remedy: `read the reports in ${folder}` });
  }
  const all = compared(rounds, margin);
  const { slower, sentence } = verdictOf(all, margin);
  const text = `${facts.title}: ${rounds.length} rounds of lpv run ${choice.join(' ')}\n\n${comparedAsText(all)}`;
  await writeFile(
    join(folder, 'compare.json'),
    `${JSON.stringify({ ...facts, choice, margin, rounds, all }, null, 2)}\n`,
  );
  say(`\n${text}\n\n ${slower ? '✗' : '✓'} ${sentence}\n   figures: ${join(folder, 'compare.json')}`);
  const { GITHUB_STEP_SUMMARY: summary } = process.env;
  if (summary) addToSummary(summary, `\n**${sentence}**\n\n\`\`\`\n${text}\n\`\`\`\n`);
  return slower ? 'doesNotConform' : 'conforms';
}
