import { setTimeout as after } from 'node:timers/promises';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { ObjectOf } from '../../../clusters/api/objects.ts';
import { ApiRefusal } from '../../../clusters/api/refusal.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { Progress } from '../../../clusters/text/progress.ts';
import { labelsOfRun } from '../../../fixtures/isolate-names.ts';

/**
 * Returns the Lease that keeps two runs on one cluster apart: in `default`, or in the only namespace that a run may use.
 * Its holder is the id of the run.
 */
export function leaseOf(namespace = 'default') {
  return { kind: 'Lease', namespace, name: 'local-pv-conformance' } as const;
}

/** Seconds for which a run has the cluster after its last sign of life. */
const leaseSeconds = 30;

/** The cluster's Lease in the hand of a run, renewed until it is released. */
export interface HeldLease {
  /** Deletes it. */
  release(): Promise<void>;
}

interface LeaseOptions {
  run: string;
  /** The only namespace that the run may use. */
  namespace?: string | undefined;
  progress: Progress;
  signal: AbortSignal;
  /** Milliseconds in place of the 30 s, for tests. */
  duration?: number;
}

/**
 * Takes the Lease of a cluster for a run. One that another run holds is taken over when it is not renewed during the
 * whole time that it is for, by the clock of this machine alone.
 * @throws DomainError where a run that lives holds it
 */
export async function takeLease(
  client: ClusterClient,
  { run, namespace, progress, signal, duration = leaseSeconds * 1000 }: LeaseOptions,
): Promise<HeldLease> {
  const leaseRef = leaseOf(namespace);
  const labels = labelsOfRun(run, namespace);
  const created = await create(client, { namespace: leaseRef.namespace, name: leaseRef.name, labels }, run, signal);
  if (created) return renewed(client, created, { run, duration, progress });
  const found = await client.read(leaseRef, { signal });
  const holder = found.spec?.holderIdentity;
  progress.note(`run ${holder ?? '?'} holds the cluster; waiting ${duration / 1000} s for a sign of its life`);
  await after(duration, undefined, { signal });
  const now = new Date().toISOString().replace('Z', '000Z');
  const taken = { holderIdentity: run, acquireTime: now, renewTime: now };
  try {
    // With the version that was read: the API server refuses it where the other run has renewed it since.
    const mine = await client.patch(
      leaseRef,
      {
        type: 'merge',
        change: { metadata: { resourceVersion: found.metadata.resourceVersion, labels }, spec: taken },
      },
      { signal },
    );
    return renewed(client, mine, { run, duration, progress });
  } catch (error) {
    if (!(error instanceof ApiRefusal) || ![404, 409].includes(error.status)) throw error;
    throw new DomainError({
      attempted: 'taking the cluster for this run',
      on: `Lease ${leaseRef.namespace}/${leaseRef.name}`,
      seen: `run ${holder ?? '?'} holds it, and has just renewed it`,
      why: 'two runs at once would see each other’s volumes, and judge them',
      remedy: 'wait until that run has ended',
    });
  }
}

async function create(
  client: ClusterClient,
  metadata: { namespace: string; name: string; labels: Record<string, string> },
  run: string,
  signal: AbortSignal,
): Promise<ObjectOf['Lease'] | undefined> {
  const now = new Date().toISOString().replace('Z', '000Z');
  try {
    return await client.create(
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata,
        spec: { holderIdentity: run, leaseDurationSeconds: leaseSeconds, acquireTime: now, renewTime: now },
      } as const,
      { signal, fieldValidation: 'Warn' },
    );
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 409) return undefined;
    throw error;
  }
}

/** Renews the Lease three times in its duration, until it is released. */
function renewed(
  client: ClusterClient,
  { metadata: { uid, namespace } }: ObjectOf['Lease'],
  { run, duration, progress }: Omit<LeaseOptions, 'signal'> & { duration: number },
): HeldLease {
  const leaseRef = leaseOf(namespace);
  let running = Promise.resolve();
  const renew = async (): Promise<void> => {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const change = { metadata: { uid }, spec: { holderIdentity: run, renewTime } };
    await client.patch(leaseRef, { type: 'merge', change }).catch((error: unknown) => {
      progress.retried('renewing the Lease of the cluster', 1, String(error).split('\n')[0] ?? '');
    });
  };
  const timer = setInterval(() => {
    running = renew();
  }, duration / 3);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      await running;
      await client.remove(leaseRef, { uid, absentIsFine: true });
    },
  };
}
