import { type Node, onNode } from '../../clusters/nodes/node.ts';
import { loggedLine } from '../../clusters/nodes/node-logs.ts';
import { currentSpec } from '../runner/current-spec.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { once } from './promises.ts';

/**
 * What kubelet logs once it has found the pods it is to run and the mounts that it left. Source:
 * pkg/kubelet/volumemanager/populator.
 */
const takenUpWork = 'Finished populating initial desired state of world';

/** kubelet of a node, stopped: `await using outage = await stopKubelet('node2')` starts it again at the end. */
export interface KubeletOutage extends AsyncDisposable {
  /** When it had stopped, by this machine's clock, which is the nodes' as well. */
  since: Date;
  /** Ends the outage now, and resolves when kubelet has taken up its work. */
  end(): Promise<void>;
}

/** Stops kubelet of a node. Its containers go on without it. For specs that have the node exclusively. */
export async function stopKubelet(nodeName: string): Promise<KubeletOutage> {
  const node = (await testCluster()).node(nodeName);
  const end = once(() => start(node));
  try {
    await onNode(node, ['systemctl', 'stop', 'kubelet']);
  } catch (error) {
    await end();
    throw error;
  }
  return { since: new Date(), end, [Symbol.asyncDispose]: end };
}

/** Restarts kubelet of a node; resolves when it has taken up its work again. For specs that have the node. */
export async function restartKubelet(nodeName: string): Promise<void> {
  const node = (await testCluster()).node(nodeName);
  await onNode(node, ['systemctl', 'restart', 'kubelet'], { signal: currentSpec().signal });
  await workTakenUp(node);
}

/**
 * Restarts containerd of a node; resolves when it serves again. Containers go on meanwhile. kubelet connects again
 * within seconds and reports it nowhere: until a pod has started on the node since, a command in a pod may be refused. For
 * specs that have the node exclusively.
 */
export async function restartContainerd(nodeName: string): Promise<void> {
  const node = (await testCluster()).node(nodeName);
  // The unit is of the type "notify": the restart is over when containerd says so.
  await onNode(node, ['systemctl', 'restart', 'containerd'], { signal: currentSpec().signal });
}

/** Resolves when kubelet of a node, started a moment ago, has taken up its work. */
export async function workTakenUp(node: Node): Promise<void> {
  await loggedLine(node, 'kubelet', takenUpWork);
}

async function start(node: Node): Promise<void> {
  await onNode(node, ['systemctl', 'start', 'kubelet']);
  await workTakenUp(node);
}
