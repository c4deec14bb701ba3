import { readVersions } from '../../../clusters/configuration/versions.ts';
import { EngineNode, onNode } from '../../../clusters/nodes/node.ts';
import type { ForeignCluster } from './foreign-cluster.ts';

/** The folder of a node that is the local volume of the strangers' pod. */
export const theirFolder = '/var/their-data';
/** The strangers' pod. */
export const theirPod = 'default/theirs';

const oneGi = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

/**
 * Creates what others have on a cluster: a default class with a volume and a claim that wait for a pod, and on this node
 * a pod that uses a local volume. Waits until that pod runs.
 */
export async function settleStrangers(cluster: ForeignCluster, node: string): Promise<void> {
  const { podImage } = await readVersions();
  using host = new EngineNode(node, node);
  await onNode(host, ['install', '--directory', '--mode', '0777', theirFolder]);
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  await cluster.apply(
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'theirs', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'theirs' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '100Gi' },
        storageClassName: 'theirs',
        hostPath: { path: '/var/theirs' },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'theirs', namespace: 'default' },
      spec: oneGi,
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'in-use' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        claimRef: { namespace: 'default', name: 'in-use' },
        local: { path: theirFolder },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'in-use', namespace: 'default' },
      spec: { ...oneGi, storageClassName: '', volumeName: 'in-use' },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'theirs', namespace: 'default' },
      spec: {
        tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }],
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'theirs',
            image: podImage.name,
            imagePullPolicy: 'Never',
            command: ['sleep', '86400'],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'in-use' } }],
      },
    },
  );
  await cluster.kubectl(['wait', '--for=condition=Ready', 'pod/theirs', '--timeout=120s']);
}
