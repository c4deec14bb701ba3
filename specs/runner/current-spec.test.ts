import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { asSpec, assertAssigned, assignedNode, CurrentSpec, currentSpec } from './current-spec.ts';

describe('the current spec', () => {
  const { signal } = new AbortController();

  it('is the one that began the call, also across waits and while others run', async () => {
    const seen = await Promise.all(
      ['SEED-1', 'SEED-2'].map((id, index) =>
        asSpec(new CurrentSpec({ id, signal }), async () => {
          await after(10 - index * 5);
          return currentSpec().id;
        }),
      ),
    );
    expect(seen).to.deep.equal(['SEED-1', 'SEED-2']);
  });

  it('is none outside of a spec', () => {
    expect(() => currentSpec()).to.throw(DomainError, 'No spec is running');
  });

  it('has the node that was assigned to it, and none by chance', () => {
    expect(asSpec(new CurrentSpec({ id: 'SEED-1', signal, nodes: ['node1'] }), assignedNode)).to.equal('node1');
    expect(() => asSpec(new CurrentSpec({ id: 'SEED-1', signal }), assignedNode)).to.throw(DomainError, 'nodes: any');
  });

  it('refuses any node but those that were assigned to it', () => {
    const ask = (nodes?: string[]) =>
      asSpec(new CurrentSpec({ id: 'SEED-1', signal, nodes }), () => assertAssigned('node2'));
    expect(() => ask(['node1', 'node3'])).to.throw(DomainError, 'running SEED-1 on node2');
    for (const given of [['node1', 'node2'], undefined]) expect(() => ask(given)).not.to.throw();
  });
});
