import { expect } from 'chai';
import type { ClusterClient } from '../api/client.ts';
import { namespaceManifest } from './agent-pod.ts';
import { runsWithAgents } from './agents-of-runs.ts';

const places = { disks: '/d', files: '/f' };

/** A cluster with the namespaces of these agents, on whose clock it is noon. */
function atNoon(...made: { run: string; at: string; endsAfter?: number }[]) {
  const stored: string[] = [];
  const items = made.map(({ run, at, endsAfter }) => {
    const { metadata } = namespaceManifest(run, ['node1', 'node2'], places, endsAfter);
    return { metadata: { ...metadata, creationTimestamp: `2026-11-27T${at}Z` } };
  });
  const client = {
    list: async () => ({ items }),
    async create({ metadata }: { metadata: { name: string } }, { dryRun }: { dryRun?: boolean }) {
      if (!dryRun) stored.push(metadata.name);
      return { metadata: { ...metadata, creationTimestamp: '2026-11-27T12:00:00Z' } };
    },
  } as unknown as ClusterClient;
  return { client, stored };
}

describe('the runs that have agents', () => {
  it('are told with the nodes and the folders of what they may have left', async () => {
    const { client } = atNoon({ run: 'dead', at: '11:59:59' });
    expect(await runsWithAgents(client)).to.deep.equal([{ run: 'dead', nodes: ['node1', 'node2'], folders: places }]);
  });

  it('are without who only reads, until that time is over by the clock of the API server', async () => {
    const { client, stored } = atNoon(
      { run: 'reads', at: '11:55:01', endsAfter: 300 },
      { run: 'has-read', at: '11:55:00', endsAfter: 300 },
      { run: 'dead', at: '11:59:59' },
    );
    const found = await runsWithAgents(client);
    expect(found.map(({ run, nodes }) => [run, nodes])).to.deep.equal([
      ['has-read', []],
      ['dead', ['node1', 'node2']],
    ]);
    expect(stored, 'what was created to know the time').to.deep.equal([]);
  });
});
