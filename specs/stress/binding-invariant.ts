import type { StoreView } from '../../clusters/api/object-history.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../clusters/api/objects.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { SpecNamespace } from '../harness/index.ts';

/** A moment of a cluster, as far as binding is concerned. */
export interface Moment {
  volumes: readonly PersistentVolume[];
  claims: readonly PersistentVolumeClaim[];
  pods: readonly Pod[];
}

/**
 * Returns what must not be at any moment: two claims that are bound to one volume, a claim that has two volumes, and
 * two live pods that use one volume through different claims. A sentence for each.
 */
export function violations({ volumes, claims, pods }: Moment): string[] {
  const found: string[] = [];
  const holders = new Map<string, string>();
  for (const { metadata, spec, status } of claims) {
    if (status?.phase !== 'Bound' || !spec?.volumeName) continue;
    const other = holders.get(spec.volumeName);
    if (other === undefined) holders.set(spec.volumeName, metadata.name);
    else found.push(`claims ${other} and ${metadata.name} are both bound to ${spec.volumeName}`);
  }
  const held = new Map<string, string>();
  for (const { metadata, spec, status } of volumes) {
    const uid = spec?.claimRef?.uid;
    // A released volume remembers its last claim; that claim is gone.
    if (uid === undefined || status?.phase === 'Released') continue;
    const other = held.get(uid);
    if (other === undefined) held.set(uid, metadata.name);
    else found.push(`volumes ${other} and ${metadata.name} are both of claim ${spec?.claimRef?.name}`);
  }
  const users = new Map<string, { pod: string; claim: string }>();
  const volumeOf = new Map(claims.map(({ metadata, spec }) => [metadata.name, spec?.volumeName]));
  for (const { metadata, spec, status } of pods) {
    const live = spec?.nodeName !== undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
    for (const { persistentVolumeClaim } of live ? (spec?.volumes ?? []) : []) {
      const claim = persistentVolumeClaim?.claimName;
      const volume = claim === undefined ? undefined : volumeOf.get(claim);
      if (claim === undefined || !volume) continue;
      const other = users.get(volume);
      if (other !== undefined && other.claim !== claim)
        found.push(`pods ${other.pod} and ${metadata.name} both use ${volume}`);
      users.set(volume, { pod: metadata.name, claim });
    }
  }
  return found;
}

/** Looks at the spec's objects at every change that is seen. */
export interface Watchman extends Disposable {
  /** Throws at the first violation that was seen; returns at how many different moments was looked. */
  report(): number;
}

/** Watches over the binding of a class's volumes, and of the spec's claims and pods, from now on. */
export function watchBinding({ cluster: { store }, part }: SpecNamespace, className: string): Watchman {
  const seen: string[] = [];
  let looks = 0;
  let last = '';
  const look = (view: StoreView) => {
    const moment: Moment = {
      volumes: view.list('PersistentVolume', { where: ({ spec }) => spec?.storageClassName === className }),
      claims: view.list('PersistentVolumeClaim', part),
      pods: view.list('Pod', part),
    };
    const versions = [...moment.volumes, ...moment.claims, ...moment.pods]
      .map(({ metadata }) => metadata.resourceVersion)
      .join(' ');
    // Most changes of a cluster are other specs'.
    if (versions === last) return;
    last = versions;
    looks += 1;
    seen.push(...violations(moment));
  };
  const unfollow = store.onChange(() => look(store));
  look(store);
  return {
    [Symbol.dispose]: unfollow,
    report() {
      const [first] = seen;
      if (first === undefined) return looks;
      throw new DomainError(
        {
          attempted: 'watching that one volume is one claim’s, at every change',
          on: `class ${className}`,
          seen: [...new Set(seen)].join('\n'),
          why: 'two users of one disk overwrite each other’s data',
        },
        { exit: 'doesNotConform' },
      );
    },
  };
}
