import type { StoreView } from '../../clusters/api/object-history.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../clusters/api/objects.ts';

/** A place where a container of the pod has a volume. */
export interface ContainerPlace {
  container: string;
  /** Mount path, or device path of a Block volume. */
  path: string;
  subPath?: string;
  readOnly: boolean;
  /** Its number among the mounts of its container, which is part of the names of kubelet's subPath mounts. */
  index: number;
}

/** A volume of a pod and its objects. */
export interface SubjectVolume {
  /** Its name in the pod. */
  name: string;
  /** `namespace/name`. */
  claimTitle: string;
  claimName: string;
  claim: PersistentVolumeClaim | undefined;
  volume: PersistentVolume | undefined;
  /** The name of the PersistentVolume in the claim, whether or not it exists. */
  volumeName: string | undefined;
  className: string;
  binding: 'Immediate' | 'WaitForFirstConsumer';
  mode: 'Filesystem' | 'Block';
  ephemeral: boolean;
  /** The pod requests the volume read-only. */
  readOnly: boolean;
  places: readonly ContainerPlace[];
}

/** The subject of a trace: a pod and its local volumes. */
export interface Subject {
  pod: Pod;
  volumes: readonly SubjectVolume[];
  /** Ids without their scheme of all observed containers of the pod, and the names of these containers. */
  containers: ReadonlyMap<string, string>;
  /** The pod's other volumes: name and kind, such as `config: configMap`. */
  others: readonly string[];
}

/** Returns the pod with its local volumes among the known objects. */
export function subjectOf(store: StoreView, pod: Pod): Subject {
  const namespace = pod.metadata.namespace ?? 'default';
  const volumes: SubjectVolume[] = [];
  const others: string[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    const claimName =
      volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);
    const found = claimName === undefined ? undefined : volumeBehind(store, pod, volume.name, namespace, claimName);
    if (found && mayBeLocal(store, found)) volumes.push(found);
    else others.push(`${volume.name}: ${found ? describeOther(found) : kindOf(volume)}`);
  }
  return { pod, volumes, others, containers: containersOf(store, pod) };
}

function volumeBehind(store: StoreView, pod: Pod, name: string, namespace: string, claimName: string): SubjectVolume {
  const claim = store.get({ kind: 'PersistentVolumeClaim', namespace, name: claimName });
  const source = pod.spec?.volumes?.find((volume) => volume.name === name);
  const template = source?.ephemeral?.volumeClaimTemplate?.spec;
  const volumeName = claim?.spec?.volumeName;
  const className = claim?.spec?.storageClassName ?? template?.storageClassName ?? '';
  const storageClass = className === '' ? undefined : store.get({ kind: 'StorageClass', name: className });
  // Before the claim names its volume, the volume may name the claim.
  const reserved = (): PersistentVolume | undefined =>
    store.list('PersistentVolume', {
      where: ({ spec }) => spec?.claimRef?.namespace === namespace && spec?.claimRef?.name === claimName,
    })[0];
  const volume = volumeName ? store.get({ kind: 'PersistentVolume', name: volumeName }) : reserved();
  return {
    name,
    claimName,
    claimTitle: `${namespace}/${claimName}`,
    claim,
    volume,
    volumeName: volumeName ?? volume?.metadata.name,
    className,
    binding: bindingOf(storageClass),
    mode: (claim?.spec?.volumeMode ?? template?.volumeMode) === 'Block' ? 'Block' : 'Filesystem',
    ephemeral: source?.ephemeral !== undefined,
    readOnly: source?.persistentVolumeClaim?.readOnly ?? false,
    places: placesOf(pod, name),
  };
}

function bindingOf(storageClass: StorageClass | undefined): SubjectVolume['binding'] {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer' ? 'WaitForFirstConsumer' : 'Immediate';
}

/** A bound claim is local if its volume is; an unbound one, if its class has no provisioner. */
function mayBeLocal(store: StoreView, { volume, className }: SubjectVolume): boolean {
  if (volume) return volume.spec?.local !== undefined;
  const storageClass = className === '' ? undefined : store.get({ kind: 'StorageClass', name: className });
  return storageClass === undefined || storageClass.provisioner === 'kubernetes.io/no-provisioner';
}

function describeOther({ claimTitle, volume, className }: SubjectVolume): string {
  const kind = volume && Object.keys(volume.spec ?? {}).find((key) => sourceKinds.has(key));
  return volume
    ? `claim ${claimTitle}, PersistentVolume ${volume.metadata.name} (${kind ?? 'not local'})`
    : `claim ${claimTitle}, of class ${className}, which provisions`;
}

const sourceKinds = new Set(['csi', 'hostPath', 'nfs', 'iscsi', 'fc', 'rbd', 'cephfs', 'awsElasticBlockStore']);

function kindOf(volume: object): string {
  const [kind = 'volume'] = Object.entries(volume).flatMap(([key, value]) =>
    key !== 'name' && value !== undefined ? [key] : [],
  );
  return kind;
}

function placesOf(pod: Pod, volume: string): ContainerPlace[] {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return containers.flatMap((container) => [
    ...(container.volumeMounts ?? [])
      .map((mount, index) => ({ ...mount, index }))
      .filter(({ name }) => name === volume)
      .map(({ mountPath, subPath, subPathExpr, readOnly, index }) => {
        const part = subPath ?? subPathExpr;
        return {
          container: container.name,
          path: mountPath,
          readOnly: readOnly ?? false,
          index,
          ...(part === undefined || part === '' ? {} : { subPath: part }),
        };
      }),
    ...(container.volumeDevices ?? [])
      .filter(({ name }) => name === volume)
      .map(({ devicePath }, index) => ({ container: container.name, path: devicePath, readOnly: false, index })),
  ]);
}

function containersOf(store: StoreView, pod: Pod): Map<string, string> {
  const { namespace, name } = pod.metadata;
  const states = [...store.history({ kind: 'Pod', namespace, name }).map(({ object }) => object), pod];
  const found = new Map<string, string>();
  for (const { metadata, status } of states) {
    if (metadata.uid !== pod.metadata.uid) continue;
    const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    for (const { name: container, containerID, state, lastState } of statuses) {
      for (const id of [containerID, state?.terminated?.containerID, lastState?.terminated?.containerID]) {
        if (id) found.set(id.replace(/^\w+:\/\//, ''), container);
      }
    }
  }
  return found;
}
