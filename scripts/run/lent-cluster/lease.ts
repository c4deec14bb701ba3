import { setTimeout as after } from 'node:timers/promises';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { ObjectOf } from '../../../clusters/api/objects.ts';
import { ApiRefusal } from '../../../clusters/api/refusal.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { Progress } from '../../../clusters/text/progress.ts';
import { ownershipLabels } from '../../../fixtures/isolate-names.ts';

/** The Lease that keeps two runs on one cluster apart. Its holder is the id of the run. */
export const leaseRef = { kind: 'Lease', namespace: 'default', name: 'local-pv-conformance' } as const;

/** Seconds for which a run has the cluster after its last sign of life. */
const leaseSeconds = 30;

/** The cluster's Lease in the hand of a run, renewed until it is released. */
export interface HeldLease {
  /** Deletes it. */
  release(): Promise<void>;
}

interface LeaseOptions {
  run: string;
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
  { run, progress, signal, duration = leaseSeconds * 1000 }: LeaseOptions,
): Promise<HeldLease> {
  const created = await create(client, run, signal);
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
        change: {
          metadata: {
            resourceVersion: found.metadata.resourceVersion,
            labels: { [ownershipLabels.run]: run },
          },
          spec: taken,
        },
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

async function create(client: ClusterClient, run: string, signal: AbortSignal): Promise<ObjectOf['Lease'] | undefined> {
  const now = new Date().toISOString().replace('Z', '000Z');
  try {
    return await client.create(
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { ...leaseRef, labels: { [ownershipLabels.run]: run } },
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
  { metadata: { uid } }: ObjectOf['Lease'],
  { run, duration, progress }: Omit<LeaseOptions, 'signal'> & { duration: number },
): HeldLease {
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
      await client.remove({ ...leaseRef }, { uid, absentIsFine: true });
    },
  };
}
