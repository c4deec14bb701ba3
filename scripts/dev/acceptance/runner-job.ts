import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ObjectStore } from '../../../clusters/api/object-store.ts';
import type { Pod } from '../../../clusters/api/objects.ts';
import { waitFor } from '../../../clusters/api/wait.ts';
import type { Tier } from '../../../clusters/rbac/roles.ts';
import { ownershipLabels } from '../../../fixtures/isolate-names.ts';
import { jobManifests } from '../../runner-image/manifests.ts';
import type { ForeignCluster } from './foreign-cluster.ts';
import { slowness } from './harness-process.ts';

/** Where the manifests of a Job have it. */
export const jobNamespace = 'local-pv-conformance';

const job = ['--namespace', jobNamespace];

/** How a Job of the runner has ended. */
interface EndedJob {
  /** The files of the reports, by index. */
  reports: string[];
  status: { conditions: { type: string; reason: string }[] };
  /** The index of each pod that was created, in ascending order. */
  pods: string[];
  /** The nodes of the pods that are there at its end. */
  nodes: string[];
}

/**
 * Creates a Job of the runner on a cluster, does something meanwhile, waits until the Job has ended that way, and removes
 * it. The reports are written into the cluster's folder.
 */
export async function endOfJob(
  cluster: ForeignCluster,
  end: 'Complete' | 'Failed',
  of: { image: string; shards: number; args: readonly string[]; tier?: Tier },
  meanwhile: () => Promise<void> = async () => {},
): Promise<EndedJob> {
  const manifests = await jobManifests({ pulled: false, tier: 'agent', ...of });
  await cluster.kubectl(['apply', '-f', '-'], manifests);
  try {
    await meanwhile();
    // kubectl is given three minutes at a time.
    for (let tries = 7 * slowness; tries > 0; tries--) {
      const waited = cluster.kubectl(['wait', ...job, `--for=condition=${end}`, 'job/runner', '--timeout=170s']);
      const ended = await waited.catch((error: unknown) => (tries > 1 ? undefined : Promise.reject(error)));
      if (ended !== undefined) break;
    }
    const reports: string[] = [];
    for (let index = 0; index < of.shards; index++) reports.push(await reportOfIndex(cluster, index));
    const { status } = JSON.parse(await cluster.kubectl(['get', ...job, 'job/runner', '-o', 'json'])) as EndedJob;
    const created = ['--field-selector=reason=SuccessfulCreate', '-o', 'jsonpath={.items[*].message}'];
    const messages = await cluster.kubectl(['get', 'events', ...job, ...created]);
    const pods = [...messages.matchAll(/runner-(\d+)-/g)].map(([, index = '']) => index).sort();
    const where = ['get', 'pods', ...job, '-o', 'jsonpath={.items[*].spec.nodeName}'];
    const nodes = (await cluster.kubectl(where)).split(' ');
    return { reports, status, pods, nodes };
  } finally {
    await cluster.kubectl(['delete', '-f', '-'], manifests);
  }
}

/** Writes the report in the ConfigMap of an index into a file of its own, and returns its path. */
async function reportOfIndex(cluster: ForeignCluster, index: number): Promise<string> {
  const found = await cluster.kubectl(['get', 'configmap', ...job, `runner-${index}`, '-o', 'json']);
  const { binaryData } = JSON.parse(found) as { binaryData: Record<string, string> };
  const file = join(cluster.folder, `${randomUUID()}.yaml`);
  await writeFile(file, gunzipSync(Buffer.from(binaryData['report.yaml.gz'] ?? '', 'base64')));
  return file;
}

/** Waits until the Job's pod at an index runs and specs have pods, and returns it. */
export async function podAtWork(store: ObjectStore, index: number): Promise<Pod> {
  return await waitFor(store, {
    what: `specs of the Job's index ${index} to have pods`,
    within: slowness * 300_000,
    until: (view) => {
      const pods = view.list('Pod');
      const ofSpecs = pods.some(({ metadata }) => metadata.labels?.[ownershipLabels.spec] !== undefined);
      return ofSpecs && pods.find((pod) => isRunner(pod, index));
    },
  });
}

function isRunner({ metadata, status }: Pod, index: number): boolean {
  return (
    metadata.namespace === jobNamespace &&
    metadata.labels?.['batch.kubernetes.io/job-completion-index'] === `${index}` &&
    metadata.deletionTimestamp === undefined &&
    status?.phase === 'Running'
  );
}
