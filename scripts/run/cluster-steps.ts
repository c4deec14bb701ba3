import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterClient } from '../../clusters/api/client.ts';
import { deleteCluster, nodeContainers, proveLoopDevicesReleased, refuseExisting } from '../../clusters/cluster.ts';
import { renderKindConfiguration } from '../../clusters/configuration/cluster-shape.ts';
import { messageOf } from '../../clusters/domain-error.ts';
import { Engine, probeEngine } from '../../clusters/engine/engine.ts';
import { engineMissing } from '../../clusters/engine/engine-errors.ts';
import { describeStep, inspectEngineHost, install, planInstallation } from '../../clusters/engine/install.ts';
import { creationFailed, findKind, Kind, readKindStep } from '../../clusters/kind/kind.ts';
import { judge, refusal } from '../../clusters/machine/checks.ts';
import { readMachineFacts } from '../../clusters/machine/facts.ts';
import { acquireNodeImage, type NodeImage } from '../../clusters/node-image/acquire.ts';
import { backingFile, type Disk, makeDisk, prepareNode, verifyDisk } from '../../clusters/nodes/disk.ts';
import { EngineNode } from '../../clusters/nodes/node.ts';
import { providePodImage } from '../../clusters/pod-image.ts';
import { awaitReadiness, type ReadyNode } from '../../clusters/readiness.ts';
import type { Action } from './actions.ts';
import type { ClusterPlan } from './cluster-plan.ts';

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
  /** Whether the harness has a record of making a cluster of that name. */
  madeByUs: boolean;
}

/** What the steps find and make, for the steps after them and for the report. A step reads only what an earlier one has set. */
export class Construction {
  engine: Engine | undefined;
  kind: Kind | undefined;
  image: NodeImage | undefined;
  client: ClusterClient | undefined;
  nodes: ReadyNode[] = [];
  disks: Disk[] = [];
  kubernetes: string | undefined;
  /** Whether the nodes' logs are worth keeping when the cluster goes: until all went well, they are. */
  logsWanted = true;

  /** A part that an earlier step has made. */
  need<Part extends 'engine' | 'kind' | 'image' | 'client'>(part: Part): NonNullable<this[Part]> {
    const made = this[part];
    if (made === undefined || made === null) throw new Error(`the step that makes ${part} has not run`);
    return made as NonNullable<this[Part]>;
  }
}

/** The steps up to a node image that the engine has: what `lpv image` does. */
export function imageSteps(plan: ClusterPlan, made: Construction): Action[] {
  return [machineStep(), engineStep(plan, made), imageStep(plan, made)];
}

/** The steps up to a ready cluster with verified disks: what `lpv up` does, and what a run begins with. */
export function clusterSteps(plan: ClusterPlan, site: ClusterSite, made: Construction): Action[] {
  return [
    machineStep(),
    engineStep(plan, made),
    kindStep(plan, made),
    imageStep(plan, made),
    clusterStep(plan, site, made),
    nodesStep(plan, site, made),
    disksStep(plan, site, made),
  ];
}

function machineStep(): Action {
  return {
    name: 'machine',
    title: 'Looking at this machine',
    deadline: minute,
    async perform({ progress, signal }) {
      const facts = await readMachineFacts(await probeEngine(signal));
      const findings = judge(facts);
      for (const { check, state, seen, remedy } of findings)
        if (state === 'warning') progress.note(`${check}: ${seen}; ${remedy}`);
      // A missing engine is the next step's work: it may be installed.
      const others =
        facts.engine.kind === 'answers' ? findings : findings.filter(({ check }) => check !== 'container engine');
      const refused = refusal(others);
      if (refused) throw refused;
    },
  };
}

function engineStep(plan: ClusterPlan, made: Construction): Action {
  return {
    name: 'engine',
    title: 'Finding the container engine',
    deadline: 15 * minute,
    async perform({ progress, signal }) {
      const state = await probeEngine(signal);
      if (state.kind === 'answers') {
        made.engine = new Engine(state.facts);
        return;
      }
      const pins = plan.versions.engine;
      const steps = planInstallation(await inspectEngineHost(pins, signal), pins);
      const mendable = state.kind === 'no client' || state.kind === 'no daemon';
      if (!mendable || !plan.mayInstall || steps.length === 0)
        throw engineMissing(
          state,
          steps.flatMap(({ commands }) => commands),
        );
      progress.note(`no container engine answers; ${steps.map(describeStep).join(', then ')}`);
      made.engine = new Engine(await install(steps, join(plan.cacheFolder, 'engine'), progress, signal));
    },
  };
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

function clusterStep(plan: ClusterPlan, site: ClusterSite, made: Construction): Action {
  const { cluster, network, kubeconfig } = site;
  return {
    ...clusterUndo(site, made),
    deadline: 6 * minute,
    async perform({ progress, signal }) {
      const engine = made.need('engine');
      const { reference } = made.need('image');
      await refuseExisting(engine, cluster, site.madeByUs, signal);
      await engine.provePrivileged(reference, signal);
      try {
        await made.need('kind').create({
          cluster,
          network,
          image: reference,
          configuration: renderKindConfiguration(plan.configuration.document, { disableDefaultNetwork: false }),
          kubeconfig,
          deadline: 5 * minute,
          signal,
          onLine: (line) => {
            const step = readKindStep(line);
            if (step) progress.note(step);
          },
        });
      } catch (error) {
        signal.throwIfAborted();
        throw creationFailed(cluster, error, join(site.folder, 'logs'));
      }
    },
  };
}

/** The undoing of a cluster, which needs nothing but its names: it also serves a later process, for a run that died. */
export function clusterUndo(site: ClusterSite, made = new Construction()): Action & Required<Pick<Action, 'undo'>> {
  const { cluster, network, kubeconfig, run } = site;
  return {
    name: 'cluster',
    title: 'Creating the cluster',
    deadline: 0,
    perform: async () => {},
    undoTitle: `Deleting the cluster ${cluster}`,
    undoDeadline: 4 * minute,
    async undo({ progress, signal }) {
      const engine = made.engine ?? (await engineForUndo(signal));
      const exists = (await nodeContainers(engine, cluster, signal)).length > 0;
      if (exists && made.logsWanted && made.kind) {
        progress.note('keeping the nodes’ logs');
        const kept = made.kind.exportLogs(cluster, join(site.folder, 'logs'), signal);
        await kept.catch((error) => progress.note(`the nodes’ logs could not be had: ${messageOf(error)}`));
      }
      await deleteCluster(engine, cluster, network);
      await rm(kubeconfig, { force: true });
      await rm(`${kubeconfig}.lock`, { force: true });
      await proveLoopDevicesReleased(run);
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
      const verified = made.nodes.flatMap(({ name, container }) => {
        const node = new EngineNode(name, container);
        const wanted = plan.disks.filter((disk) => disk.node === name);
        return wanted.map((disk) => verifyDisk(node, { ...disk, backingFile: backingFile(madeBy, disk.name) }, signal));
      });
      made.disks = await Promise.all(verified);
    },
  };
  return [engineStep(plan, made), nodesStep(plan, site, made), verify];
}

/** An undo in a later process finds the engine itself; without one there is nothing that it could have left running. */
async function engineForUndo(signal: AbortSignal): Promise<Engine> {
  const state = await probeEngine(signal);
  if (state.kind !== 'answers') throw engineMissing(state, []);
  return new Engine(state.facts);
}

function nodesStep(plan: ClusterPlan, site: ClusterSite, made: Construction): Action {
  return {
    name: 'nodes-ready',
    title: 'Waiting for the nodes',
    deadline: 4 * minute,
    async perform({ progress, signal }) {
      // client-node takes a second to load, which the other steps need not wait for.
      const { connect } = await import('../../clusters/api/client.ts');
      made.client = await connect({ kubeconfig: site.kubeconfig });
      const expected = plan.configuration.shape.nodes;
      made.nodes = await awaitReadiness(made.client, expected, { within: 2 * minute, progress, signal });
      made.kubernetes = (await made.client.version()).gitVersion;
      // kind's own images bring a default StorageClass, which gives volumes to claims that are meant to stay pending.
      await made.client.remove({ kind: 'StorageClass', name: 'standard' }, { absentIsFine: true });
      const nodes = made.nodes.map(({ name, container }) => new EngineNode(name, container));
      await providePodImage(made.need('engine'), nodes, plan.versions.podImage, progress, signal);
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
          const node = new EngineNode(name, container);
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
