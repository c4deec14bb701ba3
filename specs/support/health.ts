import { isReady } from '../../clusters/api/conditions.ts';
import type { Node } from '../../clusters/api/objects.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { verifyDisk } from '../../clusters/nodes/disk.ts';
import { world } from './world.ts';

/** Milliseconds a cluster may take to be well again after a spec that ran alone. */
const patience = 60_000;

/** Whether a node is Ready, and has no taints. */
export function isWell(node: Node | undefined): boolean {
  return isReady(node) && (node?.spec?.taints ?? []).length === 0;
}

/**
 * Proves that the cluster is as its run made it: every node Ready, schedulable and without taints, and every disk of
 * the cluster mounted where it belongs. @throws DomainError that says what is not so
 */
export async function proveHealthy(): Promise<void> {
  const { context, store, node } = await world();
  for (const { name } of context.nodes) {
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
  await Promise.all(context.disks.map((disk) => verifyDisk(node(disk.node), disk)));
}
