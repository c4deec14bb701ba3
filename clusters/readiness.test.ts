import { expect } from 'chai';
import type { ClusterClient } from './api/client.ts';
import { awaitReadiness, removeBootstrapTokens } from './readiness.ts';
import { silent } from './text/progress.ts';

/** A node as the API server lists it, Ready unless said otherwise. */
function node(name: string, { ready = true, hostname = name, tainted = false } = {}) {
  const condition = ready
    ? { type: 'Ready', status: 'True', reason: 'KubeletReady' }
    : {
        type: 'Ready',
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      };
  return {
    metadata: { name, uid: name, resourceVersion: '1', labels: { 'kubernetes.io/hostname': hostname } },
    spec: {
      providerID: `kind://docker/lpv-x/lpv-x-${name}`,
      ...(tainted && { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] }),
    },
    status: { conditions: [condition] },
  };
}

const account = { metadata: { name: 'default', namespace: 'default', uid: 'account', resourceVersion: '1' } };
const event = {
  metadata: { name: 'node2.1', namespace: 'default', uid: 'event', resourceVersion: '1' },
  involvedObject: { kind: 'Node', name: 'node2', uid: 'node2' },
  reason: 'NodeNotReady',
  message: 'Node node2 status is now: NodeNotReady',
};

/** Waits for node1 and node2 of an API that lists these nodes, whose watches are silent. */
function awaited(...nodes: object[]) {
  const lists: Record<string, object[]> = { Node: nodes, ServiceAccount: [account], Event: [event] };
  const client = {
    server: 'https://cluster',
    list: async (kind: string) => ({
      resourceVersion: '1',
      items: (lists[kind] ?? []).map((item) => ({ kind, ...item })),
    }),
    watch: () => new Promise(() => {}),
  } as unknown as ClusterClient;
  const expected = ['node1', 'node2'].map((name) => ({ name, labels: {} }));
  return awaitReadiness(client, expected, { within: 50, progress: silent });
}

async function failure(of: Promise<unknown>): Promise<string> {
  return await of.then(
    () => 'none',
    (error) => (error as Error).message,
  );
}

describe('a cluster', () => {
  it('is ready with all its nodes; each has the container that kind has made for it', async () => {
    const ready = await awaited(node('node1'), node('node2'));
    expect(ready.map(({ name, container }) => [name, container])).to.deep.equal([
      ['node1', 'lpv-x-node1'],
      ['node2', 'lpv-x-node2'],
    ]);
  });

  it('fails with the conditions, taints and events of a node that is not ready', async () => {
    const seen = await failure(awaited(node('node1'), node('node2', { ready: false, tainted: true })));
    for (const part of [
      'Ready=Unknown NodeStatusUnknown',
      'taint node.kubernetes.io/unreachable:NoExecute',
      'NodeNotReady',
    ])
      expect(seen).to.include(part);
  });

  it('is not ready while a Ready node is still tainted, or one is not there', async () => {
    expect(await failure(awaited(node('node1'), node('node2', { tainted: true })))).to.include('waiting for nodes');
    expect(await failure(awaited(node('node1')))).to.include('Node node2: not there');
  });

  it('is refused where a node has another host name than the volumes’ node affinity is written for', async () => {
    expect(await failure(awaited(node('node1'), node('node2', { hostname: 'else' })))).to.include(
      'is else, wanted node2',
    );
  });
});

it('tokens for joining are deleted once all nodes have joined, and no other Secret', async () => {
  const asked: string[] = [];
  const client = {
    async list(kind: string, { namespace, fieldSelector }: { namespace: string; fieldSelector: string }) {
      asked.push(`${kind} ${namespace} ${fieldSelector}`);
      return { items: [{ metadata: { name: 'bootstrap-token-abcdef' } }] };
    },
    async remove({ kind, namespace, name }: Record<string, string>) {
      asked.push(`remove ${kind} ${namespace} ${name}`);
    },
  } as unknown as ClusterClient;
  await removeBootstrapTokens(client);
  expect(asked).to.deep.equal([
    'Secret kube-system type=bootstrap.kubernetes.io/token',
    'remove Secret kube-system bootstrap-token-abcdef',
  ]);
});
