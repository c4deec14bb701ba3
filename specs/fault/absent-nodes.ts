import { waitFor } from '../../clusters/api/wait.ts';
import {
  isWell,
  knownToScheduler,
  once,
  restartKubelet,
  type SpecNamespace,
  stopKubelet,
  taintedNode,
  testCluster,
} from '../harness/index.ts';

// For specs that have the node exclusively.

/** Milliseconds until a Node is Ready and free of the taints that the control plane gave it. */
const patience = 180_000;

/** A Node object that is gone until `end`. */
export interface DeletedNode extends AsyncDisposable {
  /** Brings the Node back as an administrator does: by a restart of kubelet, which registers it. */
  end(): Promise<void>;
}

/** Deletes a Node object. Its machine goes on: kubelet and containers run, and only the API knows of no such node. */
export async function deletedNode(name: string): Promise<DeletedNode> {
  const { client } = await testCluster();
  const { metadata } = await client.read({ kind: 'Node', name });
  await client.remove({ kind: 'Node', name });
  const end = once(async () => {
    await restartKubelet(name);
    await nodeIsWell(name, { labels: metadata.labels ?? {}, after: metadata.uid });
  });
  return { end, [Symbol.asyncDispose]: end };
}

/**
 * Takes a node out of service, as an administrator does with a machine that is shut down: kubelet is stopped, and the
 * Node gets the taint `node.kubernetes.io/out-of-service`. The spec writes that the Node is not Ready, which
 * the control plane would write after 50 s of silence, once the scheduler knows the taint: what replaces the pods of the Node
 * must not be placed there. At the end the node is in service again.
 */
export async function outOfService(namespace: SpecNamespace, name: string): Promise<AsyncDisposable> {
  const outage = await stopKubelet(name);
  let taint: AsyncDisposable | undefined;
  const restore = async (): Promise<void> => {
    try {
      await taint?.[Symbol.asyncDispose]();
    } finally {
      await outage.end();
      await nodeIsWell(name);
    }
  };
  try {
    taint = await taintedNode(name, {
      key: 'node.kubernetes.io/out-of-service',
      value: 'nodeshutdown',
      effect: 'NoExecute',
    });
    await knownToScheduler(namespace, name);
    // After the taint: from now on, the control plane changes the taints, too.
    await reportSilence(name);
  } catch (error) {
    await restore();
    throw error;
  }
  return { [Symbol.asyncDispose]: restore };
}

/** What the node lifecycle controller writes once it has heard nothing of a node for too long. */
async function reportSilence(name: string): Promise<void> {
  const { client } = await testCluster();
  const now = new Date().toISOString();
  const silent = {
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  const change = { status: { conditions: [silent] } };
  await client.patch({ kind: 'Node', name }, { type: 'strategic', change }, { subresource: 'status' });
}

/** Waits until a Node is Ready, with these labels; with `after`, the uid of an earlier Node, it must be another one. */
async function nodeIsWell(
  name: string,
  { labels = {}, after }: { labels?: Readonly<Record<string, string>>; after?: string } = {},
): Promise<void> {
  const { store } = await testCluster();
  const ref = { kind: 'Node', name } as const;
  await waitFor(store, {
    what: `Node ${name} to be Ready, without taints, with the labels that it had`,
    on: [ref],
    within: patience,
    until: (view) => {
      const node = view.get(ref);
      if (node?.metadata.uid === after) return false;
      return isWell(node) && Object.entries(labels).every(([key, value]) => node?.metadata.labels?.[key] === value);
    },
  });
}
