import { isReady } from '../../clusters/api/object-state.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import { millisecondsOf } from './moment.ts';
import type { Records } from './records.ts';
import type { Subject } from './subject.ts';
import type { AttachPhase, Clocks, Step, Trace } from './trace.ts';

/**
 * Returns whether anything was attached for a pod's volumes, with the evidence. For a local volume nothing is attached:
 * its plugin has no attacher.
 */
export function attachPhase({ store, unreadable }: Records, { pod, volumes }: Subject): AttachPhase {
  const names = volumes.flatMap(({ volumeName }) => volumeName ?? []);
  if (names.length === 0) return { state: 'not known', proofs: ['no PersistentVolume is known yet'] };
  const title = names.join(', ');
  const proofs = ['the plugin kubernetes.io/local-volume implements no attacher (pkg/volume/local)'];
  const unread = unreadable.find(({ kind }) => kind === 'VolumeAttachment');
  const attachments = store.list('VolumeAttachment');
  const ours = attachments.filter(({ spec }) => names.includes(spec.source?.persistentVolumeName ?? ''));
  if (unread) proofs.push(`VolumeAttachments were not read: ${unread.why}`);
  else if (ours.length === 0) proofs.push(`no VolumeAttachment names ${title} (${attachments.length} in the cluster)`);
  else proofs.push(`VolumeAttachment ${ours.map(({ metadata }) => metadata.name).join(', ')} names ${title}`);
  const nodeName = pod.spec?.nodeName;
  const node = nodeName === undefined ? undefined : store.get({ kind: 'Node', name: nodeName });
  const onNode = (node?.status?.volumesAttached ?? []).filter(({ name }) =>
    names.some((volume) => name.endsWith(`/${volume}`)),
  );
  if (nodeName === undefined) proofs.push('the pod has no node yet');
  else if (!node) proofs.push(`Node ${nodeName} was not read`);
  else if (onNode.length === 0) proofs.push(`Node ${nodeName} reports none of it in status.volumesAttached`);
  else proofs.push(`Node ${nodeName} reports ${onNode.map(({ name }) => name).join(', ')} in status.volumesAttached`);
  if (ours.length > 0 || onNode.length > 0) return { state: 'not empty', proofs };
  return { state: unread ? 'not known' : 'empty', proofs };
}

/**
 * Returns whether all times of a trace are by one clock. Machines with the same boot id share a kernel and a clock, as
 * the nodes of kind do. The boot ids of nodes are in their Node objects.
 */
export function clocksOf({ nodes, here }: Records['boots']): Clocks {
  const ids = new Set(Object.values(nodes).filter((id) => id !== ''));
  const [id] = ids;
  const count = Object.keys(nodes).length;
  const who = count === 1 ? 'the node' : `all ${count} nodes`;
  if (count > 0 && ids.size === 1 && id === here) {
    return {
      axes: 'one',
      statement: `one clock: ${who} and this machine share a kernel (boot id ${short(id)}); a watch event’s time is its arrival here, a little after the change`,
    };
  }
  const why =
    count === 0
      ? 'the boot ids of the nodes could not be read'
      : ids.size === 1
        ? `${who} share a kernel (boot id ${short(id)}), which is not this machine’s`
        : `the nodes are ${ids.size} kernels`;
  return {
    axes: 'apart',
    statement: `clocks are apart: ${why}; the times of the API and those of the components are two sequences, each with its own zero`,
  };
}

function short(id: string | undefined): string {
  return id?.slice(0, 8) ?? '?';
}

/** The goals of a pod, in order, and what is missing before each. */
const goals: readonly [steps: readonly string[], missing: string][] = [
  [['claim-bound'], 'a claim of it is not Bound'],
  [['pod-scheduled'], 'it has no node'],
  [['mounted', 'device-mapped'], 'a volume of it is not mounted'],
  [['container-started'], 'its container is not started'],
  [['pod-ready'], 'it is not Ready'],
];

/** Returns how far the pod has come, in a sentence. */
export function outcomeOf(pod: Pod, steps: readonly Step[], diagnosis: string | undefined): Trace['outcome'] {
  const phase = pod.status?.phase;
  const node = pod.spec?.nodeName;
  if (phase === 'Succeeded' || phase === 'Failed') return { state: 'ended', sentence: `ended on ${node}: ${phase}` };
  if (isReady(pod)) {
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
