import { expect } from 'chai';
import { Invariants, type StormClaim, type StormPod, type StormVolume } from './invariants.ts';

const metadata = (name: string, uid = `uid-${name}`) => ({ name, namespace: 'default', uid, resourceVersion: '1' });
const claim = (name: string, volumeName?: string, phase = volumeName ? 'Bound' : 'Pending'): StormClaim => ({
  metadata: metadata(name),
  spec: volumeName === undefined ? {} : { volumeName },
  status: { phase },
});
const volume = (name: string, node: string, reserved?: string, phase = 'Bound'): StormVolume => ({
  metadata: metadata(name),
  spec: {
    ...(reserved !== undefined && { claimRef: { name: reserved, namespace: 'default', uid: `uid-${reserved}` } }),
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }],
      },
    },
  },
  status: { phase },
});
const pod = (name: string, nodeName?: string): StormPod => ({
  metadata: metadata(name),
  spec: nodeName === undefined ? {} : { nodeName },
});

/** Feeds steps to new invariants, and returns what did not hold, at the end too. */
function seen(...steps: ((invariants: Invariants) => void)[]): readonly string[] {
  const invariants = new Invariants();
  for (const step of steps) step(invariants);
  invariants.atEnd();
  return invariants.violations;
}

const bind = (invariants: Invariants) => {
  invariants.claim('ADDED', claim('a'));
  invariants.volume('ADDED', volume('v', 'k1', undefined, 'Available'));
  invariants.pod('ADDED', pod('a'));
  invariants.volume('MODIFIED', volume('v', 'k1', 'a', 'Available'));
  invariants.volume('MODIFIED', volume('v', 'k1', 'a'));
  invariants.claim('MODIFIED', claim('a', 'v', 'Pending'));
  invariants.claim('MODIFIED', claim('a', 'v'));
  invariants.pod('MODIFIED', pod('a', 'k1'));
};

describe('the invariants of a storm', () => {
  it('hold where a claim is bound and its pod runs on the node of the volume', () => {
    expect(seen(bind)).to.deep.equal([]);
  });

  it('hold in whatever order the watches of the kinds arrive', () => {
    expect(
      seen((i) => {
        i.pod('ADDED', pod('a', 'k1'));
        i.claim('ADDED', claim('a', 'v'));
        i.volume('ADDED', volume('v', 'k1', 'a'));
      }),
    ).to.deep.equal([]);
  });

  const cases: [what: string, then: (invariants: Invariants) => void, violation: string][] = [
    ['a volume is of two claims', (i) => i.claim('ADDED', claim('b', 'v')), 'volume v is of two claims: a and b'],
    [
      'a claim has two volumes reserved',
      (i) => i.volume('ADDED', volume('w', 'k1', 'a')),
      'claim a has two volumes reserved: v and w',
    ],
    ['a claim moves', (i) => i.claim('MODIFIED', claim('a', 'w')), 'claim a was on volume v, and is on w now'],
    [
      'a claim loses its volume',
      (i) => i.claim('MODIFIED', claim('a', undefined, 'Pending')),
      'claim a was on volume v, and is on none now',
    ],
    [
      'a reserved volume is given to another claim',
      (i) => {
        i.claim('ADDED', claim('b'));
        i.volume('MODIFIED', volume('v', 'k1', 'b'));
      },
      'volume v was reserved for claim a, and is for b now',
    ],
    [
      'a volume is given back',
      (i) => i.volume('MODIFIED', volume('v', 'k1', undefined, 'Available')),
      'volume v was reserved for claim a, and is for none now',
    ],
    [
      'a pod is on a node that its volume does not admit',
      (i) => {
        i.claim('ADDED', claim('b', 'w'));
        i.volume('ADDED', volume('w', 'k2', 'b'));
        i.pod('ADDED', pod('b', 'k1'));
      },
      'pod b is on k1; its volume w is on kubernetes.io/hostname In [k2]',
    ],
    ['a claim is Lost', (i) => i.claim('MODIFIED', claim('a', 'v', 'Lost')), 'claim a is Lost; its volume is v'],
    ['a claim is removed', (i) => i.claim('DELETED', claim('a', 'v')), 'claim a was removed, by nobody of the storm'],
    [
      'a volume is Released',
      (i) => i.volume('MODIFIED', volume('v', 'k1', 'a', 'Released')),
      'volume v is Released, and its claim was not removed',
    ],
    ['a pod is removed', (i) => i.pod('DELETED', pod('a', 'k1')), 'pod a was removed, by nobody of the storm'],
    [
      'a claim is Bound to a volume that is not reserved for it',
      (i) => {
        i.claim('ADDED', claim('b', 'w'));
        i.volume('ADDED', volume('w', 'k1', undefined, 'Available'));
      },
      'claim b is Bound to volume w, which is reserved for no claim',
    ],
    [
      'a volume is reserved for an earlier claim of the name',
      (i) => {
        const reserved = volume('w', 'k1', 'b');
        i.claim('ADDED', { ...claim('b'), metadata: metadata('b', 'another') });
        i.volume('ADDED', reserved);
      },
      'volume w is reserved for claim b, which does not exist',
    ],
  ];
  for (const [what, then, violation] of cases) {
    it(`do not hold where ${what}`, () => {
      expect(seen(bind, then)).to.include(violation);
    });
  }

  it('name each violation once', () => {
    const again = (i: Invariants) => i.claim('MODIFIED', claim('a', 'v', 'Lost'));
    expect(seen(bind, again, again)).to.have.length(1);
  });
});
