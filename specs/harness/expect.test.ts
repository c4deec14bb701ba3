import { expect } from './expect.ts';
import type { ClaimHandle, ClassHandle, PodHandle, VolumeHandle } from './handles.ts';

interface Subjects {
  pod: PodHandle;
  claim: ClaimHandle;
  volume: VolumeHandle;
  storageClass: ClassHandle;
}

/** Compiled, never called: `tsc` refuses a `@ts-expect-error` that is not needed. */
async function whatCompiles({ pod, claim, volume, storageClass }: Subjects): Promise<void> {
  await expect(claim).to.bindTo(volume);
  await expect(pod).to.runOn('node2');
  await expect(volume).to.reachPhase('Released');
  await expect(storageClass).to.beGone();
  const message: string = await expect(pod).to.beUnschedulable(['Insufficient cpu']);
  expect(message).to.include('cpu');

  // @ts-expect-error A volume runs nowhere.
  await expect(volume).to.runOn('node2');
  // @ts-expect-error A claim is bound to a volume, not to a claim.
  await expect(claim).to.bindTo(claim);
  // @ts-expect-error A pod is bound to nothing.
  await expect(pod).to.bindTo(volume);
  // @ts-expect-error A class has no phase.
  await expect(storageClass).to.reachPhase('Bound');
  for (const either of [claim, pod]) {
    await expect(either).to.reachPhase('Bound');
    // @ts-expect-error One of them is no pod.
    await expect(either).to.runOn('node2');
  }
  // @ts-expect-error A text is no object of the cluster.
  await expect('a pod').to.runOn('node2');
  // @ts-expect-error An object is compared by what it has now.
  expect(pod).to.equal(pod);
}

describe('expect', () => {
  it('has the words of its subject’s kind', () => {
    expect(whatCompiles).to.be.a('function');
  });

  it('is chai’s for plain values', () => {
    expect({ phase: 'Bound' }, 'a claim').to.deep.equal({ phase: 'Bound' });
    expect(() => expect(1, 'one').to.equal(2)).to.throw('one: expected 1 to equal 2');
  });
});
