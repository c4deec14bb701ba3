import type { Listed } from '../../clusters/api/changes.ts';
import type { KubernetesManifest } from '../../clusters/api/kinds.ts';
import { kwokTaint } from '../../clusters/kwok/kwok.ts';
import { bindingText, type Load } from './cells.ts';
import type { StormClaim, StormPod, StormVolume } from './invariants.ts';

/** The namespace of claims and pods: of a cluster that is the storm's own. */
export const namespace = 'default';

/** On real nodes the directory of all volumes; on others there is no disk at all. */
export const volumePath = '/mnt/storm';

type Of<K extends string> = KubernetesManifest & { kind: K };

/** The objects of one cell. Every object has the cell's label; those of one claim have its number in their name. */
export interface CellObjects {
  labelSelector: string;
  classes: readonly Of<'StorageClass'>[];
  volume(index: number): Of<'PersistentVolume'>;
  claim(index: number): Of<'PersistentVolumeClaim'>;
  /** Its name is that of its claim. */
  pod(index: number): Of<'Pod'>;
}

/** Returns the number in the name of an object of a cell, from 0. */
export function indexIn(name: string | undefined): number {
  return Number(/-(\d+)$/.exec(name ?? '')?.[1] ?? Number.NaN);
}

/**
 * Returns the objects of a cell, the `number`th of its storm. As many volumes as claims, dealt out to the nodes that
 * have them.
 */
export function cellObjects(
  load: Load,
  { number, nodes, image }: { number: number; nodes: readonly string[]; image: string },
): CellObjects {
  const label = { 'local-pv-conformance/storm': `cell-${number}` };
  const nameOf = (index: number) => `storm-${number}-${String(index).padStart(5, '0')}`;
  const classOf = (index: number) => `storm-${number}-class-${index % load.classes}`;
  const nodeOf = (index: number) => nodes[index % nodes.length] ?? '';
  const storage = '1Gi';
  return {
    labelSelector: Object.entries(label)
      .map((pair) => pair.join('='))
      .join(','),
    classes: Array.from({ length: load.classes }, (_, index) => ({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: classOf(index), labels: label },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: bindingText(load.binding),
    })),
    volume: (index) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: nameOf(index), labels: label },
      spec: {
        capacity: { storage },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: classOf(index),
        local: { path: volumePath },
        nodeAffinity: { required: onNode(nodeOf(index)) },
      },
    }),
    claim: (index) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: nameOf(index), namespace, labels: label },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: classOf(index),
        resources: { requests: { storage } },
      },
    }),
    pod: (index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: nameOf(index), namespace, labels: label },
      spec: {
        hostNetwork: true,
        automountServiceAccountToken: false,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        tolerations: [{ key: kwokTaint.key, operator: 'Exists', effect: kwokTaint.effect }],
        ...(load.layout === 'pinned' && {
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: onNode(nodeOf(index)) } },
        }),
        containers: [
          {
            name: 'main',
            image,
            imagePullPolicy: 'Never',
            command: ['sh', '-c', "trap 'exit 0' TERM; sleep infinity & wait"],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: nameOf(index) } }],
      },
    }),
  };
}

function onNode(name: string) {
  return {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] }],
  };
}

// What is kept of objects. New objects are made, so that the whole ones can go.

function keptMetadata({ name, namespace: of, uid, resourceVersion }: Listed['metadata']): Listed['metadata'] {
  return { name, ...(of !== undefined && { namespace: of }), uid, resourceVersion };
}

export function keptClaim({ metadata, spec, status }: StormClaim): StormClaim {
  return {
    metadata: keptMetadata(metadata),
    spec: { ...(spec?.volumeName !== undefined && { volumeName: spec.volumeName }) },
    status: { ...(status?.phase !== undefined && { phase: status.phase }) },
  };
}

export function keptVolume({ metadata, spec, status }: StormVolume): StormVolume {
  const { name, uid } = spec?.claimRef ?? {};
  return {
    metadata: keptMetadata(metadata),
    spec: {
      ...(name !== undefined && { claimRef: { name, ...(uid !== undefined && { uid }) } }),
      ...(spec?.nodeAffinity && { nodeAffinity: spec.nodeAffinity }),
    },
    status: { ...(status?.phase !== undefined && { phase: status.phase }) },
  };
}

export function keptPod({ metadata, spec }: StormPod): StormPod {
  return {
    metadata: keptMetadata(metadata),
    spec: { ...(spec?.nodeName !== undefined && { nodeName: spec.nodeName }) },
  };
}
