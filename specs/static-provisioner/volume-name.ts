/** The 32-bit FNV-1a hash of a text's bytes, as a number (draft-eastlake-fnv). */
export function fnv1a32(text: string): number {
  return new TextEncoder().encode(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
}

/**
 * The name of the PersistentVolume for an entry of a directory: always the same for the same entry, node and class,
 * so that a provisioner that starts anew finds its volumes. Source: sig-storage-local-static-provisioner,
 * pkg/discovery/discovery.go, generatePVName.
 */
export function volumeName(entry: string, node: string, storageClass: string): string {
  return `local-pv-${fnv1a32(entry + node + storageClass).toString(16)}`;
}
