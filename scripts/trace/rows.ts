import { millisecondsOf } from '../../specs/trace/moment.ts';
import { lanes, type PhaseId, phases, type Step, type Trace } from '../../specs/trace/trace.ts';

/** The texts of a row of a time line, for every way of drawing it. */
export type Row =
  | { kind: 'phase'; title: string; attach?: Trace['attach'] }
  /** Time in which nothing of the process was seen. */
  | { kind: 'gap'; milliseconds: number; because?: string }
  | { kind: 'step'; step: Step; lane: number; time: string; before: number | undefined }
  /** Where clocks are apart, the second sequence begins. */
  | { kind: 'axis'; title: string };

/** The shortest gaps that are shown, in milliseconds: without and with a known reason. */
const notable = { unexplained: 400, explained: 60 };

/** Returns a trace in lines: times relative to the pod's creation, headings of phases, gaps. */
export function rowsOf(trace: Trace): Row[] {
  if (trace.clocks.axes === 'one') return sequence(trace, trace.steps, 'pod-created', true);
  const api = trace.steps.filter((step) => step.lane === 'api');
  const components = trace.steps.filter((step) => step.lane !== 'api');
  return [
    { kind: 'axis', title: 'what the API server reported, from the pod’s creation on' },
    ...sequence(trace, api, 'pod-created', false),
    { kind: 'axis', title: 'what components reported, by their own clocks, from the first of it on' },
    ...sequence(trace, components, undefined, true),
  ];
}

function sequence(trace: Trace, steps: readonly Step[], zeroAt: string | undefined, withAttach: boolean): Row[] {
  const rows: Row[] = [];
  const seen = steps.filter(({ record }) => record.state === 'seen');
  const zeroStep = seen.find(({ id }) => id === zeroAt) ?? seen[0];
  const zero = zeroStep && momentIn(zeroStep);
  let phase = -1;
  let last: { at: number; lane: number; coarse: boolean } | undefined;
  const enter = (id: PhaseId): void => {
    const index = phases.findIndex((one) => one.id === id);
    // A step out of turn stays in the part that has begun.
    for (let next = Math.max(phase + 1, 0); next <= index; next++) {
      const here = phases[next];
      if (!here || !(here.id === 'attach' ? withAttach : next === index)) continue;
      const both = here.id === 'schedule' && phase < bindingAt && steps.some((step) => step.phase === 'bind');
      const title = both ? 'the pod is scheduled; volume and claim are bound for it' : here.title;
      rows.push({ kind: 'phase', title, ...(here.id === 'attach' ? { attach: trace.attach } : {}) });
    }
    phase = Math.max(phase, index);
  };
  for (const step of steps) {
    const at = momentIn(step);
    const coarse = step.record.state === 'seen' && step.record.resolution === 1000 && !step.record.noLaterThan;
    const sameAxis = last !== undefined && at !== undefined && !coarse && !last.coarse;
    const gap = sameAxis && last && at !== undefined ? at - last.at : 0;
    if (step.record.state !== 'not reached') enter(step.phase);
    const least = step.waits === undefined ? notable.unexplained : notable.explained;
    if (gap >= least)
      rows.push({ kind: 'gap', milliseconds: gap, ...(step.waits === undefined ? {} : { because: step.waits }) });
    const lane = lanes.findIndex(({ id }) => id === step.lane);
    rows.push({
      kind: 'step',
      step,
      lane,
      time: timeText(step, zero),
      before: at === undefined ? undefined : last?.lane,
    });
    if (at !== undefined) last = { at, lane, coarse };
  }
  return rows;
}

const bindingAt = phases.findIndex(({ id }) => id === 'bind');

/** Returns the time of a step in milliseconds since the epoch; undefined without a record. */
export function momentIn({ record }: Step): number | undefined {
  return record.state === 'seen' ? millisecondsOf(record.noLaterThan ?? record.at) : undefined;
}

/** Returns a time relative to zero, in the unit and with the digits that its clock has: `+12.6 ms`, `+1.052 s`, `≈ +2 s`. */
function timeText(step: Step, zero: number | undefined): string {
  const { record } = step;
  const at = momentIn(step);
  if (record.state !== 'seen' || at === undefined || zero === undefined) return '';
  const difference = at - zero;
  const sign = difference < 0 ? '−' : '+';
  const size = Math.abs(difference);
  if (record.resolution === 1000 && record.noLaterThan === undefined) return `≈ ${sign}${Math.round(size / 1000)} s`;
  const text = size < 1000 ? `${size.toFixed(record.resolution === 1 ? 0 : 1)} ms` : `${(size / 1000).toFixed(3)} s`;
  return `${record.noLaterThan === undefined ? '' : '≤ '}${sign}${text}`;
}

/**
 * Returns where a step is known from, in a few words: `binder.go:555`, `Event Scheduled`, `Pod 583 by kube-scheduler`.
 */
export function sourceText({ record }: Step): string {
  if (record.state !== 'seen') return '';
  const { source, by } = record;
  switch (source.kind) {
    case 'watch':
      return `${kindOf(source.object)} rv ${source.resourceVersion}${by === undefined ? '' : ` by ${by}`}`;
    case 'object':
      return `${kindOf(source.object)} ${lastPart(source.field)}${by === undefined ? '' : ` of ${by}`}`;
    case 'event':
      return `Event ${source.reason}`;
    case 'log':
      return source.origin === '' ? `${source.component}’s log` : source.origin;
  }
}

/** Returns a source in full, for a reader who looks it up. */
export function sourceInFull({ record }: Step): string {
  if (record.state !== 'seen') return record.why;
  const { source, at } = record;
  switch (source.kind) {
    case 'watch':
      return `${at} watch event of ${source.object}, resourceVersion ${source.resourceVersion}`;
    case 'object':
      return `${at} ${source.object}, ${source.field}`;
    case 'event':
      return `${at} Event ${source.name} of ${source.component}, ${source.reason}${source.count > 1 ? ` ×${source.count}` : ''}: ${source.message}`;
    case 'log':
      return `${at} ${source.component} on ${source.node} ${source.origin} ${source.text}`;
  }
}

/** Returns where a lane's component ran, where its log names it. */
export function placeOf(trace: Trace, lane: Step['lane']): string | undefined {
  const sources = trace.steps.flatMap(({ lane: own, record }) =>
    own === lane && record.state === 'seen' && record.source.kind === 'log' ? [record.source.node] : [],
  );
  return sources[0];
}

/** Returns how often a step was done, where it was more than once. */
export function againText({ record }: Step): string {
  if (record.state !== 'seen' || record.repeated === undefined) return '';
  const seconds = (millisecondsOf(record.repeated.last) - millisecondsOf(record.at)) / 1000;
  return ` (×${record.repeated.times}${seconds >= 0.05 ? ` in ${seconds.toFixed(seconds < 10 ? 1 : 0)} s` : ''})`;
}

const shortKinds: Readonly<Record<string, string>> = { PersistentVolumeClaim: 'PVC', PersistentVolume: 'PV' };

function kindOf(title: string): string {
  const kind = title.split(' ')[0] ?? '';
  return shortKinds[kind] ?? kind;
}

function lastPart(field: string): string {
  return field.startsWith('metadata.managedFields') ? 'managedFields' : (field.split('.').at(-1) ?? field);
}

/** Returns a duration of a gap, such as `1.00 s` or `101 ms`. */
export function gapText(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}
