import type { PersistentVolume, PersistentVolumeClaim } from '../../clusters/api/objects.ts';
import { quantityToBytes } from '../../clusters/text/quantity.ts';

/** Returns what a claim asks for, or a volume offers, in one line: `1Gi ReadWriteOnce Filesystem`. */
export function sizeText(spec: PersistentVolume['spec'] | PersistentVolumeClaim['spec']): string {
  const size = spec && 'capacity' in spec ? spec.capacity?.storage : requestOf(spec);
  return [size ?? 'no size', ...(spec?.accessModes ?? ['no access mode']), spec?.volumeMode ?? 'Filesystem'].join(' ');
}

const holds: Readonly<Record<string, string>> = { Bound: 'is bound to', Available: 'is reserved for' };

/**
 * Returns why a volume of the claim's class cannot be bound to the claim, by the rules of the
 * PersistentVolumeController; empty where it fits. Nodes are not looked at. A volume that is bound to the claim, or
 * reserved for it, fits.
 */
export function volumeMismatches(claim: PersistentVolumeClaim, volume: PersistentVolume): string[] {
  const wanted = claim.spec;
  const offered = volume.spec;
  const mismatches: string[] = [];
  const owner = offered?.claimRef;
  const ours = owner?.namespace === claim.metadata.namespace && owner?.name === claim.metadata.name;
  const phase = volume.status?.phase ?? 'without a phase';
  if (owner && !ours) mismatches.push(`${holds[phase] ?? `is ${phase}, held by`} ${owner.namespace}/${owner.name}`);
  else if (owner?.uid !== undefined && owner.uid !== claim.metadata.uid)
    mismatches.push('is held by an earlier claim of this name');
  else if (!ours && phase !== 'Available') mismatches.push(`is ${phase}`);
  if (volume.metadata.deletionTimestamp) mismatches.push('is being deleted');
  if (wanted?.volumeName && wanted.volumeName !== volume.metadata.name)
    mismatches.push(`is not ${wanted.volumeName}, which the claim names`);
  mismatches.push(...sizeMismatch(offered?.capacity?.storage, requestOf(wanted)));
  const lacking = (wanted?.accessModes ?? []).filter((mode) => !offered?.accessModes?.includes(mode));
  if (lacking.length > 0) mismatches.push(`does not offer ${lacking.join(', ')}`);
  const mode = offered?.volumeMode ?? 'Filesystem';
  if (mode !== (wanted?.volumeMode ?? 'Filesystem')) mismatches.push(`is ${mode}`);
  return [...mismatches, ...labelMismatches(wanted?.selector?.matchLabels, volume.metadata.labels)];
}

function requestOf(spec: PersistentVolumeClaim['spec'] | PersistentVolume['spec']): string | undefined {
  return spec && 'resources' in spec ? spec.resources?.requests?.storage : undefined;
}

function sizeMismatch(offered: string | undefined, wanted: string | undefined): string[] {
  const has = quantityToBytes(offered ?? '0');
  const needs = quantityToBytes(wanted ?? '0');
  return has !== undefined && needs !== undefined && has < needs ? [`has ${offered ?? 'no capacity'}`] : [];
}

function labelMismatches(
  wanted: Record<string, string> | undefined,
  labels: Record<string, string> | undefined,
): string[] {
  return Object.entries(wanted ?? {})
    .filter(([name, value]) => labels?.[name] !== value)
    .map(([name, value]) => `lacks the label ${name}=${value}`);
}
