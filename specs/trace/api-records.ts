import { type ObjectRef, titleOf } from '../../clusters/api/kinds.ts';
import type { StoreView } from '../../clusters/api/object-history.ts';
import { conditionOf, isReady } from '../../clusters/api/object-state.ts';
import type { AnyObject, Kind, ObjectOf, PersistentVolume, Pod } from '../../clusters/api/objects.ts';
import { millisecondsOf, momentOf } from './moment.ts';
import type { Subject, SubjectVolume } from './subject.ts';
import type { StepRecord } from './trace.ts';

/** A change of an object that is a step, and the field in which the API keeps its time for later readers. */
interface Milestone<K extends Kind> {
  holds(object: ObjectOf[K]): boolean;
  past(object: ObjectOf[K]): { at: string | undefined; field: string };
  /** A field of the object in the form of managedFields, such as `f:claimRef`. */
  written?: string;
}

/** Returns the record of a step of the API server; undefined where it has not happened. */
export function apiRecord(
  store: StoreView,
  { pod }: Subject,
  volume: SubjectVolume | undefined,
  step: string,
): StepRecord | undefined {
  const podRef = { kind: 'Pod', namespace: pod.metadata.namespace, name: pod.metadata.name } as const;
  if (step in ofPod) return milestone(store, podRef, ofPod[step as keyof typeof ofPod], pod.metadata.uid);
  if (volume === undefined) return undefined;
  const claimRef = {
    kind: 'PersistentVolumeClaim',
    namespace: pod.metadata.namespace,
    name: volume.claimName,
  } as const;
  if (step in ofClaim)
    return milestone(store, claimRef, ofClaim[step as keyof typeof ofClaim], volume.claim?.metadata.uid);
  if (!(step in ofVolume) || volume.volumeName === undefined) return undefined;
  const volumeRef = { kind: 'PersistentVolume', name: volume.volumeName } as const;
  const { holds, ...rest } = ofVolume[step as keyof typeof ofVolume];
  const ours = (object: PersistentVolume): boolean => holds(object, volume);
  return milestone(store, volumeRef, { ...rest, holds: ours }, volume.volume?.metadata.uid);
}

const created = {
  holds: () => true,
  past: ({ metadata }: AnyObject) => ({ at: metadata.creationTimestamp, field: 'metadata.creationTimestamp' }),
};

const ofPod = {
  'pod-created': created,
  'pod-scheduled': {
    holds: ({ spec }) => spec?.nodeName !== undefined,
    past: (pod) => conditionTime(pod, 'PodScheduled'),
  },
  'pod-running': {
    holds: ({ status }) => status?.containerStatuses?.some(({ state }) => state?.running) ?? false,
    past: ({ status }) => ({
      at: status?.containerStatuses?.find(({ state }) => state?.running)?.state?.running?.startedAt,
      field: 'status.containerStatuses[].state.running.startedAt',
    }),
  },
  'pod-ready': {
    holds: isReady,
    past: (pod) => conditionTime(pod, 'Ready'),
  },
} satisfies Record<string, Milestone<'Pod'>>;

const ofClaim = {
  'claim-created': created,
  'claim-bound': {
    holds: ({ status }) => status?.phase === 'Bound',
    past: (claim) => writtenAt(claim, 'f:phase'),
    written: 'f:phase',
  },
} satisfies Record<string, Milestone<'PersistentVolumeClaim'>>;

const ofVolume = {
  'volume-created': created,
  'volume-reserved': {
    holds: ({ spec }: PersistentVolume, volume: SubjectVolume) => {
      const uid = volume.claim?.metadata.uid;
      return spec?.claimRef?.name === volume.claimName && (uid === undefined || spec?.claimRef?.uid === uid);
    },
    past: (volume: PersistentVolume) => writtenAt(volume, 'f:claimRef'),
    written: 'f:claimRef',
  },
} as const;

function milestone<K extends Kind>(
  store: StoreView,
  ref: ObjectRef<K>,
  { holds, past, written }: Milestone<K>,
  uid: string | undefined,
): StepRecord | undefined {
  const history = store.history(ref).filter(({ object }) => uid === undefined || object.metadata.uid === uid);
  const seen = history.find(({ object, type }) => type !== 'DELETED' && holds(object));
  if (!seen) return undefined;
  const by = written === undefined ? undefined : writerOf(seen.object, written);
  const common = { state: 'seen', ...(by === undefined ? {} : { by }) } as const;
  const object = titleOf(ref);
  const { resourceVersion } = seen;
  if (seen.observed === 'watch') {
    const at = momentOf(seen.at.getTime(), 3);
    return { ...common, at, resolution: 1, clock: 'observer', source: { kind: 'watch', object, resourceVersion } };
  }
  // It was so when this process first looked. Its time is known only where the API keeps it.
  const { at, field } = past(seen.object);
  if (at === undefined)
    return { state: 'not seen', why: `it was so when the trace began, and ${object} does not keep since when` };
  const source = { kind: 'object', object, field, resourceVersion } as const;
  return { ...common, at: momentOf(millisecondsOf(at), 0), resolution: 1000, clock: 'api-server', source };
}

function conditionTime(pod: Pod, wanted: string): { at: string | undefined; field: string } {
  return { at: conditionOf(pod, wanted)?.lastTransitionTime, field: `status.conditions[${wanted}].lastTransitionTime` };
}

type Entry = NonNullable<AnyObject['metadata']['managedFields']>[number];

function entryWith({ metadata }: AnyObject, field: string): Entry | undefined {
  const entries = metadata.managedFields ?? [];
  return entries.find(({ fieldsV1 }) => JSON.stringify(fieldsV1 ?? {}).includes(`"${field}"`));
}

function writtenAt(object: AnyObject, field: string): { at: string | undefined; field: string } {
  const entry = entryWith(object, field);
  return { at: entry?.time, field: `metadata.managedFields of ${entry?.manager ?? 'no manager'}` };
}

/** Returns the manager that wrote a field, from the API server's own record (`metadata.managedFields`). */
function writerOf(object: AnyObject, field: string): string | undefined {
  return entryWith(object, field)?.manager;
}
