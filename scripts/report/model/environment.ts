import { join } from 'node:path';
import { writeAtomically } from '../../../clusters/host/write-atomically.ts';
import { inGibibytes } from '../../../clusters/text/quantity.ts';
import { clusterProperties, type KindOfCluster } from './kind-of-cluster.ts';
import type { LocalVolumeConformanceReport } from './report.ts';

/** Facts about where and with what a run took place, as they were found. Absent means: could not be found out. */
export interface EnvironmentFacts {
  harness: {
    version: string;
    /** Full git commit of the harness. */
    commit?: string | undefined;
    /** Whether files differed from that commit. */
    modified?: boolean | undefined;
  };
  /** Version of Node, such as `v20.20.2`. */
  node: string;
  /** Version of kind, such as `v0.33.0`. */
  kind?: string | undefined;
  /** `pin`: the published image by digest that versions.yaml names, where that one was used. */
  image?:
    | { reference: string; digest?: string | undefined; id?: string | undefined; pin?: string | undefined }
    | undefined;
  /** Version of the API server, such as `v1.37.2`. */
  kubernetes?: string | undefined;
  /** Kernel release, such as `6.18.3`. */
  kernel?: string | undefined;
  cgroupVersion?: 1 | 2 | undefined;
  /** As the nodes report it, such as `containerd://2.2.1`. */
  containerRuntime?: string | undefined;
  engine?: { name: string; version: string } | undefined;
  /** Module and version of the static provisioner that specs test, such as `sigs.k8s.io/…@v0.0.0-2025…`. */
  staticProvisioner?: string | undefined;
  cluster?: KindOfCluster | undefined;
  /** The machine that the harness runs on. */
  host: {
    operatingSystem: string;
    architecture: string;
    cpus: number;
    memoryBytes: number;
  };
}

/** The environment of a run, as environment.json has it: every fact has its place, null where it is not known. */
export interface EnvironmentRecord {
  version: 1;
  run: string;
  /** ISO 8601. */
  recorded: string;
  harness: { version: string; commit: string | null; modified: boolean | null };
  node: string;
  kind: string | null;
  image: { reference: string; digest: string | null; id: string | null; pin: string | null } | null;
  kubernetes: string | null;
  kernel: string | null;
  cgroupVersion: 1 | 2 | null;
  containerRuntime: string | null;
  engine: { name: string; version: string } | null;
  staticProvisioner: string | null;
  /** What kind of cluster it was; null where the run did not come to one. */
  cluster: KindOfCluster | null;
  host: EnvironmentFacts['host'];
}

/** Assembles the record from the facts. */
export function environmentRecord(run: string, recorded: Date, facts: EnvironmentFacts): EnvironmentRecord {
  const { harness, image } = facts;
  return {
    version: 1,
    run,
    recorded: recorded.toISOString(),
    harness: { version: harness.version, commit: harness.commit ?? null, modified: harness.modified ?? null },
    node: facts.node,
    kind: facts.kind ?? null,
    image: image
      ? { reference: image.reference, digest: image.digest ?? null, id: image.id ?? null, pin: image.pin ?? null }
      : null,
    kubernetes: facts.kubernetes ?? null,
    kernel: facts.kernel ?? null,
    cgroupVersion: facts.cgroupVersion ?? null,
    containerRuntime: facts.containerRuntime ?? null,
    engine: facts.engine ?? null,
    staticProvisioner: facts.staticProvisioner ?? null,
    cluster: facts.cluster ?? null,
    host: { ...facts.host },
  };
}

/** Returns what was tested: organization and project, or the project alone where its name begins with the other. */
export function implementationName({
  organization,
  project,
}: Pick<LocalVolumeConformanceReport['implementation'], 'organization' | 'project'>): string {
  return project.startsWith(organization) ? project : `${organization} ${project}`;
}

/**
 * Returns where and with what a run took place, as names and values. What is not known is left out; but of the cluster it
 * is said why.
 */
export function environmentProperties(report: LocalVolumeConformanceReport): Record<string, string> {
  const { harness, environment } = report;
  const { nodeImage, host } = environment;
  const commit = harness.commit && `${harness.commit}${harness.modified ? ' (modified)' : ''}`;
  const properties: [string, string | null | undefined][] = [
    ['run', report.run],
    ['shard', report.shard && `${report.shard.index} of ${report.shard.of}`],
    ['merged from runs', report.mergedFrom?.map(({ run }) => run).join(', ')],
    ['harness version', harness.version],
    ['harness commit', commit],
    ['Kubernetes', environment.kubernetes],
    ['node image', nodeImage?.reference],
    ['node image digest', nodeImage?.digest],
    ['node image id', nodeImage?.id],
    ['node image pin', environment.nodeImagePin],
    ['kind', environment.kind],
    ['container runtime', environment.containerRuntime],
    ['engine', environment.engine],
    ['static provisioner', environment.staticProvisioner],
    ['kernel', environment.kernel],
    ['cgroup version', environment.cgroupVersion && String(environment.cgroupVersion)],
    ['Node', environment.node],
    ...Object.entries(environment.cluster ? clusterProperties(environment.cluster) : {}),
    ['host', `${host.operatingSystem}, ${host.architecture}, ${host.cpus} CPUs, ${inGibibytes(host.memoryBytes)}`],
    ['seed', report.seed === null ? null : String(report.seed)],
    ['spec list', report.specList],
    ['side by side', report.jobs === null ? null : String(report.jobs)],
  ];
  return Object.fromEntries(properties.filter((property): property is [string, string] => Boolean(property[1])));
}

/** Writes environment.json into the report folder. */
export async function writeEnvironment(folder: string, record: EnvironmentRecord): Promise<void> {
  writeAtomically(join(folder, 'environment.json'), `${JSON.stringify(record, null, 2)}\n`);
}
