import type { Pod } from '../../clusters/api/objects.ts';
import { DomainError, hostnameOf, type ManifestOf, testCluster } from '../harness/index.ts';

/** A taint that no pod of a spec tolerates by itself. */
export const taint = { key: 'local-pv-conformance/reserved', value: 'yes', effect: 'NoSchedule' } as const;

/** Lets a pod start only on these nodes, by their hostname label, as a required node affinity. */
export function requireNodes(spec: ManifestOf<'Pod'>['spec'], ...nodes: string[]): void {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: nodes.map(hostnameOf) }];
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  };
}

/**
 * Returns a CPU request, such as `1360m`, that fits on every empty node but not on the node of the control plane: 10
 * thousandths more than its own components leave.
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

function requests({ spec }: Pod): string[] {
  return (spec?.containers ?? []).flatMap(({ resources }) => resources?.requests?.cpu ?? []);
}

/** `2` and `0.5` are CPUs, `650m` thousandths. */
function milliCpu(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1000;
}
