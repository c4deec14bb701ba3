import { setTimeout as after } from 'node:timers/promises';
import type { VolumeStatistics } from '../../clusters/api/client.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { type ClaimHandle, currentSpec, type PodHandle, testCluster } from '../harness/index.ts';

/**
 * Milliseconds. kubelet looks for pods whose volumes it has not measured yet every ten seconds on the clusters of a run, and
 * once a minute where its configuration does not say otherwise.
 */
const [patience, interval] = [180_000, 2_000];

/**
 * Returns what kubelet has measured of a volume of a running pod. kubelet measures when its time has come and reports it
 * nowhere, so its statistics are looked at every two seconds until the volume is among them.
 * @throws DomainError with the volumes of the pod that it has measured
 */
export async function volumeStatistics(pod: PodHandle, volumeName: string): Promise<VolumeStatistics> {
  const { client } = await testCluster();
  const { signal } = currentSpec();
  const { metadata, spec } = pod.now;
  const nodeName = spec?.nodeName ?? '';
  const last = performance.now() + patience;
  for (;;) {
    const { pods } = await client.nodeStatistics(nodeName, { signal });
    const measured = pods.find(({ podRef }) => podRef.uid === metadata.uid)?.volume ?? [];
    const found = measured.find(({ name }) => name === volumeName);
    if (found) return found;
    if (performance.now() > last) throw notMeasured(pod, volumeName, nodeName, measured);
    await after(interval, undefined, { signal });
  }
}

/** Returns kubelet's metrics of a claim by their names, such as `kubelet_volume_stats_used_bytes`. */
export async function volumeMetrics(nodeName: string, claim: ClaimHandle): Promise<Record<string, number>> {
  const { client } = await testCluster();
  const text = await client.nodeMetrics(nodeName, { signal: currentSpec().signal });
  const own = `{namespace="${claim.ref.namespace}",persistentvolumeclaim="${claim.name}"}`;
  const lines = text.split('\n').filter((line) => line.includes(own));
  return Object.fromEntries(lines.map((line) => [line.split('{')[0], Number(line.split(' ').at(-1))]));
}

function notMeasured(
  pod: PodHandle,
  volumeName: string,
  nodeName: string,
  measured: readonly VolumeStatistics[],
): DomainError {
  return new DomainError({
    attempted: `waiting until kubelet has measured the volume ${volumeName} of ${pod}`,
    on: nodeName,
    seen: `after ${patience / 1000} s its statistics name ${measured.map(({ name }) => name).join(', ') || 'no volume'} of the pod`,
    remedy: `kubectl get --raw /api/v1/nodes/${nodeName}/proxy/stats/summary`,
  });
}
