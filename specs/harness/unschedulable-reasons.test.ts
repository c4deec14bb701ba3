import { expect } from 'chai';
import { matches, reasons, unschedulableReasons, withOtherNodes } from './unschedulable-reasons.ts';

const trap =
  "0/3 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";

describe('the reasons in a message of the scheduler', () => {
  it('are counted in nodes, without what is said of preemption', () => {
    expect(unschedulableReasons(trap)).to.deep.equal({
      nodes: 3,
      counts: { [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 2 },
    });
  });

  it('are the whole message where nothing follows', () => {
    expect(unschedulableReasons('0/3 nodes are available: 3 node(s) were unschedulable.')?.counts).to.deep.equal({
      [reasons.cordoned]: 3,
    });
  });

  it('are undefined where the message counts no nodes', () => {
    expect(
      unschedulableReasons('0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found'),
    ).to.equal(undefined);
    expect(unschedulableReasons('persistentvolumeclaim "x" not found')).to.equal(undefined);
  });

  it('match only as a whole', () => {
    expect(matches(trap, { [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 2 })).to.equal(true);
    expect(matches(trap, { [reasons.volumeAffinity]: 1 })).to.equal(false);
    expect(matches(trap, { [reasons.volumeAffinity]: 2, [reasons.podAffinity]: 1 })).to.equal(false);
    expect(matches('nonsense', {})).to.equal(false);
  });

  it('counts the other nodes by what the message says there are', () => {
    expect(matches(trap, { [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 'the other nodes' })).to.equal(true);
    expect(matches(trap, { [reasons.volumeAffinity]: 'the other nodes', [reasons.podAffinity]: 1 })).to.equal(false);
    expect(matches(trap, { [reasons.podAffinity]: 'the other nodes' })).to.equal(false);
    const whole = "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.";
    expect(matches(whole, { [reasons.volumeAffinity]: 'the other nodes' })).to.equal(true);
    const only = '0/1 nodes are available: 1 node(s) were unschedulable.';
    expect(matches(only, { [reasons.cordoned]: 1, [reasons.volumeAffinity]: 'the other nodes' })).to.equal(true);
    expect(matches(whole, { [reasons.volumeAffinity]: 2, [reasons.cordoned]: 0 })).to.equal(true);
  });

  it('count the nodes that specs do not use, by what keeps the pod from them', () => {
    const others = [
      { name: 'control-plane', refusal: 'tainted' },
      { name: 'worker4', refusal: 'podAffinity' },
      { name: 'worker5', refusal: 'podAffinity' },
    ] as const;
    expect(withOtherNodes({ [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 2 }, others)).to.deep.equal({
      [reasons.volumeAffinity]: 1,
      [reasons.podAffinity]: 4,
      [reasons.tainted]: 1,
    });
    const rest = withOtherNodes({ [reasons.tainted]: 1, [reasons.podAffinity]: 'the other nodes' }, others);
    expect(rest).to.deep.equal({ [reasons.tainted]: 2, [reasons.podAffinity]: 'the other nodes' });
    expect(withOtherNodes({ [reasons.noVolume]: 3 }, [])).to.deep.equal({ [reasons.noVolume]: 3 });
  });
});
