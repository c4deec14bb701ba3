import { isDeepStrictEqual } from 'node:util';
import { type ObjectRef, titleOf } from '../../clusters/api/kinds.ts';
import type { ObjectHistory, Seen } from '../../clusters/api/object-history.ts';
import type { AnyObject, Kind, Node, ObjectOf, Pod } from '../../clusters/api/objects.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { ownershipLabels } from '../../fixtures/isolate-names.ts';
import { minorOf } from '../catalogue/features.ts';
import { currentSpec } from '../runner/current-spec.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { expect } from './expect.ts';
import type { ClaimHandle, PodHandle } from './handles.ts';
import type { SpecNamespace } from './spec-namespace.ts';

/** A change that makes the scheduler try a pod again which a volume plugin has rejected. */
interface WakeUp {
  /** Such as `PersistentVolume late: MODIFIED, resourceVersion 812`. */
  text: string;
  object: string;
  version: number;
  /** Whether the object is the spec's own. */
  own: boolean;
}

/**
 * Proves what woke a pod: from its creation until the scheduler had chosen its node, no change but those of `causes` could
 * have put it back into the scheduler's queue. Call it once the pod is scheduled. After the first change of a cause, the spec's own
 * volumes and claims may change as well: that follows from it.
 * @throws DomainError "not alone", with the objects whose changes could have woken the pod, too; or where a cause did not
 * change
 */
export async function assertWokenBy(pod: PodHandle, ...causes: readonly { ref: ObjectRef }[]): Promise<void> {
  const { client } = await testCluster();
  const { signal } = currentSpec();
  await pod.store.confirm({ signal });
  const { from, wakeUps } = wakeUpsOf(pod.store, pod.ref);
  // The store does not follow this kind: kubelet writes these objects when it registers its node, or a CSI driver.
  const { items } = await client.list('CSINode', { signal });
  const csiNodes = items.filter(({ metadata }) => Number(metadata.resourceVersion) > from).map(csiNodeWakeUp);
  const others = otherWakeUps(
    [...wakeUps, ...csiNodes],
    pod,
    causes.map(({ ref }) => titleOf(ref)),
  );
  if (others.length === 0) return;
  throw new DomainError({
    attempted: `proving that ${causes.map(({ ref }) => titleOf(ref)).join(' and ')} woke a pod`,
    on: String(pod),
    seen: `not alone: ${others.map(({ text }) => text).join('; ')}`,
    why: 'each of these makes the scheduler try the pod again, so that the awaited change may have had no effect',
    remedy: 'run the spec again, with nothing else at work on the cluster',
  });
}

/**
 * Creates a pod of a bound claim that is held at its gate, and waits until the claim says that a pod uses it. With
 * Kubernetes 1.37 the first pod of a claim, scheduled or not, changes the claim, and that alone wakes the pod once more.
 */
export async function heldUser(namespace: SpecNamespace, claim: ClaimHandle): Promise<void> {
  const schedulingGates = [{ name: 'local-pv-conformance/gate' }];
  await namespace.pod(`user-of-${claim.fixtureName}`, { claims: [claim], spec: { schedulingGates } });
  const [, minor] = minorOf(namespace.cluster.facts.kubernetes);
  if (minor >= 37) await expect(claim).to.haveCondition({ type: 'Unused', status: 'False' });
}

/** Returns the wake-ups by other objects than the causes. @throws DomainError where a cause did not change */
function otherWakeUps(wakeUps: readonly WakeUp[], pod: PodHandle, causes: readonly string[]): WakeUp[] {
  for (const cause of causes) {
    if (wakeUps.some(({ object }) => object === cause)) continue;
    throw new DomainError({
      attempted: `proving that ${cause} woke a pod`,
      on: String(pod),
      seen: 'it did not change between the creation of the pod and its scheduling',
    });
  }
  const ours = wakeUps.filter(({ object }) => causes.includes(object));
  const first = Math.min(...ours.map(({ version }) => version));
  return wakeUps.filter(({ object, own, version }) => !causes.includes(object) && !(own && version > first));
}

/**
 * Returns the changes between a pod's creation and the moment it had a node, or a volume of its node was reserved for it,
 * that wake a pod which a volume plugin has rejected. One etcd numbers the writes of all kinds, so that resourceVersions are their order. Source: EventsToRegister
 * of pkg/scheduler/framework/plugins/{volumebinding,volumezone,volumerestrictions,nodeunschedulable,tainttoleration}
 */
export function wakeUpsOf(history: ObjectHistory, ref: ObjectRef<'Pod'>): { from: number; wakeUps: WakeUp[] } {
  const states = history.history(ref);
  const pod = states[0]?.object;
  const scheduled = states.find(({ object }) => object.spec?.nodeName);
  if (!pod || !scheduled) {
    throw new DomainError({ attempted: 'finding what woke a pod', on: titleOf(ref), seen: 'it has no node' });
  }
  const from = Number(pod.metadata.resourceVersion);
  const claims = claimsOf(pod);
  const to = Math.min(Number(scheduled.resourceVersion), ...reservationsFor(history, pod).filter((at) => at > from));
  const isOurs = (claim: string, namespace?: string) => namespace === pod.metadata.namespace && claims.includes(claim);
  const wakes: { [K in Kind]?: (seen: Seen<ObjectOf[K]>, before: ObjectOf[K] | undefined) => boolean } = {
    PersistentVolume: ({ type }) => type !== 'DELETED',
    StorageClass: ({ type }) => type !== 'DELETED',
    PersistentVolumeClaim: ({ type, object: { metadata } }) =>
      type !== 'DELETED' && isOurs(metadata.name, metadata.namespace),
    // A heartbeat, which changes a node's status, is no event that a plugin registers.
    Node: ({ type, object }, before) =>
      type !== 'DELETED' && !(before && isDeepStrictEqual(whatPluginsSee(object), whatPluginsSee(before))),
    Pod: ({ type, object }) =>
      type === 'DELETED' &&
      object.spec?.nodeName !== undefined &&
      claimsOf(object).some((claim) => isOurs(claim, object.metadata.namespace)),
  };
  const wakeUps = (Object.keys(wakes) as Kind[]).flatMap((kind) => {
    const before = new Map<string, AnyObject>();
    return history.changes(kind).flatMap((seen) => {
      const { namespace, name, uid, labels } = seen.object.metadata;
      const version = Number(seen.resourceVersion);
      const former = before.get(uid);
      before.set(uid, seen.object);
      if (version <= from || version > to || !wakes[kind]?.(seen as never, former as never)) return [];
      const object = titleOf({ kind, namespace, name });
      const own = Object.values(ownershipLabels).every((label) => labels?.[label] === pod.metadata.labels?.[label]);
      const text = `${object}: ${seen.type}, resourceVersion ${version}`;
      return [{ text, object, version, own: own || namespace === pod.metadata.namespace }];
    });
  });
  return { from, wakeUps };
}

/**
 * Returns when volumes were reserved for the claims of a pod that wait for it, as resourceVersions. The scheduler does so
 * when it has chosen the node, and looks a second later whether the claims are bound: only then the pod has the node.
 */
function reservationsFor(history: ObjectHistory, pod: Pod): number[] {
  const waiting = claimsOf(pod).flatMap((name) => {
    const { namespace } = pod.metadata;
    const claim = history.history({ kind: 'PersistentVolumeClaim', namespace, name } as const).at(-1)?.object;
    const { storageClassName = '' } = claim?.spec ?? {};
    const [storageClass] = history.history({ kind: 'StorageClass', name: storageClassName } as const);
    return claim && storageClass?.object.volumeBindingMode === 'WaitForFirstConsumer' ? [claim.metadata.uid] : [];
  });
  const changes = history.changes('PersistentVolume');
  return waiting.flatMap((uid) => {
    const reserved = changes.find(({ object }) => object.spec?.claimRef?.uid === uid);
    return reserved ? [Number(reserved.resourceVersion)] : [];
  });
}

/** Returns the names of the claims that a pod uses, of generic ephemeral volumes as well. */
function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return [persistentVolumeClaim.claimName];
    return ephemeral ? [`${metadata.name}-${name}`] : [];
  });
}

/** Returns the fields of a node that a plugin which rejected a pod may depend on. */
function whatPluginsSee({ metadata, spec, status }: Node): unknown {
  const { taints, unschedulable } = spec ?? {};
  return [metadata.labels, taints, unschedulable, status?.allocatable];
}

function csiNodeWakeUp({ metadata }: ObjectOf['CSINode']): WakeUp {
  const object = titleOf({ kind: 'CSINode', name: metadata.name });
  const version = Number(metadata.resourceVersion);
  return { text: `${object}: resourceVersion ${version}`, object, version, own: false };
}
