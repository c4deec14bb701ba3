import type { ManifestOf } from '../../fixtures/schema.ts';
import { assertAssigned } from '../runner/current-spec.ts';
import type { ClaimHandle, ClassHandle, PodHandle, VolumeHandle } from './handles.ts';
import type { SpecNamespace } from './spec-namespace.ts';

/** The parts that most specs are put together from, as a user would write them. */
export const parts = {
  storageClass: 'local/storage-class.yaml',
  volume: 'local/persistent-volume.yaml',
  claim: 'local/claim.yaml',
  pod: 'local/pod.yaml',
  statefulSet: 'local/stateful-set.yaml',
  priorityClass: 'local/priority-class.yaml',
} as const;

type Change<K extends 'StorageClass' | 'PersistentVolume' | 'PersistentVolumeClaim' | 'Pod'> = (
  manifest: ManifestOf<K>,
) => void;

/** Makes the spec's class, `local-storage`, which volumes and claims below belong to. */
export function localClass(
  namespace: SpecNamespace,
  volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer' = 'WaitForFirstConsumer',
  change: Change<'StorageClass'> = () => {},
): Promise<ClassHandle> {
  return namespace.storageClass(parts.storageClass, (manifest) => {
    manifest.volumeBindingMode = volumeBindingMode;
    change(manifest);
  });
}

/** The node affinity that is usual for a local volume: one node, by its hostname label. */
function onNodes(...nodes: string[]): NonNullable<ManifestOf<'PersistentVolume'>['spec']['nodeAffinity']> {
  const expression = { key: 'kubernetes.io/hostname', operator: 'In' as const, values: nodes };
  return { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } };
}

export interface VolumeAt {
  /** The node, by its hostname label. */
  node: string;
  /** The path on that node. Where a spec is about the API only, no disk has to be there. */
  path: string;
  /** Such as `1Gi`, which it is where not given. */
  storage?: string;
}

/** Makes a PersistentVolume at a path of a node, and waits until it is Available or Bound. */
export function localVolume(
  namespace: SpecNamespace,
  name: string,
  { node, path, storage = '1Gi' }: VolumeAt,
  change: Change<'PersistentVolume'> = () => {},
): Promise<VolumeHandle> {
  assertAssigned(node);
  return namespace.volume(parts.volume, (manifest) => {
    manifest.metadata.name = name;
    manifest.spec.capacity.storage = storage;
    manifest.spec.local.path = path;
    manifest.spec.nodeAffinity = onNodes(node);
    change(manifest);
  });
}

/** Makes a claim. `volume` names the PersistentVolume it asks for, by its name in the spec. */
export function localClaim(
  namespace: SpecNamespace,
  name: string,
  { storage = '1Gi', volume }: { storage?: string; volume?: string } = {},
  change: Change<'PersistentVolumeClaim'> = () => {},
): Promise<ClaimHandle> {
  return namespace.claim(parts.claim, (manifest) => {
    manifest.metadata.name = name;
    manifest.spec.resources.requests.storage = storage;
    if (volume !== undefined) manifest.spec.volumeName = volume;
    change(manifest);
  });
}

/** Makes a volume and a claim of one name that are bound to each other, for specs that are not about how they meet. */
export async function boundPair(
  namespace: SpecNamespace,
  name: string,
  at: VolumeAt,
  change: { volume?: Change<'PersistentVolume'>; claim?: Change<'PersistentVolumeClaim'> } = {},
): Promise<{ volume: VolumeHandle; claim: ClaimHandle }> {
  const volume = await localVolume(namespace, name, at, change.volume);
  const claim = await localClaim(
    namespace,
    name,
    { volume: name, ...(at.storage && { storage: at.storage }) },
    change.claim,
  );
  return { volume, claim };
}

/** Makes a pod that has a directory of its node at `/data`, by hostPath; it does not start where there is none. */
export function podWithHostPath(
  namespace: SpecNamespace,
  name: string,
  path: string,
  at: { node?: string } = {},
  change: Change<'Pod'> = () => {},
): Promise<PodHandle> {
  return podWith(namespace, name, [], at, (manifest) => {
    manifest.spec.volumes = [{ name: 'data', hostPath: { path, type: 'Directory' } }];
    for (const container of manifest.spec.containers) container.volumeMounts = [{ name: 'data', mountPath: '/data' }];
    change(manifest);
  });
}

/**
 * Makes a pod that uses claims: the first at `/data`, the next at `/data-2`, and so on. `node` pins it by the
 * hostname label; without it, the volumes say where it runs.
 */
export function podWith(
  namespace: SpecNamespace,
  name: string,
  claims: readonly (string | { name: string })[],
  { node }: { node?: string } = {},
  change: Change<'Pod'> = () => {},
): Promise<PodHandle> {
  return namespace.pod(parts.pod, (manifest) => {
    manifest.metadata.name = name;
    if (node !== undefined) manifest.spec.nodeSelector = { 'kubernetes.io/hostname': node };
    const names = claims.map((claim) => (typeof claim === 'string' ? claim : claim.name));
    const volumeName = (index: number) => (index === 0 ? 'data' : `data-${index + 1}`);
    manifest.spec.volumes = names.map((claimName, index) => ({
      name: volumeName(index),
      persistentVolumeClaim: { claimName },
    }));
    for (const container of manifest.spec.containers) {
      container.volumeMounts = names.map((_, index) => ({
        name: volumeName(index),
        mountPath: `/${volumeName(index)}`,
      }));
    }
    change(manifest);
  });
}
