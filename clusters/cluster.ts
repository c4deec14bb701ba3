import { readdir, readFile } from 'node:fs/promises';
import pRetry from 'p-retry';
import { DomainError } from './errors/domain-error.ts';
import type { Engine } from './host/engine/engine.ts';
import { pollUntil } from './host/poll-until.ts';

/** Returns the label by which kind marks the containers of a cluster. */
export function kindLabel(cluster: string): string {
  return `io.x-k8s.kind.cluster=${cluster}`;
}

/** Returns the names of the node containers of a cluster, running or not. */
export function nodeContainers(engine: Engine, cluster: string, signal?: AbortSignal): Promise<string[]> {
  return engine.containersWithLabel(kindLabel(cluster), signal);
}

/**
 * Rejects the name of a cluster whose containers or network exist. The harness never takes over, replaces or deletes
 * them, so this runs before the first step whose undo would delete them.
 * @throws DomainError with what was found
 */
export async function rejectExistingCluster(
  engine: Engine,
  cluster: string,
  network: string,
  signal?: AbortSignal,
): Promise<void> {
  const containers = await nodeContainers(engine, cluster, signal);
  const found = containers.length > 0 ? `containers of a cluster of that name: ${containers.join(', ')}` : undefined;
  const seen = found ?? ((await engine.hasNetwork(network, signal)) ? `a network of the name ${network}` : undefined);
  if (seen === undefined) return;
  throw new DomainError({
    attempted: `creating the cluster ${cluster}`,
    seen,
    why: 'the harness has no record of creating it, so it may belong to someone else; nothing was changed',
    remedy: `choose another --name, or remove it yourself if it is yours: ${
      found ? `kind delete cluster --name ${cluster}` : `docker network rm ${network}`
    }`,
  });
}

/**
 * Removes a cluster: its containers with their volumes, then its network. Idempotent. Also right for a partly created
 * cluster: the engine may still be creating a container that kind requested before it was stopped.
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
 * Returns the loop devices of this kernel with a backing file of a run. The kernel releases them with the last mount
 * namespace that has the disk; one that remains is a leak.
 * @returns lines such as `/dev/loop3 /var/local/local-pv-conformance/k3x9qd/volA.img`
 */
async function loopDevicesOf(run: string): Promise<string[]> {
  const devices = (await readdir('/sys/block').catch(() => [])).filter((name) => /^loop\d+$/.test(name));
  const held = await Promise.all(
    devices.map(async (name) => {
      const file = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '');
      return file.includes(`/local-pv-conformance/${run}/`) ? `/dev/${name} ${file.trim()}` : undefined;
    }),
  );
  return held.filter((line) => line !== undefined);
}

/**
 * Waits until the kernel has released the loop devices of a run. sysfs sends no events, so they are polled.
 * @throws DomainError with the devices that are still attached after 5 s
 */
export async function awaitLoopDevicesReleased(run: string): Promise<void> {
  const look = async () => {
    const held = await loopDevicesOf(run);
    return held.length === 0 ? { answer: true } : { notYet: held };
  };
  const end = await pollUntil(look, { within: 5_000, every: 200 });
  if ('answer' in end) return;
  throw new DomainError({
    attempted: 'waiting until the loop devices of the run are released',
    seen: end.notYet.join('\n'),
    why: 'a loop device that outlives its cluster is a leak',
    remedy: 'losetup --detach DEVICE for each of them',
  });
}
