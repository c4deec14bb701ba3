// What specs are written with. A spec imports this module, and helpers of its own chapter.

// Expectations that wait, and what may be asked of an object at once.
export { eventTime, type StoreView } from '../../clusters/api/object-history.ts';
export { isReady } from '../../clusters/api/object-state.ts';
export { ApiRefusal } from '../../clusters/api/refusal.ts';
export { consistently } from '../../clusters/api/wait.ts';
export { DomainError } from '../../clusters/errors/domain-error.ts';
export { growBlockDevice } from '../../clusters/nodes/block-device.ts';
// Files, devices and mounts, in pods and on nodes.
export { mountAt, mountHolding } from '../../clusters/nodes/mountinfo.ts';
export { nodeMounts, onNode } from '../../clusters/nodes/node.ts';
export { kubeletLog, loggedLine } from '../../clusters/nodes/node-logs.ts';
// Volumes on nodes.
export type { DiskVolume } from '../../clusters/nodes/node-volume.ts';
export { quantityToBytes } from '../../clusters/text/quantity.ts';
export type { ManifestOf } from '../../fixtures/schema.ts';
// A spec, the requirement that it proves, and where it runs.
export { minorOf } from '../catalogue/features.ts';
export { assignedNode, currentSpec } from '../runner/current-spec.ts';
export { evidence } from '../runner/evidence.ts';
export { assertUnchanged, isWell, readPlaces } from '../runner/health.ts';
export { readChapter } from '../runner/registry.ts';
export { testCluster } from '../runner/test-cluster.ts';
// Binding and scheduling.
export {
  bindingAnnotations,
  bindingAnnotationsOf,
  boundOrFree,
  clearClaimRef,
  messages,
  nowhere,
  nowhereHere,
  phasesOf,
  scheduledTo,
  transitionsOf,
  triggerResync,
} from './binding.ts';
// Changes of nodes and disks, undone at their end.
export { blockDirectory, breakDisk, mountByUuid, mountNested, remount, swapDisks, unmountDisk } from './disk-faults.ts';
export { contrary, eventually } from './eventually.ts';
export { expect } from './expect.ts';
export { cannotWrite, fill, freeSpace, groupAndMode, writeChecked } from './files.ts';
// Objects of the cluster.
export type { ClaimHandle, ClassHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
export { leaseClusterDisk, leaseVolume, verifyVolume } from './lease-volume.ts';
export { forceDelete, markForDeletion, occurrences, podThatOnlyWaits, release } from './lifecycle.ts';
export { manifests, runAs } from './manifests.ts';
export { provesCase } from './matrix.ts';
export {
  containerMounts,
  describeMounts,
  filesOnNode,
  mountPointsWith,
  podVolumeDirectory,
  stagedDirectory,
  unmounted,
} from './mounts.ts';
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
export { readInPod, runInPod, tryInPod } from './pod-commands.ts';
export { recordProcess } from './process.ts';
export { conditionsSeen, cpuBeyond, requireNodes, requirePods, scheduledNode } from './scheduling.ts';
export { SpecNamespace } from './spec-namespace.ts';
export { together } from './together.ts';
export { type ReasonCounts, reasons } from './unschedulable-reasons.ts';
