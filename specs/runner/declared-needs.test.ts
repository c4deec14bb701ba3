import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { asSpec, CurrentSpec } from './current-spec.ts';
import { assertDeclared, assertNodesDeclared } from './declared-needs.ts';

describe('what a spec asks of the cluster', () => {
  const { signal } = new AbortController();
  const ask = () => assertDeclared('restart', 'taking node2 for commands');

  it('is refused where its requirement does not declare it, with the id and the remedy', () => {
    const spec = new CurrentSpec({ id: 'LV-BIND-50', signal, needs: ['agent'] });
    expect(() => asSpec(spec, ask))
      .to.throw(DomainError)
      .with.property('message')
      .that.matches(
        /taking node2[\s\S]*LV-BIND-50[\s\S]*needs: \[agent\], without restart[\s\S]*add restart to `needs`/,
      );
  });

  it('is allowed where it is declared, by each of the specs that run side by side', async () => {
    const asked = (['agent', 'restart'] as const).map((need, index) =>
      asSpec(new CurrentSpec({ id: `LV-BIND-${index}`, signal, needs: [need] }), async () => {
        await after(5 - index);
        return ask();
      }),
    );
    const [refused, allowed] = await Promise.allSettled(asked);
    expect([refused?.status, allowed?.status]).to.deep.equal(['rejected', 'fulfilled']);
  });

  it('is no more nodes than its requirement says', () => {
    const spec = new CurrentSpec({ id: 'LV-BIND-03', signal, leastNodes: 2 });
    expect(() => asSpec(spec, () => assertNodesDeclared(2))).not.to.throw();
    expect(() => asSpec(spec, () => assertNodesDeclared(3)))
      .to.throw(DomainError)
      .with.property('message')
      .that.matches(/number 3[\s\S]*LV-BIND-03[\s\S]*leastNodes: 2[\s\S]*say leastNodes: 3/);
  });

  it('is anything outside of a spec, and for what proves no requirement', () => {
    expect(ask).not.to.throw();
    expect(() => asSpec(new CurrentSpec({ id: 'BENCH-1', signal }), ask)).not.to.throw();
  });
});
