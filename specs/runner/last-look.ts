import type { ObjectRef } from '../../clusters/api/kinds.ts';
import type { ObjectHistory } from '../../clusters/api/object-history.ts';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { Node } from '../../clusters/nodes/node.ts';
import { type NodeStorage, readNodeStorage } from '../../clusters/nodes/node-storage.ts';
import type { ReadResult } from '../diagnosis/failure-text.ts';
import type { TestCluster } from './test-cluster.ts';

/** Milliseconds for reading the mounts of a node. */
const patience = 4_000;

/** Something that can be looked back at after it has removed what it had made. */
export interface LookedBackAt {
  lastLook(): LastLook;
}

/** What is lost when a namespace ends, and the way to what is not: the object store keeps all, kubelet's journal too. */
export interface LastLook {
  namespace: string;
  opened: Date;
  at: Date;
  cluster: TestCluster;
  /** What had been seen of the cluster by then. */
  view(): ObjectHistory;
  /** The objects that the spec has made. */
  own: readonly ObjectRef[];
  /** The labels of what is the spec's in the namespace, where others have objects in it too. */
  labels?: Readonly<Record<string, string>>;
  /** Mounts and loop devices of each node where a pod is. Never rejected. */
  storage: ReadonlyMap<string, Promise<ReadResult<NodeStorage>>>;
}

/**
 * Looks at a namespace before its end, whether its spec has failed or not: JavaScript does not tell a disposal why it
 * comes. So it does next to nothing: one read on each node where a pod is, which is not waited for.
 */
export function lookAt(
  cluster: TestCluster,
  place: Pick<LastLook, 'namespace' | 'labels' | 'opened' | 'own'>,
): LastLook {
  const { store } = cluster;
  const moment = store.clock.monotonic();
  const pods = store.list('Pod', place);
  const names = new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []));
  const read = (name: string) => readOn(cluster, name, (node) => readNodeStorage(node, { deadline: patience }));
  const storage = new Map([...names].sort().map((name) => [name, read(name)]));
  return { ...place, at: store.clock.now(), cluster, view: () => store.upTo(moment), storage };
}

/** Returns what is read on a node, or why it could not be. Never rejected. */
export async function readOn<T>(
  { nodes }: Pick<TestCluster, 'nodes'>,
  name: string,
  read: (node: Node) => Promise<T>,
): Promise<ReadResult<T>> {
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) return { unread: 'commands cannot be run on this node' };
  try {
    return { read: await read(node) };
  } catch (error) {
    return { unread: messageOf(error) };
  }
}
