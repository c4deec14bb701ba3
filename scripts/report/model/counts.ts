import { grouped } from '../../../clusters/text/collections.ts';
import { subjects } from '../../../specs/catalogue/catalogue.ts';
import { isClusterFeature } from '../../../specs/catalogue/features.ts';
import { needNames } from '../../../specs/catalogue/needs.ts';
import type {
  LocalVolumeConformanceReport,
  ReportedPart,
  ReportedProfile,
  ReportedRequirement,
  ReportedResult,
  ReportedStatistics,
  ReportedSubject,
  ReportedTier,
} from './report.ts';

/** Most names that a reason lists: the same report has the requirements themselves. */
const mostNamed = 5;

/** Returns how many requirements ended how. */
export function statisticsOf(requirements: readonly ReportedRequirement[]): ReportedStatistics {
  const statistics = { passed: 0, failed: 0, knownIssue: 0, skipped: 0, notApplicable: 0 };
  for (const { result } of requirements) statistics[result]++;
  return statistics;
}

/** Returns the result of a part of the catalogue, or of all of it. Where nothing was shown, nothing conforms. */
export function resultOf({ passed, failed, knownIssue, skipped }: ReportedStatistics): ReportedResult {
  if (failed > 0 || passed + knownIssue === 0) return 'failure';
  return skipped > 0 ? 'partial' : 'success';
}

/** Returns all counts of a report that follow from its requirements. */
export function countsOf(
  requirements: readonly ReportedRequirement[],
): Pick<LocalVolumeConformanceReport, 'statistics' | 'subjects' | 'tiers' | 'profiles'> & Features {
  return {
    statistics: statisticsOf(requirements),
    subjects: subjectsOf(requirements),
    tiers: tiersOf(requirements),
    profiles: profilesOf(requirements),
    ...featuresOf(requirements),
  };
}

/** Returns what holds of each subject that has requirements here, Kubernetes first. */
export function subjectsOf(requirements: readonly ReportedRequirement[]): ReportedSubject[] {
  return statisticsBy(subjects, requirements, ({ subject }) => subject);
}

/**
 * Returns what holds by what specs ask of a cluster, in the order of what its owner has to allow: each requirement where
 * the last of its needs is. What the needs of a requirement are not known of is in none.
 */
function tiersOf(requirements: readonly ReportedRequirement[]): ReportedTier[] {
  return statisticsBy(needNames, requirements, ({ needs = [] }) => needNames.findLast((need) => needs.includes(need)));
}

/** Returns how the requirements of each name ended, in the order of the names; nothing of a name that has none. */
function statisticsBy<N extends string>(
  names: readonly N[],
  requirements: readonly ReportedRequirement[],
  nameOf: (requirement: ReportedRequirement) => N | undefined,
): { name: N; statistics: ReportedStatistics }[] {
  const groups = grouped(requirements, nameOf);
  return names.flatMap((name) => {
    const those = groups.get(name);
    return those ? [{ name, statistics: statisticsOf(those) }] : [];
  });
}

/** What the subjects are called. */
export const subjectNames = {
  kubernetes: 'Kubernetes',
  provisioner: 'static provisioner',
  harness: 'kernel and harness',
  api: 'API validation',
} as const satisfies Record<ReportedSubject['name'], string>;

/** What the requirements of a subject are called, in the plural. */
const subjectWords = {
  kubernetes: 'promises of Kubernetes about local volumes',
  provisioner: 'promises of the static provisioner',
  harness: 'facts that specs build on',
  api: 'rules of API validation',
} as const satisfies Record<ReportedSubject['name'], string>;

/** How many requirements of a subject hold, of how many that apply, and what they are called. */
interface Share {
  passed: number;
  applying: number;
  what: string;
}

/** Returns how much of a subject holds. What is promised for other versions of Kubernetes does not count. */
export function shareIn({ name, statistics }: ReportedSubject): Share {
  const { passed, failed, knownIssue, skipped } = statistics;
  return { passed, applying: passed + failed + knownIssue + skipped, what: subjectWords[name] };
}

/** Returns a share in words: `262 of 265 promises of Kubernetes about local volumes`. */
export function shareOf(subject: ReportedSubject): string {
  const { passed, applying, what } = shareIn(subject);
  return `${passed} of ${applying} ${what}`;
}

/**
 * Returns the sentence that a report is headed with: `262 of 265 promises of Kubernetes about local volumes hold, 2 known
 * issues, 1 skipped`. Another subject is in it only where some of it failed or was skipped, or where there is no other.
 */
export function headlineOf(requirements: readonly ReportedRequirement[]): string {
  return subjectsOf(requirements)
    .filter(({ statistics: { failed, skipped } }, index) => index === 0 || failed + skipped > 0)
    .map((subject) => {
      const { passed: _, ...others } = subject.statistics;
      return [`${shareOf(subject)} hold`, ...nonzero(others)].join(', ');
    })
    .join('; ');
}

/** Returns the chapters, in the order in which their requirements come, core and extended apart. */
function profilesOf(requirements: readonly ReportedRequirement[]): ReportedProfile[] {
  const chapters = grouped(requirements, ({ chapter }) => chapter);
  return [...chapters].map(([name, all]) => {
    const levels = grouped(all, ({ level }) => level);
    const core = partOf(levels.get('core'));
    const extended = partOf(levels.get('extended'));
    const summaries = [
      core && `core: ${nonzero(core.statistics).join(', ')}`,
      extended && `extended: ${nonzero(extended.statistics).join(', ')}`,
    ];
    return {
      name,
      summary: summaries.filter(Boolean).join('; '),
      ...(core && { core }),
      ...(extended && { extended }),
    };
  });
}

/** Returns `11 passed`, `2 known issues`: what is zero is left out. */
function nonzero(statistics: Partial<ReportedStatistics>): string[] {
  return outcomes.flatMap((name) => {
    const count = statistics[name] ?? 0;
    return count > 0 ? [inWords(name, count)] : [];
  });
}

function partOf(requirements: readonly ReportedRequirement[] = []): ReportedPart | undefined {
  if (requirements.length === 0) return undefined;
  const statistics = statisticsOf(requirements);
  const withReasons = (wanted: ReportedRequirement['result']) =>
    requirements.filter(({ result }) => result === wanted).map(({ id, reason = '' }) => ({ id, reason }));
  return {
    // A part of which nothing applies has not failed.
    result: statistics.notApplicable === requirements.length ? 'success' : resultOf(statistics),
    statistics,
    failed: requirements.filter(({ result }) => result === 'failed').map(({ id }) => id),
    skipped: withReasons('skipped'),
    notApplicable: withReasons('notApplicable'),
  };
}

/** What the outcomes are called. */
export const outcomeWords = {
  passed: 'passed',
  failed: 'failed',
  knownIssue: 'known issue',
  skipped: 'skipped',
  notApplicable: 'not applicable',
} as const satisfies Record<ReportedRequirement['result'], string>;

/** Every outcome, in the order in which reports show them. */
export const outcomes = Object.keys(outcomeWords) as (keyof typeof outcomeWords)[];

/** How many requirements, specs or tests ended how. What does not apply may be left out. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Those that are promised for other versions of Kubernetes. */
  notApplicable?: number;
  /** Promises that Kubernetes is known to break. */
  knownIssue?: number;
}

/** Returns counts in the words that JUnit has, too: what does not apply and known issues count as skipped. */
export function plainCounts(counts: Counts): Pick<Counts, 'passed' | 'failed' | 'skipped'> {
  const { passed, failed, skipped, notApplicable = 0, knownIssue = 0 } = counts;
  return { passed, failed, skipped: skipped + notApplicable + knownIssue };
}

/** Returns `9 passed, 1 failed, 0 skipped, 2 known issues`: what is neither of the first three only where there is some. */
export function countsInWords({ passed, failed, skipped, ...others }: Counts): string {
  const always = { passed, failed, skipped };
  const names = outcomes.filter((name) => name in always);
  return [...names.map((name) => inWords(name, always[name as keyof typeof always])), ...nonzero(others)].join(', ');
}

function inWords(outcome: keyof typeof outcomeWords, count: number): string {
  const plural = outcome === 'knownIssue' && count !== 1 ? 's' : '';
  return `${count} ${outcomeWords[outcome]}${plural}`;
}

type Features = Pick<LocalVolumeConformanceReport, 'supportedFeatures' | 'unsupportedFeatures'>;

/**
 * Returns the features that promises of Kubernetes need: supported where all of these passed. A requirement that does
 * not apply to this version of Kubernetes says nothing about a feature; what the static provisioner or the harness does
 * is no feature of what is tested.
 */
function featuresOf(requirements: readonly ReportedRequirement[]): Features {
  const counting = requirements.filter(({ result, subject }) => subject === 'kubernetes' && result !== 'notApplicable');
  const names = [...new Set(counting.flatMap(({ features }) => features))].filter(isClusterFeature).sort();
  const found: Features = { supportedFeatures: [], unsupportedFeatures: [] };
  for (const name of names) {
    const needing = counting.filter(({ features }) => features.includes(name));
    const failed = needing.filter(({ result }) => result === 'failed').map(({ id }) => id);
    const skipped = needing.filter(({ result }) => result === 'skipped');
    const issues = needing.filter(({ result }) => result === 'knownIssue').map(({ id }) => id);
    const reasons = [...new Set(skipped.map(({ reason = '' }) => reason))];
    if (failed.length > 0) found.unsupportedFeatures.push({ name, reason: `does not hold: ${firstOf(failed)}` });
    else if (skipped.length > 0) {
      const which = firstOf(skipped.map(({ id }) => id));
      found.unsupportedFeatures.push({ name, reason: `not shown: ${which} (${firstOf(reasons, '; ')})` });
    } else if (issues.length === needing.length)
      found.unsupportedFeatures.push({ name, reason: `known issue: ${firstOf(issues)}` });
    else found.supportedFeatures.push(name);
  }
  return found;
}

/** The first few, and how many there are beside them. */
function firstOf(texts: readonly string[], separator = ', '): string {
  const more = texts.length - mostNamed;
  return [...texts.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(separator);
}
