import { pullPolicyOf } from '../../clusters/agent/agent-pod.ts';
import type { Kind, ManifestOf } from '../../fixtures/schema.ts';

/** The fixtures that most objects of specs are made from, as a user would write them. */
export const manifests = {
  storageClass: 'local/storage-class.yaml',
  volume: 'local/persistent-volume.yaml',
  claim: 'local/claim.yaml',
  pod: 'local/pod.yaml',
  statefulSet: 'local/stateful-set.yaml',
  priorityClass: 'local/priority-class.yaml',
} as const;

/** A change to a manifest before it is sent. */
export type Change<K extends Kind> = (manifest: ManifestOf<K>) => void;

/** What a request may add to the fixture's manifest, in this order. */
export interface Additions<K extends Kind> {
  labels?: Record<string, string>;
  /** Fields that replace those of the manifest's spec. */
  spec?: ManifestOf<K> extends { spec: infer Spec } ? Partial<Spec> : never;
  change?: Change<K> | undefined;
}

/** A PersistentVolume that is wanted. A `NodeVolume` says its node, path and mode. */
export interface VolumeRequest extends Additions<'PersistentVolume'> {
  /** The node, by its hostname label. */
  node: string;
  /** The path on that node. A spec about the API alone needs no disk there. */
  path: string;
  /** Such as `1Gi`, which it is where not given. */
  storage?: string;
  volumeMode?: 'Filesystem' | 'Block';
}

/** A claim that is wanted. */
export interface ClaimRequest extends Additions<'PersistentVolumeClaim'> {
  /** Such as `1Gi`, which it is where not given. */
  storage?: string;
  /** The PersistentVolume that it asks for, by its name in the spec. */
  volume?: string;
  volumeMode?: 'Filesystem' | 'Block';
}

/** A volume and a claim that are wanted, bound to each other; `volume` and `claim` are added to either. */
export interface BoundVolumeRequest extends Omit<VolumeRequest, keyof Additions<'PersistentVolume'>> {
  volume?: Additions<'PersistentVolume'>;
  claim?: Omit<ClaimRequest, 'volume'>;
}

/** A claim, or the name that one will have. */
type Claim = string | { readonly name: string };
type Container = ManifestOf<'Pod'>['spec']['containers'][number];

/** Fields of a container that replace those of the fixture's; of its securityContext, those that are given. */
export type ContainerRequest = Partial<Container>;

/** How a pod uses a volume: mounted, or as a device. */
type Use = 'files' | 'devices';

/** A pod that is wanted. */
export interface PodRequest extends Additions<'Pod'> {
  /** Its claims: volumes `data`, `data-2` and so on, which every container has at `/data`, `/data-2` and so on. */
  claims?: readonly Claim[];
  /** The pod uses its claims read-only. */
  readOnly?: boolean;
  /**
   * `devices`: the containers have the claims' volumes as `/dev/data`, `/dev/data-2` and so on. A list says it for each
   * claim.
   */
  as?: Use | readonly Use[];
  /** A directory of its node that it has at `/data`; without that directory the pod does not start. */
  hostPath?: string;
  /** Pins it to a node by the hostname label; without it, the volumes say where it runs. */
  node?: string;
  /** One container for each, made from the fixture's; the first is called `main` where it is not named. */
  containers?: readonly ContainerRequest[];
  initContainers?: readonly ContainerRequest[];
}

/** Returns the change that makes the fixture's volume the one that is wanted. */
export function volumeChange(
  name: string,
  { node, path, storage = '1Gi', volumeMode, ...additions }: VolumeRequest,
): Change<'PersistentVolume'> {
  return (manifest) => {
    manifest.metadata.name = name;
    manifest.spec.capacity.storage = storage;
    manifest.spec.local.path = path;
    if (volumeMode !== undefined) manifest.spec.volumeMode = volumeMode;
    const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: [node] }];
    manifest.spec.nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
    add(manifest, additions);
  };
}

/** Returns the change that makes the fixture's claim the one that is wanted. */
export function claimChange(
  name: string,
  { storage = '1Gi', volume, volumeMode, ...additions }: ClaimRequest,
): Change<'PersistentVolumeClaim'> {
  return (manifest) => {
    manifest.metadata.name = name;
    manifest.spec.resources.requests.storage = storage;
    if (volume !== undefined) manifest.spec.volumeName = volume;
    if (volumeMode !== undefined) manifest.spec.volumeMode = volumeMode;
    add(manifest, additions);
  };
}

/** Returns the change that makes the fixture's pod the one that is wanted. */
export function podChange(name: string, request: PodRequest): Change<'Pod'> {
  const { claims = [], readOnly, as = 'files', hostPath, node, containers = [{}], initContainers, ...rest } = request;
  return (manifest) => {
    const { metadata, spec } = manifest;
    metadata.name = name;
    if (node !== undefined) spec.nodeSelector = { 'kubernetes.io/hostname': node };
    const ofClaims = claims.map((claim, index) => ({
      name: index === 0 ? 'data' : `data-${index + 1}`,
      persistentVolumeClaim: {
        claimName: typeof claim === 'string' ? claim : claim.name,
        ...(readOnly === undefined ? {} : { readOnly }),
      },
    }));
    const ofNode = hostPath === undefined ? [] : [{ name: 'data', hostPath: { path: hostPath, type: 'Directory' } }];
    spec.volumes = [...ofClaims, ...ofNode];
    const names = spec.volumes.map((volume) => volume.name);
    const [usual] = spec.containers;
    if (!usual) throw new Error(`fixtures/${manifests.pod} has no container`);
    const { volumeMounts: _replaced, ...plain } = usual;
    const used = (use: Use) => names.filter((_, index) => (typeof as === 'string' ? as : as[index]) === use);
    const [mounted, mapped] = [used('files'), used('devices')];
    const places = {
      ...(mounted.length > 0 && { volumeMounts: mounted.map((name) => ({ name, mountPath: `/${name}` })) }),
      ...(mapped.length > 0 && { volumeDevices: mapped.map((name) => ({ name, devicePath: `/dev/${name}` })) }),
    };
    const container = (wanted: ContainerRequest): Container => ({
      ...structuredClone({ ...plain, ...places }),
      ...wanted,
      securityContext: { ...plain.securityContext, ...wanted.securityContext },
    });
    spec.containers = containers.map(container);
    if (initContainers) spec.initContainers = initContainers.map(container);
    add(manifest, rest);
  };
}

/** Keeps a pod to nodes with one of these hostnames, beside what it asks for itself: for clusters that have other nodes. */
export function confine(spec: ManifestOf<'Pod'>['spec'], hostnames: readonly string[]): void {
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In' as const, values: [...hostnames] };
  const { nodeAffinity } = spec.affinity ?? {};
  // Terms are alternatives: each of them gets the condition.
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  const nodeSelectorTerms = terms.map((term) => ({
    ...term,
    matchExpressions: [...(term.matchExpressions ?? []), hostname],
  }));
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms };
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution },
  };
}

/** Returns the fields of a container whose processes run as this user, and as the group of the same number. */
export function runAs(user: number): ContainerRequest & { securityContext: { runAsUser: number; runAsGroup: number } } {
  return { securityContext: { runAsUser: user, runAsGroup: user } };
}

/** Makes all containers run the image that is on every node. */
export function useImage({ initContainers = [], containers }: ManifestOf<'Pod'>['spec'], image: string): void {
  const imagePullPolicy = pullPolicyOf(image);
  for (const container of [...initContainers, ...containers]) Object.assign(container, { image, imagePullPolicy });
}

/**
 * Makes a pod of a fixture what clusters of others admit, before the spec's own wishes are added: it has the pod network,
 * and requests and limits, which a ResourceQuota may demand. `restricted`: it is also what Pod Security's strictest level
 * lets through, for specs that ask for the API alone. Their pods need not be root: none of them writes to a disk.
 */
export function admissible(spec: ManifestOf<'Pod'>['spec'], { restricted }: { restricted: boolean }): void {
  delete spec.hostNetwork;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    container.resources ??= { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '500m', memory: '64Mi' } };
    if (restricted) container.securityContext = { ...container.securityContext, runAsUser: 65_534, runAsNonRoot: true };
  }
  if (restricted) spec.securityContext = { ...spec.securityContext, seccompProfile: { type: 'RuntimeDefault' } };
}

function add<K extends 'PersistentVolume' | 'PersistentVolumeClaim' | 'Pod'>(
  manifest: ManifestOf<K>,
  { labels, spec, change }: Additions<K>,
): void {
  if (labels) manifest.metadata.labels = { ...manifest.metadata.labels, ...labels };
  Object.assign(manifest.spec, spec);
  change?.(manifest);
}
