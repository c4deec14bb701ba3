import { readdir, readFile } from 'node:fs/promises';
import pRetry from 'p-retry';
import { DomainError } from './domain-error.ts';
import type { Engine } from './engine/engine.ts';

/** The label by which kind marks the containers of a cluster. */
export function kindLabel(cluster: string): string {
  return `io.x-k8s.kind.cluster=${cluster}`;
}

/** Names of the node containers of a cluster, running or not. */
export function nodeContainers(engine: Engine, cluster: string, signal?: AbortSignal): Promise<string[]> {
  return engine.containersWithLabel(kindLabel(cluster), signal);
}

/** Refuses a cluster name that is in use. A cluster that is there is never taken over, replaced or deleted. */
export async function refuseExisting(
  engine: Engine,
  cluster: string,
  ours: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const containers = await nodeContainers(engine, cluster, signal);
  if (containers.length === 0) return;
  throw new DomainError({
    attempted: `creating the cluster ${cluster}`,
    seen: `containers of a cluster of that name exist: ${containers.join(', ')}`,
    why: ours
      ? 'an earlier run of the harness made it'
      : 'the harness has no record of making it, so it may be somebody’s',
    remedy: ours ? `lpv down ${cluster}` : 'choose another --name, or delete that cluster yourself if it is yours',
  });
}

/**
 * Removes everything of a cluster: its containers with their volumes, then its network. Idempotent, and right for a
 * cluster that was only half made: an engine may still be finishing a container that kind asked for when it was stopped.
 */
export async function deleteCluster(engine: Engine, cluster: string, network: string): Promise<void> {
  const removeAll = async () => {
    await engine.removeContainers(await nodeContainers(engine, cluster));
    await engine.removeNetwork(network);
    const left = await nodeContainers(engine, cluster);
    if (left.length > 0) throw new Error(`containers are still there: ${left.join(', ')}`);
  };
  await pRetry(removeAll, { retries: 4, minTimeout: 250 });
}

/**
 * Loop devices of this kernel that hold a backing file of a run. They are released by the kernel when the last mount
 * namespace with the disk is gone; one that stays is a leak.
 * @returns lines such as `/dev/loop3 /var/local/local-pv-conformance/k3x9qd/volA.img`
 */
export async function loopDevicesOf(run: string): Promise<string[]> {
  const devices = (await readdir('/sys/block').catch(() => [])).filter((name) => /^loop\d+$/.test(name));
  const held = await Promise.all(
    devices.map(async (name) => {
      const file = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '');
      return file.includes(`/local-pv-conformance/${run}/`) ? `/dev/${name} ${file.trim()}` : undefined;
    }),
  );
  return held.filter((line) => line !== undefined);
}

/** Resolves once the kernel has released the run's loop devices. sysfs sends no events, hence a few looks in 5 s. */
export async function proveLoopDevicesReleased(run: string): Promise<void> {
  const look = async () => {
    const held = await loopDevicesOf(run);
    if (held.length > 0) throw new Error(held.join('\n'));
  };
  try {
    await pRetry(look, { retries: 20, minTimeout: 50, maxTimeout: 500, maxRetryTime: 5000 });
  } catch (error) {
    throw new DomainError(
      {
        attempted: 'proving that the run’s loop devices are released',
        seen: error instanceof Error ? error.message : String(error),
        why: 'a loop device that outlives its cluster is a leak',
        remedy: 'losetup --detach DEVICE for each of them',
      },
      { cause: error },
    );
  }
}
