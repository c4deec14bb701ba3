import { expect } from 'chai';
import { namespaceManifest } from '../../../clusters/agent/agent-pod.ts';
import type { KubernetesManifest } from '../../../clusters/api/kinds.ts';
import { ObjectsForTests } from '../../../clusters/api/objects-for-tests.ts';
import { namespaceLabel, ownershipLabels } from '../../../fixtures/isolate-names.ts';
import { agentsForTests } from './nodes-for-tests.ts';
import { createdObjects } from './permissions.ts';
import { sweep } from './sweep.ts';

const objectOf = (run: string, kind: string, name: string, namespace?: string): KubernetesManifest => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace && { namespace }), labels: { [ownershipLabels.run]: run } },
});
const node = (name: string): KubernetesManifest => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
const agentsOf = (run: string, nodes: string[]) => namespaceManifest(run, nodes, { disks: '/d', files: '/f' });
const strangers = [
  { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'theirs', labels: { app: 'db' } } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'theirs' } },
];

/** Sweeps a cluster that has these objects, as the run `me`. */
async function sweepOf(objects: readonly KubernetesManifest[], withoutAgents?: string, namespace?: string) {
  const api = new ObjectsForTests(node('node1'), node('node2'), ...strangers, ...objects);
  const seen: string[] = [];
  const { start, requests } = agentsForTests(seen, { node1: { 'clear-node.sh': 'unmounted /d/dead-disk\n' } });
  const notes: string[] = [];
  const swept = await sweep({
    client: api.client,
    run: 'me',
    objects: createdObjects('not allowed', namespace),
    survey: { images: { agent: 'agent:1', pod: 'pod:1', provisioner: 'p:1' }, withoutAgents },
    progress: {
      note(text) {
        notes.push(text);
        if (text.startsWith('removing')) seen.push('its objects are removed');
      },
      retried: () => {},
    },
    signal: new AbortController().signal,
    start,
  });
  const left = api.names.filter((name) => !name.startsWith('Node ') && !name.endsWith('theirs'));
  const theirs = api.names.filter((name) => name.endsWith('theirs'));
  expect(theirs, 'what others have').to.deep.equal(['PersistentVolume theirs', 'Namespace theirs']);
  return { swept, left, seen, notes, requests };
}

describe('sweeping a cluster', () => {
  it('removes what dead runs have created, and nothing of its own run or of others', async () => {
    const { swept, left, requests } = await sweepOf([
      objectOf('dead', 'Namespace', 'lv-bind-01-dead-0'),
      objectOf('dead', 'Pod', 'reader', 'lv-bind-01-dead-0'),
      objectOf('gone', 'PersistentVolume', 'disk-gone'),
      objectOf('me', 'PersistentVolume', 'disk-me'),
    ]);
    expect(swept).to.deep.equal({ dead: ['dead', 'gone'], staying: [] });
    expect(left).to.deep.equal(['PersistentVolume disk-me']);
    expect(requests, 'agents').to.deep.equal([]);
  });

  it('clears the nodes of a dead run by agents of its own: services first, disks after the objects, agents last', async () => {
    const dead = [agentsOf('dead', ['node1', 'node-gone']), objectOf('dead', 'PersistentVolume', 'disk-dead')];
    const { swept, left, seen, notes, requests } = await sweepOf(dead);
    expect(swept).to.deep.equal({ dead: ['dead'], staying: [] });
    expect(left).to.deep.equal([]);
    expect(requests.map(({ run, nodes, folders, image }) => ({ run, nodes, folders, image }))).to.deep.equal([
      { run: 'me-sweep', nodes: ['node1'], folders: { disks: '/d', files: '/f' }, image: 'agent:1' },
    ]);
    expect(seen).to.deep.equal([
      'agents of me-sweep start',
      'node1 wake-node.sh',
      'its objects are removed',
      'node1 clear-node.sh',
      'node1 volume-places.sh',
      'agents of me-sweep end',
    ]);
    expect(notes).to.include('node1: unmounted /d/dead-disk');
  });

  it('says whose agents stay where it may start none: the nodes may still have their disks', async () => {
    const dead = [agentsOf('dead', ['node2']), objectOf('dead', 'PersistentVolume', 'disk-dead')];
    const { swept, left, notes, requests } = await sweepOf(dead, 'agents are not allowed to this user');
    expect(swept).to.deep.equal({ dead: ['dead'], staying: ['dead'] });
    expect(left).to.deep.equal(['Namespace lpv-dead-agent']);
    expect(requests).to.deep.equal([]);
    expect(notes.at(-1)).to.include('agents are not allowed to this user: node2 may have its disks');
  });

  it('only removes the agents of a run whose nodes are gone', async () => {
    const { swept, left, requests } = await sweepOf([agentsOf('dead', ['node-gone'])]);
    expect(swept).to.deep.equal({ dead: ['dead'], staying: [] });
    expect(left).to.deep.equal([]);
    expect(requests).to.deep.equal([]);
  });

  it('removes in one namespace what runs there have left, and nothing that is under another Lease', async () => {
    const within = (run: string, place: string, kind: string, name: string, inside?: string) => {
      const object = objectOf(run, kind, name, inside);
      Object.assign(object.metadata.labels ?? {}, { [namespaceLabel]: place });
      return object;
    };
    const objects = [
      within('dead', 'team', 'PersistentVolume', 'disk-dead'),
      within('dead', 'team', 'Pod', 'reader-dead', 'team'),
      within('alive', 'other', 'PersistentVolume', 'disk-alive'),
      objectOf('cluster', 'PersistentVolume', 'disk-cluster'),
      agentsOf('cluster', ['node1']),
    ];
    const inTeam = await sweepOf(objects, 'agents need another namespace', 'team');
    expect(inTeam.swept).to.deep.equal({ dead: ['dead'], staying: [] });
    expect(inTeam.left).to.deep.equal([
      'PersistentVolume disk-alive',
      'PersistentVolume disk-cluster',
      'Namespace lpv-cluster-agent',
    ]);
    const everywhere = await sweepOf(objects);
    expect(everywhere.swept).to.deep.equal({ dead: ['cluster'], staying: [] });
    expect(everywhere.left).to.have.members([
      'PersistentVolume disk-dead',
      'Pod team/reader-dead',
      'PersistentVolume disk-alive',
    ]);
  });

  it('leaves the agent of a trace alone that may be under way', async () => {
    const reads = namespaceManifest('reads', ['node1'], { disks: '/d', files: '/f' }, 300);
    const { swept, left } = await sweepOf([reads]);
    expect(swept.dead).to.deep.equal([]);
    expect(left).to.deep.equal(['Namespace lpv-reads-agent']);
  });
});
