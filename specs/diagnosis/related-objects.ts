import { type ObjectRef, titleOf } from '../../clusters/api/kinds.ts';
import type { StoreView } from '../../clusters/api/object-history.ts';
import { isReady } from '../../clusters/api/object-state.ts';
import type { Kind, PersistentVolumeClaim, Pod } from '../../clusters/api/objects.ts';
import { claimsOfPod } from './facts.ts';
import { isNamedIn } from './text.ts';

/** What decides about others comes after them: a pod waits for its claim, the claim for its volume. */
const order: readonly Kind[] = ['Pod', 'PersistentVolumeClaim', 'PersistentVolume', 'StatefulSet', 'StorageClass'];

/**
 * Returns the objects that a namespace has made, and those that controllers have made for them: pods and claims of its namespace,
 * volumes bound to its claims. First those that a text names, then those that are not as one would have them.
 */
export function relatedObjects(
  view: StoreView,
  own: readonly ObjectRef[],
  namespace: string,
  named: string,
): ObjectRef[] {
  const inNamespace = (['Pod', 'PersistentVolumeClaim'] as const).flatMap((kind) =>
    view.list(kind, { namespace }).map(({ metadata: { name } }): ObjectRef => ({ kind, namespace, name })),
  );
  const volumes = view
    .list('PersistentVolume', { where: ({ spec }) => spec?.claimRef?.namespace === namespace })
    .map(({ metadata: { name } }): ObjectRef => ({ kind: 'PersistentVolume', name }));
  const all = new Map([...own, ...inNamespace, ...volumes].map((ref) => [titleOf(ref), ref]));
  const rank = (ref: ObjectRef): number[] => {
    const place = order.indexOf(ref.kind);
    return [isNamedIn(named, titleOf(ref)) ? 0 : 1, isTroubled(view, ref) ? 0 : 1, place < 0 ? order.length : place];
  };
  return [...all.values()].toSorted((a, b) => compare(rank(a), rank(b)));
}

/**
 * Returns at most three objects that the cluster is best seen from, in order: what is seen from a pod includes its
 * claims and volumes.
 */
export function viewpoints(view: StoreView, refs: readonly ObjectRef[]): ObjectRef[] {
  const pods = refs.filter(({ kind }) => kind === 'Pod');
  const named = new Set(
    pods.flatMap((ref) => {
      const pod = view.get(ref) as Pod | undefined;
      return pod ? claimsOfPod(view, pod).map(({ title }) => title) : [];
    }),
  );
  const claims = refs.filter(
    ({ kind, namespace, name }) => kind === 'PersistentVolumeClaim' && !named.has(`${namespace}/${name}`),
  );
  const others = refs.filter(({ kind }) => kind === 'PersistentVolume');
  const users = refs.filter((ref) => pods.includes(ref) || claims.includes(ref));
  return (users.length > 0 ? users : others.length > 0 ? others : refs).slice(0, 3);
}

function isTroubled(view: StoreView, ref: ObjectRef): boolean {
  const object = view.get(ref);
  if (!object) return false;
  if (ref.kind === 'Pod') return !isReady(object as Pod) && (object as Pod).status?.phase !== 'Succeeded';
  if (ref.kind === 'PersistentVolumeClaim') return (object as PersistentVolumeClaim).status?.phase !== 'Bound';
  return false;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const place = a.findIndex((value, index) => value !== b[index]);
  return place < 0 ? 0 : (a[place] ?? 0) - (b[place] ?? 0);
}
