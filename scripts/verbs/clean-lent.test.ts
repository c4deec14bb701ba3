import { expect } from 'chai';
import { namespaceManifest } from '../../clusters/agent/agent-pod.ts';
import type { ResourceAttributes } from '../../clusters/api/client.ts';
import type { KubernetesManifest } from '../../clusters/api/kinds.ts';
import { ObjectsForTests } from '../../clusters/api/objects-for-tests.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { ownershipLabels } from '../../fixtures/isolate-names.ts';
import { agentsForTests } from '../run/lent-cluster/nodes-for-tests.ts';
import { removeRemains } from './clean-lent.ts';

const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' } };
const volume = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'disk-dead', labels: { [ownershipLabels.run]: 'dead' } },
};
const agents = namespaceManifest('dead', ['node1'], { disks: '/d', files: '/f' });

/** Cleans a cluster that has these objects, as a user who may do all of it but what `mayNot` names. */
async function clean(objects: readonly KubernetesManifest[], mayNot?: string) {
  const api = new ObjectsForTests(node, ...objects);
  const mayI = async ({ verb, resource }: ResourceAttributes) => ({
    allowed: `${verb} ${resource}` !== mayNot,
    reason: '',
  });
  const notes: string[] = [];
  const seen: string[] = [];
  const error = await removeRemains({
    client: Object.assign(api.client, { mayI }),
    run: 'clean',
    images: { agent: 'agent:1', pod: 'pod:1', provisioner: 'p:1' },
    progress: { note: (text) => void notes.push(text), retried: () => {} },
    signal: new AbortController().signal,
    start: agentsForTests(seen).start,
  }).catch((thrown: unknown) => thrown);
  const left = api.names.filter((name) => name !== 'Node node1');
  return { error, notes, seen, left, writes: api.writes };
}

describe('lpv clean on a cluster of a user', () => {
  it('says that nothing was left, and has held the Lease meanwhile', async () => {
    const { error, notes, left, writes } = await clean([]);
    expect(error).to.equal(undefined);
    expect(notes).to.deep.equal(['nothing was left']);
    expect(writes).to.deep.equal(['+Lease default/local-pv-conformance', '-Lease default/local-pv-conformance']);
    expect(left).to.deep.equal([]);
  });

  it('removes what a dead run has left, also on its nodes', async () => {
    const { error, notes, seen, left } = await clean([volume, agents]);
    expect(error).to.equal(undefined);
    expect(seen).to.include('node1 clear-node.sh');
    expect(notes.at(-1)).to.equal('removed what dead had left');
    expect(left).to.deep.equal([]);
  });

  it('fails where it may start no agents, once the objects are gone: disks are still on the nodes', async () => {
    const { error, left, writes } = await clean([volume, agents], 'get nodes');
    expect(error).to.be.instanceOf(DomainError);
    expect(String(error)).to.include('runs dead').and.include('get nodes/proxy').and.include('lpv rbac --tier agent');
    expect(left, 'what its nodes are known by').to.deep.equal(['Namespace lpv-dead-agent']);
    expect(writes.at(-1)).to.equal('-Lease default/local-pv-conformance');
  });
});
