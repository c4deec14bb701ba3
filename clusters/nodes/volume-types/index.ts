import type { DiskBackEnd } from './back-end.ts';
import { boundDirectory } from './bound-directory.ts';
import { boundDirectoryLink } from './bound-directory-link.ts';
import { directoryLink } from './directory-link.ts';
import { kubeletDeviceDirectory } from './kubelet-device-directory.ts';
import { kubeletFormatted } from './kubelet-formatted.ts';
import { loopExt4 } from './loop-ext4.ts';
import { loopXfs } from './loop-xfs.ts';
import { plainDirectory } from './plain-directory.ts';
import { rawBlock } from './raw-block.ts';
import { tmpfs } from './tmpfs.ts';
import { uuidPath } from './uuid-path.ts';

/**
 * Every disk back end. A new one is a file of its own, named here; the catalogue's matrix then says what holds for it.
 */
export const backEnds: readonly DiskBackEnd[] = [
  plainDirectory,
  directoryLink,
  boundDirectory,
  boundDirectoryLink,
  kubeletDeviceDirectory,
  tmpfs,
  loopExt4,
  loopXfs,
  uuidPath,
  kubeletFormatted,
  rawBlock,
];
