import type { ObjectRef } from '../../clusters/api/kinds.ts';
import type { Seen } from '../../clusters/api/object-history.ts';
import { isReady } from '../../clusters/api/object-state.ts';
import type { ObjectStore } from '../../clusters/api/object-store.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import { currentSpec } from './current-spec.ts';

/** Milliseconds. Source: the waits of scheduler and kubelet that a pod with a local volume cannot avoid. */
export const lowerLimits = { bound: 650, waiting: 1_650 } as const;

/** From the first time a pod was seen to the change by which it was Ready; undefined where it never was. */
export function millisecondsToReady(history: readonly Seen<Pod>[]): number | undefined {
  const ready = history.find(({ object }) => isReady(object));
  return ready && history[0] && ready.monotonic - history[0].monotonic;
}

/** Adds to the running spec how long a pod of it took, if it became Ready at all. For the end of a namespace. */
export function notePodStart(store: ObjectStore, ref: ObjectRef<'Pod'>): void {
  const history = store.history(ref);
  const milliseconds = millisecondsToReady(history);
  const [created] = history;
  if (!created || milliseconds === undefined || created.observed !== 'watch') return;
  const lowerLimit = waitedForBinding(store, created) ? lowerLimits.waiting : lowerLimits.bound;
  const { id, podStarts } = currentSpec();
  podStarts.push({ requirement: id, milliseconds, lowerLimit });
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
