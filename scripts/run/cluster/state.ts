import type { Agents } from '../../../clusters/agent/kept-agents.ts';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { Engine, EngineState } from '../../../clusters/host/engine/engine.ts';
import type { Kind } from '../../../clusters/host/kind/kind.ts';
import type { NodeImage } from '../../../clusters/host/node-image/acquire.ts';
import type { Disk } from '../../../clusters/nodes/disk.ts';
import type { ReadyNode } from '../../../clusters/readiness.ts';
import type { StaticProvisioner } from '../../../clusters/static-provisioner/build.ts';
import type { KindOfCluster, LeftOvers } from '../../report/model/kind-of-cluster.ts';

/** The nodes of a cluster as a run found them that only uses it, by name. */
export type FoundNodes = Readonly<Record<string, { container: string; labels: Readonly<Record<string, string>> }>>;

/** Which cluster is created, and where its run keeps its files. */
export interface ClusterTarget {
  run: string;
  cluster: string;
  network: string;
  /** Absolute path of the report folder. */
  folder: string;
  kubeconfig: string;
}

/** Records on disk, before a cluster is changed, what a later process needs to undo it. */
export interface Reservation {
  /** Records on disk that the run is about to create its cluster. @throws DomainError where another run has the name */
  reserve(): Promise<void>;
  /** Records that the run is about to use a cluster whose nodes are as given. */
  use(found: FoundNodes): Promise<void>;
}

/**
 * What the steps have found and created so far, for the steps after them and for the report. A step reads only what an
 * earlier one has set.
 */
export class ClusterState {
  /** What the engine answered when this machine was looked at. */
  engineState: EngineState | undefined;
  engine: Engine | undefined;
  kind: Kind | undefined;
  image: NodeImage | undefined;
  /** The version of Kubernetes in the image of a cluster that this run creates. */
  imageVersion: string | undefined;
  client: ClusterClient | undefined;
  nodes: ReadyNode[] = [];
  /** The agents on the nodes of a cluster that a user has lent. */
  agents: () => Agents | undefined = () => undefined;
  disks: Disk[] = [];
  /** What kind of cluster it is, once it was looked at. */
  kindOfCluster: KindOfCluster | undefined;
  /** Where it is looked for what specs may leave on nodes. */
  leftOvers: LeftOvers | undefined;
  kubernetes: string | undefined;
  /** What becomes of the static provisioner, which is compiled beside the steps; absent where no spec needs it. */
  staticProvisioner: Promise<StaticProvisioner> | undefined;
  /** Module and version of the program that the nodes have, once it is compiled. */
  provisionerProgram: string | undefined;
  /** Whether the nodes' logs are worth keeping when the cluster goes: until all went well, they are. */
  logsWanted = true;

  /** Keeps no logs of the nodes: a run that is interrupted has to end soon. */
  forgoLogs(): void {
    this.logsWanted = false;
  }

  /** Returns a part that an earlier step has set. @throws Error where none has */
  need<Part extends 'engine' | 'kind' | 'image' | 'client'>(part: Part): NonNullable<this[Part]> {
    const value = this[part];
    if (value === undefined || value === null) throw new Error(`the step that sets ${part} has not run`);
    return value as NonNullable<this[Part]>;
  }
}
