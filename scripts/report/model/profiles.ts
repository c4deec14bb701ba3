import { grouped } from '../../../clusters/text/collections.ts';
import { isClusterFeature } from '../../../specs/catalogue/features.ts';
import type {
  LocalVolumeConformanceReport,
  ReportedPart,
  ReportedProfile,
  ReportedRequirement,
  ReportedResult,
  ReportedStatistics,
} from './report.ts';

/** More than so many names are counted: the requirements themselves stand in the same report. */
const mostNamed = 5;

/** Returns how many requirements ended how. */
export function statisticsOf(requirements: readonly ReportedRequirement[]): ReportedStatistics {
  const statistics = { passed: 0, failed: 0, knownIssue: 0, skipped: 0, notApplicable: 0 };
  for (const { result } of requirements) statistics[result]++;
  return statistics;
}

/** Returns what the figures come to. Where nothing was shown, nothing conforms. */
export function resultOf({ passed, failed, knownIssue, skipped }: ReportedStatistics): ReportedResult {
  if (failed > 0 || passed + knownIssue === 0) return 'failure';
  return skipped > 0 ? 'partial' : 'success';
}

/** Returns the chapters, in the order in which their requirements come, core and extended apart. */
export function profilesOf(requirements: readonly ReportedRequirement[]): ReportedProfile[] {
  const chapters = grouped(requirements, ({ chapter }) => chapter);
  return [...chapters].map(([name, all]) => {
    const levels = grouped(all, ({ level }) => level);
    const core = partOf(levels.get('core'));
    const extended = partOf(levels.get('extended'));
    const summaries = [
      core && `core: ${nonzero(core.statistics)}`,
      extended && `extended: ${nonzero(extended.statistics)}`,
    ];
    return {
      name,
      summary: summaries.filter(Boolean).join('; '),
      ...(core && { core }),
      ...(extended && { extended }),
    };
  });
}

/** Returns `11 passed, 1 failed`: what is zero is left out. */
function nonzero(statistics: ReportedStatistics): string {
  return inWords(Object.entries(statistics).filter(([, count]) => count > 0));
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

/** Returns `9 passed, 1 failed, 0 skipped`. */
export function countsInWords(counts: Counts): string {
  return inWords(Object.entries(plainCounts(counts)));
}

function inWords(counts: readonly [name: string, count: number][]): string {
  return counts.map(([name, count]) => `${count} ${outcomeWords[name as keyof typeof outcomeWords]}`).join(', ');
}

type Features = Pick<LocalVolumeConformanceReport, 'supportedFeatures' | 'unsupportedFeatures'>;

/**
 * Returns the features that chosen requirements need: supported where all of these passed. A requirement that does not
 * apply to this version of Kubernetes says nothing about a feature.
 */
export function featuresOf(requirements: readonly ReportedRequirement[]): Features {
  const counting = requirements.filter(({ result }) => result !== 'notApplicable');
  const names = [...new Set(counting.flatMap(({ features }) => features))].filter(isClusterFeature).sort();
  const found: Features = { supportedFeatures: [], unsupportedFeatures: [] };
  for (const name of names) {
    const needing = counting.filter(({ features }) => features.includes(name));
    const failed = needing.filter(({ result }) => result === 'failed').map(({ id }) => id);
    const skipped = needing.filter(({ result }) => result === 'skipped');
    const reasons = [...new Set(skipped.map(({ reason = '' }) => reason))];
    if (failed.length > 0) found.unsupportedFeatures.push({ name, reason: `does not hold: ${firstOf(failed)}` });
    else if (skipped.length > 0) {
      const which = firstOf(skipped.map(({ id }) => id));
      found.unsupportedFeatures.push({ name, reason: `not shown: ${which} (${firstOf(reasons, '; ')})` });
    } else found.supportedFeatures.push(name);
  }
  return found;
}

/** The first few, and how many there are beside them. */
function firstOf(texts: readonly string[], separator = ', '): string {
  const more = texts.length - mostNamed;
  return [...texts.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(separator);
}
