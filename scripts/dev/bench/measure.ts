import { isReady } from '../../../clusters/api/object-state.ts';
import { waitFor } from '../../../clusters/api/wait.ts';
import { makeDisk, removeDisk } from '../../../clusters/nodes/disk.ts';
import { silent } from '../../../clusters/text/progress.ts';
import type { PodHandle } from '../../../specs/harness/handles.ts';
import { SpecNamespace } from '../../../specs/harness/spec-namespace.ts';
import { asSpec, CurrentSpec } from '../../../specs/runner/current-spec.ts';
import { lowerLimits, millisecondsToReady } from '../../../specs/runner/pod-starts.ts';
import { closeTestCluster, testCluster } from '../../../specs/runner/test-cluster.ts';
import { fixtures } from '../../../specs/scenario/seed.ts';
import type { Figure } from './figures.ts';

const modes = [
  // The scheduler looks after 1 s whether the claim is bound: no WaitForFirstConsumer pod is faster.
  { mode: 'WaitForFirstConsumer', lowerLimit: lowerLimits.waiting / 1000, target: 2.5 },
  { mode: 'Immediate', lowerLimit: lowerLimits.bound / 1000, target: 1.5 },
] as const;

/**
 * Measures the scenario's pod, from created to Ready as the watch shows it, in both binding modes in turn, and its
 * deletion.
 */
export async function measurePods(rounds: number): Promise<Figure[]> {
  const ready = new Map<string, number[]>(modes.map(({ mode }) => [mode, []]));
  const gone: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { mode } of modes) {
      const signal = AbortSignal.timeout(150_000);
      const measured = await asSpec(new CurrentSpec({ id: `BENCH-${round}`, signal }), () => measurePod(mode));
      ready.get(mode)?.push(measured.ready);
      gone.push(measured.gone);
    }
  }
  return [
    ...modes.map(({ mode, lowerLimit, target }) => ({
      what: `pod created to Ready, ${mode}`,
      seconds: ready.get(mode) ?? [],
      lowerLimit,
      target,
    })),
    { what: 'pod deleted to gone', seconds: gone },
  ];
}

/** Seconds of one pod of the scenario, from created to Ready and from deleted to gone. */
async function measurePod(mode: (typeof modes)[number]['mode']): Promise<{ ready: number; gone: number }> {
  await using namespace = await SpecNamespace.open();
  await namespace.apply('StorageClass', fixtures.storageClass, (manifest) => {
    manifest.volumeBindingMode = mode;
  });
  await namespace.apply('PersistentVolume', fixtures.volumeA);
  const claim = await namespace.apply('PersistentVolumeClaim', fixtures.claim);
  const settled = mode === 'Immediate' ? 'Bound' : 'Pending';
  await waitFor(claim.store, {
    what: `${claim} to be ${settled}`,
    within: 20_000,
    until: () => claim.now.status?.phase === settled,
  });
  const pod = await namespace.apply('Pod', fixtures.podBySelector);
  await becomesReady(pod);
  const ready = (millisecondsToReady(pod.store.history(pod.ref)) ?? Number.NaN) / 1000;
  const begun = performance.now();
  await namespace.remove(pod);
  return { ready, gone: (performance.now() - begun) / 1000 };
}

/** Measures a disk on demand: how long creating, mounting and verifying it takes, and how long removing it. */
export async function measureDisks(rounds: number): Promise<Figure[]> {
  const { facts, node } = await testCluster();
  const place = node('node2');
  const made: number[] = [];
  const removed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const request = {
      name: `bench-${round}`,
      bytes: 64 * 2 ** 20,
      fileSystem: 'ext4',
      mountPath: `/mnt/disks/bench-${round}`,
    } as const;
    const begun = performance.now();
    const disk = await makeDisk(place, facts.run, request, silent);
    made.push((performance.now() - begun) / 1000);
    const full = performance.now();
    await removeDisk(place, disk);
    removed.push((performance.now() - full) / 1000);
  }
  await closeTestCluster();
  return [
    { what: 'disk of 64Mi made and verified', seconds: made },
    { what: 'disk removed', seconds: removed },
  ];
}

/** Waits until the watch shows that a pod is Ready. */
export async function becomesReady(pod: PodHandle): Promise<void> {
  await waitFor(pod.store, {
    what: `${pod} to be Ready`,
    on: [pod.ref],
    within: 60_000,
    until: (view) => isReady(view.get(pod.ref)),
  });
}
