import { columnsOf, wrap } from '../../clusters/text/wrap.ts';
import { lanes, type Step, type Trace } from '../../specs/trace/trace.ts';
import { momentIn } from './rows.ts';
import type { Colors } from './time-line-text.ts';

/** A step of one or both of two traces, with its time in each, relative to the pod's creation. */
export interface PairedStep {
  step: Step;
  /** Milliseconds; undefined where this trace has no such step, or no record of it. */
  times: readonly [left: number | undefined, right: number | undefined];
}

/** Returns the steps of two traces side by side, in the order of the one that has more of them. */
export function pairedSteps(left: Trace, right: Trace): PairedStep[] {
  const zero = (trace: Trace): number => {
    const created = trace.steps.find(({ id }) => id === 'pod-created');
    return (created && momentIn(created)) ?? Number.NaN;
  };
  const timesOf = (trace: Trace): Map<string, number> =>
    new Map(
      trace.steps.flatMap((step) => {
        const at = momentIn(step);
        return at === undefined ? [] : [[step.id, at - zero(trace)] as const];
      }),
    );
  const times = [timesOf(left), timesOf(right)] as const;
  const [longer, shorter] = left.steps.length >= right.steps.length ? [left, right] : [right, left];
  const order = [...longer.steps];
  for (const [index, step] of shorter.steps.entries()) {
    if (order.some(({ id }) => id === step.id)) continue;
    // A step that only one of them has follows the step before it there.
    const before = shorter.steps.slice(0, index).findLast(({ id }) => order.some((other) => other.id === id));
    order.splice(before ? order.findIndex(({ id }) => id === before.id) + 1 : 0, 0, step);
  }
  return order.map((step) => ({ step, times: [times[0].get(step.id), times[1].get(step.id)] }));
}

/** Returns two traces side by side for a terminal: the binding mode of each is above its times. */
export function besideText(
  left: Trace,
  right: Trace,
  { colors, width = 100 }: { colors: Colors; width?: number },
): string {
  const names = [left, right].map(modeOf) as [string, string];
  const columns = 21;
  const short = Object.fromEntries(lanes.map(({ id, short: name }) => [id, name]));
  const room = width - 2 * columns - 17;
  const head = ` ${'time after the pod’s creation'.padEnd(room + 15)}${names.map((name) => name.padStart(columns)).join('')}`;
  const lines = pairedSteps(left, right).flatMap(({ step, times }) => {
    const texts = times.map((time) => (time === undefined ? '·' : timeText(time)).padStart(columns));
    const one = times.filter((time) => time !== undefined).length === 1;
    return wrap(genericWhat(step), room).map((text, index) => {
      const lane = (index === 0 ? (short[step.lane] ?? '') : '').padEnd(14);
      const padded = text + ' '.repeat(Math.max(0, room - columnsOf(text)));
      const line = ` ${colors.dim(lane)} ${padded}${index === 0 ? texts.join('') : ''}`;
      return one ? colors.yellow(line) : line;
    });
  });
  const note = ' what only one of them has is set apart; a dot is where the other has no such step';
  return `${[colors.bold(head), ...lines, colors.dim(note)].map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Returns the binding mode of a trace's volumes. */
export function modeOf({ volumes }: Trace): string {
  return [...new Set(volumes.map(({ binding }) => binding))].join(', ') || 'no volume';
}

/** Returns what a step is, without what differs between two pods: nodes and paths. */
export function genericWhat({ what }: Step): string {
  return what
    .replace(/ on node\d+$/, ' on a node')
    .replace(/^has bound the pod to node\d+$/, 'has bound the pod to its node')
    .replace(/ does not belong to node\d+$/, ' does not belong to a node')
    .replace(/^decides for node\d+$/, 'decides for a node')
    .replace(/^mount -o bind .*$/, 'makes the bind mount')
    .replace(/ container \S+/, ' the container');
}

function timeText(milliseconds: number): string {
  const sign = milliseconds < 0 ? '−' : '+';
  const size = Math.abs(milliseconds);
  return `${sign}${size < 1000 ? `${size.toFixed(0)} ms` : `${(size / 1000).toFixed(2)} s`}`;
}
