import type { ClusterAccess } from '../../clusters/api/access/access.ts';
import { type ClusterClient, connect } from '../../clusters/api/client.ts';
import { type KubernetesManifest, titleOf } from '../../clusters/api/kinds.ts';
import { ObjectStore, storageKinds } from '../../clusters/api/object-store.ts';
import type { Kind, ObjectOf } from '../../clusters/api/objects.ts';
import { PodShells } from '../../clusters/api/pod-shells.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { Disk } from '../../clusters/nodes/disk.ts';
import { EngineNode, type Node } from '../../clusters/nodes/node.ts';
import { lpv } from '../../clusters/project-root.ts';
import type { StaticProvisionerPrograms } from '../../clusters/static-provisioner/build.ts';
import { type Progress, silent } from '../../clusters/text/progress.ts';
import { namespaceLabel, ownedKinds, ownershipLabels } from '../../fixtures/isolate-names.ts';
import type { ClusterAbilities } from '../catalogue/features.ts';
import { assertDeclared } from './declared-needs.ts';

/** What a run knows of its cluster once that is ready. */
export interface ClusterFacts extends ClusterAbilities {
  /** Run id, such as `k3x9qd`. */
  run: string;
  /** Absolute path of the run's report folder. */
  folder: string;
  /** Absolute path of the kubeconfig of a cluster of ours, or how a cluster of the user's is reached. */
  kubeconfig: string | ClusterAccess;
  /** The API server of the run; a client that finds another one must refuse to work. */
  server: string;
  /** Whether the cluster outlives the run, so that what specs leave in it has to be gone before they end. */
  stays: boolean;
  /** The nodes that specs use, in the order of their roles: the first, the second, the third. */
  nodes: readonly RunNode[];
  /** The nodes on which commands can be run by other means than their container; absent: by that. */
  reach?: readonly (Node & Disposable)[];
  /** The nodes of the cluster that specs do not use. */
  otherNodes?: readonly OtherNode[];
  /** Whether a user has lent the cluster: specs touch nothing there but their own objects. */
  lent?: boolean;
  /** The one namespace that specs may use; absent where each has one of its own. */
  namespace?: string | undefined;
  /** The container engine's program and its leading arguments, such as `["docker"]`. */
  engine: readonly string[];
  /** Image that spec pods run; it is on every node already. */
  podImage: string;
  /** The static provisioner that its chapter tests; absent where `lacking` says why. */
  staticProvisioner?: StaticProvisionerPrograms | { version: string; image: string };
  /** The disks as made and read back. */
  disks: readonly Disk[];
}

/** A node that specs use. */
export interface RunNode {
  name: string;
  /** The value of its label `kubernetes.io/hostname`, which may be another than its name. */
  hostname: string;
  /** The container of a node on this machine; absent where commands cannot be run on it. */
  container?: string;
}

/** A node that specs do not use: their pods are kept from it. */
export interface OtherNode {
  name: string;
  /** What the scheduler says first of it against a pod that may only run on the nodes of the run. */
  refusal: 'cordoned' | 'tainted' | 'podAffinity';
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
  nodes: readonly (Node & Disposable)[];
  /** The shells that are open in the specs' pods. */
  podShells: PodShells;
  /** Ends the shells that are open in nodes and pods, and what runs in them. */
  closeShells(): void;
}

/** The kinds that are followed where specs may use one namespace only: no more than its user needs to be allowed. */
export const kindsWithin = [
  'Pod',
  'PersistentVolumeClaim',
  'StatefulSet',
  'Event',
  'PersistentVolume',
  'StorageClass',
  'Node',
] as const satisfies readonly Kind[];

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
    beforeWrite: (attempted, ref, manifest) => {
      if (ref.kind === 'Node') assertDeclared('nodes', `${attempted}: ${titleOf(ref)}`);
      if (facts.lent && manifest) assertHarmless(attempted, manifest, facts);
    },
  });
  const { namespace } = facts;
  const store = new ObjectStore({
    client,
    ...(namespace === undefined
      ? { kinds: [...storageKinds, 'Namespace', 'ServiceAccount', 'StatefulSet', 'PriorityClass'] }
      : { kinds: kindsWithin, namespace }),
    progress: infrastructure,
    // On a cluster of many others, only what is the run's own is followed.
    ...(facts.lent && { own: { kinds: ownedKinds, labelSelector: `${ownershipLabels.run}=${facts.run}` } }),
  });
  await store.start();
  const nodes =
    facts.reach ??
    facts.nodes.flatMap(({ name, container }) => (container === undefined ? [] : [new EngineNode(name, container)]));
  const podShells = new PodShells(client);
  const named = (name: string): Node => {
    const found = nodes.find((node) => node.name === name);
    if (found) return found;
    const known = nodes.map((node) => node.name).join(', ') || 'none';
    throw new DomainError({ attempted: `finding the node ${name}`, seen: `nodes for commands: ${known}` });
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
      // The control plane of a cluster of ours is on its first node.
      return named(facts.nodes[0]?.name ?? '');
    },
  };
}

/** Kinds whose objects change what becomes of objects of others. */
const ofEverybody: readonly string[] = [
  'PriorityClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
];

/**
 * Checks that an object to be created on a cluster that a user has lent bears the run's label, and does nothing to
 * objects of others. @throws DomainError
 */
function assertHarmless(
  attempted: string,
  manifest: KubernetesManifest,
  { run, namespace }: Pick<ClusterFacts, 'run' | 'namespace'>,
): void {
  const { kind, metadata } = manifest;
  const refuse = (seen: string): DomainError =>
    new DomainError({
      attempted,
      on: `${kind} ${metadata.name}`,
      seen,
      why: 'the cluster is lent: objects of others would no longer be as they were',
      remedy: 'name what the spec needs in `features` of its requirement, so that it is not run on such a cluster',
    });
  if (ofEverybody.includes(kind)) throw refuse('it is for the whole cluster');
  if (metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true')
    throw refuse('claims of others that name no class would get it');
  if (
    kind === 'PersistentVolumeClaim' &&
    !(manifest.spec as { storageClassName?: string } | undefined)?.storageClassName
  )
    throw refuse('it has no class, and might be bound to a volume of others');
  if (metadata.labels?.[ownershipLabels.run] === run && metadata.labels[namespaceLabel] === namespace) return;
  throw new DomainError({
    attempted,
    on: `${kind} ${metadata.name}`,
    seen: `it has no label ${ownershipLabels.run}=${run}${namespace === undefined ? '' : `, or no ${namespaceLabel}=${namespace}`}`,
    why: 'what is left of a run that dies is found by this label, and nothing else is touched',
    remedy: 'create it through SpecNamespace, or give it `namespace.ownLabels`',
  });
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
