import { fileURLToPath } from 'node:url';

/** The data files that a cluster is made from. */
export const dataFiles = {
  threeNode: fileURLToPath(new URL('../three-node.yaml', import.meta.url)),
  disks: fileURLToPath(new URL('../disks.yaml', import.meta.url)),
  versions: fileURLToPath(new URL('../versions.yaml', import.meta.url)),
} as const;
