import { type ClusterClient, connect } from '../../clusters/api/client.ts';
import { ObjectStore, storageKinds } from '../../clusters/api/object-store.ts';
import { PodShells } from '../../clusters/api/pod-shells.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { EngineNode, type Node } from '../../clusters/nodes/node.ts';
import { ownershipLabels } from '../../fixtures/isolate-names.ts';
import { infrastructure } from './infrastructure.ts';
import { type RunContext, runContext } from './run-context.ts';

/** What specs stand on: the cluster's API, what was seen of its objects, and its nodes. One for a process. */
export interface TestCluster {
  context: RunContext;
  client: ClusterClient;
  store: ObjectStore;
  /** @throws DomainError for a name that no node has */
  node(name: string): Node;
  nodes: readonly EngineNode[];
  /** The shells that are open in the specs' pods. */
  podShells: PodShells;
  /** Ends the shells that are open in nodes and pods, and what runs in them. */
  closeShells(): void;
}

let opening: Promise<TestCluster> | undefined;

/** The cluster of this process; the first call connects and waits until the whole cluster has been listed once. */
export function testCluster(): Promise<TestCluster> {
  opening ??= open();
  return opening;
}

async function open(): Promise<TestCluster> {
  const context = runContext();
  const client = await connect({ kubeconfig: context.kubeconfig, expectedServer: context.server });
  const store = new ObjectStore({
    client,
    kinds: [...storageKinds, 'Namespace', 'ServiceAccount', 'StatefulSet', 'PriorityClass'],
    progress: infrastructure,
  });
  await store.start();
  const nodes = context.nodes.map(({ name, container }) => new EngineNode(name, container));
  const podShells = new PodShells(client);
  return {
    context,
    client,
    store,
    nodes,
    podShells,
    closeShells() {
      podShells[Symbol.dispose]();
      for (const node of nodes) node[Symbol.dispose]();
    },
    node(name) {
      const found = nodes.find((node) => node.name === name);
      if (found) return found;
      const known = nodes.map((node) => node.name).join(', ');
      throw new DomainError({ attempted: `finding the node ${name}`, seen: `the cluster has ${known}` });
    },
  };
}

/**
 * Ends the watches and closes the shells; before that, where the cluster outlives the run, waits until the namespaces
 * of
 * its specs are gone. Elsewhere they go with the cluster.
 */
export async function closeTestCluster(): Promise<void> {
  const opened = await opening?.catch(() => undefined);
  opening = undefined;
  if (!opened) return;
  const { client, store, context } = opened;
  try {
    if (!context.stays) return;
    const ours = { labels: { [ownershipLabels.run]: context.run } };
    await waitFor(store, {
      what: 'the namespaces of the specs to be gone',
      on: store.list('Namespace', ours).map(({ metadata }) => ({ kind: 'Namespace', name: metadata.name })),
      within: 60_000,
      until: (view) => view.list('Namespace', ours).length === 0,
    });
  } finally {
    opened.closeShells();
    await store[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  }
}
