import { DomainError } from '../errors/domain-error.ts';
import type { Kind } from './objects.ts';

/** The place of a kind in the API. */
export interface KindAddress {
  /** `v1`, or group and version such as `storage.k8s.io/v1`. */
  apiVersion: string;
  /** The resource's name in paths, such as `persistentvolumeclaims`. */
  plural: string;
  namespaced: boolean;
}

/** Every kind that the harness uses. Compared with discovery, a table saves a request and detects a typo at once. */
export const kinds: Readonly<Record<Kind, KindAddress>> = {
  Pod: { apiVersion: 'v1', plural: 'pods', namespaced: true },
  PersistentVolume: { apiVersion: 'v1', plural: 'persistentvolumes', namespaced: false },
  PersistentVolumeClaim: { apiVersion: 'v1', plural: 'persistentvolumeclaims', namespaced: true },
  StorageClass: { apiVersion: 'storage.k8s.io/v1', plural: 'storageclasses', namespaced: false },
  Node: { apiVersion: 'v1', plural: 'nodes', namespaced: false },
  Namespace: { apiVersion: 'v1', plural: 'namespaces', namespaced: false },
  Event: { apiVersion: 'v1', plural: 'events', namespaced: true },
  VolumeAttachment: { apiVersion: 'storage.k8s.io/v1', plural: 'volumeattachments', namespaced: false },
  ServiceAccount: { apiVersion: 'v1', plural: 'serviceaccounts', namespaced: true },
  StatefulSet: { apiVersion: 'apps/v1', plural: 'statefulsets', namespaced: true },
  ConfigMap: { apiVersion: 'v1', plural: 'configmaps', namespaced: true },
  Secret: { apiVersion: 'v1', plural: 'secrets', namespaced: true },
  ClusterRole: { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'clusterroles', namespaced: false },
  ClusterRoleBinding: { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'clusterrolebindings', namespaced: false },
  DaemonSet: { apiVersion: 'apps/v1', plural: 'daemonsets', namespaced: true },
  Deployment: { apiVersion: 'apps/v1', plural: 'deployments', namespaced: true },
  PriorityClass: { apiVersion: 'scheduling.k8s.io/v1', plural: 'priorityclasses', namespaced: false },
  ResourceQuota: { apiVersion: 'v1', plural: 'resourcequotas', namespaced: true },
  LimitRange: { apiVersion: 'v1', plural: 'limitranges', namespaced: true },
  ValidatingAdmissionPolicy: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    plural: 'validatingadmissionpolicies',
    namespaced: false,
  },
  ValidatingAdmissionPolicyBinding: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    plural: 'validatingadmissionpolicybindings',
    namespaced: false,
  },
  Lease: { apiVersion: 'coordination.k8s.io/v1', plural: 'leases', namespaced: true },
  CSINode: { apiVersion: 'storage.k8s.io/v1', plural: 'csinodes', namespaced: false },
};

/** The address of one object. Only namespaced kinds have a `namespace`. */
export interface ObjectRef<K extends Kind = Kind> {
  kind: K;
  namespace?: string | undefined;
  name: string;
}

/** A manifest as a user writes it. Other fields are not inspected: the manifest is sent as it is. */
export interface KubernetesManifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** Returns an object's kind and name for messages: `PersistentVolumeClaim demo/example-local-claim`. */
export function titleOf(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace ? `${ref.namespace}/` : ''}${ref.name}`;
}

/**
 * Returns the address of a manifest or a stored object.
 * @throws DomainError (bad usage) if its kind is not in the table
 */
export function refOf(manifest: {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
}): ObjectRef {
  const { apiVersion, kind, metadata } = manifest;
  if (!isKind(kind) || kinds[kind].apiVersion !== apiVersion) {
    throw new DomainError(
      {
        attempted: 'looking up where the API keeps an object',
        on: `${kind} (${apiVersion}) ${metadata.name}`,
        seen: isKind(kind)
          ? `${kind} is known as ${kinds[kind].apiVersion}`
          : `known: ${Object.keys(kinds).join(', ')}`,
        remedy: 'correct apiVersion and kind, or add the kind to clusters/api/kinds.ts and clusters/api/objects.ts',
      },
      { exit: 'badUsage' },
    );
  }
  return kinds[kind].namespaced
    ? { kind, namespace: metadata.namespace ?? 'default', name: metadata.name }
    : { kind, name: metadata.name };
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind);
}

/** Returns the API path of a collection; without a namespace, that of all namespaces. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const { apiVersion, plural, namespaced } = kinds[kind];
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${plural}`;
}

/** Returns the API path of one object. A namespaced kind without a namespace is in `default`, as for kubectl. */
export function objectPath(ref: ObjectRef): string {
  const namespace = kinds[ref.kind].namespaced ? (ref.namespace ?? 'default') : undefined;
  return `${collectionPath(ref.kind, namespace)}/${encodeURIComponent(ref.name)}`;
}
