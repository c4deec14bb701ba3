import { posix } from 'node:path';
import type { PersistentVolume } from '../../clusters/api/objects.ts';
import type { ClassDirectory } from './static-provisioner.ts';

/** What a provisioner does about one of its volumes. */
export type Reclaim =
  | { action: 'keep' }
  /** Clean what is at the path, then remove the volume, so that it is offered again. */
  | { action: 'clean'; path: string }
  /** Leave the volume, and report why as a warning event. */
  | { action: 'report'; reason: string; message: string };

/** Decides about one of the provisioner's volumes. Source: sig-storage-local-static-provisioner, pkg/deleter. */
export function decideReclaim(
  { metadata, spec, status }: PersistentVolume,
  classes: readonly ClassDirectory[],
): Reclaim {
  if (status?.phase !== 'Released') return { action: 'keep' };
  switch (spec?.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return { action: 'keep' };
    case 'Recycle':
      return report('VolumeUnsupportedReclaimPolicy', `${metadata.name} has the reclaim policy Recycle`);
    case 'Delete':
      break;
    default:
      return report('VolumeUnknownReclaimPolicy', `${metadata.name} has a reclaim policy that is not known`);
  }
  const path = spec.local?.path;
  const known = classes.find(({ storageClass }) => storageClass === spec.storageClassName);
  if (path === undefined) return failedToClean(metadata.name, 'it is no local volume');
  if (known === undefined) return failedToClean(metadata.name, `nothing is known of class ${spec.storageClassName}`);
  // Nothing outside of the directory is ever emptied, whatever a volume's path is.
  if (posix.dirname(posix.normalize(path)) !== posix.normalize(known.directory))
    return failedToClean(metadata.name, `${path} is not an entry of ${known.directory}`);
  return { action: 'clean', path };
}

/** Returns the warning about a volume that could not be cleaned. The volume stays Released, and is not offered. */
export function failedToClean(name: string, why: string): Extract<Reclaim, { action: 'report' }> {
  return report('VolumeFailedDelete', `Error cleaning PV "${name}": ${why}`);
}

function report(reason: string, message: string): Extract<Reclaim, { action: 'report' }> {
  return { action: 'report', reason, message };
}
