import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { host } from '../../clusters/host/command/host.ts';
import { projectRoot } from '../../clusters/project-root.ts';
import type { EnvironmentFacts } from '../report/model/environment.ts';
import type { ClusterState } from './cluster/state.ts';

/**
 * Returns the version and the git commit of the harness; no commit where the harness is no checkout of its own. (Git
 * would answer with that of a repository around it, into which its package was installed.)
 */
export async function harnessFacts(root: string = projectRoot): Promise<EnvironmentFacts['harness']> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  if (!existsSync(join(root, '.git'))) return { version };
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
  const { image } = state;
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
    kernel: nodeInfo?.kernelVersion ?? engine?.kernel,
    cgroupVersion: engine?.cgroupVersion === '2' ? 2 : engine?.cgroupVersion === '1' ? 1 : undefined,
    containerRuntime: nodeInfo?.containerRuntimeVersion,
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
