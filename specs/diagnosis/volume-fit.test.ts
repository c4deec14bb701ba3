import { expect } from 'chai';
import type { PersistentVolume } from '../../clusters/api/objects.ts';
import { claim, volume } from './scenario-objects.ts';
import { sizeText, volumeMismatches } from './volume-fit.ts';

describe('whether a volume fits a claim', () => {
  const wanted = claim('x', 'local-storage');
  const offered = (
    change: Partial<PersistentVolume['spec']>,
    base = volume('pv', { on: { key: 'a', values: ['b'] } }),
  ): PersistentVolume => ({
    ...base,
    spec: { ...base.spec, ...change },
  });

  it('fits when it offers as much or more', () => {
    expect(volumeMismatches(wanted, offered({}))).to.deep.equal([]);
    expect(
      volumeMismatches(
        wanted,
        offered({ capacity: { storage: '2G' }, accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }),
      ),
    ).to.deep.equal([]);
  });

  const cases: [string, Partial<PersistentVolume['spec']>, string[]][] = [
    ['too small', { capacity: { storage: '1G' } }, ['has 1G']],
    ['another access mode', { accessModes: ['ReadOnlyMany'] }, ['does not offer ReadWriteOnce']],
    ['another volume mode', { volumeMode: 'Block' }, ['is Block']],
    ['reserved for another claim', { claimRef: { namespace: 'demo', name: 'y' } }, ['is reserved for demo/y']],
    [
      'held by an earlier claim of the name',
      { claimRef: { namespace: 'demo', name: 'x', uid: 'old' } },
      ['is held by an earlier claim of this name'],
    ],
    ['reserved for this claim', { claimRef: { namespace: 'demo', name: 'x' } }, []],
  ];
  for (const [what, change, mismatches] of cases) {
    it(what, () => expect(volumeMismatches(wanted, offered(change))).to.deep.equal(mismatches));
  }

  it('not Available, being deleted, without the label, or not the one the claim names', () => {
    const base = volume('pv', { on: { key: 'a', values: ['b'] }, phase: 'Failed' });
    const going = { ...base, metadata: { ...base.metadata, deletionTimestamp: '2026-11-23T12:00:00Z' } };
    const choosy = {
      ...wanted,
      spec: { ...wanted.spec, volumeName: 'other', selector: { matchLabels: { tier: 'fast' } } },
    };
    expect(volumeMismatches(choosy, going)).to.deep.equal([
      'is Failed',
      'is being deleted',
      'is not other, which the claim names',
      'lacks the label tier=fast',
    ]);
  });

  it('says what is asked and offered in the same words', () => {
    expect(sizeText(wanted.spec)).to.equal('1Gi ReadWriteOnce Filesystem');
    expect(sizeText(offered({ volumeMode: 'Block' }).spec)).to.equal('1Gi ReadWriteOnce Block');
  });
});
