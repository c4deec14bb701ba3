import { kinds } from './kinds.ts';
import type { AnyObject, Kind, Node, ObjectOf, PersistentVolume, PersistentVolumeClaim, Pod } from './objects.ts';

/** An object whose status has conditions: a pod, a claim or a node. */
interface WithConditions {
  status?: {
    conditions?:
      | readonly { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[]
      | undefined;
  };
}

/** Returns the condition of a type, such as `PodScheduled`; undefined if there is none. */
export function conditionOf(object: WithConditions | undefined, type: string) {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}

/** Returns whether a pod or a node is Ready. An absent object is not. */
export function isReady(object: WithConditions | undefined): boolean {
  return conditionOf(object, 'Ready')?.status === 'True';
}

/** Returns the state of an object in a few words: `Pending, not scheduled`, `Bound to example-pv-b`, `Ready`. */
export function stateOf(object: AnyObject): string {
  const going = object.metadata.deletionTimestamp ? `, being deleted since ${object.metadata.deletionTimestamp}` : '';
  return wordsFor(object) + going;
}

function wordsFor(object: AnyObject): string {
  if (is('Pod', object)) return podState(object);
  if (is('PersistentVolumeClaim', object)) return claimState(object);
  if (is('PersistentVolume', object)) return volumeState(object);
  if (is('Node', object)) return nodeState(object);
  return 'there';
}

function podState(pod: Pod): string {
  const phase = pod.status?.phase ?? 'without a phase';
  if (!pod.spec?.nodeName) return `${phase}, not scheduled`;
  return `${phase} on ${pod.spec.nodeName}, ${isReady(pod) ? 'Ready' : 'not Ready'}`;
}

function claimState(claim: PersistentVolumeClaim): string {
  const phase = claim.status?.phase ?? 'without a phase';
  return claim.spec?.volumeName ? `${phase} to ${claim.spec.volumeName}` : phase;
}

function volumeState(volume: PersistentVolume): string {
  const phase = volume.status?.phase ?? 'without a phase';
  const claim = volume.spec?.claimRef;
  return claim ? `${phase}, claim ${claim.namespace}/${claim.name}` : phase;
}

/** Returns `Ready` or `not Ready`, and `unschedulable` for a cordoned node. */
function nodeState(node: Node): string {
  return `${isReady(node) ? 'Ready' : 'not Ready'}${node.spec?.unschedulable ? ', unschedulable' : ''}`;
}

function is<K extends Kind>(kind: K, object: AnyObject): object is ObjectOf[K] {
  return object.kind === kind && object.apiVersion === kinds[kind].apiVersion;
}
