import { expect } from 'chai';
import type { Node } from '../../clusters/api/objects.ts';
import type { Commander } from '../../clusters/host/command/commander.ts';
import { kindNode } from './kind-node.ts';

const node = (providerID: string | undefined): Node =>
  ({
    metadata: { name: 'node2' },
    spec: { providerID },
    status: { nodeInfo: { machineID: 'abc' } },
  }) as unknown as Node;

/** A machine whose Docker answers every command so. */
const docker = (status: number, stdout: string, stderr = ''): Commander => ({
  place: 'this machine',
  attempt: async ({ argv }) => ({ argv, status, stdout, stderr, milliseconds: 1 }),
});

describe('the way to a node of kind', () => {
  it('is its container, where that is the same machine', async () =>
    expect(await kindNode(node('kind://docker/theirs/theirs-worker'), docker(0, 'abc\n'))).to.have.nested.property(
      'node.container',
      'theirs-worker',
    ));

  for (const [title, providerID, commander, why] of [
    ['of a cloud', 'aws:///eu/i-1', docker(0, 'abc'), /no node of kind/],
    ['without a provider', undefined, docker(0, 'abc'), /no node of kind/],
    ['whose name would be an option', 'kind://docker/x/--help;rm', docker(0, 'abc'), /no node of kind/],
    [
      'whose container is elsewhere',
      'kind://docker/x/x-worker',
      docker(1, '', 'No such container: x-worker'),
      /No such container/,
    ],
    ['of another cluster with that name', 'kind://docker/x/x-worker', docker(0, 'other'), /another machine/],
  ] as const) {
    it(`is none to a node ${title}`, async () =>
      expect(await kindNode(node(providerID), commander))
        .to.have.property('unread')
        .that.matches(why));
  }
});
