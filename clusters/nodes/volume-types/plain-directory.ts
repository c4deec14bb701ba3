import type { DiskBackEnd } from './back-end.ts';
import { makeDirectory } from './directory.ts';

/** A directory of the node's root file system: no disk of its own. */
export const plainDirectory: DiskBackEnd = {
  key: 'DIR',
  features: [],
  volumeMode: 'Filesystem',
  leastBytes: 0,
  make: (node, order) => makeDirectory(node, { directory: `/mnt/disks/${order.name}`, mount: 'plain' }, order),
};
