import type { Node } from '../../clusters/api/objects.ts';
import { type ClusterFact, joinedFact, type KnownFact } from '../report/model/kind-of-cluster.ts';

/** Schemes of `spec.providerID` that are not the name of the provider already. */
const providers: Readonly<Record<string, string>> = {
  aws: 'AWS',
  azure: 'Azure',
  digitalocean: 'DigitalOcean',
  gce: 'Google Cloud',
  hcloud: 'Hetzner Cloud',
  ibm: 'IBM Cloud',
  linode: 'Linode',
  openstack: 'OpenStack',
  qcloud: 'Tencent Cloud',
  vsphere: 'vSphere',
};

/** Schemes that a distribution writes for machines of any provider. */
const ofNoProvider: ReadonlySet<string> = new Set(['k3s', 'rke2']);

/** Returns whose machines the nodes of a cluster are, by what a cloud provider has written into them. */
export function providerOf(nodes: readonly Node[]): ClusterFact {
  const ids = nodes.flatMap(({ spec }) => spec?.providerID ?? []);
  if (ids.length === 0) return { notKnown: 'no node has a providerID' };
  const schemes = [...new Set(ids.flatMap((id) => /^([a-z0-9-]+):\/\//.exec(id)?.[1] ?? []))];
  const named = schemes.filter((scheme) => !ofNoProvider.has(scheme));
  if (named.length > 0) {
    return {
      is: named.map((scheme) => providers[scheme] ?? scheme).join(', '),
      seenIn: `providerID ${named.map((scheme) => `${scheme}://…`).join(', ')}`,
    };
  }
  const [scheme] = schemes;
  if (scheme === undefined) return { notKnown: 'the nodes’ providerID names no provider' };
  return { notKnown: `the nodes’ providerID begins with ${scheme}://, whatever machines they are` };
}

/** What versions of the API server end in, or have in them. */
const versionMarks: readonly [mark: RegExp, distribution: string][] = [
  [/\+k3s\d/, 'k3s'],
  [/\+rke2r\d/, 'RKE2'],
  [/\+k0s/, 'k0s'],
  [/-gke\./, 'GKE'],
  [/-eks-/, 'EKS'],
  [/\+IKS/, 'IBM Cloud Kubernetes Service'],
  [/\+vmware\./, 'VMware Tanzu'],
  [/-aliyun\./, 'Alibaba Cloud ACK'],
  [/-tke\./, 'Tencent TKE'],
  [/-rancher\d/, 'RKE'],
];

/** Beginnings of labels that one distribution puts on its nodes. */
const labelMarks: readonly [prefix: string, distribution: string][] = [
  ['node.openshift.io/', 'OpenShift'],
  ['kubernetes.azure.com/cluster', 'AKS'],
  ['eks.amazonaws.com/', 'EKS'],
  ['cloud.google.com/gke-', 'GKE'],
  ['doks.digitalocean.com/', 'DigitalOcean Kubernetes'],
  ['lke.linode.com/', 'Linode Kubernetes Engine'],
  ['microk8s.io/', 'MicroK8s'],
  ['minikube.k8s.io/', 'minikube'],
  ['kops.k8s.io/', 'kOps'],
];

/** Returns what Kubernetes was packaged or set up as, by its version and what is on its nodes. */
export function distributionOf(gitVersion: string, nodes: readonly Node[]): ClusterFact {
  const byVersion = versionMarks.find(([mark]) => mark.test(gitVersion));
  if (byVersion) return { is: byVersion[1], seenIn: `version ${gitVersion}` };
  const labels = nodes.flatMap(({ metadata }) => Object.keys(metadata.labels ?? {}));
  for (const [prefix, is] of labelMarks) {
    const label = labels.find((name) => name.startsWith(prefix));
    if (label !== undefined) return { is, seenIn: `label ${label} of a node` };
  }
  if (nodes.some(({ status }) => status?.nodeInfo?.osImage?.startsWith('Talos')))
    return { is: 'Talos Linux', seenIn: 'operating system of a node' };
  const annotations = nodes.flatMap(({ metadata }) => Object.keys(metadata.annotations ?? {}));
  const byKubeadm = annotations.find((name) => name.startsWith('kubeadm.alpha.kubernetes.io/'));
  if (nodes.some(({ spec }) => spec?.providerID?.startsWith('kind://')))
    return { is: 'kind', seenIn: 'providerID kind://…' };
  if (byKubeadm !== undefined) return { is: 'kubeadm', seenIn: `annotation ${byKubeadm} of a node` };
  return { notKnown: `neither the version ${gitVersion} nor a node has a mark of a distribution that is known here` };
}

/** Reasons that a network plugin gives for the condition NetworkUnavailable of a node. */
const networkReasons: Readonly<Record<string, string>> = {
  FlannelIsUp: 'Flannel',
  CalicoIsUp: 'Calico',
  CiliumIsUp: 'Cilium',
  WeaveIsUp: 'Weave Net',
};

/** Beginnings of annotations that a network plugin puts on nodes. */
const networkAnnotations: readonly [prefix: string, network: string][] = [
  ['flannel.alpha.coreos.com/', 'Flannel'],
  ['projectcalico.org/', 'Calico'],
  ['network.cilium.io/', 'Cilium'],
  ['io.cilium.network.', 'Cilium'],
  ['k8s.ovn.org/', 'OVN-Kubernetes'],
  ['ovn.kubernetes.io/', 'Kube-OVN'],
  ['node.antrea.io/', 'Antrea'],
  ['kube-router.io/', 'kube-router'],
];

/** Returns the pod network by what it has written into nodes; undefined where none that is known has. */
export function networkOfNodes(nodes: readonly Node[]): ClusterFact | undefined {
  const reasons = nodes.flatMap(({ status }) =>
    (status?.conditions ?? []).flatMap(({ type, reason }) => (type === 'NetworkUnavailable' && reason ? [reason] : [])),
  );
  const annotations = nodes.flatMap(({ metadata }) => Object.keys(metadata.annotations ?? {}));
  return joinedFact([
    ...reasons.flatMap((reason): KnownFact[] => {
      const is = networkReasons[reason];
      return is === undefined ? [] : [{ is, seenIn: `condition NetworkUnavailable: ${reason}` }];
    }),
    ...networkAnnotations.flatMap(([prefix, is]): KnownFact[] =>
      annotations.some((name) => name.startsWith(prefix)) ? [{ is, seenIn: `annotation ${prefix}… of a node` }] : [],
    ),
  ]);
}

/** Names of DaemonSets in kube-system that are a pod network, or a part of one. */
const networkDaemonSets: readonly [name: RegExp, network: string][] = [
  [/^kindnet$/, 'kindnet'],
  [/flannel/, 'Flannel'],
  [/canal$/, 'Canal'],
  [/^calico-node$/, 'Calico'],
  [/^cilium$/, 'Cilium'],
  [/^anetd$/, 'Cilium (GKE Dataplane V2)'],
  [/^aws-node$/, 'Amazon VPC CNI'],
  [/^azure-cn[is]/, 'Azure CNI'],
  [/^terway/, 'Terway'],
  [/^weave-net$/, 'Weave Net'],
  [/^antrea-agent$/, 'Antrea'],
  [/^kube-router$/, 'kube-router'],
  [/^kube-ovn-cni$/, 'Kube-OVN'],
];

/** Returns the pod network by the names of the DaemonSets in kube-system; undefined where none is known. */
export function networkOfDaemonSets(names: readonly string[]): ClusterFact | undefined {
  return joinedFact(
    networkDaemonSets.flatMap(([mark, is]): KnownFact[] => {
      const name = names.find((each) => mark.test(each));
      return name === undefined ? [] : [{ is, seenIn: `DaemonSet kube-system/${name}` }];
    }),
  );
}

/** Returns the pod network by the CNI configuration of a node: `ptp, portmap`; undefined where that has no plugins. */
export function networkOfConfiguration(json: string, node: string): ClusterFact | undefined {
  try {
    const { type, plugins = [{ type }] } = JSON.parse(json) as { type?: unknown; plugins?: { type?: unknown }[] };
    const types = plugins.flatMap((plugin) => (typeof plugin.type === 'string' ? [plugin.type] : []));
    return types.length > 0 ? { is: types.join(', '), seenIn: `CNI configuration of ${node}` } : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the roles of a node, as its labels name them. */
export function rolesOf({ metadata }: Node): string[] {
  const prefix = 'node-role.kubernetes.io/';
  const labels = Object.keys(metadata.labels ?? {});
  return labels
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .toSorted();
}
