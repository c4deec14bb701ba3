import { join } from 'node:path';
import { lookContainer, nodeContainers, rejectExistingCluster } from '../../../clusters/cluster.ts';
import { signClusterInfo } from '../../../clusters/cluster-info.ts';
import { renderKindConfiguration } from '../../../clusters/configuration/cluster-shape.ts';
import { creationFailed, findKind, Kind, readKindStep } from '../../../clusters/host/kind/kind.ts';
import { assertInotifyInstances } from '../../../clusters/host/machine/inotify.ts';
import { acquireNodeImage, imageOfNode } from '../../../clusters/host/node-image/acquire.ts';
import { assertServed, assertVersion, versionIn } from '../../../clusters/host/node-image/version.ts';
import { backingFile, type Disk, makeDisk, prepareNode, verifyDisk } from '../../../clusters/nodes/disk.ts';
import { EngineNode } from '../../../clusters/nodes/node.ts';
import { providePodImage } from '../../../clusters/pod-image.ts';
import { awaitReadiness, removeBootstrapTokens } from '../../../clusters/readiness.ts';
import type { Action } from '../actions.ts';
import { engineStep, machineStep } from './machine-steps.ts';
import { buildsFolder, type ClusterPlan } from './plan.ts';
import type { ClusterState, ClusterTarget, Reservation } from './state.ts';
import { clusterUndo } from './undo.ts';
import { useStep } from './used-cluster.ts';

const second = 1000;
const minute = 60 * second;

/** Returns the steps up to a node image that the engine has: what `lpv image` does. */
export function imageSteps(plan: ClusterPlan, state: ClusterState): Action[] {
  return [machineStep(state), engineStep(plan, state), imageStep(plan, state)];
}

/** Returns the steps up to a ready cluster with verified disks: what `lpv up` does, and what a run begins with. */
export function clusterSteps(plan: ClusterPlan, target: ClusterTarget & Reservation, state: ClusterState): Action[] {
  return [
    machineStep(state),
    engineStep(plan, state),
    kindStep(plan, state),
    imageStep(plan, state),
    nameStep(target, state),
    clusterStep(plan, target, state),
    nodesStep(plan, target, state),
    disksStep(plan, target, state),
  ];
}

function kindStep(plan: ClusterPlan, state: ClusterState): Action {
  return {
    name: 'kind',
    title: 'Finding kind',
    deadline: 10 * minute,
    async perform({ progress, signal }) {
      state.kind = new Kind(await findKind(plan.versions.kind, plan.cacheFolder, progress, signal));
    },
  };
}

function imageStep(plan: ClusterPlan, state: ClusterState): Action {
  return {
    name: 'node-image',
    title: 'Getting the node image',
    deadline: 75 * minute,
    async perform({ progress, signal }) {
      const engine = state.need('engine');
      const { versions, minor, image: wish, kubernetesSource, rebuild, mayInstall } = plan;
      state.image = await acquireNodeImage({
        wish,
        minor,
        versions,
        engine,
        buildsFolder: buildsFolder(process.env),
        kubernetesSource,
        rebuild,
        mayInstall,
        progress,
        signal,
      });
      progress.note(`${state.image.got === 'present' ? 'using' : state.image.got} ${state.image.reference}`);
    },
  };
}

/**
 * Apart from the step that creates the cluster, and before it: what is begun is undone when it fails, and undoing it
 * deletes the cluster of that name. From here on a cluster of that name is ours.
 */
function nameStep({ cluster, network, reserve }: ClusterTarget & Reservation, state: ClusterState): Action {
  return {
    name: 'cluster-name',
    title: `Reserving the name ${cluster}`,
    deadline: minute,
    async perform({ signal }) {
      await rejectExistingCluster(state.need('engine'), cluster, network, signal);
      await reserve();
    },
  };
}

function clusterStep(plan: ClusterPlan, target: ClusterTarget, state: ClusterState): Action {
  const { cluster, network, kubeconfig } = target;
  return {
    ...clusterUndo(target, state),
    deadline: 6 * minute,
    async perform({ progress, signal }) {
      const engine = state.need('engine');
      const image = state.need('image');
      const { reference } = image;
      state.imageVersion = await versionIn(engine, reference, lookContainer(cluster), signal);
      assertVersion(image, state.imageVersion, plan.minor, plan.versions.minors);
      let signing: Promise<void> | undefined;
      try {
        await state.need('kind').create({
          cluster,
          network,
          image: reference,
          configuration: renderKindConfiguration(plan.configuration.document),
          kubeconfig,
          deadline: 5 * minute,
          signal,
          onLine: (line) => {
            const step = readKindStep(line);
            if (step) progress.note(step);
            // From here on, the control plane answers; what follows until workers join takes a second.
            if (step?.startsWith('Installing')) signing ??= signAhead(cluster, signal);
            // kubeadm waits for seconds while nodes join: time enough to load the Kubernetes client, which takes two.
            if (step?.startsWith('Joining')) void import('@kubernetes/client-node');
          },
        });
      } catch (error) {
        await assertNodesCouldStart(state, cluster, signal, error);
        throw creationFailed(cluster, error, join(target.folder, 'logs'));
      } finally {
        await signing;
      }
    },
  };
}

/** Signs what workers ask for as they join. Where that fails, the controller manager does it, and they wait for it. */
async function signAhead(cluster: string, signal: AbortSignal): Promise<void> {
  using node = new EngineNode('the control plane', `${cluster}-control-plane`);
  await signClusterInfo(node, signal).catch(() => {});
}

/** Throws the reason why nodes did not start, where the machine is at fault. */
async function assertNodesCouldStart(state: ClusterState, cluster: string, signal: AbortSignal, cause: unknown) {
  signal.throwIfAborted();
  const engine = state.need('engine');
  await assertInotifyInstances(engine, await nodeContainers(engine, cluster, signal), { signal, cause });
}

/** Returns the steps for a cluster that `lpv up` created: its disks are verified; what specs leave on it is undone. */
export function existingClusterSteps(
  plan: ClusterPlan,
  target: ClusterTarget & Reservation,
  state: ClusterState,
  madeBy: string,
): Action[] {
  const verify: Action = {
    name: 'disks',
    title: 'Verifying the disks',
    deadline: minute,
    async perform({ signal }) {
      const perNode = await Promise.all(
        state.nodes.map(async ({ name, container }) => {
          using node = new EngineNode(name, container);
          const wanted = plan.disks.filter((disk) => disk.node === name);
          const verified = wanted.map((disk) =>
            verifyDisk(node, { ...disk, backingFile: backingFile(node, madeBy, disk.name) }, signal),
          );
          return await Promise.all(verified);
        }),
      );
      state.disks = perNode.flat();
      const [first] = state.nodes;
      if (first) state.image = await imageOfNode(state.need('engine'), first.container, signal);
    },
  };
  return [engineStep(plan, state), nodesStep(plan, target, state), verify, useStep(target, state)];
}

function nodesStep(plan: ClusterPlan, target: ClusterTarget, state: ClusterState): Action {
  return {
    name: 'nodes-ready',
    title: 'Waiting for the nodes',
    deadline: 4 * minute,
    async perform({ progress, signal }) {
      // client-node takes a second to load, which the other steps need not wait for.
      const { connect } = await import('../../../clusters/api/client.ts');
      state.client = await connect({ kubeconfig: target.kubeconfig });
      const expected = plan.configuration.shape.nodes;
      try {
        state.nodes = await awaitReadiness(state.client, expected, { within: 2 * minute, progress, signal });
      } catch (error) {
        await assertNodesCouldStart(state, target.cluster, signal, error);
        throw error;
      }
      state.kubernetes = (await state.client.version()).gitVersion;
      if (state.image && state.imageVersion) assertServed(state.image, state.imageVersion, state.kubernetes);
      await removeBootstrapTokens(state.client, signal);
      // kind's own images bring a default StorageClass, which gives volumes to claims that are meant to stay pending.
      await state.client.remove({ kind: 'StorageClass', name: 'standard' }, { absentIsFine: true });
      const nodes = state.nodes.map(({ name, container }) => new EngineNode(name, container));
      try {
        await providePodImage(state.need('engine'), nodes, plan.versions.podImage, progress, signal);
      } finally {
        for (const node of nodes) node[Symbol.dispose]();
      }
    },
  };
}

function disksStep(plan: ClusterPlan, target: ClusterTarget, state: ClusterState): Action {
  return {
    name: 'disks',
    title: 'Making and verifying the disks',
    deadline: 2 * minute,
    async perform({ progress, signal }) {
      const perNode = await Promise.all(
        state.nodes.map(async ({ name, container }) => {
          using node = new EngineNode(name, container);
          await prepareNode(node, signal);
          const disks: Disk[] = [];
          for (const disk of plan.disks.filter((wanted) => wanted.node === name))
            disks.push(await makeDisk(node, target.run, disk, progress, signal));
          return disks;
        }),
      );
      state.disks = perNode.flat();
    },
  };
}
