import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { ObjectRef } from '../../../clusters/api/kinds.ts';
import { ObjectStore } from '../../../clusters/api/object-store.ts';
import type { Kind, Node as NodeObject } from '../../../clusters/api/objects.ts';
import { waitFor } from '../../../clusters/api/wait.ts';
import { nodeContainers } from '../../../clusters/cluster.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { pollUntil } from '../../../clusters/host/poll-until.ts';
import { clearNode, volumePlaces, wakeNode } from '../../../clusters/nodes/leftovers.ts';
import { EngineNode, onNode } from '../../../clusters/nodes/node.ts';
import { lpv } from '../../../clusters/project-root.ts';
import type { Progress } from '../../../clusters/text/progress.ts';
import { ownedKinds, ownershipLabels } from '../../../fixtures/isolate-names.ts';
import type { Action } from '../actions.ts';
import { engineForUndo } from './machine-steps.ts';
import type { ClusterState, ClusterTarget, FoundNodes, Reservation } from './state.ts';

const minute = 60_000;

/** Returns the step before the specs of a run that uses a cluster: from here on, there is something to undo. */
export function useStep(target: ClusterTarget & Reservation, state: ClusterState): Action {
  let found: FoundNodes = {};
  return {
    name: 'use',
    title: `Noting how the cluster ${target.cluster} is`,
    deadline: minute,
    async perform() {
      found = foundNodes(state);
      await target.use(found);
    },
    ...undoOfUse(target, () => found, state),
  };
}

function foundNodes({ nodes }: ClusterState): FoundNodes {
  return Object.fromEntries(
    nodes.map(({ name, container, object }) => [name, { container, labels: object.metadata.labels ?? {} }]),
  );
}

/**
 * Returns the undoing of a run's use of a cluster. It also serves a later process, for a run that died: everything of
 * the run has its id as a label or in its name.
 */
export function undoOfUse(
  target: Pick<ClusterTarget, 'run' | 'cluster' | 'kubeconfig'>,
  found: () => FoundNodes,
  state: ClusterState,
): Required<Pick<Action, 'undo' | 'undoTitle' | 'undoDeadline'>> {
  const { run, cluster, kubeconfig } = target;
  return {
    undoTitle: `Restoring the cluster ${cluster}`,
    undoDeadline: 5 * minute,
    async undo({ progress, signal }) {
      const engine = state.engine ?? (await engineForUndo(signal));
      const containers = await nodeContainers(engine, cluster, signal);
      // With the cluster, all that was on it is gone.
      if (containers.length === 0) return;
      await engine.run(['start', ...containers], { signal });
      const nodes = Object.entries(found()).map(([name, { container }]) => new EngineNode(name, container));
      const each = async (work: (node: EngineNode) => Promise<string[]>): Promise<void> => {
        for (const line of (await Promise.all(nodes.map(work))).flat()) progress.note(line);
      };
      try {
        await each((node) => wakeNode(node, run, signal));
        const { connect } = await import('../../../clusters/api/client.ts');
        using client = await connect({ kubeconfig });
        await answering(client, signal);
        await restoreNodes(client, nodes, found(), progress, signal);
        await removeObjects(client, run, progress, signal);
        await each((node) => clearNode(node, run, signal));
        await assertNothingOf(run, nodes);
      } finally {
        for (const node of nodes) node[Symbol.dispose]();
      }
    },
  };
}

/** Waits until the API server answers: its machine may have started just now. */
async function answering(client: ClusterClient, signal: AbortSignal): Promise<void> {
  const look = () =>
    client.version({ signal }).then(
      (answer) => ({ answer }),
      (notYet: unknown) => ({ notYet }),
    );
  const end = await pollUntil(look, { within: minute, every: 500, signal });
  if ('notYet' in end) throw end.notYet;
}

/** Restores the Node objects: registered, Ready, schedulable, without taints, with their labels. */
async function restoreNodes(
  client: ClusterClient,
  machines: readonly EngineNode[],
  found: FoundNodes,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  await using store = new ObjectStore({ client, kinds: ['Node'], progress });
  await store.start({ signal });
  for (const machine of machines) {
    const ref = { kind: 'Node', name: machine.name } as const;
    const wanted = found[machine.name]?.labels ?? {};
    if (store.get(ref) === undefined) {
      progress.note(`${machine.name}: registered again`);
      // kubelet registers its node when it starts.
      await onNode(machine, ['systemctl', 'restart', 'kubelet'], { signal });
    }
    const within = { on: [ref], within: minute, signal };
    const registered = { what: `Node ${machine.name} to be registered`, ...within };
    const node = await waitFor(store, { ...registered, until: (view) => view.get(ref) });
    const change = changeOf(node, wanted);
    if (change) {
      progress.note(`${machine.name}: labels, taints and cordon as before`);
      await client.patch(ref, { type: 'merge', change }, { signal });
    }
    await waitFor(store, {
      what: `Node ${machine.name} to be Ready, schedulable and without taints`,
      ...within,
      until: (view) => {
        const { spec, status } = view.get(ref) ?? {};
        const ready = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
        return ready && !spec?.unschedulable && (spec?.taints ?? []).length === 0;
      },
    });
  }
}

/** Returns the change that gives a Node its labels back and takes cordon and taints away; undefined where none is due. */
export function changeOf({ metadata, spec }: NodeObject, wanted: Readonly<Record<string, string>>): object | undefined {
  const labels = metadata.labels ?? {};
  const names = [...new Set([...Object.keys(labels), ...Object.keys(wanted)])];
  const different = names.filter((name) => labels[name] !== wanted[name]);
  // The control plane takes its own taints away, when their reason is gone.
  const kept = (spec?.taints ?? []).filter(
    ({ key }) => key.startsWith('node.kubernetes.io/') && key !== 'node.kubernetes.io/out-of-service',
  );
  const taints = kept.length === (spec?.taints ?? []).length ? undefined : kept;
  if (different.length === 0 && taints === undefined && !spec?.unschedulable) return undefined;
  return {
    metadata: { labels: Object.fromEntries(different.map((name) => [name, wanted[name] ?? null])) },
    spec: { unschedulable: null, ...(taints && { taints }) },
  };
}

/** Where the objects are that runs create on a cluster: of these kinds, in all namespaces or in the only one they may use. */
export interface RunObjects {
  kinds: readonly Kind[];
  namespace: string | undefined;
}

/** What specs and the static provisioner's programs have on a cluster of ours. */
const owned: RunObjects = { kinds: [...ownedKinds, 'ClusterRoleBinding', 'ClusterRole'], namespace: undefined };

/** Removes the objects that have the label of a run, and waits until they are gone. */
export async function removeObjects(
  client: ClusterClient,
  run: string,
  progress: Progress,
  signal: AbortSignal,
  { kinds, namespace }: RunObjects = owned,
): Promise<void> {
  const own = { kinds, labelSelector: `${ownershipLabels.run}=${run}` };
  await using store = new ObjectStore({ client, kinds, own, progress, ...(namespace !== undefined && { namespace }) });
  await store.start({ signal });
  const labels = { [ownershipLabels.run]: run };
  const left = (view: Pick<ObjectStore, 'list'>) => kinds.flatMap((kind) => view.list(kind, { labels }));
  const objects = left(store);
  if (objects.length === 0) return;
  progress.note(`removing ${objects.length} objects of the run`);
  for (const { kind, metadata } of objects) {
    const ref = {
      kind,
      name: metadata.name,
      ...(metadata.namespace && { namespace: metadata.namespace }),
    } as ObjectRef;
    await client.remove(ref, { absentIsFine: true, signal });
    // A finalizer that a spec has set would keep the object.
    const finalizers = metadata.finalizers?.filter((name) => name.startsWith('kubernetes'));
    if (finalizers?.length !== metadata.finalizers?.length)
      await client.patch(ref, { type: 'merge', change: { metadata: { finalizers } } }, { signal });
  }
  await waitFor(store, {
    what: 'the objects of the run to be gone',
    on: objects.map(({ kind, metadata: { name, namespace } }) => ({ kind, name, namespace }) as ObjectRef),
    within: 2 * minute,
    signal,
    until: (view) => left(view as ObjectStore).length === 0,
  });
}

/** Reads the nodes once more. @throws DomainError with what is still there of a run */
async function assertNothingOf(run: string, nodes: readonly EngineNode[]): Promise<void> {
  const places = nodes.map(async (node) =>
    (await volumePlaces(node)).filter((place) => place.includes(`${run}-`)).map((place) => `${node.name}: ${place}`),
  );
  const left = (await Promise.all(places)).flat();
  if (left.length === 0) return;
  throw new DomainError({
    attempted: `removing from the nodes what run ${run} made there`,
    seen: left.join('\n'),
    remedy: `remove it on the node, or remove the cluster: ${lpv('down NAME')}`,
  });
}
