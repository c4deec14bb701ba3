import { type Node, onNode, outlastKubelet, unitOf } from '../../clusters/nodes/node.ts';
import { loggedLine } from '../../clusters/nodes/node-logs.ts';
import { currentSpec } from '../runner/current-spec.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { once } from './promises.ts';

/**
 * What kubelet logs once it knows its pods and the mounts that exist. Source: pkg/kubelet/volumemanager/populator.
 */
const takenUpWork = 'Finished populating initial desired state of world';

/** The stopped kubelet of a node: `await using outage = await stopKubelet('node2')` starts it again at the end. */
export interface KubeletOutage extends AsyncDisposable {
  /** When it had stopped, by the clock that this machine and the nodes share. */
  since: Date;
  /** Starts kubelet, and waits until it has taken up its work. */
  end(): Promise<void>;
}

/** Stops kubelet of a node. Its containers continue. For specs that have the node exclusively. */
export async function stopKubelet(nodeName: string): Promise<KubeletOutage> {
  const node = (await testCluster()).node(nodeName, 'restart');
  const outlasting = await outlastKubelet(node);
  const end = once(async () => {
    try {
      await onNode(node, ['systemctl', 'start', unitOf(node, 'kubelet')]);
      await workTakenUp(node);
    } finally {
      await outlasting[Symbol.asyncDispose]();
    }
  });
  try {
    await onNode(node, ['systemctl', 'stop', unitOf(node, 'kubelet')]);
  } catch (error) {
    await end();
    throw error;
  }
  return { since: new Date(), end, [Symbol.asyncDispose]: end };
}

/** Restarts kubelet of a node, and waits until it has taken up its work. For specs that have the node exclusively. */
export async function restartKubelet(nodeName: string): Promise<void> {
  const node = (await testCluster()).node(nodeName, 'restart');
  await using _outlasting = await outlastKubelet(node);
  await onNode(node, ['systemctl', 'restart', unitOf(node, 'kubelet')], { signal: currentSpec().signal });
  await workTakenUp(node);
}

/**
 * Restarts containerd of a node, and waits until it serves. Containers continue. kubelet connects again within seconds
 * and reports it nowhere: until another pod has started on the node, a command in a pod may be refused. For specs that
 * have the node exclusively.
 */
export async function restartContainerd(nodeName: string): Promise<void> {
  const node = (await testCluster()).node(nodeName, 'restart');
  await using _outlasting = await outlastKubelet(node);
  // The unit is of the type "notify": systemctl returns when containerd reports that it is ready.
  await onNode(node, ['systemctl', 'restart', unitOf(node, 'containerd')], { signal: currentSpec().signal });
}

/** Waits until the kubelet of a node, started just before, has taken up its work. */
export async function workTakenUp(node: Node): Promise<void> {
  await loggedLine(node, 'kubelet', takenUpWork);
}
