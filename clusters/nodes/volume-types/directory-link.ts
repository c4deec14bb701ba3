import type { DiskBackEnd } from './back-end.ts';
import { makeDirectory } from './directory.ts';

/** A symbolic link to a directory. */
export const directoryLink: DiskBackEnd = {
  key: 'DIRLINK',
  features: [],
  volumeMode: 'Filesystem',
  leastBytes: 0,
  make: (node, order) => {
    const directory = `/mnt/disks/${order.name}`;
    return makeDirectory(node, { directory, mount: 'plain', link: `${directory}-link` }, order);
  },
};
