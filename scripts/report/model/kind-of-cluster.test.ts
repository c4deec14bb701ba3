import { expect } from 'chai';
import { exampleCluster } from '../made-up-for-tests.ts';
import { alike, clusterProperties, gatesText, leftOverLines } from './kind-of-cluster.ts';

describe('the kind of a cluster in words', () => {
  it('has every fact, and why one is not known', () => {
    expect(clusterProperties(exampleCluster)).to.deep.equal({
      'cluster made by': 'others',
      provider: 'AWS',
      distribution: 'k3s',
      'pod network': 'Flannel',
      kubelet: 'v1.37.2+k3s1 (3 nodes), v1.36.4+k3s1 (1 node)',
      'container runtime': 'containerd://2.2.1-k3s1',
      'operating system of nodes': 'Ubuntu 24.04.2 LTS (3 nodes), Debian GNU/Linux 13 (trixie) (1 node)',
      kernel: '6.8.0-64-generic (3 nodes), 6.12.41+deb13-arm64 (1 node)',
      'architecture of nodes': 'amd64 (3 nodes), arm64 (1 node)',
      'kubelet root': 'not known: no agent was wanted',
      'nodes used': 'agent-1 (worker), agent-2',
      'nodes not used': 'server-1, server-2 (control-plane, etcd): tainted',
      'feature gates of the API server':
        'alpha or deprecated, and on: AllAlpha; beta or stable, and off: WatchListClient',
      'feature gates of kubelet': 'not known: this user may not read it',
    });
  });

  it('counts unused nodes that it does not name', () => {
    const many = [{ count: 500, roles: [], why: 'specs use no more nodes', names: ['a', 'b'] }];
    expect(clusterProperties({ ...exampleCluster, unusedNodes: many })).to.include({
      'nodes not used': 'a, b and 498 more: specs use no more nodes',
    });
    expect(clusterProperties({ ...exampleCluster, unusedNodes: [] })).to.include({ 'nodes not used': 'none' });
  });

  it('says which node has which value, where they are not alike', () => {
    expect(
      alike([
        ['a', 'x'],
        ['b', 'y'],
        ['c', 'x'],
      ]),
    ).to.equal('x (a, c), y (b)');
    expect(
      alike([
        ['a', 'x'],
        ['b', 'x'],
      ]),
    ).to.equal('x');
    expect(gatesText({ alphaOn: [], betaOff: [], seenIn: '' })).to.equal('as their stages say');
  });
});

describe('where it was looked for left-overs, in words', () => {
  it('names the nodes, and why others were not looked at', () => {
    expect(
      leftOverLines({ lookedAt: ['a', 'b'], atEnd: true, notLookedAt: [{ nodes: ['c'], why: 'no agent runs there' }] }),
    ).to.deep.equal(['looked at a, b', 'not looked at c: no agent runs there']);
  });

  it('says where the run did not come to its end', () => {
    expect(leftOverLines({ lookedAt: ['a'], atEnd: false, notLookedAt: [] })).to.deep.equal([
      'looked at a; not at the end of the run, which did not come that far',
    ]);
  });
});
