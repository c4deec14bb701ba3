import type { YamlDocument } from '../../../clusters/yaml/yaml-documents.ts';
import { reportVersion } from './report.ts';

const group = 'local-volume-conformance';
const earlier = `${group}/v1alpha1`;
const readable = [earlier, reportVersion.apiVersion];

type Unchecked = Record<string, unknown>;
type Part = { statistics: Unchecked };

/**
 * Returns what is wrong with the version of a report: one problem instead of one for each key that differs; undefined
 * where it can be read.
 */
export function versionProblem(document: YamlDocument): ReturnType<YamlDocument['problem']> | undefined {
  const { apiVersion } = (document.value ?? {}) as Unchecked;
  if (typeof apiVersion !== 'string' || !apiVersion.startsWith(`${group}/`) || readable.includes(apiVersion)) return;
  return document.problem(['apiVersion'], `${apiVersion} cannot be read here; it must be ${readable.join(' or ')}`);
}

/**
 * Returns a report of v1alpha1 as one of today's version, so that releases can be compared; any other value as it is.
 * It is not checked here: what does not fit is the schema's to refuse.
 */
export function fromEarlier(value: unknown): unknown {
  if ((value as Unchecked | null)?.apiVersion !== earlier) return value;
  const { processorsStolen: cpuSteal, ...report } = value as Unchecked;
  const { apiVersion } = reportVersion;
  return {
    ...report,
    apiVersion,
    statistics: counted(report.statistics as Unchecked),
    profiles: each(report.profiles, ({ core, extended, ...profile }) => ({
      ...profile,
      ...(core !== undefined && { core: partOf(core as Part) }),
      ...(extended !== undefined && { extended: partOf(extended as Part) }),
    })),
    requirements: each(
      report.requirements,
      ({ refutedBy: failsIf, waitsOut: slowBecause, repetitions, ...requirement }) => ({
        ...requirement,
        failsIf,
        ...(slowBecause !== undefined && { slowBecause }),
        ...(repetitions !== undefined && { repetitions: counted(repetitions as Unchecked) }),
      }),
    ),
    ...(cpuSteal !== undefined && { cpuSteal }),
  };
}

/** Changes the entries of a list; what is no list, and entries that are no objects, stay for the schema to refuse. */
function each(list: unknown, change: (entry: Unchecked) => Unchecked): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((entry: unknown) => (typeof entry === 'object' && entry ? change(entry as Unchecked) : entry));
}

/** v1alpha1 counted what is promised for other versions of Kubernetes as skipped. */
const counted = (statistics: Unchecked): Unchecked => ({ ...statistics, notApplicable: 0 });

function partOf(part: Part): Unchecked {
  return { ...part, statistics: counted(part.statistics), notApplicable: [] };
}
