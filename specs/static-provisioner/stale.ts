import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../clusters/api/objects.ts';

/** What is left of a node that is no more. Source: sig-storage-local-static-provisioner, pkg/node-cleanup. */

/**
 * The one node that a local volume is of, by its hostname label; undefined for volumes of other kinds, or whose
 * affinity does not say exactly that.
 */
export function nodeOf({ spec }: PersistentVolume): string | undefined {
  const [term, ...moreTerms] = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const [expression, ...moreExpressions] = term?.matchExpressions ?? [];
  const [hostname, ...moreNames] = expression?.values ?? [];
  if (!spec?.local || moreTerms.length > 0 || moreExpressions.length > 0 || moreNames.length > 0) return undefined;
  return expression?.key === 'kubernetes.io/hostname' && expression.operator === 'In' ? hostname : undefined;
}

/** Whether a volume is of one of the classes, and of a node that is not among these. */
export function isStale(volume: PersistentVolume, classes: readonly string[], nodes: readonly Node[]): boolean {
  if (!classes.includes(volume.spec?.storageClassName ?? '')) return false;
  const wanted = nodeOf(volume);
  if (wanted === undefined) return false;
  return !nodes.some(({ metadata }) => [metadata.name, metadata.labels?.['kubernetes.io/hostname']].includes(wanted));
}

/** Whether the claim and the volume are still each other's: a claim that took the name of an older one is not. */
export function areBound(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return claim.spec?.volumeName === volume.metadata.name && volume.spec?.claimRef?.uid === claim.metadata.uid;
}

/** Whether nobody can miss a stale volume: it was never used, or its claim is gone and its policy is Delete. */
export function mayGo({ spec, status }: PersistentVolume): boolean {
  if (status?.phase === 'Available') return true;
  return status?.phase === 'Released' && spec?.persistentVolumeReclaimPolicy === 'Delete';
}
