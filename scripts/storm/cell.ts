import type { Change, ChangeType, Listed } from '../../clusters/api/changes.ts';
import type { ClusterClient } from '../../clusters/api/client.ts';
import { pause, systemClock } from '../../clusters/api/clock.ts';
import type { ObjectRef } from '../../clusters/api/kinds.ts';
import type { Kind } from '../../clusters/api/objects.ts';
import { ApiRefusal } from '../../clusters/api/refusal.ts';
import type { Node } from '../../clusters/nodes/node.ts';
import type { Progress } from '../../clusters/text/progress.ts';
import { arriveOnSchedule, dueTimes, inLanes } from './arrivals.ts';
import type { PlannedCell } from './cells.ts';
import { controlPlaneUse } from './control-plane.ts';
import { Invariants } from './invariants.ts';
import { arrivalFigures, figuresOf, useBetween, watchHarness } from './measure.ts';
import { Moments } from './moments.ts';
import { type CellObjects, cellObjects, indexIn, keptClaim, keptPod, keptVolume, namespace } from './objects.ts';
import type { StormCell } from './report/storm-file.ts';
import { Watches } from './watches.ts';

/** Where a cell is measured. */
export interface CellPlace {
  client: ClusterClient;
  /** The node of the control plane. */
  controlPlane: Node;
  /** The names of the nodes that get the volumes, all of them Ready. */
  nodes: readonly string[];
  image: string;
  /** Different for each cell of a storm. */
  number: number;
  /** Milliseconds after which the client of the controller manager may send all of its burst again. */
  refill: number;
  /** Milliseconds that the claims may take from the first to the last. */
  within: number;
  /** Whether the cluster goes after this cell, and the cell's objects with it. */
  last: boolean;
  progress: Progress;
  signal: AbortSignal;
}

/** How many claims that are not finished a report names. */
const mostNamed = 20;

/**
 * Milliseconds that a storm of so many claims may take from its first to its last: ten times what the default limits of
 * the controller manager allow. What is not bound then is named and not held against Kubernetes: a machine may be slow.
 */
export function stormDeadline(claims: number): number {
  return 300_000 + 2_000 * claims;
}

/** Returns what a cell came to, after its objects were made, watched and, but for those of the last cell, removed again. */
export async function measureCell(cell: PlannedCell, place: CellPlace): Promise<StormCell> {
  const { client, controlPlane, progress, signal } = place;
  const objects = cellObjects(cell, place);
  const all = Array.from({ length: cell.claims }, (_, index) => index);
  await using sight = await Sight.open(client, objects, cell.claims, signal);

  progress.note(`making ${cell.claims} volumes`);
  const begun = systemClock.monotonic();
  for (const each of objects.classes) await client.create(each, { signal });
  await inLanes(all, (index) => client.create(objects.volume(index), { signal }));
  await sight.watches.reach('all volumes to be Available', () => sight.available === cell.claims, {
    // The controller manager writes each one's phase, at 20 requests a second.
    within: stormDeadline(cell.claims),
    signal,
    seen: () => `${sight.available} of ${cell.claims} are`,
  });
  const volumesAvailable = Math.round(systemClock.monotonic() - begun);
  // Making volumes Available has used the client's burst up; each storm begins with all of it.
  await pause(systemClock, place.refill, signal);
  signal.throwIfAborted();

  progress.note(`the storm: ${cell.claims} claims and their pods`);
  const harness = await watchHarness();
  const before = await controlPlaneUse(controlPlane, { reset: true, signal });
  const { moments, watches, invariants } = sight;
  watches.onChange(quarters(cell.claims, () => moments.reached('scheduled'), progress));
  const arrivals = await arriveOnSchedule(
    { due: dueTimes(cell.claims, cell.rate), clock: systemClock, signal },
    async (index) => {
      await client.create(objects.claim(index), { signal, within: 120_000 });
      await client.create(objects.pod(index), { signal, within: 120_000 });
    },
  );
  await watches.until(() => moments.complete, { within: place.within, signal });
  const after = await controlPlaneUse(controlPlane, { signal });
  const { cpuIdle, cpuSteal, ...used } = await harness();
  // A broken watch is silent too.
  await watches.confirm({ within: 120_000, signal });
  invariants.atEnd();
  const left = moments.unfinished();
  const { violations } = invariants;

  if (!place.last) {
    progress.note('clearing away');
    sight.close();
    await clear(client, objects, sight, signal);
  }
  return {
    ...cell,
    outcome: violations.length > 0 ? 'violated' : left.length > 0 ? 'unfinished' : 'held',
    violations: [...violations],
    unfinished: {
      count: left.length,
      some: left.slice(0, mostNamed).map((index) => `${namespace}/${objects.claim(index).metadata.name}`),
    },
    measured: {
      volumesAvailable,
      arrivals: arrivalFigures(arrivals),
      ...figuresOf(moments),
      controlPlane: useBetween(before, after),
      harness: { ...used, watchFaults: watches.faults, missedEvents: watches.missed },
      cpuIdle,
      ...(cpuSteal !== undefined && { cpuSteal }),
    },
  };
}

/** Returns what tells, called after each change, of every quarter of the pods that is scheduled. */
function quarters(all: number, scheduled: () => number, { note }: Progress): () => void {
  let told = 0;
  return () => {
    const quarter = Math.floor((4 * scheduled()) / all);
    if (quarter <= told) return;
    told = quarter;
    if (quarter < 4) note(`${scheduled()} of ${all} pods are scheduled`);
  };
}

/** What is seen of a cell's objects: when each claim got how far, whether the invariants hold, and what is there. */
class Sight implements AsyncDisposable {
  readonly watches: Watches;
  readonly moments: Moments;
  readonly invariants = new Invariants();
  /** Names of what is there, and volumes that are Available or were. */
  readonly there = { claims: new Set<string>(), volumes: new Set<string>(), pods: new Set<string>() };
  readonly #available = new Set<string>();
  #open = true;

  private constructor(client: ClusterClient, claims: number) {
    this.watches = new Watches(client);
    this.moments = new Moments(claims);
  }

  static async open(client: ClusterClient, { labelSelector }: CellObjects, claims: number, signal: AbortSignal) {
    const sight = new Sight(client, claims);
    const { moments, invariants, watches } = sight;
    /** Follows a kind: which names are there, also while clearing away; and until then what it means for the storm. */
    const follow = <T extends Listed>(
      kind: Kind,
      names: Set<string>,
      keep: (sent: T) => T,
      storm: (type: ChangeType, object: T, at: number) => void,
    ) => {
      const changed = ({ type, object }: Change<T>, at: number) => {
        if (type === 'DELETED') names.delete(object.metadata.name);
        else names.add(object.metadata.name);
        if (sight.#open) storm(type, object, at);
      };
      watches.follow<T>(kind, { labelSelector, keep, changed });
    };
    follow('PersistentVolumeClaim', sight.there.claims, keptClaim, (type, claim, at) => {
      const index = indexIn(claim.metadata.name);
      moments.note('created', index, at);
      if (claim.status?.phase === 'Bound') moments.note('bound', index, at);
      invariants.claim(type, claim);
    });
    follow('PersistentVolume', sight.there.volumes, keptVolume, (type, volume, at) => {
      if (volume.status?.phase === 'Available') sight.#available.add(volume.metadata.name);
      if (volume.spec?.claimRef) moments.note('reserved', indexIn(volume.spec.claimRef.name), at);
      invariants.volume(type, volume);
    });
    follow('Pod', sight.there.pods, keptPod, (type, pod, at) => {
      if (pod.spec?.nodeName !== undefined) moments.note('scheduled', indexIn(pod.metadata.name), at);
      invariants.pod(type, pod);
    });
    await watches.start(signal);
    return sight;
  }

  get available(): number {
    return this.#available.size;
  }

  /** Ends the storm: what is removed from now on is removed by the harness. */
  close(): void {
    this.#open = false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.watches[Symbol.asyncDispose]();
  }
}

/**
 * Waits until a cell's objects are gone. Claims and volumes lose their finalizers here: the controllers that take them
 * away would need minutes for thousands.
 */
async function clear(client: ClusterClient, objects: CellObjects, sight: Sight, signal: AbortSignal): Promise<void> {
  const { there, watches } = sight;
  const within = stormDeadline(there.volumes.size);
  await inLanes([...there.pods], (name) =>
    client.remove({ kind: 'Pod', namespace, name }, { absentIsFine: true, signal }),
  );
  await watches.reach('the pods of the storm to be gone', () => there.pods.size === 0, {
    within,
    signal,
    seen: () => `${there.pods.size} are there`,
  });
  // A volume soon after its claim, before the controller marks it as Released.
  await inLanes([...there.volumes], async (name) => {
    await removeAtOnce(client, { kind: 'PersistentVolumeClaim', namespace, name }, signal);
    await removeAtOnce(client, { kind: 'PersistentVolume', name }, signal);
  });
  for (const { metadata } of objects.classes)
    await client.remove({ kind: 'StorageClass', name: metadata.name }, { absentIsFine: true, signal });
  await watches.reach(
    'the claims and volumes of the storm to be gone',
    () => there.claims.size === 0 && there.volumes.size === 0,
    { within, signal, seen: () => `${there.claims.size} claims and ${there.volumes.size} volumes are there` },
  );
}

async function removeAtOnce(client: ClusterClient, ref: ObjectRef, signal: AbortSignal): Promise<void> {
  if ((await client.remove(ref, { absentIsFine: true, signal })) === 'absent') return;
  try {
    await client.patch(ref, { type: 'merge', change: { metadata: { finalizers: null } } }, { signal });
  } catch (error) {
    // Its controller was faster.
    if (!(error instanceof ApiRefusal && error.status === 404)) throw error;
  }
}
