import type { Mismatch } from '../../clusters/api/node-affinity.ts';
import type { StoreView } from '../../clusters/api/object-history.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../clusters/api/objects.ts';
import { nodeObstacles, podMismatches, volumeNodeMismatches } from './node-fit.ts';
import { volumeMismatches } from './volume-fit.ts';

/** A claim with everything that decides what becomes of it. */
export interface ClaimFacts {
  /** `demo/example-local-claim`. */
  title: string;
  namespace: string;
  name: string;
  /** Undefined where it does not exist. */
  claim: PersistentVolumeClaim | undefined;
  className: string;
  /** Undefined where the claim has no class, or a class that does not exist. */
  storageClass: StorageClass | undefined;
  binding: 'Immediate' | 'WaitForFirstConsumer' | 'class missing' | 'no class';
  /** The volume it is bound to, or asks for by name, where that exists. */
  volume: PersistentVolume | undefined;
  /** Every volume of its class, with the reasons why it does not fit. */
  candidates: { volume: PersistentVolume; mismatches: string[] }[];
  /** Volumes that would fit, and whose class looks like a slip: none at all, or nearly the name the claim gives. */
  elsewhere: PersistentVolume[];
}

/** A node, and what speaks against it. */
export interface NodeFacts {
  name: string;
  node: Node;
  /** Not Ready, cordoned, tainted. */
  obstacles: string[];
  /** What the pod's own selector and affinity find missing. */
  pod: Mismatch[];
  /** What each volume's node affinity finds missing, by the volume's name. */
  volumes: Map<string, Mismatch[]>;
}

/** Gathers the facts about a claim. */
export function claimFacts(store: StoreView, namespace: string, name: string): ClaimFacts {
  const claim = store.get({ kind: 'PersistentVolumeClaim', namespace, name });
  const className = claim?.spec?.storageClassName ?? '';
  const storageClass = className === '' ? undefined : store.get({ kind: 'StorageClass', name: className });
  const sameClass = (volume: PersistentVolume): boolean => (volume.spec?.storageClassName ?? '') === className;
  const judged = (claim ? store.list('PersistentVolume') : []).map((volume) => ({
    volume,
    mismatches: claim ? volumeMismatches(claim, volume) : [],
  }));
  const volumeName = claim?.spec?.volumeName;
  return {
    title: `${namespace}/${name}`,
    namespace,
    name,
    claim,
    className,
    storageClass,
    binding: bindingOf(className, storageClass),
    volume: volumeName ? store.get({ kind: 'PersistentVolume', name: volumeName }) : undefined,
    candidates: judged.filter(({ volume }) => sameClass(volume)),
    elsewhere: judged
      .filter(({ volume, mismatches }) => mismatches.length === 0 && !sameClass(volume))
      .map(({ volume }) => volume)
      .filter((volume) => isNear(className, volume.spec?.storageClassName ?? '', storageClass === undefined)),
  };
}

/** Returns the claims that a pod uses, those of its generic ephemeral volumes included. */
export function claimsOfPod(store: StoreView, pod: Pod): ClaimFacts[] {
  const namespace = pod.metadata.namespace ?? 'default';
  const names = (pod.spec?.volumes ?? []).flatMap((volume) => {
    if (volume.ephemeral) return [`${pod.metadata.name}-${volume.name}`];
    return volume.persistentVolumeClaim ? [volume.persistentVolumeClaim.claimName] : [];
  });
  return [...new Set(names)].map((name) => claimFacts(store, namespace, name));
}

/** Returns the pods that use a claim and have not ended. */
export function podsOfClaim(store: StoreView, namespace: string, name: string): Pod[] {
  const ended = new Set(['Succeeded', 'Failed']);
  return store
    .list('Pod', { namespace, where: (pod) => !ended.has(pod.status?.phase ?? '') })
    .filter((pod) => claimsOfPod(store, pod).some((facts) => facts.name === name));
}

/** Returns the volumes whose nodes matter to these claims: the bound ones, and those that fit an unbound claim. */
export function volumesOf(claims: readonly ClaimFacts[]): PersistentVolume[] {
  const volumes = claims.flatMap(({ volume, candidates }) =>
    volume
      ? [volume]
      : candidates.filter(({ mismatches }) => mismatches.length === 0).map((candidate) => candidate.volume),
  );
  return [...new Map(volumes.map((volume) => [volume.metadata.name, volume])).values()];
}

/** Holds every node against the pod, where there is one, and against the volumes. */
export function nodeFacts(store: StoreView, pod: Pod | undefined, volumes: readonly PersistentVolume[]): NodeFacts[] {
  return store.list('Node').map((node) => ({
    name: node.metadata.name,
    node,
    obstacles: nodeObstacles(node, pod),
    pod: pod ? podMismatches(pod, node) : [],
    volumes: new Map(volumes.map((volume) => [volume.metadata.name, volumeNodeMismatches(volume, node)])),
  }));
}

/** Whether another class may have been meant. Volumes of unrelated classes are other tests' business. */
function isNear(className: string, other: string, classMissing: boolean): boolean {
  if (className === '' || other === '') return true;
  const longer = Math.max(className.length, other.length);
  let same = 0;
  while (same < longer && className[same] === other[same]) same += 1;
  return classMissing && same >= longer * 0.8;
}

function bindingOf(className: string, storageClass: StorageClass | undefined): ClaimFacts['binding'] {
  if (className === '') return 'no class';
  if (!storageClass) return 'class missing';
  return storageClass.volumeBindingMode === 'WaitForFirstConsumer' ? 'WaitForFirstConsumer' : 'Immediate';
}
