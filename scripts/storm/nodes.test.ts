import { expect } from 'chai';
import type { ClusterClient } from '../../clusters/api/client.ts';
import type { KubernetesManifest } from '../../clusters/api/kinds.ts';
import { ObjectsForTests } from '../../clusters/api/objects-for-tests.ts';
import { kwokNode } from '../../clusters/kwok/kwok.ts';
import { silent } from '../../clusters/text/progress.ts';
import { playedNames, providePlayedNodes } from './nodes.ts';

describe('the nodes that kwok plays', () => {
  const { signal } = new AbortController();
  const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const isReady = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  const ready = (name: string): KubernetesManifest => ({ ...kwokNode(name), ...isReady });

  /** Takes new nodes as a cluster does: they are tainted, become Ready, and lose the taint. */
  function takingNodes(api: ObjectsForTests): ClusterClient {
    const create = async (manifest: KubernetesManifest) => {
      const { name } = manifest.metadata;
      const spec = manifest.spec as { taints: object[] };
      const created = await api.create({ ...manifest, spec: { ...spec, taints: [...spec.taints, notReady] } });
      setImmediate(async () => {
        await api.patch({ kind: 'Node', name }, { change: isReady });
        await api.patch({ kind: 'Node', name }, { change: { spec: { taints: spec.taints } } });
      });
      return created;
    };
    return { ...api.client, create } as unknown as ClusterClient;
  }

  it('are made where they are missing, removed where they are too many, and waited for until pods fit', async () => {
    const others = { ...ready('node1'), metadata: { name: 'node1' } };
    const api = new ObjectsForTests(others, ready('kwok-0002'), ready('kwok-0007'));
    await providePlayedNodes(takingNodes(api), 3, { progress: silent, signal });
    expect(api.names.toSorted()).to.deep.equal(['Node kwok-0001', 'Node kwok-0002', 'Node kwok-0003', 'Node node1']);
    expect(api.writes).to.include('-Node kwok-0007').and.not.include('~Node kwok-0002');
    for (const name of playedNames(3)) {
      const { spec, status } = await api.read({ kind: 'Node', name });
      expect(spec).to.have.property('taints').with.length(1);
      expect(status).to.deep.include(isReady.status);
    }
  });

  it('are all removed for a cell on real nodes', async () => {
    const api = new ObjectsForTests(ready('kwok-0001'), ready('kwok-0002'));
    await providePlayedNodes(api.client, 0, { progress: silent, signal });
    expect(api.names).to.deep.equal([]);
  });
});
