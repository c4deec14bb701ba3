import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { Requirement } from '../../../specs/catalogue/catalogue.ts';
import type { FailureDiagnosis } from '../../../specs/diagnosis/failure-text.ts';
import type { RunEvent, SpecFailure, SpecIdentity, SpecResult } from '../../../specs/runner/events.ts';
import { buildReport, type ReportSources } from './build-report.ts';
import { environmentRecord } from './environment.ts';
import type { LocalVolumeConformanceReport } from './report.ts';
import { addEvent, emptySummary, type Summary } from './summary.ts';

type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never;

/** Events of made-up runs, a second apart, for the tests of the readers. */
export function eventsOf(...untimed: Untimed<RunEvent>[]): RunEvent[] {
  const start = Date.UTC(2026, 10, 23, 10, 0, 0);
  return untimed.map((event, index) => ({ ...event, at: new Date(start + index * 1000) }) as RunEvent);
}

/** Returns what a run with these events comes to. */
export function summaryOf(...untimed: Untimed<RunEvent>[]): Summary {
  return eventsOf(...untimed).reduce(addEvent, emptySummary);
}

/** Returns the report of a run with these events; its catalogue has the specs of these events, and no others. */
export function reportOf(...untimed: Untimed<RunEvent>[]): LocalVolumeConformanceReport {
  return buildReport(sourcesOf(...untimed));
}

/** As reportOf, before the report is made: for tests that change a source. */
export function sourcesOf(...untimed: Untimed<RunEvent>[]): ReportSources {
  const summary = summaryOf(...untimed);
  const specs = summary.specs.map(({ spec }) => spec).filter(({ file }) => file !== '');
  const catalogue = [...new Map(specs.map((spec) => [spec.id, spec])).values()].map((spec) => requirementOf(spec));
  return {
    summary,
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
    slow: false,
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

export function skipped(spec: SpecIdentity, reason = 'no mkfs.xfs on the nodes'): Untimed<RunEvent> {
  return finished(spec, { outcome: 'skipped', milliseconds: 0, evidence: [], reason });
}

export function notApplicable(spec: SpecIdentity, reason = 'Kubernetes before 1.37 only'): Untimed<RunEvent> {
  return finished(spec, { outcome: 'notApplicable', milliseconds: 0, evidence: [], reason });
}

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
