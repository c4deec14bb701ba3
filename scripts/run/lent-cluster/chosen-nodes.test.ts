import { expect } from 'chai';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { Node } from '../../../clusters/api/objects.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { assertStillFit, chooseNodes, refusalOf } from './chosen-nodes.ts';

interface Odd {
  taint?: string;
  cordoned?: boolean;
  ready?: 'True' | 'False';
  system?: string;
  role?: string;
}

function node(name: string, { taint, cordoned, ready = 'True', system = 'linux', role }: Odd = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      ...{ name, uid: name, resourceVersion: '1', creationTimestamp: '2026-11-27T12:00:00Z' },
      ...(role !== undefined && { labels: { [`node-role.kubernetes.io/${role}`]: '' } }),
    },
    spec: {
      ...(taint !== undefined && { taints: [{ key: 'role', effect: taint }] }),
      ...(cordoned && { unschedulable: true }),
    },
    status: {
      conditions: [{ type: 'Ready', status: ready }],
      nodeInfo: { operatingSystem: system },
    },
  } as Node;
}

describe('choosing the nodes of a cluster that a user has lent', () => {
  const all = [
    node('d'),
    node('c', { taint: 'PreferNoSchedule' }),
    node('b'),
    node('a', { taint: 'NoSchedule' }),
    node('e'),
  ];

  it('takes the first three that are fit, by name', () => {
    expect(chooseNodes(all, undefined)).to.deep.equal(['b', 'c', 'd']);
  });

  it('leaves the node alone that the harness runs on, where specs would evict it', () => {
    expect(chooseNodes(all, undefined, 'c')).to.deep.equal(['b', 'd', 'e']);
    expect(() => chooseNodes(all, ['b', 'c'], 'c')).to.throw(/c: the harness runs in a pod of it/);
  });

  it('takes one with the control plane only where there are too few others, and as the first', () => {
    const control = node('b', { role: 'control-plane' });
    const workers = [node('a', { role: 'worker' }), node('c'), node('d')];
    expect(chooseNodes([control, ...workers], undefined)).to.deep.equal(['a', 'c', 'd']);
    expect(chooseNodes([control, ...workers.slice(0, 2)], undefined)).to.deep.equal(['b', 'a', 'c']);
    expect(chooseNodes([control, ...workers], ['c', 'b'])).to.deep.equal(['c', 'b']);
  });

  it('takes those that are named, in that order', () => {
    expect(chooseNodes(all, ['e', 'b', 'd'])).to.deep.equal(['e', 'b', 'd']);
  });

  it('takes one or two where there are no more', () => {
    expect(chooseNodes([node('b'), node('a', { cordoned: true })], undefined)).to.deep.equal(['b']);
    expect(chooseNodes(all, ['e', 'b'])).to.deep.equal(['e', 'b']);
  });

  it('refuses where none is fit or one named is not, and says of each node why', () => {
    const few = [
      node('b', { taint: 'NoExecute' }),
      node('c', { cordoned: true }),
      node('d', { ready: 'False' }),
      node('e', { system: 'windows' }),
    ];
    const refused = (names?: readonly string[]) =>
      expect(() => chooseNodes(few, names))
        .to.throw(DomainError)
        .with.property('message');
    for (const line of [
      'fit: none',
      'b: it is tainted',
      'c: it is cordoned',
      'd: it is not Ready',
      'e: it is not a Linux',
    ])
      refused().that.includes(line);
    refused(['a', 'x', 'b']).that.includes('x: there is no such node');
    expect(() => chooseNodes(all, ['a', 'b', 'c', 'd'])).to.throw('a: it is tainted');
  });

  it('says of nodes that somebody else has drained or deleted that the run has lost them', async () => {
    const look = (...items: Node[]) =>
      assertStillFit({ list: async () => ({ items }) } as unknown as ClusterClient, [
        { name: 'a', hostname: 'a' },
        { name: 'b', hostname: 'b' },
      ]).catch((error: unknown) => error);
    expect(await look(node('a'), node('b'), node('c', { cordoned: true }))).to.equal(undefined);
    const lost = await look(node('a', { cordoned: true }));
    expect(lost).to.be.instanceOf(DomainError).and.to.include({ exit: 'environment' });
    expect(String(lost)).to.match(/a: it is cordoned\n.*b: there is no such node/);
  });

  it('knows what the scheduler says of the others', () => {
    const others = [node('a', { cordoned: true, taint: 'NoSchedule' }), node('b', { taint: 'NoSchedule' }), node('c')];
    expect(others.map(refusalOf)).to.deep.equal(['cordoned', 'tainted', 'podAffinity']);
  });
});
