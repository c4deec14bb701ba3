import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { KnownIssue, Requirement } from '../../specs/catalogue/catalogue.ts';
import type { FailureDiagnosis } from '../../specs/diagnosis/failure-text.ts';
import type { RunEvent, SpecFailure, SpecIdentity, SpecResult } from '../../specs/runner/events.ts';
import { makeTrace } from '../../specs/trace/make-trace.ts';
import { recorded } from '../../specs/trace/recorded-for-tests.ts';
import type { NamedTrace } from '../trace/write-trace.ts';
import { buildReport, type ReportSources } from './model/build-report.ts';
import { countsOf, resultOf } from './model/counts.ts';
import { endingOf } from './model/ending.ts';
import { environmentRecord } from './model/environment.ts';
import type { KindOfCluster } from './model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement } from './model/report.ts';
import { addEvent, emptySummary, type Summary } from './model/summary.ts';

// Made-up runs for unit tests: as events, from which reports follow; and as requirements that were reported.

type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never;

/** Returns the events of a made-up run, a second apart. */
export function eventsOf(...untimed: Untimed<RunEvent>[]): RunEvent[] {
  const start = Date.UTC(2026, 10, 23, 10, 0, 0);
  return untimed.map((event, index) => ({ ...event, at: new Date(start + index * 1000) }) as RunEvent);
}

/** Returns the summary of a run with these events. */
export function summaryOf(...untimed: Untimed<RunEvent>[]): Summary {
  return eventsOf(...untimed).reduce(addEvent, emptySummary);
}

/** Returns the report of a run with these events. Its catalogue has the specs of these events, and no others. */
export function reportOf(...untimed: Untimed<RunEvent>[]): LocalVolumeConformanceReport {
  return buildReport(sourcesOf(...untimed));
}

/** Returns a report as reportOf does. `differing` has what differs in some requirements, by their ids. */
export function reportAbout(
  differing: Readonly<Record<string, Partial<Requirement>>>,
  ...untimed: Untimed<RunEvent>[]
): LocalVolumeConformanceReport {
  const sources = sourcesOf(...untimed);
  const catalogue = sources.catalogue.map((requirement) => ({ ...requirement, ...differing[requirement.id] }));
  return buildReport({ ...sources, catalogue, chosen: chosenFrom(catalogue) });
}

/** Returns the sources of the report that reportOf makes, for tests that change one. */
export function sourcesOf(...untimed: Untimed<RunEvent>[]): ReportSources {
  const events = eventsOf(...untimed);
  const summary = events.reduce(addEvent, emptySummary);
  const end = events.find((event) => event.kind === 'run-finished');
  const specs = summary.specs.filter(({ spec }) => spec.file !== '');
  const catalogue = [...new Map(specs.map((one) => [one.spec.id, one])).values()].map(({ spec, result }) =>
    requirementOf(spec, result.outcome === 'knownIssue' ? { knownIssue: result.issue } : {}),
  );
  return {
    summary,
    finished: end?.milliseconds,
    catalogue,
    chosen: chosenFrom(catalogue),
    environment: environmentRecord('k3x9qd', new Date(0), {
      harness: { version: '0.1.0', commit: 'abc', modified: false },
      node: 'v20.20.2',
      kubernetes: 'v1.37.2',
      host: { operatingSystem: 'Debian 13', architecture: 'x64', cpus: 2, memoryBytes: 8 * 2 ** 30 },
    }),
    implementation: { organization: 'o', project: 'p', url: '', version: 'v1.37.2', contact: [] },
    reproduce: ['npm ci', 'npm run lpv -- run --seed 42'],
    root: '/work',
  };
}

/** Returns the specs of a run in which every requirement of a catalogue was chosen. */
export function chosenFrom(catalogue: readonly Requirement[]): ReportSources['chosen'] {
  return catalogue.map((requirement) => ({ requirement, declaredAt: place }));
}

/** Returns a requirement that a spec of that identity proves. */
export function requirementOf(spec: SpecIdentity, more: Partial<Requirement> = {}): Requirement {
  const { id, chapter, sentence } = spec;
  const promise = {
    level: 'core' as const,
    subject: 'kubernetes' as const,
    upstream: [],
    features: [],
    exclusive: [],
    nodes: 'all' as const,
    needs: ['api'] as const,
    leastNodes: 1 as const,
    source: 'KEP-121',
    failsIf: 'it is not',
  };
  return { ...promise, id, chapter, sentence, ...more };
}

const place = { file: 'specs/binding/binding.spec.ts', line: 12 };

export const started = { kind: 'run-started', run: 'k3x9qd', verb: 'run', folder: 'reports/x' } as const;

/** Returns an action that was performed. */
export function performed(title: string): Untimed<RunEvent> {
  const action = title.toLowerCase().replaceAll(' ', '-');
  return { kind: 'action-finished', action, title, milliseconds: 24_100, outcome: 'done', direction: 'perform' };
}

/** Returns an action that failed. */
export function broken(title: string, direction: 'perform' | 'undo' = 'perform', error?: unknown): Untimed<RunEvent> {
  const why = error ?? new DomainError({ attempted: 'creating the cluster lpv-k3x9qd', seen: 'node2 is not Ready' });
  return {
    kind: 'action-finished',
    action: 'x',
    title,
    milliseconds: 60_000,
    outcome: 'failed',
    direction,
    error: why,
  };
}

export function planned(count: number): Untimed<RunEvent> {
  return { kind: 'specs-planned', count, seed: 42, jobs: 6 };
}

export function specOf(id: string, sentence = 'a claim is bound', chapter = 'binding'): SpecIdentity {
  return { id, sentence, chapter, ...place };
}

export function passed(spec: SpecIdentity, milliseconds = 900): Untimed<RunEvent> {
  return finished(spec, { outcome: 'passed', milliseconds, evidence: [`evidence/${spec.id}/01-claim.yaml`] });
}

export function skipped(
  spec: SpecIdentity,
  reason = 'no mkfs.xfs on the nodes',
  skippedFor?: ReportedRequirement['skippedFor'],
): Untimed<RunEvent> {
  const why = { reason, ...(skippedFor !== undefined && { skippedFor }) };
  return finished(spec, { outcome: 'skipped', milliseconds: 0, evidence: [], ...why });
}

export function notApplicable(spec: SpecIdentity, reason = 'Kubernetes before 1.37 only'): Untimed<RunEvent> {
  return finished(spec, { outcome: 'notApplicable', milliseconds: 0, evidence: [], reason });
}

/** Returns a spec that found its promise broken as an open issue of Kubernetes says. */
export function knownIssue(spec: SpecIdentity, issue: KnownIssue = exampleIssue): Untimed<RunEvent> {
  const error = { name: 'AssertionError', message: "expected 'Bound' to equal 'Pending'" };
  return finished(spec, { outcome: 'knownIssue', milliseconds: 1_200, evidence: [], issue, error });
}

/** An open issue of Kubernetes, as a catalogue has it. */
export const exampleIssue: KnownIssue = {
  url: 'https://github.com/kubernetes/kubernetes/issues/73263',
  minors: ['1.36', '1.37'],
  instead: 'one of two claims is bound',
};

export function failed(
  spec: SpecIdentity,
  message = "expected 'Pending' to equal 'Bound'",
  more: Partial<SpecFailure> = { name: 'AssertionError' },
): Untimed<RunEvent> {
  const stack = `Error: x\n    at Context.<anonymous> (file:///work/${spec.file}:41:7)\n    at run (other.ts:1:1)`;
  return finished(spec, { outcome: 'failed', milliseconds: 7_200, evidence: [], error: { message, stack, ...more } });
}

export function ended(
  exitStatus: Extract<RunEvent, { kind: 'run-finished' }>['exitStatus'],
  verdict: string,
): Untimed<RunEvent> {
  return { kind: 'run-finished', exitStatus, verdict, milliseconds: 83_000 };
}

/** Returns what the cluster looked like, in one paragraph. */
export function diagnosisOf(text: string): FailureDiagnosis {
  return { essence: text, text };
}

/** Returns a failure that belongs to no requirement. */
export function failedOutside(id: string, message: string, more: Partial<SpecFailure> = {}): Untimed<RunEvent> {
  const spec = { id, sentence: 'nothing is left of the specs', chapter: 'outside of specs', file: '' };
  return finished(spec, { outcome: 'failed', milliseconds: 5, evidence: [], error: { message, ...more } });
}

export const interrupted = { kind: 'interrupted', signal: 'SIGTERM' } as const;

function finished(spec: SpecIdentity, result: SpecResult): Untimed<RunEvent> {
  return { kind: 'spec-finished', spec, result };
}

const chapterNames = ['access', 'binding', 'block', 'fault', 'lifecycle', 'scheduling', 'validation'];

/** Text that breaks what is not escaped: markup, quotes, terminal codes, turned direction, a word without end. */
export const odd = `<img src=x onerror="alert(1)"> & 'quoted' \u001b[31mred\u001b[0m \u202egnp ${'verylongword'.repeat(30)}`;

/** A secret that no page may show. */
export const planted = 'Bearer planted.secret-0123456789';

/** Returns a made-up requirement that passed. */
export function reportedRequirement(
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
    needs: ['api'],
    file: `specs/${chapter}.spec.ts`,
    line: 41,
    result: 'passed',
    milliseconds: 4_000,
    evidence: [`evidence/${id}/01-objects-at-the-end.yaml`, `evidence/${id}/02-events.txt`],
    ...some,
  };
}

/** Returns a report of these requirements, with all that follows from them. */
export function reportWith(
  requirements: readonly ReportedRequirement[],
  some: Partial<LocalVolumeConformanceReport> = {},
): LocalVolumeConformanceReport {
  const counts = countsOf(requirements);
  const { exitStatus, verdict } = endingOf(summaryOf(started), { requirements, outside: [] });
  return {
    ...reportOf(started, planned(requirements.length), ended(exitStatus, verdict)),
    result: resultOf(counts.statistics),
    exitStatus,
    verdict,
    complete: true,
    catalogue: Math.max(1, requirements.length),
    ...counts,
    unsupportedFeatures: [],
    supportedFeatures: ['fsGroup', 'subPath'],
    requirements: [...requirements],
    steps: [
      { title: 'Creating the cluster', direction: 'perform', outcome: 'done', milliseconds: 26_500 },
      { title: 'Creating the cluster', direction: 'undo', outcome: 'done', milliseconds: 1_900 },
    ],
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
 * Returns a whole catalogue: 306 requirements of three subjects, some failed, some skipped, known issues, odd characters,
 * secrets where none should be.
 */
export function wholeReport(): LocalVolumeConformanceReport {
  const requirements = Array.from({ length: 306 }, (_, index): ReportedRequirement => {
    const chapter = chapterNames[Math.floor(index / 44)] ?? 'stress';
    const plain = reportedRequirement(
      `LV-${chapter.toUpperCase()}-${String((index % 44) + 1).padStart(2, '0')}`,
      chapter,
      {
        level: index % 3 === 2 ? 'extended' : 'core',
        features: index % 10 === 0 ? ['block', 'disruptive'] : [],
        needs: index % 10 === 0 ? ['agent', 'restart'] : index % 2 === 0 ? ['agent'] : ['api'],
        milliseconds: 400 + ((index * 7919) % 21_000),
        ...(index === 40 ? { slowBecause: 'pod garbage collection' } : {}),
      },
    );
    if (index === 20 || index === 150)
      return { ...plain, result: 'failed', failure: madeUpFailure(index), sentence: odd };
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
    if (index === 60)
      return {
        ...plain,
        result: 'knownIssue',
        failure: madeUpFailure(0),
        knownIssue: { ...exampleIssue, shows: true },
      };
    if (index === 61) return { ...plain, knownIssue: { ...exampleIssue, shows: false } };
    if (index % 9 === 4) return { ...plain, level: 'extended', subject: index % 2 ? 'api' : 'provisioner' };
    return index === 21 ? { ...plain, source: 'the source code of the scheduler, by its constant' } : plain;
  });
  return reportWith(requirements, {
    outside: [{ id: 'places', title: 'Every node as it was before', message: `node2 has /mnt/${odd}` }],
    retries: [{ step: 'Pulling the node image', attempt: 2, reason: `timed out; ${planted}` }],
    leaks: ['node2: /mnt/disks/left'],
  });
}

/** A cluster that a user has lent, and of which not all may be read. */
export const exampleCluster: KindOfCluster = {
  madeBy: 'others',
  provider: { is: 'AWS', seenIn: 'providerID aws://…' },
  distribution: { is: 'k3s', seenIn: 'version v1.37.2+k3s1' },
  podNetwork: { is: 'Flannel', seenIn: 'condition NetworkUnavailable: FlannelIsUp' },
  nodeSets: [
    {
      count: 3,
      kubelet: 'v1.37.2+k3s1',
      containerRuntime: 'containerd://2.2.1-k3s1',
      operatingSystem: 'Ubuntu 24.04.2 LTS',
      kernel: '6.8.0-64-generic',
      architecture: 'amd64',
    },
    {
      count: 1,
      kubelet: 'v1.36.4+k3s1',
      containerRuntime: 'containerd://2.2.1-k3s1',
      operatingSystem: 'Debian GNU/Linux 13 (trixie)',
      kernel: '6.12.41+deb13-arm64',
      architecture: 'arm64',
    },
  ],
  usedNodes: [
    { name: 'agent-1', hostname: 'agent-1', roles: ['worker'], kubeletRoot: { notKnown: 'no agent was wanted' } },
    { name: 'agent-2', hostname: 'rack-7', roles: [], kubeletRoot: { notKnown: 'no agent was wanted' } },
  ],
  unusedNodes: [{ count: 2, roles: ['control-plane', 'etcd'], why: 'tainted', names: ['server-1', 'server-2'] }],
  featureGates: {
    apiServer: { alphaOn: ['AllAlpha'], betaOff: ['WatchListClient'], seenIn: 'metrics of the API server' },
    kubelet: { notKnown: 'this user may not read it' },
  },
};

/**
 * Returns the report of a run on a cluster that a user has lent, without agents: what needs nodes was skipped.
 */
export function lentReport(): LocalVolumeConformanceReport {
  const requirements = wholeReport().requirements.map(({ failure: _, knownIssue: __, ...one }): ReportedRequirement => {
    const needs: ReportedRequirement['needs'] = one.needs ?? ['api'];
    if (needs.includes('api')) return { ...one, result: one.result === 'notApplicable' ? one.result : 'passed' };
    const reason = needs.includes('restart')
      ? 'it changes nodes or stops their services, which --disruptive allows'
      : 'no agent was wanted (--no-agent)';
    return { ...one, result: 'skipped', milliseconds: 0, evidence: [], reason, skippedFor: 'need' };
  });
  const report = reportWith(requirements);
  return {
    ...report,
    run: 'strange',
    environment: { ...report.environment, kubernetes: 'v1.37.2+k3s1', cluster: exampleCluster },
    implementation: { organization: 'k3s', project: 'k3s cluster', url: '', version: 'v1.37.2+k3s1', contact: [] },
    reproduce: [
      'npm ci',
      "npm run lpv -- run --context staging --no-agent --as 'tester of staging' --seed 42 --jobs 6",
    ],
    leftOvers: {
      lookedAt: [],
      atEnd: true,
      notLookedAt: [{ nodes: ['agent-1', 'agent-2'], why: 'no agent was wanted (--no-agent)' }],
    },
  };
}

/** Returns a run that was interrupted after a few specs. */
export function interruptedReport(): LocalVolumeConformanceReport {
  return reportWith([reportedRequirement('LV-BIND-01', 'binding')], {
    interruptedBy: 'SIGINT',
    verdict: 'interrupted by SIGINT',
    result: 'failure',
    catalogue: 306,
  });
}

/** Returns a run that showed nothing: the cluster could not be made. */
export function emptyReport(): LocalVolumeConformanceReport {
  return reportWith([], {
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

function madeUpFailure(index: number): NonNullable<ReportedRequirement['failure']> {
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
