import { grouped } from '../../../clusters/text/collections.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { subjects } from '../../../specs/catalogue/catalogue.ts';
import { counted } from '../formats/html/words.ts';
import { outcomes, outcomeWords as reportedWords, shareIn, subjectNames } from '../model/counts.ts';
import { inPercent } from '../model/figures.ts';
import type { ChangedRequirement, Column, Comparison } from './compare.ts';
import type { Change, Outcome } from './outcome.ts';
import { noise, type Slower } from './slower.ts';

/** Requirements to which the same happened, under a title. */
export interface Group {
  change: Change;
  title: string;
  /** What the title means. */
  meaning: string;
  requirements: readonly ChangedRequirement[];
}

/** What the outcomes are called. */
export const outcomeWords: Readonly<Record<Outcome, string>> = { ...reportedWords, absent: 'absent' };

const titles: readonly [Change, title: string, meaning: string][] = [
  ['regression', 'Regressions', 'held in the baseline, and does not hold now'],
  ['failing', 'Fails, and is not known to have held', 'the baseline did not show it'],
  ['lost', 'No longer shown', 'held in the baseline, and was skipped or gave no result now'],
  ['other', 'Changed without being shown', 'between failed, known issue and skipped'],
  ['fixed', 'Fixed', 'did not hold in the baseline, and holds now'],
  ['gained', 'Now shown', 'the baseline skipped it'],
  ['byMinor', 'Promised for one minor, not for another', 'no change for the worse: the catalogue says for which'],
  [
    'notCompared',
    'Not compared',
    'skipped now: the cluster lacks what the spec needs, or its owner does not allow that',
  ],
  ['new', 'New requirements', 'the baseline’s catalogue does not have them'],
];

/** Returns what changed, by the worst that happened to a requirement in any of the reports. */
export function groupsOf({ changed }: Comparison): Group[] {
  const worstOf = ({ cells }: ChangedRequirement) =>
    titles.find(([change]) => cells.some((cell) => cell.change === change))?.[0];
  return titles
    .map(([change, title, meaning]) => ({
      change,
      title,
      meaning,
      requirements: changed.filter((requirement) => worstOf(requirement) === change),
    }))
    .filter(({ requirements }) => requirements.length > 0);
}

/** Returns the conclusion of a comparison, as a sentence. */
export function conclusionOf(comparison: Comparison): string {
  const count = (change: Change) =>
    comparison.changed.filter(({ cells }) => cells.some((cell) => cell.change === change)).length;
  const [regressions, lost, failing] = [count('regression'), count('lost'), count('failing')];
  const bad = [
    regressions > 0 ? counted(regressions, 'regression') : '',
    lost > 0 ? `${counted(lost, 'requirement')} no longer shown` : '',
  ].filter(Boolean);
  const notCompared = count('notCompared');
  const rest = [
    failing > 0 ? `; ${counted(failing, 'requirement fails', 'requirements fail')} that the baseline did not show` : '',
    notCompared > 0 ? `; ${notCompared} not compared` : '',
  ].join('');
  if (bad.length > 0) return `worse than the baseline: ${bad.join(', ')}${rest}`;
  if (comparison.apart) return 'not comparable: a report has no requirement in common with the baseline that was run';
  return `no regression: all that the baseline showed to hold, and that was compared, holds${rest}`;
}

/** Returns why requirements were not compared, the most frequent reason first, with their ids. */
export function reasonsOf({ requirements }: Group): [reason: string, ids: string[]][] {
  const all = requirements.flatMap(({ id, cells }) =>
    cells.flatMap(({ change, because = '' }) => (change === 'notCompared' ? [{ id, because }] : [])),
  );
  return [...grouped(all, ({ because }) => because)]
    .map(([because, those]): [string, string[]] => [because, [...new Set(those.map(({ id }) => id))]])
    .toSorted(([, a], [, b]) => b.length - a.length);
}

/** Outcomes that most runs do not have. */
const rare: ReadonlySet<string> = new Set(['knownIssue', 'notApplicable']);

/** Returns a fact of each report, for a table with a column per report. */
export function columnRows(columns: readonly Column[]): [name: string, values: string[]][] {
  const each = (of: (column: Column) => string) => columns.map(of);
  const ratio = ({ speed }: Column, index: 0 | 1) => speed?.podStarts?.[index]?.toFixed(1);
  const baselineStarts = columns.flatMap((column) => ratio(column, 0) ?? [])[0];
  const named = new Set(columns.flatMap(({ subjects: all }) => all.map(({ name }) => name)));
  const rows: [string, string[]][] = [
    ['result', each(({ result }) => result)],
    ...subjects
      .filter((name) => named.has(name))
      .map((name): [string, string[]] => [
        subjectNames[name],
        each((column) => {
          const subject = column.subjects.find((one) => one.name === name);
          if (!subject) return 'none';
          const { passed, applying } = shareIn(subject);
          return `${passed} of ${applying}`;
        }),
      ]),
    ...outcomes
      .filter((name) => !rare.has(name) || columns.some(({ statistics }) => statistics[name] > 0))
      .map((name): [string, string[]] => [outcomeWords[name], each(({ statistics }) => String(statistics[name]))]),
    ['catalogue', each(({ catalogue, complete }) => `${complete ? 'whole' : 'a part'}, of ${catalogue}`)],
    ['date', each(({ date }) => date.slice(0, 16).replace('T', ' '))],
    ['run', each(({ run }) => run)],
    ['whole run', each(({ milliseconds }) => duration(milliseconds))],
    ...(columns.some(({ cpuSteal }) => cpuSteal !== undefined)
      ? [
          ['CPU steal', each(({ cpuSteal: share }) => (share === undefined ? '?' : inPercent(share)))] satisfies [
            string,
            string[],
          ],
        ]
      : []),
    [
      'time of specs',
      each(({ speed }) =>
        speed === undefined ? '1.00 ×' : speed.shift === undefined ? 'too few' : `${speed.shift.toFixed(2)} ×`,
      ),
    ],
  ];
  if (baselineStarts !== undefined) {
    rows.push([
      'pod starts ÷ limit',
      each((column) => `${column.speed ? (ratio(column, 1) ?? '?') : baselineStarts} ×`),
    ]);
  }
  return rows;
}

/** Returns what got slower beyond noise, a line for each finding; empty where nothing did. */
export function slowerLines({ columns }: Comparison): string[] {
  return columns.flatMap(({ label, speed }) => {
    if (!speed) return [];
    const { shift, podStarts, podStartsSlower } = speed;
    return [
      ...(shift !== undefined && shift > noise.run.factor
        ? [`${label}: the specs of the whole run took ${shift.toFixed(1)} times as long (median of ${speed.common})`]
        : []),
      ...(podStartsSlower && podStarts
        ? [
            `${label}: pods took ${podStarts[1].toFixed(1)} times their lower limit to become Ready, before ${podStarts[0].toFixed(1)}`,
          ]
        : []),
      ...speed.slower.map((one) => `${label}: ${slowerLine(one)}`),
    ];
  });
}

function slowerLine({ what, name, before, after, ratio }: Slower): string {
  const times = `${duration(before)} to ${duration(after)}, ${ratio.toFixed(1)} times what the whole run explains`;
  return what === 'chapter' ? `chapter ${name}, median of its specs: ${times}` : `${name}: ${times}`;
}

/** The rule for what counts as slower, for a reader of a comparison in which nothing did. */
export const noiseRule = `Slower beyond noise: a spec that took more than ${noise.spec.factor} times as long as the whole run explains and ${noise.spec.floor / 1000} s longer, a chapter of ${noise.chapter.fewest} specs or more by ${noise.chapter.factor} times, all specs by ${noise.run.factor} times, pod starts by ${noise.podStarts.factor} times. Runs on one busy machine were seen to differ by nearly as much: run again before blaming anything.`;
