import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeTrace } from '../../../../specs/trace/make-trace.ts';
import { recorded } from '../../../../specs/trace/recorded-for-tests.ts';
import type { NamedTrace } from '../../../trace/write-trace.ts';
import { profilesOf, resultOf, statisticsOf } from '../../model/profiles.ts';
import { type LocalVolumeConformanceReport, type ReportedRequirement, reportVersion } from '../../model/report.ts';

const chapterNames = ['access', 'binding', 'block', 'fault', 'lifecycle', 'scheduling', 'validation'];

/** Text that breaks what is not escaped: markup, quotes, terminal codes, turned direction, a word without end. */
export const odd = `<img src=x onerror="alert(1)"> & 'quoted' \u001b[31mred\u001b[0m \u202egnp ${'verylongword'.repeat(30)}`;

/** A secret that no page may show. */
export const planted = 'Bearer planted.secret-0123456789';

/** Returns a made-up requirement that passed. */
export function requirementOf(
  id: string,
  chapter: string,
  some: Partial<ReportedRequirement> = {},
): ReportedRequirement {
  return {
    id,
    chapter,
    level: 'core',
    subject: 'kubernetes',
    sentence: `What ${id} promises about a local volume and the pod that uses it, on the node that has the disk`,
    source: 'https://kubernetes.io/docs/concepts/storage/volumes/#local',
    failsIf: 'the pod runs elsewhere',
    features: [],
    file: `specs/${chapter}.spec.ts`,
    line: 41,
    result: 'passed',
    milliseconds: 4_000,
    evidence: [`evidence/${id}/01-objects-at-the-end.yaml`, `evidence/${id}/02-events.txt`],
    ...some,
  };
}

/** Returns a made-up report of these requirements, with all that follows from them. */
export function reportOf(
  requirements: readonly ReportedRequirement[],
  some: Partial<LocalVolumeConformanceReport> = {},
): LocalVolumeConformanceReport {
  const statistics = statisticsOf(requirements);
  const result = resultOf(statistics);
  return {
    ...reportVersion,
    date: '2026-11-23T07:29:26.000Z',
    run: 'k3x9qd',
    implementation: {
      organization: 'Kubernetes',
      project: 'Kubernetes in kind',
      url: 'https://kind.sigs.k8s.io',
      version: 'v1.37.2',
      contact: ['@sig-storage'],
    },
    harness: { version: '0.1.0', commit: '32767a229602c42dc69a76e99ab271b513856f5a', modified: false },
    result,
    verdict: {
      success: 'conforms: every requirement that was run holds',
      partial: 'conforms: every requirement that was run holds, except what was skipped',
      failure:
        statistics.failed > 0
          ? `does not conform: ${statistics.failed} of ${requirements.length} specs failed`
          : 'proves nothing: no spec passed',
    }[result],
    complete: true,
    catalogue: Math.max(1, requirements.length),
    milliseconds: 473_000,
    statistics,
    profiles: profilesOf(requirements),
    supportedFeatures: ['fsGroup', 'subPath'],
    unsupportedFeatures: [],
    requirements: [...requirements],
    outside: [],
    environment: {
      kubernetes: 'v1.37.2',
      nodeImage: {
        reference: 'kindest/node:v1.37.2',
        digest: `sha256:${'1'.repeat(64)}`,
        id: `sha256:${'2'.repeat(64)}`,
      },
      nodeImagePin: `kindest/node:v1.37.2@sha256:${'1'.repeat(64)}`,
      kind: 'v0.33.0',
      containerRuntime: 'containerd://2.1.4',
      engine: 'docker 26.1.5',
      kernel: '6.18.44',
      cgroupVersion: 2,
      node: 'v20.20.2',
      host: { operatingSystem: 'Debian GNU/Linux 12', architecture: 'x86_64', cpus: 2, memoryBytes: 2 ** 33 },
    },
    seed: 42,
    jobs: 6,
    reproduce: ['git checkout 32767a2', 'npm ci', 'npm run lpv -- run --kubernetes 1.37 --seed 42'],
    steps: [
      { title: 'Creating the cluster', direction: 'perform', outcome: 'done', milliseconds: 26_500 },
      { title: 'Creating the cluster', direction: 'undo', outcome: 'done', milliseconds: 1_900 },
    ],
    retries: [],
    leaks: [],
    cpuSteal: 0.12,
    podStarts: requirements.slice(0, 235).map(({ id }, index) => {
      const lowerLimit = index % 3 === 0 ? 650 : 1_650;
      return {
        requirement: id,
        milliseconds: Math.round(lowerLimit * (1.05 + ((index * 7919) % 230) / 100)),
        lowerLimit,
      };
    }),
    ...some,
  };
}

/**
 * Returns a whole catalogue: 306 requirements, some failed, some skipped, odd characters, secrets where none should be.
 */
export function wholeReport(): LocalVolumeConformanceReport {
  const requirements = Array.from({ length: 306 }, (_, index): ReportedRequirement => {
    const chapter = chapterNames[Math.floor(index / 44)] ?? 'stress';
    const plain = requirementOf(`LV-${chapter.toUpperCase()}-${String((index % 44) + 1).padStart(2, '0')}`, chapter, {
      level: index % 3 === 2 ? 'extended' : 'core',
      features: index % 10 === 0 ? ['block', 'disruptive'] : [],
      milliseconds: 400 + ((index * 7919) % 21_000),
      ...(index === 40 ? { slowBecause: 'pod garbage collection' } : {}),
    });
    if (index === 20 || index === 150) return { ...plain, result: 'failed', failure: failureOf(index), sentence: odd };
    if (index % 50 === 7)
      return { ...plain, result: 'skipped', milliseconds: 0, reason: `this cluster has no xfs; ${odd}`, evidence: [] };
    if (index === 34)
      return {
        ...plain,
        result: 'notApplicable',
        milliseconds: 0,
        reason: 'Kubernetes before 1.37 only',
        evidence: [],
      };
    return index === 21 ? { ...plain, source: 'the source code of the scheduler, by its constant' } : plain;
  });
  return reportOf(requirements, {
    outside: [{ id: 'places', title: 'Every node as it was before', message: `node2 has /mnt/${odd}` }],
    retries: [{ step: 'Pulling the node image', attempt: 2, reason: `timed out; ${planted}` }],
    leaks: ['node2: /mnt/disks/left'],
  });
}

/** Returns a run that was interrupted after a few specs. */
export function interruptedReport(): LocalVolumeConformanceReport {
  return reportOf([requirementOf('LV-BIND-01', 'binding')], {
    interruptedBy: 'SIGINT',
    verdict: 'interrupted by SIGINT',
    result: 'failure',
    catalogue: 306,
  });
}

/** Returns a run that showed nothing: the cluster could not be made. */
export function emptyReport(): LocalVolumeConformanceReport {
  return reportOf([], {
    verdict: 'not finished: Creating the cluster failed',
    catalogue: 306,
    seed: null,
    jobs: null,
    steps: [
      { title: 'Creating the cluster', direction: 'perform', outcome: 'failed', milliseconds: 9_000, message: odd },
    ],
  });
}

/** Writes made-up evidence for a report: about as much as a real run leaves. */
export async function writeEvidence(folder: string, report: LocalVolumeConformanceReport): Promise<void> {
  for (const { id, evidence } of report.requirements) {
    for (const path of evidence) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      const lines = path.endsWith('.yaml') ? 380 : 12;
      const text = Array.from(
        { length: lines },
        (_, line) => `${line}: ${id} <node2> "said" ${line === 3 ? planted : 'something'}\n`,
      );
      await writeFile(join(folder, path), text.join(''));
    }
  }
}

/** Returns the trace of a pod that was recorded once, with a secret and markup in a step. */
export async function exampleTrace(): Promise<NamedTrace> {
  const trace = makeTrace(await recorded('1.37', 'wait'));
  const steps = trace.steps.map((step, index) => (index === 3 ? { ...step, what: `${odd} ${planted}` } : step));
  return { name: 'SEED-7', trace: { ...trace, steps } };
}

function failureOf(index: number): NonNullable<ReportedRequirement['failure']> {
  return {
    name: 'AssertionError',
    message: `expected the pod on node2\n  on:   Pod default/reader\n  seen: node3; ${odd}\n  why:  ${planted}`,
    frames: ['at specs/binding/binding.spec.ts:41:7'],
    diagnosis: Array.from(
      { length: 60 + index },
      (_, line) => `kubelet node2: line ${line} of what was said about the volume <local>`,
    ).join('\n'),
  };
}
