import type { StoreView } from '../../clusters/api/object-history.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import type { ManifestOf } from '../../fixtures/schema.ts';
import { eventually } from './eventually.ts';
import type { PodHandle } from './handles.ts';

/**
 * Returns the conditions of a type that a pod was seen with, the first one first; what holds for a moment is among
 * them.
 */
export function conditionsSeen(store: StoreView, pod: PodHandle, type: string): PodCondition[] {
  const all = store.history(pod.ref).flatMap(({ object }) => object.status?.conditions ?? []);
  return all.filter((condition) => condition.type === type);
}

/** Waits until the scheduler has given the pod a node, and returns it. */
export function scheduledNode(pod: PodHandle): Promise<string> {
  return eventually(pod, `${pod} to be scheduled`, (store) => store.get(pod.ref)?.spec?.nodeName);
}

/** Requires that a pod is on a node with, or without, other pods that have these labels. */
export function requirePods(
  spec: ManifestOf<'Pod'>['spec'],
  how: 'podAffinity' | 'podAntiAffinity',
  matchLabels: Record<string, string>,
): void {
  const term = { labelSelector: { matchLabels }, topologyKey: 'kubernetes.io/hostname' };
  spec.affinity = { ...spec.affinity, [how]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
}

/** Makes a node the one that the scheduler prefers for a pod, far before what the sizes of volumes count for. */
export function preferNode(spec: ManifestOf<'Pod'>['spec'], node: string): void {
  const preference = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: [node] }] };
  const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 100, preference }];
  spec.affinity = { ...spec.affinity, nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } };
}

type PodCondition = NonNullable<NonNullable<Pod['status']>['conditions']>[number];
