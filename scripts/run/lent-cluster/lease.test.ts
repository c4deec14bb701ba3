import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'chai';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import { ApiRefusal } from '../../../clusters/api/refusal.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { silent } from '../../../clusters/text/progress.ts';
import { takeLease } from './lease.ts';

describe('the Lease of a cluster', () => {
  interface Kept {
    metadata: { uid: string; resourceVersion: string; labels?: object };
    spec: { holderIdentity: string };
  }

  /** An API server that keeps one Lease. */
  function server(): { client: ClusterClient; kept: Kept | undefined; writes: number } {
    const refusal = (status: number) => new ApiRefusal('x', 'Lease', status, '{}');
    let version = 0;
    const state = {
      kept: undefined as Kept | undefined,
      writes: 0,
      client: {
        async create({ metadata, spec }: { metadata: object; spec: Kept['spec'] }) {
          if (state.kept) throw refusal(409);
          state.kept = { metadata: { ...metadata, uid: `uid-${++version}`, resourceVersion: `${version}` }, spec };
          return state.kept;
        },
        async read() {
          return structuredClone(state.kept);
        },
        async patch(_ref: object, { change }: { change: { metadata: Partial<Kept['metadata']>; spec: object } }) {
          if (!state.kept) throw refusal(404);
          const { uid = state.kept.metadata.uid, resourceVersion = state.kept.metadata.resourceVersion } =
            change.metadata;
          if (uid !== state.kept.metadata.uid || resourceVersion !== state.kept.metadata.resourceVersion)
            throw refusal(409);
          state.writes++;
          state.kept = {
            metadata: { ...state.kept.metadata, resourceVersion: `${++version}` },
            spec: { ...state.kept.spec, ...change.spec },
          };
          return state.kept;
        },
        async remove(_ref: object, { uid }: { uid: string }) {
          if (state.kept?.metadata.uid === uid) state.kept = undefined;
        },
      } as unknown as ClusterClient,
    };
    return state;
  }
  const { signal } = new AbortController();
  const take = (client: ClusterClient, run: string, duration = 60) =>
    takeLease(client, { run, progress: silent, signal, duration });

  it('is taken, renewed while it is held, and gone when it is released', async () => {
    const api = server();
    const lease = await take(api.client, 'one');
    expect(api.kept?.spec.holderIdentity).to.equal('one');
    await after(90);
    expect(api.writes).to.be.above(1);
    await lease.release();
    expect(api.kept).to.equal(undefined);
  });

  it('is refused to a second run while the first renews it', async () => {
    const api = server();
    const lease = await take(api.client, 'one');
    const refused = await take(api.client, 'two', 100).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(DomainError);
    expect(String(refused)).to.include('run one holds it');
    expect(api.kept?.spec.holderIdentity).to.equal('one');
    await lease.release();
  });

  it('is in the only namespace that a run may use, with its label', async () => {
    const api = server();
    const lease = await takeLease(api.client, {
      run: 'one',
      namespace: 'team',
      progress: silent,
      signal,
      duration: 60,
    });
    expect(api.kept?.metadata).to.deep.include({
      namespace: 'team',
      name: 'local-pv-conformance',
      labels: { 'local-pv-conformance/run': 'one', 'local-pv-conformance/namespace': 'team' },
    });
    await lease.release();
    expect(api.kept).to.equal(undefined);
  });

  it('is taken over from a run that has died', async () => {
    const api = server();
    await api.client.create({ metadata: {}, spec: { holderIdentity: 'dead' } } as never);
    const lease = await take(api.client, 'two');
    expect(api.kept?.spec.holderIdentity).to.equal('two');
    await lease.release();
    expect(api.kept).to.equal(undefined);
  });
});
