import { expect } from 'chai';
import type { ClusterClient } from '../../clusters/api/client.ts';
import { ApiRefusal, ApiUnreachable } from '../../clusters/api/refusal.ts';
import type { Node } from '../../clusters/nodes/node.ts';
import { kindOfCluster } from '../report/model/kind-of-cluster.ts';
import { ClusterState } from './cluster/state.ts';
import { gatesIn, recordKindOfCluster } from './kind-of-cluster.ts';

type Api = Pick<ClusterClient, 'list' | 'metrics' | 'kubeletConfiguration'>;

const nodeOf = (name: string, kubelet = 'v1.37.2', roles: string[] = []) => ({
  metadata: { name, labels: Object.fromEntries(roles.map((role) => [`node-role.kubernetes.io/${role}`, ''])) },
  spec: { providerID: `aws:///${name}` },
  status: {
    nodeInfo: {
      kubeletVersion: kubelet,
      containerRuntimeVersion: 'containerd://2.2.1',
      osImage: 'Ubuntu 24.04',
      kernelVersion: '6.8.0',
      architecture: 'amd64',
    },
  },
});

const items = [nodeOf('a'), nodeOf('b', 'v1.36.4'), nodeOf('c', 'v1.37.2', ['control-plane']), nodeOf('d')];
const forbidden = async (): Promise<never> => {
  throw new ApiRefusal('reading', 'x', 403, '{"message":"User \\"me\\" cannot","reason":"Forbidden"}');
};

const metrics = `# TYPE kubernetes_feature_enabled gauge
kubernetes_feature_enabled{name="B",stage="ALPHA"} 1
kubernetes_feature_enabled{name="A",stage="ALPHA"} 0
kubernetes_feature_enabled{name="C",stage="BETA"} 0
kubernetes_feature_enabled{name="D",stage=""} 1
kubernetes_feature_enabled{name="E",stage="DEPRECATED"} 1
kubernetes_feature_enabled{name="F",stage=""} 0
`;

function api(change: Partial<Api> = {}): Api {
  const list = async (kind: string) => (kind === 'Node' ? { items } : { items: [{ metadata: { name: 'aws-node' } }] });
  const kubeletConfiguration = async (name: string) => ({
    kubeletconfig: name === 'b' ? { featureGates: { X: true, A: false } } : {},
  });
  return { list, metrics: async () => metrics, kubeletConfiguration, ...change } as unknown as Api;
}

const agentOn = (name: string) =>
  ({
    name,
    places: { kubelet: '/data/kubelet' },
    attempt: async () => ({ stdout: '{"type":"ptp"}' }),
  }) as unknown as Node;

async function look(client: Api, reach: readonly Node[] = []) {
  const state = new ClusterState();
  const notes: string[] = [];
  const { signal } = new AbortController();
  const progress = { note: (text: string) => void notes.push(text), retried: () => {} };
  const looked = {
    madeBy: 'others',
    kubernetes: 'v1.37.2-eks-0123',
    nodes: [
      { name: 'a', hostname: 'a' },
      { name: 'b', hostname: 'rack-7' },
    ],
    otherNodes: [
      { name: 'c', refusal: 'tainted' },
      { name: 'd', refusal: 'podAffinity' },
    ],
    reach,
    unreached: 'no agent was wanted',
  } as const;
  await recordKindOfCluster(state, client, looked, { progress, signal });
  return { cluster: state.kindOfCluster, leftOvers: state.leftOvers, notes };
}

describe('what kind of cluster it is', () => {
  it('is found out from Nodes, and from what this user may read', async () => {
    const { cluster, notes } = await look(api(), [agentOn('a'), agentOn('b')]);
    expect(kindOfCluster.parse(cluster)).to.deep.equal(cluster);
    expect(cluster).to.deep.include({
      madeBy: 'others',
      provider: { is: 'AWS', seenIn: 'providerID aws://…' },
      distribution: { is: 'EKS', seenIn: 'version v1.37.2-eks-0123' },
      podNetwork: { is: 'Amazon VPC CNI', seenIn: 'DaemonSet kube-system/aws-node' },
      unusedNodes: [
        { count: 1, roles: ['control-plane'], why: 'tainted', names: ['c'] },
        { count: 1, roles: [], why: 'specs use no more nodes', names: ['d'] },
      ],
      featureGates: {
        apiServer: { alphaOn: ['B', 'E'], betaOff: ['C', 'F'], seenIn: 'metrics of the API server' },
        kubelet: { is: 'none is set (a), A=false, X=true (b)', seenIn: 'configz of kubelet' },
      },
    });
    expect(cluster?.nodeSets.map(({ count, kubelet }) => [count, kubelet])).to.deep.equal([
      [3, 'v1.37.2'],
      [1, 'v1.36.4'],
    ]);
    expect(cluster?.usedNodes[1]).to.deep.equal({
      name: 'b',
      hostname: 'rack-7',
      roles: [],
      kubeletRoot: { is: '/data/kubelet', seenIn: 'the node b' },
    });
    expect(notes).to.deep.equal([
      'EKS, AWS, Amazon VPC CNI, kubelet v1.37.2 (3 nodes), v1.36.4 (1 node), containerd://2.2.1, Ubuntu 24.04',
    ]);
  });

  it('is not known where it may not be read, with the reason; that is no failure', async () => {
    const list = async (kind: string) => (kind === 'Node' ? { items } : forbidden());
    const refusing = api({ list, metrics: forbidden, kubeletConfiguration: forbidden } as unknown as Partial<Api>);
    const { cluster } = await look(refusing);
    expect(cluster?.podNetwork).to.deep.equal({ notKnown: 'DaemonSets in kube-system: this user may not read it' });
    expect(cluster?.usedNodes[0]?.kubeletRoot).to.deep.equal({ notKnown: 'no agent was wanted' });
    expect(cluster?.featureGates).to.deep.equal({
      apiServer: { notKnown: 'this user may not read it' },
      kubelet: { notKnown: 'this user may not read it' },
    });
    const { cluster: seen } = await look(refusing, [agentOn('a')]);
    expect(seen?.podNetwork).to.deep.equal({ is: 'ptp', seenIn: 'CNI configuration of a' });
  });

  it('is not recorded where the API server does not answer, and nothing fails', async () => {
    const list = async (): Promise<never> => {
      throw new ApiUnreachable('listing a collection', 'nodes', 'connection refused');
    };
    const { cluster, notes } = await look(api({ list } as unknown as Partial<Api>));
    expect(cluster).to.equal(undefined);
    expect(notes.join()).to.include('connection refused');
  });

  it('comes with where it is looked for left-overs', async () => {
    expect((await look(api(), [agentOn('a')])).leftOvers).to.deep.equal({
      lookedAt: ['a'],
      atEnd: false,
      notLookedAt: [{ nodes: ['b'], why: 'no agent was wanted' }],
    });
  });

  it('has no feature gates where the metrics have none', () =>
    expect(gatesIn('# nothing\n')).to.have.property('notKnown'));
});
