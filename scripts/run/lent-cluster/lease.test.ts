import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'chai';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import { ObjectsForTests } from '../../../clusters/api/objects-for-tests.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { silent } from '../../../clusters/text/progress.ts';
import { leaseOf, takeLease } from './lease.ts';

describe('the Lease of a cluster', () => {
  const held = (holder: string) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'default', name: 'local-pv-conformance' },
    spec: { holderIdentity: holder },
  });
  const holderIn = async (api: ObjectsForTests) => (await api.client.read(leaseOf())).spec?.holderIdentity;
  const { signal } = new AbortController();
  const take = (client: ClusterClient, run: string, duration = 60) =>
    takeLease(client, { run, progress: silent, signal, duration });

  it('is taken, renewed while it is held, and gone when it is released', async () => {
    const api = new ObjectsForTests();
    const lease = await take(api.client, 'one');
    expect(await holderIn(api)).to.equal('one');
    await after(90);
    expect(api.writes.filter((write) => write.startsWith('~'))).to.have.length.above(1);
    await lease.release();
    expect(api.names).to.deep.equal([]);
  });

  it('is refused to a second run while the first renews it', async () => {
    const api = new ObjectsForTests();
    const lease = await take(api.client, 'one');
    const refused = await take(api.client, 'two', 100).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(DomainError);
    expect(String(refused)).to.include('run one holds it');
    expect(await holderIn(api)).to.equal('one');
    await lease.release();
  });

  it('is in the only namespace that a run may use, with its label', async () => {
    const api = new ObjectsForTests();
    const lease = await takeLease(api.client, {
      run: 'one',
      namespace: 'team',
      progress: silent,
      signal,
      duration: 60,
    });
    expect((await api.client.read(leaseOf('team'))).metadata).to.deep.include({
      namespace: 'team',
      name: 'local-pv-conformance',
      labels: { 'local-pv-conformance/run': 'one', 'local-pv-conformance/namespace': 'team' },
    });
    await lease.release();
    expect(api.names).to.deep.equal([]);
  });

  it('is taken over from a run that has died', async () => {
    const api = new ObjectsForTests(held('dead'));
    const lease = await take(api.client, 'two');
    expect(await holderIn(api)).to.equal('two');
    await lease.release();
    expect(api.names).to.deep.equal([]);
  });
});
