/**
 * What a spec asks of a cluster, in the order of what the cluster's owner has to allow. `api` is part of every spec; in
 * the catalogue it stands alone, for a spec that asks for nothing else.
 */
export const needs = {
  api: 'the API server alone: objects of namespaces, PersistentVolumes, classes, and pods that the scheduler places',
  agent: 'commands as root on nodes: disks, mounts, and what kubelet has on disk and in its log',
  nodes: 'changes of Node objects: labels, taints, cordon, deletion',
  restart: 'kubelet, the container runtime or a machine, stopped and started again',
  'control-plane': 'processes of the control plane: their metrics, and signals to them',
} as const;

export type Need = keyof typeof needs;
export const needNames = Object.keys(needs) as [Need, ...Need[]];

/** What features of a requirement say already about its needs. */
const ofFeatures: Readonly<Record<string, Need>> = {
  containerd: 'agent',
  'device-format': 'agent',
  fanotify: 'agent',
  'kubelet-log': 'agent',
  provisioner: 'agent',
  tmpfs: 'agent',
  xfs: 'agent',
};

/** Returns the needs that features imply, such as `agent` for `xfs`. */
export function needsOfFeatures(features: readonly string[]): Need[] {
  return inOrder(features.flatMap((feature) => ofFeatures[feature] ?? []));
}

/** Returns needs once each, in their order; `api` only where there is no other. */
export function inOrder(some: readonly Need[]): Need[] {
  const more = needNames.filter((need) => need !== 'api' && some.includes(need));
  return more.length > 0 ? more : ['api'];
}
