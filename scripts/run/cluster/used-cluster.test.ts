import { expect } from 'chai';
import type { Node } from '../../../clusters/api/objects.ts';
import { changeOf } from './used-cluster.ts';

describe('what a run gives a Node back', () => {
  const node = (labels: Record<string, string>, spec: object = {}) =>
    ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node2', labels }, spec }) as unknown as Node;
  const found = { diskType: 'ssd', zone: 'a' };

  it('is nothing where it is as it was found', () => expect(changeOf(node(found), found)).to.equal(undefined));

  it('is its labels: those that were changed, taken away and added', () =>
    expect(changeOf(node({ diskType: 'hdd', mark: 'x' }), found)).to.deep.equal({
      metadata: { labels: { diskType: 'ssd', mark: null, zone: 'a' } },
      spec: { unschedulable: null },
    }));

  it('is a Node without cordon and without the taints of specs; the control plane takes its own away', () => {
    const own = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    const taints = [
      { key: 'dedicated', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' },
      own,
    ];
    expect(changeOf(node(found, { unschedulable: true, taints }), found)).to.deep.equal({
      metadata: { labels: {} },
      spec: { unschedulable: null, taints: [own] },
    });
  });
});
