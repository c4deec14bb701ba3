import type { Requirement } from '../../specs/catalogue/catalogue.ts';
import { needNames } from '../../specs/catalogue/needs.ts';
import {
  chapterOption,
  featureOption,
  grepOption,
  levelOption,
  needsOption,
  rowOption,
  subjectOption,
} from '../command-line/values.ts';
import { usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const { badUsage, interrupted } = usualStatuses;
const help = {
  sentence: 'Lists the requirements of the catalogue: what Kubernetes promises about local volumes.',
  examples: [
    'lpv list --chapter binding',
    'lpv list --level core --feature block',
    'lpv list --needs api',
    'lpv list --row B14 --json',
  ],
  statuses: { conforms: 'the list was printed', badUsage, interrupted },
};

const command = verbCommand('list', help)
  .addOption(grepOption)
  .addOption(chapterOption)
  .addOption(levelOption)
  .addOption(subjectOption)
  .addOption(featureOption)
  .addOption(needsOption)
  .addOption(rowOption)
  .option('--json', 'print JSON');

/** `lpv list`: prints the requirements of the catalogue that pass every filter. */
export const list = verb(command, help, async (options) => {
  const [{ allRequirements }, { chooseBy }] = await Promise.all([
    import('../../specs/catalogue/catalogue.ts'),
    import('../../specs/runner/selection.ts'),
  ]);
  const catalogue = allRequirements();
  const chosen = catalogue.filter(chooseBy(options, catalogue).takes);
  if (options.json) process.stdout.write(`${JSON.stringify(chosen, null, 2)}\n`);
  else process.stdout.write(`${[...listed(chosen), '', ...figures(chosen)].join('\n')}\n`);
  return 'conforms';
});

/** Returns a line for each requirement, under the names of their chapters. */
function listed(requirements: readonly Requirement[]): string[] {
  const width = Math.max(0, ...requirements.map(({ id }) => id.length));
  let chapter: string | undefined;
  return requirements.flatMap((requirement) => {
    const { id, level, features, needs, leastNodes, sentence } = requirement;
    const heading =
      requirement.chapter === chapter ? [] : [...(chapter === undefined ? [] : ['']), requirement.chapter];
    chapter = requirement.chapter;
    const several = leastNodes > 1 ? [`${leastNodes} nodes`] : [];
    const wanted = [...needs.filter((need) => need !== 'api'), ...features, ...several];
    const end = wanted.length > 0 ? `  [${wanted.join(', ')}]` : '';
    return [...heading, `  ${id.padEnd(width)}  ${level.padEnd(8)}  ${sentence}${end}`];
  });
}

/**
 * Returns how many requirements each chapter has at each level, how many of all a cluster serves that allows what specs
 * ask for up to there, and how many a cluster of so many nodes serves, as lines of text.
 */
function figures(requirements: readonly Requirement[]): string[] {
  const chapters = [...new Set(requirements.map(({ chapter }) => chapter))];
  const count = (of: readonly Requirement[]): number[] => [
    of.filter(({ level }) => level === 'core').length,
    of.filter(({ level }) => level === 'extended').length,
    of.length,
  ];
  const rows = chapters.map((name) => [name, ...count(requirements.filter(({ chapter }) => chapter === name))]);
  const served = needNames.map((need, index) => {
    const allowed = needNames.slice(0, index + 1);
    const within = requirements.filter(({ needs }) => needs.every((each) => allowed.includes(each)));
    return [index === 0 ? need : `and ${need}`, ...count(within)];
  });
  const onNodes = [1, 2, 3].map((nodes) => {
    const served = requirements.filter(({ leastNodes }) => leastNodes <= nodes);
    return [nodes === 1 ? '1 node' : `${nodes} nodes`, ...count(served)];
  });
  const levels = ['core', 'extended', 'all'];
  const all = ['all chapters', ...count(requirements)];
  const table = [
    ['chapter', ...levels],
    ...rows,
    all,
    [],
    ['with', ...levels],
    ...served,
    [],
    ['with', ...levels],
    ...onNodes,
  ];
  return table.map((cells) => {
    const [name, ...numbers] = cells.map(String);
    return name === undefined ? '' : `${name.padEnd(18)}${numbers.map((number) => number.padStart(10)).join('')}`;
  });
}
