import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { host } from '../../clusters/host/command/host.ts';
import { projectRoot } from '../../clusters/project-root.ts';
import type { EnvironmentFacts } from '../report/model/environment.ts';
import type { ClusterState } from './cluster/state.ts';

const ownPackage = new URL('../../package.json', import.meta.url);

/**
 * Returns the version and the git commit of the harness. Where it is not a checkout of its own, the commit is the one that
 * its package.json names, as in the runner's image, or none. (Git would answer with the commit of a repository around it,
 * into which the package was installed.)
 */
export async function harnessFacts(
  root: string = projectRoot,
  packageFile: string | URL = ownPackage,
): Promise<EnvironmentFacts['harness']> {
  const named = JSON.parse(await readFile(packageFile, 'utf8')) as EnvironmentFacts['harness'];
  const { version } = named;
  if (!existsSync(join(root, '.git'))) {
    const { commit, modified } = named;
    return { version, ...(commit !== undefined && { commit, modified }) };
  }
  // The repository's configuration may name a program to run.
  const plain = ['git', '-c', 'core.fsmonitor=false', '-C', root] as const;
  const git = (...args: string[]) => host.attempt({ argv: [...plain, ...args], deadline: 10_000 });
  const commit = await git('rev-parse', 'HEAD');
  if (commit.status !== 0) return { version };
  const changes = await git('status', '--porcelain');
  return { version, commit: commit.stdout.trim(), modified: changes.stdout.trim() !== '' };
}

/** Returns the facts about a run's environment that its steps have found so far. */
export function environmentFacts(harness: EnvironmentFacts['harness'], state: ClusterState): EnvironmentFacts {
  const engine = state.engine?.facts;
  const nodeInfo = state.nodes[0]?.object.status?.nodeInfo;
  const { image, kindOfCluster } = state;
  const onAll = (key: 'kernel' | 'containerRuntime'): string | undefined => {
    const values = new Set(kindOfCluster?.nodeSets.map((set) => set[key]));
    return values.size === 1 ? [...values][0] : undefined;
  };
  return {
    harness,
    node: process.version,
    kind: state.kind?.program.version,
    image: image && {
      reference: image.reference,
      id: image.id,
      digest: image.digests[0],
      pin: image.origin === 'published' ? image.reference : undefined,
    },
    kubernetes: state.kubernetes,
    kernel: nodeInfo?.kernelVersion ?? engine?.kernel ?? onAll('kernel'),
    cgroupVersion: engine?.cgroupVersion === '2' ? 2 : engine?.cgroupVersion === '1' ? 1 : undefined,
    containerRuntime: nodeInfo?.containerRuntimeVersion ?? onAll('containerRuntime'),
    cluster: kindOfCluster,
    staticProvisioner: state.provisionerProgram,
    engine: engine && { name: engine.name, version: engine.serverVersion },
    host: {
      operatingSystem: engine?.operatingSystem ?? `${type()} ${release()}`,
      architecture: engine?.architecture ?? arch(),
      cpus: engine?.cpus || cpus().length,
      memoryBytes: engine?.memoryBytes || totalmem(),
    },
  };
}

/** How the time of all processors of a machine was spent since its start, in ticks of the kernel. */
export interface CpuTime {
  all: number;
  /** What they worked in. */
  busy: number;
  /** What the host gave to other virtual machines while this one had work to do. */
  steal: number;
}

/** Returns how the processors' time was spent until now; undefined where there is no /proc/stat. */
export async function readCpuTime(): Promise<CpuTime | undefined> {
  return parseCpuTime(await readFile('/proc/stat', 'utf8').catch(() => ''));
}

/**
 * Returns how the processors' time was spent, from the text of /proc/stat; undefined where the kernel does not count
 * steal.
 * Source: proc(5). The time of guests, behind `steal`, is part of the users' time already.
 */
export function parseCpuTime(stat: string): CpuTime | undefined {
  const fields = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number).slice(0, 8);
  const [, , , idle, waiting, , , steal] = fields ?? [];
  if (!fields || idle === undefined || waiting === undefined || steal === undefined || fields.some(Number.isNaN))
    return undefined;
  const all = fields.reduce((sum, field) => sum + field, 0);
  return { all, busy: all - idle - waiting - steal, steal };
}

/** Returns the share of the processors' time between two readings that they worked in, from 0 to 1; undefined as above. */
export function cpuBusyBetween(before: CpuTime | undefined, after: CpuTime | undefined): number | undefined {
  if (!before || !after || after.all <= before.all) return undefined;
  return (after.busy - before.busy) / (after.all - before.all);
}

/**
 * Returns the share of the processors' time between two readings that was steal, from 0 to 1; undefined where it is not
 * known.
 */
export function cpuStealBetween(before: CpuTime | undefined, after: CpuTime | undefined): number | undefined {
  if (!before || !after || after.all <= before.all) return undefined;
  return (after.steal - before.steal) / (after.all - before.all);
}
