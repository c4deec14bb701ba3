import { waitFor } from '../../clusters/api/wait.ts';
import { traceOf } from '../../specs/harness/process.ts';
import { SpecNamespace } from '../../specs/harness/spec-namespace.ts';
import { asSpec, CurrentSpec } from '../../specs/runner/current-spec.ts';
import { fixtures, leaseSeedDisks } from '../../specs/scenario/seed.ts';
import type { Trace } from '../../specs/trace/trace.ts';

/** When a claim is bound: at once, or for the pod that uses it. */
export type BindingMode = 'Immediate' | 'WaitForFirstConsumer';

/**
 * Runs the scenario in a binding mode and returns the trace of its pod. With WaitForFirstConsumer it is the scenario's
 * own pod, which must run on node2; with Immediate it is one that may run where the volume is.
 */
export function playTraced(mode: BindingMode, signal: AbortSignal): Promise<Trace> {
  return asSpec(new CurrentSpec({ id: `TRACE-${mode === 'Immediate' ? 'I' : 'W'}`, signal }), async () => {
    await using _disks = await leaseSeedDisks();
    await using namespace = await SpecNamespace.open();
    await namespace.apply('StorageClass', fixtures.storageClass, (manifest) => {
      manifest.volumeBindingMode = mode;
    });
    await namespace.apply('PersistentVolume', fixtures.volumeA);
    await namespace.apply('PersistentVolume', fixtures.volumeB);
    const claim = await namespace.apply('PersistentVolumeClaim', fixtures.claim);
    const { store } = namespace.cluster;
    await waitFor(store, {
      what: mode === 'Immediate' ? `${claim} to be Bound` : `${claim} to wait for its first consumer`,
      on: [claim.ref],
      within: 20_000,
      signal,
      until: (view) =>
        mode === 'Immediate'
          ? view.get(claim.ref)?.status?.phase === 'Bound'
          : view.eventsOf(claim.ref).some(({ reason }) => reason === 'WaitForFirstConsumer'),
    });
    const pod =
      mode === 'Immediate'
        ? await namespace.pod('reader', { claims: [claim] })
        : await namespace.apply('Pod', fixtures.podByAffinity);
    await waitFor(store, {
      what: `${pod} to be Ready`,
      on: [pod.ref],
      within: 60_000,
      signal,
      until: (view) =>
        view.get(pod.ref)?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    });
    // An Event is written after what it reports.
    await waitFor(store, {
      what: `the Event Started of ${pod}`,
      on: [pod.ref],
      within: 20_000,
      signal,
      until: (view) => view.eventsOf(pod.ref).some(({ reason }) => reason === 'Started'),
    });
    return { ...(await traceOf(pod)), title: `the scenario, volumeBindingMode ${mode}` };
  });
}
