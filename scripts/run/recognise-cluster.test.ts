import { expect } from 'chai';
import type { Node } from '../../clusters/api/objects.ts';
import {
  distributionOf,
  networkOfConfiguration,
  networkOfDaemonSets,
  networkOfNodes,
  providerOf,
  rolesOf,
} from './recognise-cluster.ts';

interface Marks {
  providerID?: string;
  label?: string;
  annotation?: string;
  osImage?: string;
  reason?: string;
}

function node({ providerID, label, annotation, osImage = 'Debian', reason }: Marks = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'a',
      labels: { 'kubernetes.io/os': 'linux', ...(label !== undefined && { [label]: '' }) },
      annotations: annotation === undefined ? {} : { [annotation]: 'x' },
    },
    spec: { ...(providerID !== undefined && { providerID }) },
    status: {
      nodeInfo: { osImage },
      conditions: reason === undefined ? [] : [{ type: 'NetworkUnavailable', status: 'False', reason }],
    },
  } as unknown as Node;
}

describe('the provider of a cluster', () => {
  for (const [id, provider] of [
    ['aws:///eu-central-1a/i-0', 'AWS'],
    ['gce://project/zone/name', 'Google Cloud'],
    ['kind://docker/lpv-dev/lpv-dev-worker', 'kind'],
    ['upcloud:////0', 'upcloud'],
  ] as const) {
    it(`is ${provider} where a node is ${id}`, () =>
      expect(providerOf([node({ providerID: id })])).to.include({ is: provider }));
  }

  it('are several where the nodes are of several', () => {
    const nodes = [
      node({ providerID: 'aws:///i-0' }),
      node({ providerID: 'k3s://a' }),
      node({ providerID: 'hcloud://1' }),
    ];
    expect(providerOf(nodes)).to.deep.equal({ is: 'AWS, Hetzner Cloud', seenIn: 'providerID aws://…, hcloud://…' });
  });

  it('is not known where no node says so, with the reason', () => {
    expect(providerOf([node()])).to.deep.equal({ notKnown: 'no node has a providerID' });
    expect(providerOf([node({ providerID: 'cn-hangzhou.i-0' })])).to.have.property('notKnown');
    expect(providerOf([node({ providerID: 'k3s://a' })]))
      .to.have.property('notKnown')
      .that.includes('k3s://');
  });
});

describe('the distribution of a cluster', () => {
  for (const [version, marks, distribution] of [
    ['v1.37.2+k3s1', {}, 'k3s'],
    ['v1.37.2+rke2r1', { annotation: 'kubeadm.alpha.kubernetes.io/cri-socket' }, 'RKE2'],
    ['v1.37.2+k0s', {}, 'k0s'],
    ['v1.37.2-gke.1034000', { label: 'cloud.google.com/gke-nodepool' }, 'GKE'],
    ['v1.37.2-eks-4f4795d', { label: 'eks.amazonaws.com/nodegroup' }, 'EKS'],
    ['v1.37.2', { label: 'kubernetes.azure.com/cluster' }, 'AKS'],
    ['v1.37.2+4a5b6c7', { label: 'node.openshift.io/os_id' }, 'OpenShift'],
    ['v1.37.2', { label: 'minikube.k8s.io/name', annotation: 'kubeadm.alpha.kubernetes.io/cri-socket' }, 'minikube'],
    ['v1.37.2', { osImage: 'Talos (v1.11.0)' }, 'Talos Linux'],
    ['v1.37.2', { providerID: 'kind://docker/a/b', annotation: 'kubeadm.alpha.kubernetes.io/cri-socket' }, 'kind'],
    ['v1.37.2', { annotation: 'kubeadm.alpha.kubernetes.io/cri-socket' }, 'kubeadm'],
  ] as const) {
    it(`is ${distribution} for ${version}${Object.values(marks)
      .map((mark) => `, ${mark}`)
      .join('')}`, () => expect(distributionOf(version, [node(), node(marks)])).to.include({ is: distribution }));
  }

  it('is not known without a mark: a plain version says nothing', () => {
    for (const version of ['v1.37.2', 'v1.38.0-alpha.1.12+0123456789abcd', 'v1.37.2-dirty'])
      expect(distributionOf(version, [node()]))
        .to.have.property('notKnown')
        .that.includes(version);
  });
});

describe('the pod network of a cluster', () => {
  it('is what has set the condition of nodes, or annotated them', () => {
    expect(networkOfNodes([node({ reason: 'CiliumIsUp' })])).to.deep.equal({
      is: 'Cilium',
      seenIn: 'condition NetworkUnavailable: CiliumIsUp',
    });
    expect(networkOfNodes([node({ annotation: 'k8s.ovn.org/node-subnets' })])).to.include({ is: 'OVN-Kubernetes' });
    const both = [node({ reason: 'FlannelIsUp' }), node({ annotation: 'projectcalico.org/IPv4Address' })];
    expect(networkOfNodes(both)).to.include({ is: 'Flannel, Calico' });
    expect(networkOfNodes([node({ reason: 'RouteCreated' })])).to.equal(undefined);
  });

  it('is the one whose DaemonSet is in kube-system', () => {
    expect(networkOfDaemonSets(['kube-proxy', 'kindnet'])).to.deep.equal({
      is: 'kindnet',
      seenIn: 'DaemonSet kube-system/kindnet',
    });
    expect(networkOfDaemonSets(['aws-node'])).to.include({ is: 'Amazon VPC CNI' });
    expect(networkOfDaemonSets(['kube-proxy', 'csi-node', 'cilium-envoy'])).to.equal(undefined);
  });

  it('is what the configuration of a node chains, and nothing else of it', () => {
    const list = '{"name":"x","plugins":[{"type":"ptp","token":"secret"},{"type":"portmap"}]}';
    expect(networkOfConfiguration(list, 'node1')).to.deep.equal({
      is: 'ptp, portmap',
      seenIn: 'CNI configuration of node1',
    });
    expect(networkOfConfiguration('{"type":"bridge"}', 'node1')).to.include({ is: 'bridge' });
    for (const text of ['', '{', '[]', '{"plugins":[]}'])
      expect(networkOfConfiguration(text, 'a'), text).to.equal(undefined);
  });
});

it('the roles of a node are those of its labels', () => {
  const of = (...labels: string[]) =>
    rolesOf({ metadata: { labels: Object.fromEntries(labels.map((label) => [label, ''])) } } as unknown as Node);
  expect(of('node-role.kubernetes.io/etcd', 'node-role.kubernetes.io/control-plane', 'x')).to.deep.equal([
    'control-plane',
    'etcd',
  ]);
  expect(of()).to.deep.equal([]);
});
