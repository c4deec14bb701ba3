import { join } from 'node:path';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import { rejectExistingCluster } from '../../../clusters/cluster.ts';
import { renderKindConfiguration } from '../../../clusters/configuration/cluster-shape.ts';
import type { Engine, EngineState } from '../../../clusters/host/engine/engine.ts';
import { creationFailed, findKind, Kind, readKindStep } from '../../../clusters/host/kind/kind.ts';
import { acquireNodeImage, imageOfNode, type NodeImage } from '../../../clusters/host/node-image/acquire.ts';
import { backingFile, type Disk, makeDisk, prepareNode, verifyDisk } from '../../../clusters/nodes/disk.ts';
import { EngineNode } from '../../../clusters/nodes/node.ts';
import { providePodImage } from '../../../clusters/pod-image.ts';
import { awaitReadiness, type ReadyNode } from '../../../clusters/readiness.ts';
import type { Action } from '../actions.ts';
import { engineStep, machineStep } from './machine-steps.ts';
import type { ClusterPlan } from './plan.ts';
import { clusterUndo } from './undo.ts';

const second = 1000;
const minute = 60 * second;

/** Which cluster is made, and where its run keeps its files. */
export interface ClusterSite {
  run: string;
  cluster: string;
  network: string;
  /** Absolute path of the report folder. */
  folder: string;
  kubeconfig: string;
}

/** The right of a run to the name of its cluster. */
export interface Reservation {
  /** Notes on disk that the run is about to make its cluster, or rejects where another run has the name. */
  reserve(): Promise<void>;
}

/**
 * What the steps find and make, for the steps after them and for the report. A step reads only what an earlier one has
 * set.
 */
export class Construction {
  /** What the engine answered when this machine was looked at. */
  engineState: EngineState | undefined;
  engine: Engine | undefined;
  kind: Kind | undefined;
  image: NodeImage | undefined;
  client: ClusterClient | undefined;
  nodes: ReadyNode[] = [];
  disks: Disk[] = [];
  kubernetes: string | undefined;
  /** Whether the nodes' logs are worth keeping when the cluster goes: until all went well, they are. */
  logsWanted = true;

  /** A user who interrupts a run wants it to end, not the logs of its nodes. */
  forgoLogs(): void {
    this.logsWanted = false;
  }

  /** A part that an earlier step has made. */
  need<Part extends 'engine' | 'kind' | 'image' | 'client'>(part: Part): NonNullable<this[Part]> {
    const made = this[part];
    if (made === undefined || made === null) throw new Error(`the step that makes ${part} has not run`);
    return made as NonNullable<this[Part]>;
  }
}

/** The steps up to a node image that the engine has: what `lpv image` does. */
export function imageSteps(plan: ClusterPlan, made: Construction): Action[] {
  return [machineStep(made), engineStep(plan, made), imageStep(plan, made)];
}

/** The steps up to a ready cluster with verified disks: what `lpv up` does, and what a run begins with. */
export function clusterSteps(plan: ClusterPlan, site: ClusterSite & Reservation, made: Construction): Action[] {
  return [
    machineStep(made),
    engineStep(plan, made),
    kindStep(plan, made),
    imageStep(plan, made),
    nameStep(site, made),
    clusterStep(plan, site, made),
    nodesStep(plan, site, made),
    disksStep(plan, site, made),
  ];
}

function kindStep(plan: ClusterPlan, made: Construction): Action {
  return {
    name: 'kind',
    title: 'Finding kind',
    deadline: 10 * minute,
    async perform({ progress, signal }) {
      made.kind = new Kind(await findKind(plan.versions.kind, plan.cacheFolder, progress, signal));
    },
  };
}

function imageStep(plan: ClusterPlan, made: Construction): Action {
  return {
    name: 'node-image',
    title: 'Getting the node image',
    deadline: 75 * minute,
    async perform({ progress, signal }) {
      const engine = made.need('engine');
      const { versions, minor, image: wish, kubernetesSource, rebuild, mayInstall, cacheFolder } = plan;
      made.image = await acquireNodeImage({
        wish,
        minor,
        versions,
        engine,
        cacheFolder,
        kubernetesSource,
        rebuild,
        mayInstall,
        progress,
        signal,
      });
      progress.note(`${made.image.got === 'present' ? 'using' : made.image.got} ${made.image.reference}`);
    },
  };
}

/**
 * Apart from the step that creates the cluster, and before it: what is begun is undone when it fails, and undoing it
 * deletes the cluster of that name. From here on there is none but ours.
 */
function nameStep({ cluster, network, reserve }: ClusterSite & Reservation, made: Construction): Action {
  return {
    name: 'cluster-name',
    title: `Reserving the name ${cluster}`,
    deadline: minute,
    async perform({ signal }) {
      await rejectExistingCluster(made.need('engine'), cluster, network, signal);
      await reserve();
    },
  };
}

function clusterStep(plan: ClusterPlan, site: ClusterSite, made: Construction): Action {
  const { cluster, network, kubeconfig } = site;
  return {
    ...clusterUndo(site, made),
    deadline: 6 * minute,
    async perform({ progress, signal }) {
      const engine = made.need('engine');
      const { reference } = made.need('image');
      await engine.assertPrivileged(reference, signal);
      try {
        await made.need('kind').create({
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
            // kubeadm waits for seconds while nodes join: time enough to load the Kubernetes client, which takes two.
            if (step?.startsWith('Joining')) void import('@kubernetes/client-node');
          },
        });
      } catch (error) {
        signal.throwIfAborted();
        throw creationFailed(cluster, error, join(site.folder, 'logs'));
      }
    },
  };
}

/** The steps for a cluster that `lpv up` made: it is looked at, its disks are verified, and it stays. */
export function existingClusterSteps(
  plan: ClusterPlan,
  site: ClusterSite,
  made: Construction,
  madeBy: string,
): Action[] {
  const verify: Action = {
    name: 'disks',
    title: 'Verifying the disks',
    deadline: minute,
    async perform({ signal }) {
      const perNode = await Promise.all(
        made.nodes.map(async ({ name, container }) => {
          using node = new EngineNode(name, container);
          const wanted = plan.disks.filter((disk) => disk.node === name);
          const verified = wanted.map((disk) =>
            verifyDisk(node, { ...disk, backingFile: backingFile(madeBy, disk.name) }, signal),
          );
          return await Promise.all(verified);
        }),
      );
      made.disks = perNode.flat();
      const [first] = made.nodes;
      if (first) made.image = await imageOfNode(made.need('engine'), first.container, signal);
    },
  };
  return [engineStep(plan, made), nodesStep(plan, site, made), verify];
}

function nodesStep(plan: ClusterPlan, site: ClusterSite, made: Construction): Action {
  return {
    name: 'nodes-ready',
    title: 'Waiting for the nodes',
    deadline: 4 * minute,
    async perform({ progress, signal }) {
      // client-node takes a second to load, which the other steps need not wait for.
      const { connect } = await import('../../../clusters/api/client.ts');
      made.client = await connect({ kubeconfig: site.kubeconfig });
      const expected = plan.configuration.shape.nodes;
      made.nodes = await awaitReadiness(made.client, expected, { within: 2 * minute, progress, signal });
      made.kubernetes = (await made.client.version()).gitVersion;
      // kind's own images bring a default StorageClass, which gives volumes to claims that are meant to stay pending.
      await made.client.remove({ kind: 'StorageClass', name: 'standard' }, { absentIsFine: true });
      const nodes = made.nodes.map(({ name, container }) => new EngineNode(name, container));
      try {
        await providePodImage(made.need('engine'), nodes, plan.versions.podImage, progress, signal);
      } finally {
        for (const node of nodes) node[Symbol.dispose]();
      }
    },
  };
}

function disksStep(plan: ClusterPlan, site: ClusterSite, made: Construction): Action {
  return {
    name: 'disks',
    title: 'Making and verifying the disks',
    deadline: 2 * minute,
    async perform({ progress, signal }) {
      const perNode = await Promise.all(
        made.nodes.map(async ({ name, container }) => {
          using node = new EngineNode(name, container);
          await prepareNode(node, signal);
          const disks: Disk[] = [];
          for (const disk of plan.disks.filter((wanted) => wanted.node === name))
            disks.push(await makeDisk(node, site.run, disk, progress, signal));
          return disks;
        }),
      );
      made.disks = perNode.flat();
    },
  };
}
