import type { StoreView } from '../../clusters/api/object-history.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { ManifestOf } from '../../fixtures/schema.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { eventually } from './eventually.ts';
import type { PodHandle } from './handles.ts';

/** The conditions of a type that a pod was seen with, the first one first; what holds for a moment is among them. */
export function conditionsSeen(store: StoreView, pod: PodHandle, type: string): PodCondition[] {
  const all = store.history(pod.ref).flatMap(({ object }) => object.status?.conditions ?? []);
  return all.filter((condition) => condition.type === type);
}

/** Waits until the scheduler has given the pod a node, and returns it. */
export function scheduledNode(pod: PodHandle): Promise<string> {
  return eventually(pod, `${pod} to be scheduled`, (store) => store.get(pod.ref)?.spec?.nodeName);
}

/** Lets a pod start only on these nodes, by their hostname label, as a required node affinity. */
export function requireNodes(spec: ManifestOf<'Pod'>['spec'], ...nodes: string[]): void {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: nodes }];
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  };
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

/**
 * A CPU request that the control plane's node has no room for, and every empty node has: a little more than its own
 * components leave, such as `1360m`.
 */
export async function cpuBeyond(nodeName: string): Promise<string> {
  const { store } = await testCluster();
  const allocatable = store.get({ kind: 'Node', name: nodeName })?.status?.allocatable?.cpu;
  const own = store.list('Pod', { namespace: 'kube-system', where: (pod) => pod.spec?.nodeName === nodeName });
  const taken = own.flatMap(requests).reduce((sum, cpu) => sum + milliCpu(cpu), 0);
  if (allocatable === undefined || taken < 20) {
    throw new DomainError({
      attempted: `finding a CPU request that ${nodeName} has no room for`,
      seen: `${allocatable} CPUs, of which its components request ${taken}m`,
      why: 'a request that does not fit there would fit nowhere',
    });
  }
  return `${milliCpu(allocatable) - taken + 10}m`;
}

type PodCondition = NonNullable<NonNullable<Pod['status']>['conditions']>[number];

function requests({ spec }: Pod): string[] {
  return (spec?.containers ?? []).flatMap(({ resources }) => resources?.requests?.cpu ?? []);
}

/** `2` and `0.5` are CPUs, `650m` thousandths. */
function milliCpu(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}
