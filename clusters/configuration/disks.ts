import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isDnsLabel } from '../text/names.ts';
import { suggestion } from '../text/nearest.ts';
import { bytesToQuantity, quantityToBytes } from '../text/quantity.ts';
import { type Finding, parseStrictDocument, readSource } from '../yaml/strict-yaml.ts';
import type { YamlSource } from '../yaml/yaml-documents.ts';
import type { ClusterShape } from './cluster-shape.ts';

const disksFile = fileURLToPath(new URL('../disks.yaml', import.meta.url));

const fileSystems = ['ext4', 'xfs'] as const;
export type FileSystem = (typeof fileSystems)[number];

/** The smallest disk that each file system can be made on; below 16 MiB ext4 is all metadata. */
const smallestBytes: Readonly<Record<FileSystem, number>> = { ext4: 16 * 2 ** 20, xfs: 300 * 2 ** 20 };

/** The directory in a node under which every disk is mounted. */
const disksDirectory = '/mnt/disks';

/** A disk to be made on a node. */
export interface DiskSpecification {
  /** The node's name in Kubernetes, such as `node2`. */
  node: string;
  /** Unique on its node; fit for file names. */
  name: string;
  bytes: number;
  fileSystem: FileSystem;
  /** The directory in the node where it is mounted. */
  mountPath: string;
}

const diskSchema = z
  .strictObject({
    node: z.string(),
    name: z.string().refine(isDnsLabel, {
      error: ({ input }) => `"${input}" is no disk name; use lower-case letters, digits and hyphens`,
    }),
    size: z.unknown().transform((input, context): number => {
      const bytes = sizeInBytes(input);
      if (typeof bytes === 'number') return bytes;
      context.addIssue({ code: 'custom', message: bytes.problem });
      return z.NEVER;
    }),
    fileSystem: z.enum(fileSystems),
    mountPath: z.string().superRefine((path, context) => {
      const problem = mountPathProblem(path);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    }),
  })
  .transform(({ size, ...disk }): DiskSpecification => ({ ...disk, bytes: size }));

const disksSchema = z.strictObject({ disks: z.array(diskSchema).min(1) });

/** Returns the disks that a file describes, by default the project's disks.yaml. @throws BadConfiguration */
export async function readDisks(shape: ClusterShape, path: string = disksFile): Promise<DiskSpecification[]> {
  return parseDisks(await readSource(path), shape);
}

/** Returns disks, checked against the nodes and against each other. @throws BadConfiguration */
export function parseDisks(source: YamlSource, shape: ClusterShape): DiskSpecification[] {
  const nodes = shape.nodes.map((node) => node.name);
  return parseStrictDocument(source, disksSchema, (value) => crossChecks(value, nodes)).value.disks;
}

function sizeInBytes(input: unknown): number | { problem: string } {
  if (input === undefined) return { problem: 'is missing; a size such as 64Mi must stand here' };
  const bytes = typeof input === 'string' || typeof input === 'number' ? quantityToBytes(String(input)) : undefined;
  if (bytes === undefined) {
    const shown = typeof input === 'object' ? 'this' : String(input);
    return { problem: `${shown} is not a size; write a number with Ki, Mi or Gi, such as 64Mi` };
  }
  if (bytes < smallestBytes.ext4) {
    const unit = bytes > 0 && /^\d+$/.test(String(input)) ? ' (a number alone counts bytes)' : '';
    return { problem: `${input} is too small${unit}; a disk has at least ${bytesToQuantity(smallestBytes.ext4)}` };
  }
  return bytes;
}

/** Returns why a path cannot be the mount point of a disk; undefined if it can. */
export function mountPathProblem(path: string): string | undefined {
  const example = `write one such as ${disksDirectory}/volA`;
  if (!path.startsWith('/')) return `"${path}" is not an absolute path; ${example}`;
  if (/\s/.test(path)) return `"${path}" has white space in it; ${example}`;
  if (!/^[A-Za-z0-9._/-]+$/.test(path)) return `"${path}" may only have the characters A-Z a-z 0-9 . _ - and /`;
  if (path.split('/').includes('..')) return `"${path}" has .. in it; ${example}`;
  if (path !== '/' && path.endsWith('/')) return `"${path}" ends with a slash; leave it out`;
  if (/\/\/|\/\.(\/|$)/.test(path)) return `"${path}" has an empty part or a single dot in it; leave that out`;
  if (!path.startsWith(`${disksDirectory}/`)) return `"${path}" is not under ${disksDirectory}; ${example}`;
  return undefined;
}

// The values of a disk that have the right type. One wrong value must not hide the conflicts of the others.
const legible = z
  .object({
    disks: z.array(
      z
        .object({
          node: z.string().optional().catch(undefined),
          name: z.string().optional().catch(undefined),
          size: z.union([z.string(), z.number()]).optional().catch(undefined),
          fileSystem: z.string().optional().catch(undefined),
          mountPath: z.string().optional().catch(undefined),
        })
        .catch({}),
    ),
  })
  .catch({ disks: [] });

function crossChecks(value: unknown, nodes: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  const earlier: { node: string; name?: string | undefined; mountPath?: string | undefined; index: number }[] = [];
  for (const [index, { node, name, size, fileSystem, mountPath }] of legible.parse(value).disks.entries()) {
    const at = (key: string, text: string) => findings.push({ path: ['disks', index, key], text });
    const bytes = quantityToBytes(String(size)) ?? 0;
    if (fileSystem === 'xfs' && bytes >= smallestBytes.ext4 && bytes < smallestBytes.xfs) {
      at('size', `${size} is too small for xfs; it needs at least ${bytesToQuantity(smallestBytes.xfs)}`);
    }
    if (node === undefined) continue;
    if (!nodes.includes(node)) at('node', `there is no node ${node}; ${suggestion(node, nodes)}`);
    for (const other of earlier.filter((disk) => disk.node === node)) {
      const theirs = `disks[${other.index}]`;
      if (name !== undefined && name === other.name) at('name', `${theirs} on ${node} is called ${name} too`);
      if (mountPath === undefined || other.mountPath === undefined) continue;
      if (mountPath === other.mountPath) at('mountPath', `${theirs} on ${node} is mounted at ${mountPath} too`);
      else if (`${mountPath}/`.startsWith(`${other.mountPath}/`) || `${other.mountPath}/`.startsWith(`${mountPath}/`)) {
        at('mountPath', `${mountPath} and ${other.mountPath} of ${theirs} lie one in the other on ${node}`);
      }
    }
    earlier.push({ node, name, mountPath, index });
  }
  return findings;
}
