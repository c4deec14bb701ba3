import type { Seen } from '../../clusters/api/object-history.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import type { PodHandle } from './handles.ts';

/** How long one pod took from created to Ready, as the watch showed it. */
export interface PodStart {
  milliseconds: number;
  /**
   * What source code and waits of Kubernetes allow at best, in milliseconds: where a claim was bound only for this pod,
   * the scheduler looks once a second whether it is (PreBind of VolumeBinding).
   */
  lowerLimit: number;
}

const lowerLimits = { bound: 650, waiting: 1_650 } as const;

// One place per process, even where a loader gives the spec files module instances of their own.
const place = Symbol.for('local-pv-conformance.pod-starts');
const shared = globalThis as { [place]?: PodStart[] };
shared[place] ??= [];
const starts = shared[place];

/** Notes how long a pod took, if it became Ready at all. For the end of a scene. */
export function notePodStart(pod: PodHandle): void {
  const history = pod.store.history(pod.ref);
  const created = history[0];
  const ready = history.find(({ object }) => isReady(object));
  if (!created || !ready || created.observed !== 'watch') return;
  starts.push({
    milliseconds: ready.monotonic - created.monotonic,
    lowerLimit: waitedForBinding(pod, created) ? lowerLimits.waiting : lowerLimits.bound,
  });
}

/** What was noted since the last call. */
export function takePodStarts(): PodStart[] {
  return starts.splice(0);
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') ?? false;
}

/** Whether a claim of the pod became Bound only after the pod was created. */
function waitedForBinding(pod: PodHandle, created: Seen<Pod>): boolean {
  const { namespace } = pod.ref;
  const names = (created.object.spec?.volumes ?? []).flatMap(
    ({ persistentVolumeClaim: claim }) => claim?.claimName ?? [],
  );
  return names.some((name) => {
    const history = pod.store.history({ kind: 'PersistentVolumeClaim', namespace, name });
    const bound = history.find(({ object }) => object.status?.phase === 'Bound');
    return bound !== undefined && bound.monotonic > created.monotonic;
  });
}
