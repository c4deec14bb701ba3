import type { DiskBackEnd } from './back-end.ts';
import { makeDirectory } from './directory.ts';

/** A symbolic link to a directory that is bind-mounted onto itself. */
export const boundDirectoryLink: DiskBackEnd = {
  key: 'DIRLINKBIND',
  features: [],
  volumeMode: 'Filesystem',
  leastBytes: 0,
  make: (node, order) => {
    const directory = `/mnt/disks/${order.name}`;
    return makeDirectory(node, { directory, mount: 'bound', link: `${directory}-link` }, order);
  },
};
