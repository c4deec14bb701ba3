import { waitFor } from '../../clusters/api/wait.ts';
import { verifyDisk } from '../../clusters/nodes/disk.ts';
import { world } from './world.ts';

/** Milliseconds a cluster may take to be well again after a spec that ran alone. */
const patience = 60_000;

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
        const ready = now?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
        return ready && !now?.spec?.unschedulable && (now?.spec?.taints ?? []).length === 0;
      },
    });
  }
  await Promise.all(context.disks.map((disk) => verifyDisk(node(disk.node), disk)));
}
