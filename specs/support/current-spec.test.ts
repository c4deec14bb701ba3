import { expect } from 'chai';
import { DomainError } from '../../clusters/domain-error.ts';
import { beginSpec, currentSpec, endSpec, stopSpec, stopSpecsWith } from './current-spec.ts';

describe('the current spec', () => {
  afterEach(() => endSpec());

  it('is the one that was begun last', () => {
    const first = beginSpec('SEED-1');
    beginSpec('SEED-2');
    expect(currentSpec().id).to.equal('SEED-2');
    expect(first.signal.aborted).to.equal(true);
  });

  it('is none once it has ended', () => {
    const { signal } = beginSpec('SEED-1');
    endSpec();
    expect(signal.aborted).to.equal(true);
    expect(() => currentSpec()).to.throw(DomainError, 'No spec is running');
  });

  it('can be stopped with a reason while its hooks still run', () => {
    const reason = new Error('time is up');
    beginSpec('SEED-1');
    stopSpec(reason);
    expect(currentSpec().signal.reason).to.equal(reason);
  });

  it('follows the signal of the run, until that is disposed', () => {
    const run = new AbortController();
    const following = stopSpecsWith(run.signal);
    const { signal } = beginSpec('SEED-1');
    following[Symbol.dispose]();
    const { signal: later } = beginSpec('SEED-2');
    run.abort(new Error('interrupted'));
    expect(signal.aborted).to.equal(true);
    expect(later.aborted).to.equal(false);
  });
});
