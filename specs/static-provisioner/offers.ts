import { posix } from 'node:path';
import type { PersistentVolume } from '../../clusters/api/objects.ts';
import { provisionedBy } from './static-provisioner.ts';

/** An entry of a directory, as found by look-at-directory.sh. */
export interface Entry {
  name: string;
  kind: 'directory' | 'block' | 'other';
  /** Whether something is mounted at this very entry. A symbolic link to a mount point does not count. */
  mounted: boolean;
  /** Bytes of the whole file system, or of the device. */
  bytes: number;
}

/** What a provisioner knows of one of its directories. */
export interface Findings {
  provisioner: string;
  /** The node's name, and its label kubernetes.io/hostname. */
  node: { name: string; hostname: string };
  directory: string;
  volumeMode: 'Filesystem' | 'Block';
  storageClass: { name: string; reclaimPolicy: string; mountOptions?: readonly string[] };
  entries: readonly Entry[];
  /** Every volume of the cluster. */
  volumes: readonly PersistentVolume[];
  labels: Readonly<Record<string, string>>;
}

/** The volumes to create, and why the other entries are skipped. */
export interface Offers {
  volumes: readonly ReturnType<typeof manifestFor>[];
  refusals: readonly string[];
}

const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

/** Returns a readable capacity: whole Gi, or whole Mi, rounded down, where there are at least ten of them. */
export function roundedDown(bytes: number): number {
  const unit = [gibibyte, mebibyte].find((size) => bytes >= 10 * size) ?? 1;
  return Math.floor(bytes / unit) * unit;
}

/** Decides about every entry of a directory. Source: sig-storage-local-static-provisioner, pkg/discovery. */
export function decideOffers(findings: Findings): Offers {
  const { storageClass, entries, directory } = findings;
  if (!['Delete', 'Retain'].includes(storageClass.reclaimPolicy)) {
    const refusal = `class ${storageClass.name} has the reclaim policy ${storageClass.reclaimPolicy}; only Delete and Retain can be served`;
    return { volumes: [], refusals: [refusal] };
  }
  const volumes: ReturnType<typeof manifestFor>[] = [];
  const refusals: string[] = [];
  for (const entry of entries) {
    const path = posix.join(directory, entry.name);
    const name = volumeName(entry.name, findings.node.name, storageClass.name);
    const offered = findings.volumes.find(({ metadata }) => metadata.name === name);
    if (offered) {
      if (offered.spec?.volumeMode === 'Block' && entry.kind === 'directory')
        refusals.push(`${name} is a volume of mode Block, but path "${path}" is a directory`);
      continue;
    }
    const refusal = refusalOf(entry, path, name, findings);
    if (refusal === undefined) volumes.push(manifestFor(entry, path, name, findings));
    else refusals.push(refusal);
  }
  return { volumes, refusals };
}

function refusalOf(entry: Entry, path: string, name: string, findings: Findings): string | undefined {
  const others = findings.volumes.filter((volume) => isAt(volume, path, findings.node.hostname));
  if (others.length > 0) {
    const names = others.map(({ metadata }) => metadata.name).join(', ');
    return `Volume path already in use: ${name} would be at ${path}, where ${names} is`;
  }
  if (entry.kind === 'other') return `path "${path}" is neither a directory nor a block device`;
  if (entry.kind === 'directory' && findings.volumeMode === 'Block')
    return `path "${path}" is a directory, and cannot be a volume of mode Block`;
  if (entry.kind === 'directory' && !entry.mounted) return `path "${path}" is not a valid mount point`;
  return undefined;
}

/** Whether a volume is at this path of this node. The same path of another node is another disk. */
function isAt({ spec }: PersistentVolume, path: string, hostname: string): boolean {
  if (spec?.local?.path !== path) return false;
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return terms
    .flatMap(({ matchExpressions = [] }) => matchExpressions)
    .some(({ key, operator, values }) => key === hostnameLabel && operator === 'In' && values?.includes(hostname));
}

const hostnameLabel = 'kubernetes.io/hostname';

function manifestFor(entry: Entry, path: string, name: string, findings: Findings) {
  const { storageClass, provisioner, labels, volumeMode, node } = findings;
  const expression = { key: hostnameLabel, operator: 'In', values: [node.hostname] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume' as const,
    metadata: { name, labels: { ...labels }, annotations: { [provisionedBy]: provisioner } },
    spec: {
      capacity: { storage: quantity(roundedDown(entry.bytes)) },
      volumeMode,
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy,
      storageClassName: storageClass.name,
      ...(storageClass.mountOptions === undefined ? {} : { mountOptions: storageClass.mountOptions }),
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
    },
  };
}

function quantity(bytes: number): string {
  if (bytes % gibibyte === 0) return `${bytes / gibibyte}Gi`;
  return bytes % mebibyte === 0 ? `${bytes / mebibyte}Mi` : String(bytes);
}

/** Parses the output of look-at-directory.sh. */
export function readEntries(printed: string): Entry[] {
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [kind = '', mounted, bytes, ...name] = line.split('\t');
      if (kind !== 'directory' && kind !== 'block' && kind !== 'other') throw new SyntaxError(`no entry: "${line}"`);
      return { name: name.join('\t'), kind, mounted: mounted === 'mounted', bytes: Number(bytes) };
    });
}

/** Returns the 32-bit FNV-1a hash of the bytes of a text (draft-eastlake-fnv). */
export function fnv1a32(text: string): number {
  return new TextEncoder().encode(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
}

/**
 * Returns the name of the PersistentVolume for an entry of a directory. It is always the same for the same entry, node
 * and class, so that a restarted provisioner finds its volumes. Source: sig-storage-local-static-provisioner,
 * pkg/discovery/discovery.go, generatePVName.
 */
export function volumeName(entry: string, node: string, storageClass: string): string {
  return `local-pv-${fnv1a32(entry + node + storageClass).toString(16)}`;
}
