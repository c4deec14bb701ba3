import type { Need } from './needs.ts';

/** What a requirement may need, by the name that the catalogue uses. */
const features = {
  block: 'volumes of mode Block',
  fsGroup: 'a pod’s fsGroup on the files of a volume',
  subPath: 'a part of a volume, mounted by subPath',
  mountOptions: 'mountOptions of a PersistentVolume',
  mountPropagation: 'mounts that reach a running container',
  expansion: 'a volume that grows while it is used',
  ReadWriteOncePod: 'the access mode that admits one pod',
  StatefulSet: 'claims made from templates',
  ephemeral: 'generic ephemeral volumes: claims that a pod owns',
  provisioner: 'the programs of the static provisioner, compiled from their Go module',
  'device-format': 'kubelet makes the file system on a raw device',
  xfs: 'the file system xfs on the nodes',
  tmpfs: 'memory as a disk',
  fanotify: 'a directory whose opening can be held up, as by a slow disk',
  preemption: 'pods of a priority of their own, which may take the place of others',
  'admission-policy': 'a policy by which the API server refuses what a spec has it refuse',
  'classless-claims': 'claims without a class: any volume without one may be bound to them',
  'own-namespace': 'a namespace that no other spec has objects in',
  'volume-events': 'events about PersistentVolumes, which are in the namespace default',
  'default-class': 'a class that claims of the whole cluster get which name none',
  'schedulable-control-plane': 'a node with the control plane that pods may run on, and that has less room than others',
  containerd: 'the container runtime containerd, with its client ctr on the nodes',
  'kubelet-log': 'the log of kubelet in the journal of systemd',
  'verbose-kubelet': 'a kubelet that logs at verbosity 1 or more',
  'node-deletion': 'a Node object that may be deleted, with every pod that is bound to it',
  'machine-restart': 'a machine that may be restarted as by a power cut',
  disruptive: 'touches a node or something of the whole cluster, so its spec has it for itself',
} as const;

/** Versions of Kubernetes that a requirement holds for: `kubernetes>=1.37` or `kubernetes<1.37`. */
const versionFeature = /^kubernetes(>=|<)(\d+)\.(\d+)$/;

/** Returns whether the catalogue may use this word. */
export function isFeature(name: string): boolean {
  return Object.hasOwn(features, name) || versionFeature.test(name);
}

/** Returns whether a word names something that a cluster has: versions and the ways of running a spec are none. */
export function isClusterFeature(name: string): boolean {
  return Object.hasOwn(features, name) && name !== 'disruptive';
}

/** What decides which requirements apply to a cluster. */
export interface ClusterAbilities {
  /** Version of the API server, such as `v1.37.2`. */
  kubernetes: string;
  /** Features that the cluster lacks, each with the reason: `{"xfs": "mkfs.xfs is not on node2"}`. */
  lacking: Readonly<Record<string, string>>;
  /** What specs may not ask of the cluster, each with the reason. */
  withheld?: Readonly<Partial<Record<Need, string>>>;
  /** The nodes that specs use; where not given, as many as any needs. */
  nodes?: readonly unknown[];
}

/** Returns why a requirement is not run on a cluster; undefined where it is run. */
export function whyNotRun(
  { features, needs, leastNodes }: { features: readonly string[]; needs: readonly Need[]; leastNodes: number },
  { kubernetes, lacking, withheld = {}, nodes }: ClusterAbilities,
): NotRun | undefined {
  const versions = otherVersions(features, kubernetes);
  if (versions !== undefined) return { outcome: 'notApplicable', reason: versions };
  const tooFew =
    nodes && nodes.length < leastNodes ? `it needs ${leastNodes} nodes, and specs have ${nodes.length}` : undefined;
  const reasons: [SkippedFor, string | undefined][] = [
    ...needs.map((need): [SkippedFor, string | undefined] => ['need', withheld[need]]),
    ...features.map((feature): [SkippedFor, string | undefined] => ['feature', lacking[feature]]),
    ['nodes', tooFew],
  ];
  for (const [skippedFor, reason] of reasons)
    if (reason !== undefined) return { outcome: 'skipped', reason, skippedFor };
  return undefined;
}

/**
 * What a cluster was found to lack, before the spec: something that specs need and may not ask of it, nodes, or a
 * feature.
 */
export const skipCauses = ['need', 'nodes', 'feature'] as const;
export type SkippedFor = (typeof skipCauses)[number];

/**
 * `notApplicable`: the requirement is promised for other versions; `skipped`: the cluster lacks something. Without
 * `skippedFor` that was not found out before the spec.
 */
export interface NotRun {
  outcome: 'skipped' | 'notApplicable';
  reason: string;
  skippedFor?: SkippedFor;
}

/** Returns `[1, 37]` of `v1.37.2`. */
export function minorOf(kubernetes: string): [number, number] {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(kubernetes) ?? [];
  return [Number(major), Number(minor)];
}

/** Returns why a requirement is promised for other versions of Kubernetes only; undefined where it is for this one. */
export function otherVersions(wanted: readonly string[], kubernetes: string): string | undefined {
  return wanted.map((feature) => versionReason(feature, kubernetes)).find((reason) => reason !== undefined);
}

/** Returns which versions a feature is about, such as `Kubernetes before 1.37 only`; undefined where it has this one. */
function versionReason(feature: string, kubernetes: string): string | undefined {
  const [, operator, major, minor] = versionFeature.exec(feature) ?? [];
  if (operator === undefined) return undefined;
  const [ourMajor, ourMinor] = minorOf(kubernetes);
  const distance = ourMajor === Number(major) ? ourMinor - Number(minor) : ourMajor - Number(major);
  const holds = operator === '>=' ? distance >= 0 : distance < 0;
  if (holds) return undefined;
  return operator === '>=' ? `Kubernetes ${major}.${minor} and later only` : `Kubernetes before ${major}.${minor} only`;
}
