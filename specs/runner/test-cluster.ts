import { type ClusterClient, connect } from '../../clusters/api/client.ts';
import { titleOf } from '../../clusters/api/kinds.ts';
import { ObjectStore, storageKinds } from '../../clusters/api/object-store.ts';
import type { ObjectOf } from '../../clusters/api/objects.ts';
import { PodShells } from '../../clusters/api/pod-shells.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { Disk } from '../../clusters/nodes/disk.ts';
import { EngineNode, type Node } from '../../clusters/nodes/node.ts';
import { lpv } from '../../clusters/project-root.ts';
import type { StaticProvisionerPrograms } from '../../clusters/static-provisioner/build.ts';
import { type Progress, silent } from '../../clusters/text/progress.ts';
import { ownershipLabels } from '../../fixtures/isolate-names.ts';
import type { ClusterAbilities } from '../catalogue/features.ts';
import { assertDeclared } from './declared-needs.ts';

/** What a run knows of its cluster once that is ready. */
export interface ClusterFacts extends ClusterAbilities {
  /** Run id, such as `k3x9qd`. */
  run: string;
  /** Absolute path of the run's report folder. */
  folder: string;
  /** Absolute path. */
  kubeconfig: string;
  /** The API server that the run made; a client that finds another one must refuse to work. */
  server: string;
  /** Whether the cluster outlives the run, so that what specs leave in it has to be gone before they end. */
  stays: boolean;
  nodes: readonly { name: string; container: string }[];
  /** The container engine's program and its leading arguments, such as `["docker"]`. */
  engine: readonly string[];
  /** Image that spec pods run; it is on every node already. */
  podImage: string;
  /** The static provisioner that its chapter tests; absent where `lacking` says why. */
  staticProvisioner?: StaticProvisionerPrograms;
  /** The disks as made and read back. */
  disks: readonly Disk[];
}

/** The cluster's API, what was seen of its objects, and its nodes: one for a process. */
export interface TestCluster {
  facts: ClusterFacts;
  client: ClusterClient;
  store: ObjectStore;
  /**
   * Returns a node that commands are run on: for a spec with `agent` among its needs; `restart` also stops or restarts
   * services of it. @throws DomainError for a need that is not declared, or a name that no node has
   */
  node(name: string, need?: 'agent' | 'restart'): Node;
  /** Returns the node of the control plane, for commands: for a spec that needs `control-plane`. */
  controlPlane(): Node;
  /** The nodes that commands can be run on, also for what the harness itself proves after any spec. */
  nodes: readonly EngineNode[];
  /** The shells that are open in the specs' pods. */
  podShells: PodShells;
  /** Ends the shells that are open in nodes and pods, and what runs in them. */
  closeShells(): void;
}

/** The node that the control plane runs on. */
const controlPlane = 'node1';

let given: ClusterFacts | undefined;
let opening: Promise<TestCluster> | undefined;

/** Says which cluster the specs of this process run on, once it is ready: they are loaded before that. */
export function useCluster(facts: ClusterFacts): void {
  given = facts;
}

/** Returns what is known of the cluster of this process. @throws DomainError (badUsage) where `useCluster` gave none */
export function clusterFacts(): ClusterFacts {
  if (given) return given;
  throw new DomainError(
    {
      attempted: 'finding the cluster that the specs run on',
      seen: 'no cluster was made or chosen in this process',
      remedy: `run the specs with ${lpv('run')}, which makes a cluster for them`,
    },
    { exit: 'badUsage' },
  );
}

let listener: Progress = silent;

/** Where the infrastructure under the specs reports broken watches and repeated steps: the report counts them. */
export const infrastructure: Progress = {
  note: (text) => listener.note(text),
  retried: (step, attempt, reason) => listener.retried(step, attempt, reason),
};

/** Sends what the infrastructure reports to `progress`, until the result is disposed. */
export function reportInfrastructureTo(progress: Progress): Disposable {
  listener = progress;
  return {
    [Symbol.dispose]: () => {
      listener = silent;
    },
  };
}

/** Returns the cluster of this process; the first call connects and waits until all of it has been listed once. */
export function testCluster(): Promise<TestCluster> {
  opening ??= connected(clusterFacts());
  return opening;
}

/**
 * Returns when the API server of the cluster was last without an answer for a while, as `performance.now()` tells time.
 * Undefined: never.
 */
export async function lastOutage(): Promise<number | undefined> {
  return (await opening?.catch(() => undefined))?.store.lastOutage;
}

async function connected(facts: ClusterFacts): Promise<TestCluster> {
  const client = await connect({
    kubeconfig: facts.kubeconfig,
    expectedServer: facts.server,
    beforeWrite: (attempted, ref) => {
      if (ref.kind === 'Node') assertDeclared('nodes', `${attempted}: ${titleOf(ref)}`);
    },
  });
  const store = new ObjectStore({
    client,
    kinds: [...storageKinds, 'Namespace', 'ServiceAccount', 'StatefulSet', 'PriorityClass'],
    progress: infrastructure,
  });
  await store.start();
  const nodes = facts.nodes.map(({ name, container }) => new EngineNode(name, container));
  const podShells = new PodShells(client);
  const named = (name: string): EngineNode => {
    const found = nodes.find((node) => node.name === name);
    if (found) return found;
    const known = nodes.map((node) => node.name).join(', ');
    throw new DomainError({ attempted: `finding the node ${name}`, seen: `the cluster has ${known}` });
  };
  return {
    facts,
    client,
    store,
    nodes,
    podShells,
    closeShells() {
      podShells[Symbol.dispose]();
      for (const node of nodes) node[Symbol.dispose]();
    },
    node(name, need = 'agent') {
      assertDeclared(need, `taking ${name} for commands`);
      return named(name);
    },
    controlPlane() {
      assertDeclared('control-plane', 'taking the node of the control plane for commands');
      return named(controlPlane);
    },
  };
}

/** Ends the watches and closes the shells, and waits for nothing: for a cluster that may answer no more. */
export function abandonTestCluster(): void {
  const ended = opening?.then(async ({ closeShells, store, client }) => {
    closeShells();
    await store[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  });
  opening = undefined;
  ended?.catch(() => {});
}

/**
 * Ends the watches and closes the shells; before that, where the cluster outlives the run, waits until the namespaces of
 * its specs are gone. Elsewhere they go with the cluster.
 */
export async function closeTestCluster(): Promise<void> {
  const opened = await opening?.catch(() => undefined);
  opening = undefined;
  if (!opened) return;
  const { client, store, facts } = opened;
  try {
    if (!facts.stays) return;
    const ours = { labels: { [ownershipLabels.run]: facts.run } };
    await waitFor(store, {
      what: 'the namespaces of the specs to be gone',
      on: store.list('Namespace', ours).map(({ metadata }) => ({ kind: 'Namespace', name: metadata.name })),
      within: 60_000,
      until: (view) => view.list('Namespace', ours).length === 0,
      explain: (view) => view.list('Namespace', ours).flatMap(whatHolds).join('\n'),
    });
  } finally {
    opened.closeShells();
    await store[Symbol.asyncDispose]();
    client[Symbol.dispose]();
  }
}

/**
 * Returns what keeps a namespace that is being deleted, in the words of its controller, a line each: the objects that
 * are left, and their finalizers.
 */
function whatHolds({ metadata, status }: ObjectOf['Namespace']): string[] {
  const told = (status?.conditions ?? []).filter(({ status }) => status === 'True');
  return told.map(({ reason, message }) => `${metadata.name}: ${reason}: ${message}`);
}
