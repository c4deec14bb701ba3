import { expect } from 'chai';
import { reasons, tallyOf, tells } from './tally.ts';

const trap =
  "0/3 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";

describe('tally of a scheduler message', () => {
  it('counts the nodes of every reason, without what is said of preemption', () => {
    expect(tallyOf(trap)).to.deep.equal({
      nodes: 3,
      counts: { [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 2 },
    });
  });

  it('is the whole message where nothing follows', () => {
    expect(tallyOf('0/3 nodes are available: 3 node(s) were unschedulable.')?.counts).to.deep.equal({
      [reasons.cordoned]: 3,
    });
  });

  it('is none where the message counts no nodes', () => {
    expect(tallyOf('0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found')).to.equal(
      undefined,
    );
    expect(tallyOf('persistentvolumeclaim "x" not found')).to.equal(undefined);
  });

  it('tells a tally only as a whole', () => {
    expect(tells(trap, { [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 2 })).to.equal(true);
    expect(tells(trap, { [reasons.volumeAffinity]: 1 })).to.equal(false);
    expect(tells(trap, { [reasons.volumeAffinity]: 2, [reasons.podAffinity]: 1 })).to.equal(false);
    expect(tells('nonsense', {})).to.equal(false);
  });

  it('counts the other nodes by what the message says there are', () => {
    expect(tells(trap, { [reasons.volumeAffinity]: 1, [reasons.podAffinity]: 'the other nodes' })).to.equal(true);
    expect(tells(trap, { [reasons.volumeAffinity]: 'the other nodes', [reasons.podAffinity]: 1 })).to.equal(false);
    expect(tells(trap, { [reasons.podAffinity]: 'the other nodes' })).to.equal(false);
    const whole = "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.";
    expect(tells(whole, { [reasons.volumeAffinity]: 'the other nodes' })).to.equal(true);
  });
});
