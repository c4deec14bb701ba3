// What specs are written with: a spec imports this module, and helpers of its own chapter.

// A spec, the requirement that it proves, and the cluster that it runs on.

export { minorOf } from '../catalogue/features.ts';
export { assignedNode, currentSpec, ownPrefix, undisturbed } from '../runner/current-spec.ts';
export { evidence } from '../runner/evidence.ts';
export { assertUnchanged, isWell, readPlaces } from '../runner/health.ts';
export { knownIssue } from '../runner/known-issue.ts';
export { readChapter } from '../runner/registry.ts';
export { testCluster } from '../runner/test-cluster.ts';
export { provesCase } from './matrix.ts';
export {
  anotherNode,
  firstAndSecondNode,
  firstNode,
  hostnameOf,
  nodeCount,
  nodeWithHostname,
  oneNode,
  placesOf,
  secondNode,
  thirdNode,
  threeNodes,
} from './nodes.ts';

// Objects of the cluster, and how they are created.

export type { ManifestOf } from '../../fixtures/schema.ts';
export type { ClaimHandle, ClassHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
export { admissible, manifests, runAs } from './manifests.ts';
export { SpecNamespace } from './spec-namespace.ts';

// Volumes on nodes.

export { growBlockDevice } from '../../clusters/nodes/block-device.ts';
export type { DiskVolume } from '../../clusters/nodes/node-volume.ts';
export { leaseClusterDisk, leaseVolume, verifyVolume } from './lease-volume.ts';

// Expectations that wait.

export { eventTime, type StoreView } from '../../clusters/api/object-history.ts';
export { isReady } from '../../clusters/api/object-state.ts';
export { ApiRefusal } from '../../clusters/api/refusal.ts';
export { consistently } from '../../clusters/api/wait.ts';
export { DomainError } from '../../clusters/errors/domain-error.ts';
export { contradiction, eventually } from './eventually.ts';
export { expect } from './expect.ts';
export { once, together } from './promises.ts';

// Binding and scheduling.

export { quantityToBytes } from '../../clusters/text/quantity.ts';
export {
  absentDisk,
  absentPath,
  clearClaimRef,
  conditionsSeen,
  controllerLookedAgain,
  messages,
  phasesOf,
  preferNode,
  requirePods,
  scheduledNode,
  scheduledTo,
  schedulerLookedAgain,
  triggerResync,
} from './binding.ts';
export { forceDelete, markForDeletion, protectionLookedAgain, release } from './lifecycle.ts';
export { recordProcess } from './process.ts';
export { type ReasonCounts, reasons } from './unschedulable-reasons.ts';
export { assertWokenBy, heldUser } from './wake-ups.ts';

// Files, devices and mounts, in pods and on nodes.

export { mountAt, mountHolding } from '../../clusters/nodes/mountinfo.ts';
export { nodeMounts, onNode } from '../../clusters/nodes/node.ts';
export { kubeletLog, loggedLine } from '../../clusters/nodes/node-logs.ts';
export { fill, freeSpace, writeChecked } from './files.ts';
export {
  containerMounts,
  describeMounts,
  filesOnNode,
  mappedDirectory,
  mountPointsWith,
  podVolumeDirectory,
  stagedDirectory,
  unmounted,
} from './mounts.ts';
export { readInPod, runInPod, tryInPod } from './pod-commands.ts';
export { oneAtATime } from './read-write-once-pod.ts';

// Changes of nodes and of the control plane, and their undo.

export { killedControlPlane, pausedControllers } from './control-plane.ts';
export { cordonedNode, knownToScheduler, labelledNode, taintedNode } from './node-changes.ts';
export {
  restartContainerd,
  restartKubelet,
  stopKubelet,
  workTakenUp,
} from './node-daemons.ts';
