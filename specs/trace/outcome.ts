import type { Pod } from '../../clusters/api/objects.ts';
import { millisecondsOf } from './moment.ts';
import type { Step, Trace } from './trace.ts';

/** What a pod comes to, in order, and what is missing while it has not. */
const goals: readonly [steps: readonly string[], missing: string][] = [
  [['claim-bound'], 'a claim of it is not Bound'],
  [['pod-scheduled'], 'it has no node'],
  [['mounted', 'device-mapped'], 'a volume of it is not mounted'],
  [['container-started'], 'its container is not started'],
  [['pod-ready'], 'it is not Ready'],
];

/** How far the pod has come, in a sentence. */
export function outcomeOf(pod: Pod, steps: readonly Step[], diagnosis: string | undefined): Trace['outcome'] {
  const { phase, conditions = [] } = pod.status ?? {};
  const node = pod.spec?.nodeName;
  const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  if (phase === 'Succeeded' || phase === 'Failed') return { state: 'ended', sentence: `ended on ${node}: ${phase}` };
  if (ready) {
    const took = timeBetween(steps, 'pod-created', 'pod-ready');
    const sentence = `runs on ${node}${took === undefined ? '' : `, Ready ${took} after it was created`}`;
    return { state: 'runs', sentence };
  }
  const missing = goals.find(([ids]) =>
    steps.some(({ id, record }) => record.state === 'not reached' && ids.includes(id.split('/')[0] ?? id)),
  );
  const refused = steps.some(({ trouble, record }) => trouble && record.state === 'seen');
  const state = refused ? 'stuck' : 'starting';
  const sentence = `${refused ? 'is stuck' : 'is on its way'}${node === undefined ? '' : ` on ${node}`}: ${missing?.[1] ?? 'it is not Ready'}`;
  return { state, sentence, ...(diagnosis === undefined ? {} : { diagnosis }) };
}

function timeBetween(steps: readonly Step[], from: string, to: string): string | undefined {
  const [begin, end] = [from, to].map((id) => steps.find((step) => step.id === id)?.record);
  if (begin?.state !== 'seen' || end?.state !== 'seen' || begin.clock !== end.clock) return undefined;
  const seconds = (millisecondsOf(end.at) - millisecondsOf(begin.noLaterThan ?? begin.at)) / 1000;
  return end.resolution === 1000 ? `about ${seconds.toFixed(0)} s` : `${seconds.toFixed(2)} s`;
}
