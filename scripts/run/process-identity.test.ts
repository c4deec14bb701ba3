import { expect } from 'chai';
import { identifyProcess, livenessOf, type ProcessFacts, startTimeIn } from './process-identity.ts';

const facts = (more: Partial<ProcessFacts> = {}): ProcessFacts => ({
  bootId: 'boot-1',
  pidNamespace: 'pid:[1]',
  startTimeOf: () => '500',
  exists: () => true,
  ...more,
});

describe('the identity of a process', () => {
  const identity = identifyProcess(facts(), 42);

  it('knows itself', () => {
    expect(livenessOf(identifyProcess())).to.equal('alive');
  });

  it('takes the same pid, start and boot for the same process', () => {
    expect(livenessOf(identity, facts())).to.equal('alive');
  });

  it('takes a pid that is used again for dead', () => {
    expect(livenessOf(identity, facts({ startTimeOf: () => '900' }))).to.equal('dead');
  });

  it('takes every process of an earlier boot for dead', () => {
    expect(livenessOf(identity, facts({ bootId: 'boot-2' }))).to.equal('dead');
  });

  it('takes an absent pid for dead', () => {
    expect(livenessOf(identity, facts({ exists: () => false }))).to.equal('dead');
  });

  it('does not judge a process of another pid namespace', () => {
    expect(livenessOf(identity, facts({ pidNamespace: 'pid:[2]', exists: () => false }))).to.equal('unknown');
  });

  it('goes by the pid alone where there is no /proc', () => {
    const none = { bootId: undefined, pidNamespace: undefined, startTimeOf: () => undefined };
    expect(identifyProcess(facts(none), 42)).to.deep.equal({ pid: 42 });
    expect(livenessOf({ pid: 42 }, facts(none))).to.equal('alive');
  });
});

it('the start time is found behind a command with spaces and parentheses', () => {
  const fields = Array.from({ length: 40 }, (_, index) => String(index + 3));
  expect(startTimeIn(`42 (a) b (c)) ${fields.join(' ')}`)).to.equal('22');
});
