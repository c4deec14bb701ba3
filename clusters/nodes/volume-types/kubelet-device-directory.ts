import type { DiskBackEnd } from './back-end.ts';
import { makeDirectory } from './directory.ts';

/**
 * A directory on the device that /var/lib/kubelet is on: what is mounted from it has the same device number as the
 * directory it is mounted at, so that comparing those numbers does not tell whether anything is mounted.
 */
export const kubeletDeviceDirectory: DiskBackEnd = {
  key: 'VARDIR',
  features: [],
  volumeMode: 'Filesystem',
  leastBytes: 0,
  make: (node, order) =>
    makeDirectory(
      node,
      { directory: `/var/local/local-pv-conformance/${order.run}/${order.name}-directory`, mount: 'plain' },
      order,
    ),
};
