import { DomainError } from '../errors/domain-error.ts';
import type { Kind } from './objects.ts';

/** Where the API keeps a kind. */
export interface KindAddress {
  /** `v1`, or group and version such as `storage.k8s.io/v1`. */
  apiVersion: string;
  /** The resource's name in paths, such as `persistentvolumeclaims`. */
  plural: string;
  namespaced: boolean;
}

/** Every kind the harness works with. A table instead of discovery: one request fewer, and a typo is found at once. */
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
  PriorityClass: { apiVersion: 'scheduling.k8s.io/v1', plural: 'priorityclasses', namespaced: false },
};

/** Names one object. `namespace` is for namespaced kinds only. */
export interface ObjectRef<K extends Kind = Kind> {
  kind: K;
  namespace?: string | undefined;
  name: string;
}

/** A manifest as a user would write it. Nothing beyond these fields is looked at: it is sent as it stands. */
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

/** The object as a reader names it: `PersistentVolumeClaim demo/example-local-claim`. */
export function titleOf(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace ? `${ref.namespace}/` : ''}${ref.name}`;
}

/**
 * What a manifest or a stored object is called; throws a `DomainError` (bad usage) where its kind is not in the table.
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

/** The API path of a collection, of all namespaces where a namespaced kind is given none. */
export function collectionPath(kind: Kind, namespace?: string): string {
  const { apiVersion, plural, namespaced } = kinds[kind];
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${plural}`;
}

/** The API path of one object. A namespaced kind without a namespace is looked for in `default`, as kubectl does. */
export function objectPath(ref: ObjectRef): string {
  const namespace = kinds[ref.kind].namespaced ? (ref.namespace ?? 'default') : undefined;
  return `${collectionPath(ref.kind, namespace)}/${encodeURIComponent(ref.name)}`;
}
