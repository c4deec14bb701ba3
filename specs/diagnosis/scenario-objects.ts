import type { ManualClock } from '../../clusters/api/manual-clock.ts';
import { ObjectHistory } from '../../clusters/api/object-history.ts';
import type {
  AnyObject,
  Event,
  Kind,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../../clusters/api/objects.ts';

// The objects of the scenario as a real cluster returns them, for tests: three nodes, a claim, a pod that must run on
// node2.

const created = '2026-11-23T11:59:29Z';
let version = 100;

function metadata(name: string, namespace?: string) {
  version += 1;
  const place = namespace === undefined ? {} : { namespace };
  return { name, ...place, uid: `uid-${name}`, resourceVersion: String(version), creationTimestamp: created };
}

export function node(name: string, labels: Record<string, string> = {}, change: Partial<Node['spec']> = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { ...metadata(name), labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...change },
    status: {
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
      ],
    },
  };
}

export const threeNodes = (): Node[] => [
  node('node1', { diskType: 'ssd' }),
  node('node2', { diskType: 'ssd' }),
  node('node3'),
];

export function storageClass(name: string, volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer'): StorageClass {
  const apiVersion = 'storage.k8s.io/v1';
  return {
    apiVersion,
    kind: 'StorageClass',
    metadata: metadata(name),
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode,
  };
}

export interface VolumeChoice {
  storageClassName?: string;
  storage?: string;
  path?: string;
  on: { key: string; values: string[] };
  phase?: string;
  claim?: string;
}

export function volume(name: string, choice: VolumeChoice): PersistentVolume {
  const { on, claim, path = '/mnt/disks/volA', storage = '1Gi', storageClassName = 'local-storage' } = choice;
  const [namespace, claimName] = claim?.split('/') ?? [];
  const claimRef = claim
    ? {
        claimRef: {
          kind: 'PersistentVolumeClaim',
          namespace: namespace ?? '',
          name: claimName ?? '',
          uid: `uid-${claimName}`,
        },
      }
    : {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: metadata(name),
    spec: {
      capacity: { storage },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
      storageClassName,
      local: { path },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: on.key, operator: 'In', values: on.values }] }] },
      },
      ...claimRef,
    },
    status: { phase: choice.phase ?? (claim ? 'Bound' : 'Available') },
  };
}

export function claim(name: string, storageClassName: string, volumeName?: string): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...metadata(name, 'demo'), finalizers: ['kubernetes.io/pvc-protection'] },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeMode: 'Filesystem',
      storageClassName,
      ...(volumeName ? { volumeName } : {}),
    },
    status: { phase: volumeName ? 'Bound' : 'Pending' },
  };
}

/**
 * Returns the pod of the scenario. With `refusal` the scheduler has refused it; with `nodeName` it was scheduled, and
 * does not start.
 */
export function pod(state: { refusal: string } | { nodeName: string }, change: Partial<Pod['spec']> = {}): Pod {
  const scheduled = 'nodeName' in state;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata('example-pod', 'demo'),
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': 'node2' },
      containers: [{ name: 'main' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'example-local-claim' } }],
      ...(scheduled ? { nodeName: state.nodeName } : {}),
      ...change,
    },
    status: {
      phase: 'Pending',
      conditions: scheduled
        ? [
            { type: 'PodScheduled', status: 'True' },
            {
              type: 'Ready',
              status: 'False',
              reason: 'ContainersNotReady',
              message: 'containers with unready status: [main]',
            },
            {
              type: 'ContainersReady',
              status: 'False',
              reason: 'ContainersNotReady',
              message: 'containers with unready status: [main]',
            },
          ]
        : [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: state.refusal }],
      ...(scheduled
        ? {
            containerStatuses: [
              {
                name: 'main',
                ready: false,
                restartCount: 0,
                image: 'busybox:1',
                imageID: '',
                state: { waiting: { reason: 'ContainerCreating' } },
              },
            ],
          }
        : {}),
    },
  };
}

export function event(
  about: AnyObject,
  seconds: number,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  count = 1,
): Event {
  const { name, namespace, uid } = about.metadata;
  const time = `2026-11-23T11:59:${String(seconds).padStart(2, '0')}Z`;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: metadata(`${name}.${version}`, namespace ?? 'default'),
    involvedObject: { kind: about.kind, name, uid, ...(namespace === undefined ? {} : { namespace }) },
    type,
    reason,
    message,
    count,
    firstTimestamp: time,
    lastTimestamp: time,
  };
}

/** Returns a store that has seen these objects. */
export function storeOf(clock: ManualClock, ...objects: AnyObject[]): ObjectHistory {
  const store = new ObjectHistory(clock);
  for (const object of objects) store.record(object.kind as Kind, { type: 'ADDED', observed: 'list', object });
  return store;
}
