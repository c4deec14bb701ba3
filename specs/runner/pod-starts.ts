import type { ObjectRef } from '../../clusters/api/kinds.ts';
import type { Seen } from '../../clusters/api/object-history.ts';
import { isReady } from '../../clusters/api/object-state.ts';
import type { ObjectStore } from '../../clusters/api/object-store.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import { currentSpec } from './current-spec.ts';

/** How long one pod took from created to Ready, as the watch showed it. */
export interface PodStart {
  /** Id of the requirement whose spec made the pod. */
  requirement: string;
  milliseconds: number;
  /**
   * What source code and waits of Kubernetes allow at best, in milliseconds: where a claim was bound only for this pod,
   * the scheduler looks once a second whether it is (PreBind of VolumeBinding).
   */
  lowerLimit: number;
}

/** Milliseconds. Source: the waits of scheduler and kubelet that a pod with a local volume cannot avoid. */
export const lowerLimits = { bound: 650, waiting: 1_650 } as const;

// One place per process, even where a loader gives the spec files module instances of their own.
const place = Symbol.for('local-pv-conformance.pod-starts');
const shared = globalThis as { [place]?: PodStart[] };
shared[place] ??= [];
const starts = shared[place];

/** From the first time a pod was seen to the change by which it was Ready; undefined where it never was. */
export function millisecondsToReady(history: readonly Seen<Pod>[]): number | undefined {
  const ready = history.find(({ object }) => isReady(object));
  return ready && history[0] && ready.monotonic - history[0].monotonic;
}

/** Notes how long a pod of the running spec took, if it became Ready at all. For the end of a namespace. */
export function notePodStart(store: ObjectStore, ref: ObjectRef<'Pod'>): void {
  const history = store.history(ref);
  const milliseconds = millisecondsToReady(history);
  const [created] = history;
  if (!created || milliseconds === undefined || created.observed !== 'watch') return;
  const lowerLimit = waitedForBinding(store, created) ? lowerLimits.waiting : lowerLimits.bound;
  starts.push({ requirement: currentSpec().id, milliseconds, lowerLimit });
}

/** What was noted since the last call. */
export function takePodStarts(): PodStart[] {
  return starts.splice(0);
}

/** Whether a claim of the pod became Bound only after the pod was created. */
function waitedForBinding(store: ObjectStore, created: Seen<Pod>): boolean {
  const { namespace } = created.object.metadata;
  const names = (created.object.spec?.volumes ?? []).flatMap(
    ({ persistentVolumeClaim: claim }) => claim?.claimName ?? [],
  );
  return names.some((name) => {
    const history = store.history({ kind: 'PersistentVolumeClaim', namespace, name });
    const bound = history.find(({ object }) => object.status?.phase === 'Bound');
    return bound !== undefined && bound.monotonic > created.monotonic;
  });
}
