import { z } from 'zod';
import type { YamlDocument } from '../../../clusters/yaml/yaml-documents.ts';
import { reportVersion } from './report.ts';
import { specListOf } from './requirements.ts';

const group = 'local-volume-conformance';
const earlier = ['v1alpha1', 'v1alpha2'].map((version) => `${group}/${version}`);
const readable = [...earlier, reportVersion.apiVersion];

type Unchecked = Record<string, unknown>;

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
 * Returns a report of v1alpha1 or v1alpha2 as one of today's version, so that releases can be compared; any other value
 * as it is. It is not checked here: the schema refuses what does not fit.
 */
export function fromEarlier(value: unknown): unknown {
  if (!earlier.includes(String((value as Unchecked | null)?.apiVersion))) return value;
  // v1alpha1 had other names for three keys; v1alpha2 is read without changes.
  const { processorsStolen, cpuSteal = processorsStolen, ...report } = value as Unchecked;
  const { apiVersion } = reportVersion;
  return {
    ...report,
    apiVersion,
    exitStatus: null,
    specList: specListOf(named(report.requirements)),
    environment: { staticProvisioner: null, ...(report.environment as Unchecked) },
    statistics: counted(report.statistics),
    subjects: [{ name: 'kubernetes', statistics: counted(report.statistics) }],
    profiles: each(report.profiles, ({ core, extended, ...profile }) => ({
      ...profile,
      ...(core !== undefined && { core: partOf(core) }),
      ...(extended !== undefined && { extended: partOf(extended) }),
    })),
    requirements: each(report.requirements, (entry) => {
      const { refutedBy, failsIf = refutedBy, waitsOut, slowBecause = waitsOut, repetitions, ...requirement } = entry;
      return {
        // Both versions counted every requirement as a promise of Kubernetes.
        subject: 'kubernetes',
        ...requirement,
        failsIf,
        ...(slowBecause !== undefined && { slowBecause }),
        ...(repetitions !== undefined && { repetitions: counted(repetitions) }),
      };
    }),
    ...(cpuSteal !== undefined && { cpuSteal }),
  };
}

/** Changes the entries of a list; what is no list, and entries that are no objects, stay for the schema to refuse. */
function each(list: unknown, change: (entry: Unchecked) => Unchecked): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((entry: unknown) => (typeof entry === 'object' && entry ? change(entry as Unchecked) : entry));
}

/** Returns the entries of a list that have an id and a sentence. */
function named(list: unknown): { id: string; sentence: string }[] {
  const schema = z.object({ id: z.string(), sentence: z.string() });
  return Array.isArray(list) ? list.flatMap((entry: unknown) => schema.safeParse(entry).data ?? []) : [];
}

/** Adds outcomes that the earlier version did not have. */
const counted = (statistics: unknown): Unchecked => ({ knownIssue: 0, notApplicable: 0, ...(statistics as Unchecked) });

function partOf(part: unknown): Unchecked {
  const { statistics } = part as Unchecked;
  return { notApplicable: [], ...(part as Unchecked), statistics: counted(statistics) };
}
