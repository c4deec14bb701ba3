import pRetry from 'p-retry';
import { DomainError } from './errors/domain-error.ts';
import type { Engine } from './host/engine/engine.ts';
import { releaseDeviceLocks } from './loop-devices.ts';

/** Returns the label with which kind marks the containers of a cluster. */
export function kindLabel(cluster: string): string {
  return `io.x-k8s.kind.cluster=${cluster}`;
}

/** Returns the name of the container that reads the node image before the cluster is created. */
export function lookContainer(cluster: string): string {
  return `${cluster}-look`;
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
 * Removes a cluster: its containers with their volumes, then its network. kubelet's locks on raw devices go
 * first, because they would outlive the nodes. Idempotent. Works for a partly created cluster too: the engine may still
 * be creating a container that kind requested before it was stopped.
 */
export async function deleteCluster(engine: Engine, cluster: string, network: string): Promise<void> {
  await releaseDeviceLocks(engine, await nodeContainers(engine, cluster));
  const removeAll = async () => {
    await engine.removeContainers([...(await nodeContainers(engine, cluster)), lookContainer(cluster)]);
    await engine.removeNetwork(network);
    const left = await nodeContainers(engine, cluster);
    if (left.length > 0) throw new Error(`containers are still there: ${left.join(', ')}`);
  };
  await pRetry(removeAll, { retries: 4, minTimeout: 250 });
}
