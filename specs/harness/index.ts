// What specs are written with: they import this module and what is their own chapter's.

export { eventTime, type StoreView } from '../../clusters/api/object-history.ts';
export { isReady } from '../../clusters/api/object-state.ts';
export { ApiRefusal } from '../../clusters/api/refusal.ts';
export { quietFor } from '../../clusters/api/wait.ts';
export { DomainError } from '../../clusters/errors/domain-error.ts';
export { growBlockDevice } from '../../clusters/nodes/block-device.ts';
export { type Disk, verifyDisk } from '../../clusters/nodes/disk.ts';
export { mountAt, mountHolding } from '../../clusters/nodes/mountinfo.ts';
export { nodeMounts, onNode } from '../../clusters/nodes/node.ts';
export { kubeletLog, loggedLine } from '../../clusters/nodes/node-logs.ts';
export { tmpfs } from '../../clusters/nodes/volume-types/tmpfs.ts';
export { quantityToBytes } from '../../clusters/text/quantity.ts';
export type { ManifestOf } from '../../fixtures/schema.ts';
export { minorOf } from '../catalogue/features.ts';
export { assignedNode, currentSpec } from '../runner/current-spec.ts';
export { evidence } from '../runner/evidence.ts';
export { isWell } from '../runner/health.ts';
export { proveUnchanged, readPlaces } from '../runner/places.ts';
export { readChapter } from '../runner/registry.ts';
export { testCluster } from '../runner/test-cluster.ts';
export {
  marks,
  marksOf,
  nowhere,
  nowhereHere,
  nudge,
  offerAgain,
  phasesOf,
  said,
  scheduledTo,
  settled,
  transitionsOf,
} from './binding.ts';
export { makeLeasedBlockDevice } from './block-devices.ts';
export { breakDisk, exchange, heldDirectory, mountAnew, mountByUuid, mountedBelow, takeOut } from './disk-faults.ts';
export { contrary, eventually } from './eventually.ts';
export { expect } from './expect.ts';
export { cannotWrite, fill, freeSpace, writeChecked } from './files.ts';
export type { ClaimHandle, ClassHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
export { leaseBackEnd, leaseDisk, makeLeasedDisk } from './leases.ts';
export {
  isMounted,
  markForDeletion,
  mountsWith,
  occurrences,
  podThatOnlyWaits,
  release,
  takeAway,
  unmounted,
} from './lifecycle.ts';
export { describeChain, mountChain, podVolumeDirectory, stagedDirectory } from './mounts.ts';
export { cordonedNode, knownToScheduler, labelledNode, taintedNode } from './node-changes.ts';
export {
  controlPlane,
  pausedControllers,
  restartContainerd,
  restartKubelet,
  stopKubelet,
  workTakenUp,
} from './node-daemons.ts';
export { once } from './once.ts';
export { boundPair, localClaim, localClass, localVolume, parts, podWith, podWithHostPath } from './parts.ts';
export { readInPod, runInPod, tryInPod } from './pod-commands.ts';
export { recordProcess } from './process.ts';
export { conditionsSeen, cpuBeyond, landed, requireNodes, requirePods, unschedulable } from './scheduling.ts';
export { SpecNamespace } from './spec-namespace.ts';
export { reasons, type Tally } from './tally.ts';
export { together } from './together.ts';
export {
  backEndOf,
  containerMounts,
  filesOnNode,
  groupAndMode,
  mountedFrom,
  mountsLeftOf,
  pairAt,
  podWithDevice,
  provesCase,
  runAs,
} from './volume-at.ts';
