import { isReady } from '../../clusters/api/object-state.ts';
import type { Node } from '../../clusters/api/objects.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { verifyDisk } from '../../clusters/nodes/disk.ts';
import { testCluster } from './test-cluster.ts';

/** Milliseconds a cluster may take to be well again after a disruptive spec. */
const patience = 60_000;

/** Whether a node is Ready, and has no taints. */
export function isWell(node: Node | undefined): boolean {
  return isReady(node) && (node?.spec?.taints ?? []).length === 0;
}

/**
 * Proves that nodes, by name, or all of the cluster are as its run made them: every node Ready, schedulable and without
 * taints, and every disk of theirs mounted where it belongs. @throws DomainError that says what is not so
 */
export async function proveHealthy(nodes?: readonly string[]): Promise<void> {
  const { context, store, node } = await testCluster();
  const looked = nodes ?? context.nodes.map(({ name }) => name);
  for (const name of looked) {
    await waitFor(store, {
      what: `Node ${name} to be Ready, schedulable and without taints`,
      on: [{ kind: 'Node', name }],
      within: patience,
      until: (view) => {
        const now = view.get({ kind: 'Node', name });
        return isWell(now) && !now?.spec?.unschedulable;
      },
    });
  }
  const disks = context.disks.filter((disk) => looked.includes(disk.node));
  await Promise.all(disks.map((disk) => verifyDisk(node(disk.node), disk)));
}
