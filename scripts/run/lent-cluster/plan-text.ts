import type { RunNode } from '../../../specs/runner/test-cluster.ts';
import { lentProduct, type Product } from '../../report/formats/conformance/product.ts';
import { leaseOf } from './lease.ts';
import type { Survey } from './survey.ts';

/** What specs call the nodes that they use. */
const roles = ['first', 'second', 'third'];

/** Returns the plan of a run on a cluster as lines for its user: what is used, created, touched and skipped. */
export function planText(
  {
    access,
    kubernetes,
    distribution,
    namespace,
    nodes,
    otherNodes,
    images,
    folders,
    withoutAgents,
    disruptive,
  }: Survey,
  { run, skipped, product }: { run: number; skipped: readonly string[]; product: Product | undefined },
): string[] {
  const reasons = new Map<string, number>();
  for (const reason of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const named = ({ name, hostname }: RunNode) => (name === hostname ? name : `${name} (hostname ${hostname})`);
  const { impersonation } = access;
  return [
    `context     ${access.name}, from ${access.origin}`,
    `server      ${access.server}`,
    `user        ${access.user.name || '(none)'}${impersonation ? `, as ${impersonation.user}` : ''}`,
    `Kubernetes  ${kubernetes}`,
    product
      ? `product     ${product.name} ${product.version}, by ${product.vendor}`
      : `product     ${lentProduct(kubernetes, distribution).name}; --product FILE names yours in the conformance report`,
    `nodes       ${nodes.map((node, index) => `${roles[index]} ${named(node)}`).join(', ')}`,
    ...(otherNodes.length > 0 ? [`not used    ${otherNodes.map(({ name }) => name).join(', ')}`] : []),
    namespace === undefined
      ? 'created     a namespace for each spec, with claims, pods and StatefulSets; PersistentVolumes and StorageClasses;'
      : `created     claims, pods and StatefulSets in ${namespace}; PersistentVolumes and StorageClasses;`,
    `            a Lease in ${leaseOf(namespace).namespace}. All of it bears the run’s label, and is removed at the end`,
    ...(withoutAgents === undefined
      ? [
          'privileged  an agent on each of these nodes, as root and with the host’s folders, in a namespace of its own:',
          `            ${images.agent}`,
          `disks       in ${folders.disks} of these nodes, their files in ${folders.files}`,
        ]
      : [`privileged  nothing: ${withoutAgents}`]),
    ...(disruptive
      ? [
          'disruptive  these nodes are labelled, tainted and cordoned; their kubelet and container runtime are stopped and',
          '            started: pods of others may be evicted from them',
        ]
      : ['disruptive  nothing: no node, no component and no object of others is changed']),
    `run         ${run} requirements`,
    ...[...reasons].map(([reason, count]) => `skipped     ${String(count).padStart(3)}: ${reason}`),
  ];
}
