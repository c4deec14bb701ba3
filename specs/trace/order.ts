import { millisecondsOf, momentOf } from './moment.ts';
import { stepKinds } from './steps.ts';
import { axisOf, type Clocks, type Step } from './trace.ts';

interface Placing {
  step: Step;
  /** Its place in the process. */
  rank: number;
  axis: number;
  /** Milliseconds since the epoch, for sorting. */
  at: number;
}

/**
 * Sorts steps, given in the order of the process. Steps of components are sorted by their clock. A watch event arrives
 * later than its change: such a step comes before those that show that it has happened, and before those of a higher
 * `resourceVersion`. A time with a resolution of a second goes as late in its second as the process requires. A step
 * without a record keeps its place in the process.
 */
export function inOrder(steps: readonly Step[], axes: Clocks['axes']): Step[] {
  const earlier = axes === 'one' ? pulledByComponents(steps) : steps;
  const pulled = pulledByRevisions(earlier);
  let reached = Number.NEGATIVE_INFINITY;
  const placed = pulled.map((step, rank): Placing => {
    const axis = axes === 'one' ? 0 : { api: 0, components: 1 }[axisOf(step) ?? laneAxis(step)];
    const { record } = step;
    if (record.state === 'not reached') return { step, rank, axis, at: Number.POSITIVE_INFINITY };
    if (record.state === 'not seen') return { step, rank, axis, at: reached };
    const limit = record.noLaterThan === undefined ? undefined : millisecondsOf(record.noLaterThan);
    const stated = millisecondsOf(record.at);
    const coarse = Math.min(Math.max(stated, reached), stated + 999.999);
    const at = limit ?? (record.resolution === 1000 ? coarse : stated);
    // A refusal may come long after the steps that follow it in the table.
    if (!step.trouble) reached = Math.max(reached, at);
    return { step, rank, axis, at };
  });
  return placed.sort((a, b) => a.axis - b.axis || sign(a.at, b.at) || a.rank - b.rank).map(({ step }) => step);
}

/** Returns a difference for sorting, in which two infinities are equal. */
function sign(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function laneAxis({ lane }: Step): 'api' | 'components' {
  return lane === 'api' ? 'api' : 'components';
}

const shownBy = new Map(stepKinds.map((kind) => [kind.id, kind.shownBy ?? []]));

/** Returns the id of a step without the volume's name, and that name. */
function partsOf({ id }: Step): { kind: string; volume: string | undefined } {
  const [kind = id, volume] = id.split('/');
  return { kind, volume };
}

function pulledByComponents(steps: readonly Step[]): Step[] {
  return steps.map((step) => {
    const { kind, volume } = partsOf(step);
    const shows = shownBy.get(kind) ?? [];
    const moments = steps.flatMap((other) => {
      const { record } = other;
      const parts = partsOf(other);
      const same = volume === undefined || parts.volume === undefined || parts.volume === volume;
      return record.state === 'seen' &&
        record.clock === 'component' &&
        record.resolution < 1000 &&
        same &&
        shows.includes(parts.kind)
        ? [millisecondsOf(record.at)]
        : [];
    });
    return noLater(step, Math.min(...moments));
  });
}

/** The API server numbers its changes: a change cannot be later than another one with a higher number. */
function pulledByRevisions(steps: readonly Step[]): Step[] {
  const pulled = new Map<Step, Step>();
  const numbered = steps.filter((step) => revisionOf(step) !== undefined);
  let latest = Number.POSITIVE_INFINITY;
  for (const step of numbered.toSorted((a, b) => (revisionOf(b) ?? 0) - (revisionOf(a) ?? 0))) {
    const moved = noLater(step, latest);
    if (moved.record.state === 'seen') latest = millisecondsOf(moved.record.noLaterThan ?? moved.record.at);
    pulled.set(step, moved);
  }
  return steps.map((step) => pulled.get(step) ?? step);
}

function noLater(step: Step, moment: number): Step {
  const { record } = step;
  if (record.state !== 'seen' || record.clock === 'component') return step;
  const at = millisecondsOf(record.at);
  const coarse = record.resolution === 1000;
  // A time with a resolution of a second is the beginning of that second. Only a moment within it makes it more exact.
  if (coarse ? moment < at || moment >= at + 1000 : moment >= millisecondsOf(record.noLaterThan ?? record.at))
    return step;
  return { ...step, record: { ...record, noLaterThan: momentOf(moment) } };
}

/** Returns the API server's number of a watched change. */
function revisionOf({ record }: Step): number | undefined {
  if (record.state !== 'seen' || record.source.kind !== 'watch') return undefined;
  const revision = Number(record.source.resourceVersion);
  return Number.isSafeInteger(revision) ? revision : undefined;
}
