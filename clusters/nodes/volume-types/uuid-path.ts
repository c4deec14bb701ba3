import { randomUUID } from 'node:crypto';
import type { DiskBackEnd } from './back-end.ts';
import { makeFormattedLoop } from './formatted-loop.ts';

/** A disk mounted at a path that its file system's UUID names, so that no other disk is ever taken for it. */
export const uuidPath: DiskBackEnd = {
  key: 'UUID',
  features: [],
  volumeMode: 'Filesystem',
  leastBytes: 8 * 2 ** 20,
  make: (node, order) => {
    const uuid = randomUUID();
    return makeFormattedLoop(node, order, { fileSystem: 'ext4', mountPath: `/mnt/disks/${uuid}`, uuid });
  },
};
