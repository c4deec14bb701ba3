import type {
  CoreV1Event,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1CSINode,
  V1DaemonSet,
  V1Deployment,
  V1Lease,
  V1LimitRange,
  V1Namespace,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PriorityClass,
  V1ResourceQuota,
  V1Secret,
  V1ServiceAccount,
  V1StatefulSet,
  V1StorageClass,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
  V1VolumeAttachment,
} from '@kubernetes/client-node';

/**
 * A type of client-node as it is on the wire: times are text, because objects are kept exactly as the API sent them.
 */
export type AsSent<T> = T extends Date
  ? string
  : T extends (infer Item)[]
    ? AsSent<Item>[]
    : T extends object
      ? { [Field in keyof T]: AsSent<T[Field]> }
      : T;

/** The metadata of every stored object. */
interface StoredMetadata {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  /** RFC 3339, such as `2026-11-23T12:00:00Z`. */
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
  managedFields?: { manager?: string; operation?: string; subresource?: string; time?: string; fieldsV1?: object }[];
}

/** An object as the API server returned it. */
type Stored<T> = Omit<AsSent<T>, 'metadata' | 'kind' | 'apiVersion'> & {
  apiVersion: string;
  kind: string;
  metadata: StoredMetadata;
};

export type Pod = Stored<V1Pod>;
export type PersistentVolume = Stored<V1PersistentVolume>;
export type PersistentVolumeClaim = Stored<V1PersistentVolumeClaim>;
export type StorageClass = Stored<V1StorageClass>;
export type Node = Stored<V1Node>;
export type Event = Stored<CoreV1Event>;

/** The type of the objects of each kind. A new kind needs a line here and one in kinds.ts. */
export interface ObjectOf {
  Pod: Pod;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  StorageClass: StorageClass;
  Node: Node;
  Event: Event;
  Namespace: Stored<V1Namespace>;
  VolumeAttachment: Stored<V1VolumeAttachment>;
  ServiceAccount: Stored<V1ServiceAccount>;
  StatefulSet: Stored<V1StatefulSet>;
  PriorityClass: Stored<V1PriorityClass>;
  ConfigMap: Stored<V1ConfigMap>;
  Secret: Stored<V1Secret>;
  ClusterRole: Stored<V1ClusterRole>;
  ClusterRoleBinding: Stored<V1ClusterRoleBinding>;
  DaemonSet: Stored<V1DaemonSet>;
  Deployment: Stored<V1Deployment>;
  Lease: Stored<V1Lease>;
  CSINode: Stored<V1CSINode>;
  ResourceQuota: Stored<V1ResourceQuota>;
  LimitRange: Stored<V1LimitRange>;
  ValidatingAdmissionPolicy: Stored<V1ValidatingAdmissionPolicy>;
  ValidatingAdmissionPolicyBinding: Stored<V1ValidatingAdmissionPolicyBinding>;
}

/** A kind that the harness can address, such as `PersistentVolumeClaim`. */
export type Kind = keyof ObjectOf;

/** Any object of a known kind. */
export type AnyObject = ObjectOf[Kind];
