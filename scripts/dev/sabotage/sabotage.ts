/**
 * `npm run test:sabotage`: puts one defect after the other into a cluster, and says which requirements see it. README.md
 * in this folder has the options.
 */
import { join, resolve } from 'node:path';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import { type ExitStatus, exitStatus } from '../../../clusters/errors/exit-status.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { type Recipe, readRecipe } from '../../../clusters/host/node-image/recipe.ts';
import { writeAtomically } from '../../../clusters/host/write-atomically.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { allRequirements } from '../../../specs/catalogue/catalogue.ts';
import { otherVersions } from '../../../specs/catalogue/features.ts';
import { loadSpecs, specFiles } from '../../../specs/runner/load.ts';
import type { DeclaredSpec } from '../../../specs/runner/registry.ts';
import { wholeNumber } from '../../command-line/values.ts';
import { Option, readOptions, usualStatuses, verbCommand } from '../../command-line/verb.ts';
import { cacheFolder } from '../../run/cluster/plan.ts';
import { type BrokenCluster, buildImage, createCluster } from './broken-cluster.ts';
import { type Defect, readDefects } from './defect.ts';
import { judge, usualJobs } from './judge.ts';
import { type Change, changesOf, digestOf, makeTree } from './kubernetes-tree.ts';
import { removeObjects, restore } from './restore.ts';
import {
  type DefectResult,
  type Judged,
  type Judgement,
  judgedBy,
  nearOf,
  type Results,
  readResults,
  writeResults,
} from './results.ts';
import { startAgain, switchOn } from './switches.ts';
import { asHtml, asMarkdown, inOneSentence, tableOf } from './table.ts';

const say = (text: string) => void process.stdout.write(`${text}\n`);

const command = verbCommand('sabotage', {
  sentence: 'Puts one defect after the other into a cluster, and says which requirements turn red.',
  examples: ['npm run test:sabotage', 'npm run test:sabotage -- --grep block/ --continue'],
  statuses: {
    ...usualStatuses,
    conforms: 'every defect was caught by the requirements that name what it breaks',
    doesNotConform: 'a defect survived, or only others have caught it',
  },
})
  .option('--grep <TEXT>', 'only defects with this text in their area and name; several with commas')
  .addOption(
    new Option('--only <WHICH>', 'only defects that were not caught, as the results say').choices([
      'survivors',
      'unjudged',
      'uncaught',
    ] as const),
  )
  .option('--continue', 'do not judge again what the results have; with --only, run only controls that they lack')
  .option('--results <DIR>', 'the folder of results and tables', join('reports', 'sabotage'))
  .option('--jobs <NUMBER>', 'how many specs run at the same time', wholeNumber(1, 64), usualJobs)
  .option('--table', 'write the tables from the results, and do nothing else')
  .option('--list', 'print the defects with what the results say of them, and do nothing');

type Options = ReturnType<typeof options>;
const options = (argv: readonly string[]) => readOptions(command, argv);

/** Judges the chosen defects, writes the tables, and returns what came of it. */
async function sabotage(asked: Options): Promise<ExitStatus> {
  const catalogue = allRequirements();
  const versions = await readVersions();
  const recipe = await readRecipe(versions, versions.minor());
  const all = (await readDefects(catalogue)).filter(({ minors }) => minors?.includes(recipe.minor) ?? true);
  const folder = resolve(asked.results);
  const results = await readResults(folder, recipe.kubernetes);
  const chosen = choose(all, results, asked);
  if (asked.list) {
    for (const defect of chosen)
      say(`${judgedBy(defect, results, catalogue).verdict.padEnd(17)} ${defect.name.padEnd(44)} ${defect.breaks}`);
    return 'conforms';
  }
  const specs = await loadSpecs({ files: await specFiles(), choice: { asked: '', takes: () => true } });
  const suite = new Suite({ asked, chosen, catalogue, specs, results, folder });
  if (asked.table) return suite.end();
  const image = suite.done ? '' : await imageWith(await changesOf(all), recipe);
  if (image === undefined) return 'environment';
  while (!suite.done) {
    await using broken = await createCluster(image);
    if (!broken) return 'environment';
    await suite.goOn(broken);
    if (broken.signal.aborted) return suite.end('interrupted');
  }
  return suite.end();
}

/** Returns the node image of a Kubernetes with all changes in it: one that is present, or one that is built now. */
async function imageWith(changes: readonly Change[], recipe: Recipe): Promise<string | undefined> {
  const image = `localhost/local-pv-conformance/node:sabotage-${await digestOf(changes, recipe)}`;
  const present = await host.attempt({ argv: ['docker', 'image', 'inspect', image], deadline: 60_000 });
  if (present.status === 0) return image;
  const tree = join(cacheFolder(process.env), 'sabotage', 'tree');
  say(`patching Kubernetes ${recipe.kubernetes} with ${changes.length} changes`);
  await makeTree(changes, recipe, tree);
  const built = await buildImage(tree);
  if (built === undefined) return undefined;
  await run(host, { argv: ['docker', 'tag', built, image], deadline: 60_000 });
  return image;
}

/** Returns the defects that the options ask for. @throws DomainError (badUsage) where there is none */
function choose(all: readonly Defect[], results: Results, { grep, only, list }: Options): Defect[] {
  const texts = grep?.split(',').map((text) => text.trim());
  const named = all.filter(({ name }) => texts?.some((text) => name.includes(text)) ?? true);
  if (named.length === 0)
    throw new DomainError(
      { attempted: 'choosing defects', on: `--grep ${grep}`, seen: `none of ${all.length} has it in its name` },
      { exit: 'badUsage' },
    );
  if (only === undefined || list) return named;
  const catalogue = allRequirements();
  return named.filter((defect) => {
    const { verdict } = judgedBy(defect, results, catalogue);
    if (verdict === 'not judged') return only !== 'survivors';
    return verdict !== 'caught' && only !== 'unjudged';
  });
}

interface SuiteOf {
  asked: Options;
  chosen: readonly Defect[];
  catalogue: ReturnType<typeof allRequirements>;
  specs: readonly DeclaredSpec[];
  results: Results;
  /** The folder of results and tables. */
  folder: string;
}

/** The judging of defects, one after the other, over as many clusters as it takes. */
class Suite {
  readonly #of: SuiteOf;
  readonly #waiting: Defect[];
  #controlled = false;

  constructor(of: SuiteOf) {
    this.#of = of;
    const { chosen, catalogue, results, asked } = of;
    const judgedAlready = (defect: Defect): boolean =>
      asked.continue === true &&
      asked.only === undefined &&
      judgedBy(defect, results, catalogue).verdict !== 'not judged';
    // What is quick and tells most comes first.
    const cost = (defect: Defect): number =>
      Math.max(...nearOf(defect, catalogue).map((id) => results.control[id]?.seconds ?? 20));
    this.#waiting = chosen
      .filter((defect) => !judgedAlready(defect))
      .sort((a, b) => slowness(a) - slowness(b) || cost(a) - cost(b));
  }

  get done(): boolean {
    return this.#waiting.length === 0;
  }

  /** Judges defects on a cluster until all are judged, the cluster is damaged, or the run is interrupted. */
  async goOn(broken: BrokenCluster): Promise<void> {
    if (!this.#controlled) await this.#control(broken);
    this.#controlled = true;
    for (let defect = this.#waiting[0]; defect && !broken.signal.aborted; defect = this.#waiting[0]) {
      const { forced, damage, ...result } = await this.#judgeOne(defect, broken);
      // What an interruption has cut short says nothing.
      if (broken.signal.aborted) return;
      this.#waiting.shift();
      this.#of.results.defects[defect.name] = result;
      this.#keep();
      this.#tell(judgedBy(defect, this.#of.results, this.#of.catalogue));
      if (forced.length > 0) say(`     removed by force: ${forced.join('; ')}`);
      if (damage === undefined) continue;
      say(`     the cluster is damaged: ${messageOf(damage)}`);
      return;
    }
  }

  /** Runs every requirement that is going to judge a defect without any: one that is red then catches nothing. */
  async #control({ cluster, places, signal }: BrokenCluster): Promise<void> {
    const { asked, results, catalogue } = this.#of;
    const judging = this.#specsOf(this.#waiting.flatMap((defect) => nearOf(defect, catalogue)));
    const unknown = judging.filter(
      ({ requirement: { id } }) => !(asked.continue && results.control[id]?.outcome === 'green'),
    );
    if (unknown.length === 0) return;
    say(`without any defect: ${unknown.length} requirements`);
    for (const judgement of await judge(unknown, { jobs: asked.jobs, signal })) {
      results.control[judgement.id] = judgement;
      if (judgement.outcome === 'red') say(` ! ${judgement.id} is red without a defect: ${judgement.message}`);
    }
    this.#keep();
    if (!signal.aborted) await restore(cluster, places);
  }

  /** Returns what the requirements near a defect say while it is on, and what had to be done to undo its damage. */
  async #judgeOne(
    defect: Defect,
    { cluster, places, signal }: BrokenCluster,
  ): Promise<DefectResult & { forced: string[]; damage?: unknown }> {
    const begun = performance.now();
    const { asked, catalogue, results } = this.#of;
    // Longer than the whole spec took without a defect.
    const longestWait = (id: string): number => Math.max(10_000, 1_500 * (results.control[id]?.seconds ?? 20));
    const specs = this.#specsOf(nearOf(defect, catalogue));
    let judgements: Judgement[] = [];
    const result = (): DefectResult => ({
      digest: defect.digest,
      judgements,
      seconds: (performance.now() - begun) / 1000,
    });
    try {
      {
        await using _on = await switchOn(defect, cluster);
        judgements = await judge(specs, { jobs: asked.jobs, signal, longestWait });
        if (!signal.aborted) await removeObjects(cluster, 3_000);
      }
      if (signal.aborted) return { ...result(), forced: [] };
      for (const component of defect.spoils) await startAgain(cluster, component);
      const forced = await restore(cluster, places);
      return { ...result(), forced };
    } catch (damage) {
      const error = judgements.length > 0 ? {} : { error: messageOf(damage) };
      return { ...result(), ...error, forced: [], damage };
    }
  }

  /** Writes the tables; returns what the chosen defects came to. */
  end(how?: ExitStatus): ExitStatus {
    this.#keep();
    const { chosen, results, catalogue, folder } = this.#of;
    const judged = chosen.map((defect) => judgedBy(defect, results, catalogue));
    say(`\n${inOneSentence(tableOf(judged, results, judgeable(catalogue, results)))}`);
    say(`   ${join(folder, 'table.html')}`);
    if (how) return how;
    if (judged.some(({ verdict }) => verdict === 'not judged')) return 'environment';
    return judged.every(({ verdict }) => verdict === 'caught') ? 'conforms' : 'doesNotConform';
  }

  #specsOf(ids: readonly string[]): DeclaredSpec[] {
    const wanted = [...new Set(ids)];
    return wanted.flatMap((id) => this.#of.specs.find(({ requirement }) => requirement.id === id) ?? []);
  }

  #keep(): void {
    const { results, folder, catalogue, chosen } = this.#of;
    writeResults(folder, results);
    const judged = chosen.map((defect) => judgedBy(defect, results, catalogue));
    const table = tableOf(judged, results, judgeable(catalogue, results));
    writeAtomically(join(folder, 'table.json'), `${JSON.stringify(table, null, 2)}\n`);
    writeAtomically(join(folder, 'table.md'), asMarkdown(table));
    writeAtomically(join(folder, 'table.html'), asHtml(table));
  }

  #tell({ defect, verdict, red, missed, seconds, error }: Judged): void {
    const sign = { caught: '✓', 'caught by others': '~', survived: '✗', 'not judged': '?' }[verdict];
    const ids = red.map(({ id }) => id).join(' ');
    const green = missed.length > 0 && verdict !== 'not judged' ? `; green: ${missed.join(' ')}` : '';
    say(
      ` ${sign} ${defect.name} ${duration(seconds * 1000)}: ${error?.split('\n')[0] ?? (ids || 'nothing turned red')}${green}`,
    );
  }
}

/** Returns the requirements that a defect of this version of Kubernetes must be able to turn red. */
function judgeable(catalogue: ReturnType<typeof allRequirements>, { kubernetes }: Results): typeof catalogue {
  return catalogue.filter(
    ({ subject, knownIssue, features }) =>
      subject === 'kubernetes' && knownIssue === undefined && otherVersions(features, kubernetes) === undefined,
  );
}

/** What restarts components takes longest, and what changes nodes may cost the cluster: they go last. */
function slowness({ how, spoils }: Defect): number {
  return how.nodes || how.labels ? 3 : how.arguments || how.kubelet ? 2 : spoils.length > 0 ? 1 : 0;
}

try {
  process.exitCode = exitStatus[await sabotage(options(process.argv.slice(2)))];
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = exitStatus[error instanceof DomainError ? error.exit : 'environment'];
}
process.exit();
