import { AssertionError, expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { LeftBehind } from '../../clusters/nodes/leftovers.ts';
import { failureOf, wholeMessage } from './spec-failure.ts';

describe('what a failure tells', () => {
  function thrownBy(assertion: () => void): unknown {
    try {
      assertion();
    } catch (error) {
      return error;
    }
    throw new Error('nothing was thrown');
  }

  it('is the message, the class and the stack', () => {
    const failure = failureOf(thrownBy(() => expect('Pending').to.equal('Bound')));
    expect(failure).to.include({ name: 'AssertionError', message: "expected 'Pending' to equal 'Bound'" });
    expect(failure.stack).to.include('spec-failure.test.ts');
  });

  it('is a difference line by line where objects differ', () => {
    const failure = failureOf(thrownBy(() => expect({ phase: 'Pending' }).to.deep.equal({ phase: 'Bound' })));
    expect(failure.difference?.split('\n')).to.include.members(['  -  "phase": "Pending"', '  +  "phase": "Bound"']);
    expect(wholeMessage(failure)).to.equal(`${failure.message}\n${failure.difference}`);
  });

  it('is without a difference where values are too large to compare', () => {
    const large = Array.from({ length: 4_000 }, (_, index) => index);
    const error = new AssertionError('they differ', { actual: large, expected: [...large, 1], showDiff: true });
    expect(wholeMessage(failureOf(error))).to.equal('they differ');
  });

  it('has the chain of causes, also where it is a circle', () => {
    const inner = new Error('connection refused');
    const outer = new Error('no claim', { cause: inner });
    inner.cause = outer;
    expect(failureOf(outer).causes).to.deep.equal([{ name: 'Error', message: 'connection refused' }]);
    expect(wholeMessage(failureOf(outer))).to.equal('no claim\ncaused by: connection refused');
  });

  it('is that of the body first, and of the disposal after it', async () => {
    const thrown = await (async () => {
      await using _disk = {
        [Symbol.asyncDispose]: () => Promise.reject(new Error('disk is busy')),
      };
      throw new RangeError('claim is lost');
    })().catch((error: unknown) => error);
    const failure = failureOf(thrown);
    expect(failure).to.include({ message: 'claim is lost', name: 'RangeError' });
    expect(failure.afterwards).to.deep.equal([{ name: 'Error', message: 'disk is busy' }]);
    expect(wholeMessage(failure)).to.equal('claim is lost\nafterwards, cleaning up failed: disk is busy');
  });

  it('has the details of each error, as they were given', () => {
    const details = { attempted: 'binding demo/c', seen: 'Pending', conclusion: 'no volume fits' };
    const cause = new DomainError({ attempted: 'asking the API server', remedy: 'look' });
    const failure = failureOf(new DomainError(details, { cause }));
    expect(failure).to.deep.include({ name: 'DomainError', details });
    expect(failure.message).to.equal('binding demo/c\n  seen: Pending\n  so:   no volume fits');
    expect(failure.causes?.[0]?.details).to.equal(cause.details);
  });

  it('has what is left on nodes, also where the body failed first', async () => {
    const left = new LeftBehind({ attempted: 'looking' }, ['mount /x', 'loop device /dev/loop3']);
    expect(failureOf(left)).to.deep.include({ left: ['mount /x', 'loop device /dev/loop3'], name: 'LeftBehind' });
    const thrown = await (async () => {
      await using _scene = { [Symbol.asyncDispose]: () => Promise.reject(left) };
      throw new RangeError('claim is lost');
    })().catch((error: unknown) => error);
    expect(failureOf(thrown)).to.deep.include({ left: ['mount /x', 'loop device /dev/loop3'], name: 'RangeError' });
    expect(failureOf(new Error('x', { cause: left })).left).to.have.length(2);
  });

  it('is the value itself where something else was thrown', () => {
    expect(failureOf('boom')).to.deep.equal({ message: 'boom' });
    expect(failureOf(undefined)).to.deep.equal({ message: 'undefined' });
  });
});
