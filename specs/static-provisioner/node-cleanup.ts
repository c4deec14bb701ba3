import type { ClusterClient } from '../../clusters/api/client.ts';
import type { StoreView } from '../../clusters/api/object-history.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../clusters/api/objects.ts';
import { duration } from '../../clusters/text/duration.ts';
import { reportEvent } from './reported-event.ts';

export interface NodeCleanupOptions {
  client: ClusterClient;
  /** Follows volumes, claims and nodes. Its clock measures the delay. */
  store: StoreView;
  /** The classes whose volumes it cleans up. All others are left alone. */
  storageClasses: readonly string[];
  /** Milliseconds for which a node must be absent before its claims are removed. */
  delay: number;
}

const component = 'local-volume-node-cleanup';

/**
 * A small reference implementation of the clean-up after nodes that were deleted permanently. A claim that is bound to
 * a disk of such a node would keep its pod Pending. After a delay the claim is removed, and then the volume. Acts only
 * when `look` is called.
 */
export class NodeCleanup implements AsyncDisposable {
  readonly #options: NodeCleanupOptions;
  /** Volumes whose claim is to be removed, by uid. The function cancels the removal. */
  readonly #timers = new Map<string, () => void>();
  #removals: Promise<void> = Promise.resolve();

  constructor(options: NodeCleanupOptions) {
    this.#options = options;
  }

  /** Warns about each claim that is bound to a disk of a deleted node, and removes volumes without users. */
  async look(): Promise<void> {
    const { client, store } = this.#options;
    for (const volume of store.list('PersistentVolume', { where: (candidate) => this.#isStale(candidate) })) {
      const { name, uid } = volume.metadata;
      if (mayGo(volume)) await client.remove({ kind: 'PersistentVolume', name }, { uid, absentIsFine: true });
      else if (claimOf(store, volume) && !this.#timers.has(uid)) await this.#startTimer(volume);
    }
  }

  /**
   * Cancels pending removals.
   * @throws the error of a removal
   */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const cancel of this.#timers.values()) cancel();
    await this.#removals;
  }

  async #startTimer(volume: PersistentVolume): Promise<void> {
    const { client, store, delay } = this.#options;
    const claim = claimOf(store, volume);
    if (!claim) return;
    const cancel = store.clock.schedule(delay, () => {
      this.#timers.delete(volume.metadata.uid);
      this.#removals = this.#removals.then(() => this.#removeClaim(volume));
      // Thrown by the disposal; until then it must not count as an unhandled rejection.
      this.#removals.catch(() => {});
    });
    this.#timers.set(volume.metadata.uid, cancel);
    const { name, namespace, uid } = claim.metadata;
    await reportEvent(client, {
      component,
      about: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid },
      type: 'Warning',
      reason: 'ReferencedNodeDeleted',
      message: `PVC is tied to a deleted Node. It will be removed in ${duration(delay)}, unless the Node comes back`,
    });
  }

  /** The delay is over: everything is checked once more. */
  async #removeClaim({ metadata }: PersistentVolume): Promise<void> {
    const { client, store } = this.#options;
    const volume = store.get({ kind: 'PersistentVolume', name: metadata.name });
    if (volume?.metadata.uid !== metadata.uid || !this.#isStale(volume)) return;
    const claim = claimOf(store, volume);
    if (!claim || !areBound(volume, claim)) return;
    const { name, namespace, uid } = claim.metadata;
    await client.remove({ kind: 'PersistentVolumeClaim', namespace, name }, { uid, absentIsFine: true });
  }

  #isStale(volume: PersistentVolume): boolean {
    return isStale(volume, this.#options.storageClasses, this.#options.store.list('Node'));
  }
}

/** Returns the claim of the name in a volume's claimRef, whatever its uid. */
function claimOf(store: StoreView, { spec }: PersistentVolume) {
  const { name, namespace } = spec?.claimRef ?? {};
  return name === undefined ? undefined : store.get({ kind: 'PersistentVolumeClaim', namespace, name });
}

/** What is left of a node that is no more. Source: sig-storage-local-static-provisioner, pkg/node-cleanup. */

/**
 * Returns the one node of a local volume, by its hostname label. Undefined for volumes of other types, and where the
 * affinity is not exactly that.
 */
export function nodeOf({ spec }: PersistentVolume): string | undefined {
  const [term, ...moreTerms] = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const [expression, ...moreExpressions] = term?.matchExpressions ?? [];
  const [hostname, ...moreNames] = expression?.values ?? [];
  if (!spec?.local || moreTerms.length > 0 || moreExpressions.length > 0 || moreNames.length > 0) return undefined;
  return expression?.key === 'kubernetes.io/hostname' && expression.operator === 'In' ? hostname : undefined;
}

/** Returns whether a volume is of one of the classes, and its node is not among the nodes. */
export function isStale(volume: PersistentVolume, classes: readonly string[], nodes: readonly Node[]): boolean {
  if (!classes.includes(volume.spec?.storageClassName ?? '')) return false;
  const wanted = nodeOf(volume);
  if (wanted === undefined) return false;
  return !nodes.some(({ metadata }) => [metadata.name, metadata.labels?.['kubernetes.io/hostname']].includes(wanted));
}

/** Returns whether the claim and the volume are bound to each other. A later claim of the same name is not bound. */
export function areBound(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return claim.spec?.volumeName === volume.metadata.name && volume.spec?.claimRef?.uid === claim.metadata.uid;
}

/** Returns whether a stale volume may be removed: it was never used, or its claim is gone and its policy is Delete. */
export function mayGo({ spec, status }: PersistentVolume): boolean {
  if (status?.phase === 'Available') return true;
  return status?.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Delete';
}
