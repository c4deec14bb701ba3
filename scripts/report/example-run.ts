import { DomainError } from '../../clusters/domain-error.ts';
import type { RunEvent, SpecIdentity, SpecResult } from '../run/events.ts';
import { addEvent, emptySummary, type Summary } from './summary.ts';

type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never;

/** Events of made-up runs, a second apart, for the tests of the readers. */
export function eventsOf(...untimed: Untimed<RunEvent>[]): RunEvent[] {
  const start = Date.UTC(2026, 10, 23, 10, 0, 0);
  return untimed.map((event, index) => ({ ...event, at: new Date(start + index * 1000) }) as RunEvent);
}

/** What a run with these events comes to. */
export function summaryOf(...untimed: Untimed<RunEvent>[]): Summary {
  return eventsOf(...untimed).reduce(addEvent, emptySummary);
}

export const started = { kind: 'run-started', run: 'k3x9qd', verb: 'run', folder: 'reports/x' } as const;

/** An action that was performed. */
export function performed(title: string): Untimed<RunEvent> {
  const action = title.toLowerCase().replaceAll(' ', '-');
  return { kind: 'action-finished', action, title, milliseconds: 24_100, outcome: 'done', direction: 'perform' };
}

/** An action that failed. */
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

export function specOf(id: string, title = 'a claim is bound', chapter = 'binding'): SpecIdentity {
  return { id, title, chapter, file: 'specs/binding.spec.ts', line: 12 };
}

export function passed(spec: SpecIdentity, milliseconds = 900): Untimed<RunEvent> {
  return finished(spec, { outcome: 'passed', milliseconds, evidence: [`evidence/${spec.id}/01-claim.yaml`] });
}

export function skipped(spec: SpecIdentity, reason = 'no mkfs.xfs on the nodes'): Untimed<RunEvent> {
  return finished(spec, { outcome: 'skipped', milliseconds: 0, evidence: [], reason });
}

export function failed(
  spec: SpecIdentity,
  message = "expected 'Pending' to equal 'Bound'",
  more: { name?: string } = { name: 'AssertionError' },
): Untimed<RunEvent> {
  const stack = `Error: x\n    at Context.<anonymous> (file:///work/${spec.file}:41:7)\n    at run (other.ts:1:1)`;
  return finished(spec, { outcome: 'failed', milliseconds: 7_200, evidence: [], error: { message, stack, ...more } });
}

export function ended(
  verdict: Extract<RunEvent, { kind: 'run-finished' }>['verdict'],
  summary: string,
): Untimed<RunEvent> {
  return { kind: 'run-finished', verdict, milliseconds: 83_000, summary };
}

function finished(spec: SpecIdentity, result: SpecResult): Untimed<RunEvent> {
  return { kind: 'spec-finished', spec, result };
}
