import { waitFor } from '../../../clusters/api/wait.ts';
import { type Node, nodeScript, onNode, scriptOnNode } from '../../../clusters/nodes/node.ts';
import { workTakenUp } from '../../../specs/harness/index.ts';
import type { TestCluster } from '../../../specs/runner/test-cluster.ts';
import type { Defect } from './defect.ts';

const switchScript = nodeScript(import.meta.url, 'switch.sh');
const staticPodScript = nodeScript(import.meta.url, 'static-pod.sh');
const kubeletScript = nodeScript(import.meta.url, 'kubelet.sh');

/** The node whose static pods are the control plane. */
const controlPlane = 'node1';

/** Switches a defect on, and waits until every component has seen it. Disposing the result switches it off. */
export async function switchOn({ name, how }: Defect, cluster: TestCluster): Promise<AsyncDisposable> {
  const undo: (() => Promise<unknown>)[] = [];
  const off = async (): Promise<void> => {
    for (const reverse of undo.splice(0).reverse()) await reverse();
  };
  const perform = async (change: () => Promise<unknown>, reverse: () => Promise<unknown>): Promise<void> => {
    undo.push(reverse);
    await change();
  };
  try {
    if (how.patch)
      await perform(
        () => setSwitch(cluster, name),
        () => setSwitch(cluster, ''),
      );
    if (how.arguments) {
      const { component, add } = how.arguments;
      await perform(
        () => startAgain(cluster, component, add),
        () => startAgain(cluster, component),
      );
    }
    if (how.kubelet) {
      const gates = Object.entries(how.kubelet.featureGates).map(([gate, on]) => `${gate}=${on}`);
      await perform(
        () => startAgain(cluster, 'kubelet', gates),
        () => startAgain(cluster, 'kubelet'),
      );
    }
    for (const { node, perform: change, undo: reverse } of how.nodes ?? [])
      await perform(
        () => onNode(cluster.node(node), ['sh', '-euc', change]),
        () => onNode(cluster.node(node), ['sh', '-euc', reverse]),
      );
    for (const { node, label, value } of how.labels ?? []) {
      const ref = { kind: 'Node', name: node } as const;
      const before = (await cluster.client.read(ref)).metadata.labels?.[label] ?? null;
      const set = (to: string | null) =>
        cluster.client.patch(ref, { type: 'merge', change: { metadata: { labels: { [label]: to } } } });
      await perform(
        () => set(value),
        () => set(before),
      );
    }
  } catch (error) {
    await off();
    throw error;
  }
  return { [Symbol.asyncDispose]: off };
}

/** Switches to a patch, or to none. */
async function setSwitch({ nodes }: TestCluster, defect: string): Promise<void> {
  await Promise.all(
    nodes.map((node) => scriptOnNode(node, switchScript, [defect, ...componentsOf(node)], { deadline: 130_000 })),
  );
}

function componentsOf({ name }: Node): string[] {
  const ofControlPlane = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  return ['kubelet', ...(name === controlPlane ? ofControlPlane : [])];
}

/** Starts a component again, kubelet on every node, with arguments or feature gates beside its own, or without. */
export async function startAgain(
  cluster: TestCluster,
  component: Defect['spoils'][number],
  added: readonly string[] = [],
): Promise<void> {
  const options = { deadline: 130_000 };
  if (component === 'kubelet') {
    await Promise.all(
      cluster.nodes.map(async (node) => {
        await scriptOnNode(node, kubeletScript, added, options);
        await workTakenUp(node);
      }),
    );
    return;
  }
  await scriptOnNode(cluster.node(controlPlane), staticPodScript, [component, ...added], options);
  if (component !== 'kube-apiserver') return;
  // Clients that have lost their watches come back later and later; those that start now are there at once.
  for (const client of ['kube-controller-manager', 'kube-scheduler', 'kubelet'] as const)
    await startAgain(cluster, client);
  await cluster.store.confirm();
  await namespacesServed(cluster);
}

/** Waits until a new namespace gets what pods need. */
async function namespacesServed({ client, store, facts }: TestCluster): Promise<void> {
  const name = `after-restart-${facts.run}`;
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await waitFor(store, {
    what: `the default ServiceAccount of namespace ${name}`,
    within: 60_000,
    until: (view) => view.get({ kind: 'ServiceAccount', namespace: name, name: 'default' }),
  });
  const ref = { kind: 'Namespace', name } as const;
  await client.remove(ref);
  await waitFor(store, {
    what: `Namespace ${name} to be gone`,
    on: [ref],
    within: 60_000,
    until: (view) => !view.get(ref),
  });
}
