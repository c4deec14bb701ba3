import { expect } from 'chai';
import type { ClusterClient } from '../../clusters/api/client.ts';
import type { KubernetesManifest } from '../../clusters/api/kinds.ts';
import { ObjectsForTests } from '../../clusters/api/objects-for-tests.ts';
import type { Node } from '../../clusters/nodes/node.ts';
import { silent } from '../../clusters/text/progress.ts';
import { type CellPlace, measureCell } from './cell.ts';
import { madeUpCell } from './made-up-for-tests.ts';
import { indexIn } from './objects.ts';

/** How a made-up control plane binds: the volume that a claim gets, by their numbers; undefined: none. */
type Binds = (claim: number) => number | undefined;

describe('a cell of a storm', () => {
  const [claims, nodes] = [8, ['kwok-0001', 'kwok-0002']];
  const name = (index: number) => `storm-1-0000${index}`;

  /** Binds a claim when its pod is created, in the order of Kubernetes, and schedules the pod to the volume's node. */
  function controlPlane(api: ObjectsForTests, binds: Binds): ClusterClient {
    const react = async ({ kind, metadata }: KubernetesManifest) => {
      if (kind === 'PersistentVolume')
        await api.patch({ kind, name: metadata.name }, { change: { status: { phase: 'Available' } } });
      const claim = indexIn(metadata.name);
      const volume = kind === 'Pod' ? binds(claim) : undefined;
      if (volume === undefined) return;
      const of = { namespace: 'default', name: name(claim) };
      const { uid } = (await api.read({ kind: 'PersistentVolumeClaim', ...of })).metadata;
      const reserved = { spec: { claimRef: { ...of, uid } }, status: { phase: 'Bound' } };
      await api.patch({ kind: 'PersistentVolume', name: name(volume) }, { change: reserved });
      const bound = { spec: { volumeName: name(volume) }, status: { phase: 'Bound' } };
      await api.patch({ kind: 'PersistentVolumeClaim', ...of }, { change: bound });
      await api.patch({ kind: 'Pod', ...of }, { change: { spec: { nodeName: nodes[volume % 2] } } });
    };
    const create = async (manifest: KubernetesManifest) => {
      const created = await api.create(manifest);
      setImmediate(() => void react(manifest));
      return created;
    };
    return { ...api.client, create } as unknown as ClusterClient;
  }

  const controlPlaneNode = {
    name: 'node1',
    attempt: async () => ({ argv: [], status: 0, stdout: 'etcd 100 2048 4096\n', stderr: '', milliseconds: 1 }),
  } as unknown as Node;

  const measure = (api: ObjectsForTests, binds: Binds, more: Partial<CellPlace> = {}) => {
    const { measured: _none, ...cell } = madeUpCell({ claims, nodes: 2, rate: 1_000 });
    return measureCell(cell, {
      client: controlPlane(api, binds),
      controlPlane: controlPlaneNode,
      nodes,
      image: 'image',
      number: 1,
      refill: 0,
      within: 5_000,
      last: false,
      progress: silent,
      signal: new AbortController().signal,
      ...more,
    });
  };

  it('has the times of every claim, tells how far it has come, and leaves nothing', async () => {
    const api = new ObjectsForTests();
    const notes: string[] = [];
    const note = (text: string) => void notes.push(text);
    const { outcome, violations, unfinished, measured } = await measure(api, (claim) => claim, {
      progress: { ...silent, note },
    });
    expect({ outcome, violations, unfinished }).to.deep.equal({
      outcome: 'held',
      violations: [],
      unfinished: { count: 0, some: [] },
    });
    expect(measured?.timeline.at(-1)).to.include({ created: 8, reserved: 8, bound: 8, scheduled: 8 });
    expect(measured?.arrivals.lateness.max).to.be.lessThan(2_000);
    expect(measured?.controlPlane).to.deep.equal({
      etcd: { cpuSeconds: 0, memoryBefore: 2 ** 21, memoryAfter: 2 ** 21, memoryPeak: 2 ** 22 },
    });
    expect(notes).to.include.members(['2 of 8 pods are scheduled', '6 of 8 pods are scheduled']);
    expect(api.names).to.deep.equal([]);
  });

  it('leaves its objects where the cluster goes after it', async () => {
    const api = new ObjectsForTests();
    await measure(api, (claim) => claim, { last: true });
    expect(api.names).to.have.length(1 + 3 * claims);
    expect(api.writes.filter((write) => write.startsWith('-'))).to.deep.equal([]);
  });

  it('names what was not finished at the deadline, and is cleared all the same', async () => {
    const api = new ObjectsForTests();
    const { outcome, unfinished, measured } = await measure(api, (claim) => (claim < 5 ? claim : undefined), {
      within: 500,
    });
    expect(outcome).to.equal('unfinished');
    expect(unfinished).to.deep.equal({ count: 3, some: [5, 6, 7].map((index) => `default/${name(index)}`) });
    expect(measured?.timeline.at(-1)).to.include({ created: 8, bound: 5 });
    expect(api.names).to.deep.equal([]);
  });

  it('names two claims that have got one volume', async () => {
    const { outcome, violations } = await measure(new ObjectsForTests(), (claim) => (claim === 7 ? 3 : claim));
    expect(outcome).to.equal('violated');
    expect(violations).to.include(`volume ${name(3)} is of two claims: ${name(3)} and ${name(7)}`);
  });

  it('ends at once where the storm is interrupted', async () => {
    const interrupted = new AbortController();
    const cell = measure(new ObjectsForTests(), () => undefined, { signal: interrupted.signal, within: 60_000 });
    setTimeout(() => interrupted.abort(new Error('interrupted')), 50);
    expect(await cell.catch((error: Error) => error.message)).to.equal('interrupted');
  });
});
