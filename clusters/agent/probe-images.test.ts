import { expect } from 'chai';
import type { Pod } from '../api/objects.ts';
import { verdictOn } from './probe-images.ts';

const podWith = (state: object, phase = 'Pending') =>
  ({ status: { phase, containerStatuses: [{ state }] } }) as unknown as Pod;

describe('the verdict on an image that a node is to run', () => {
  it('is good where its command has ended well, and says what was wrong where it has not', () => {
    for (const [pod, why] of [
      [podWith({ terminated: { exitCode: 0, reason: 'Completed' } }, 'Succeeded'), ''],
      [podWith({ terminated: { exitCode: 127, reason: 'Error' } }, 'Failed'), 'Error with 127'],
      [podWith({ waiting: { reason: 'ErrImageNeverPull', message: 'not present' } }), 'ErrImageNeverPull: not present'],
    ] as const)
      expect(verdictOn(pod)).to.deep.equal({ why });
  });

  it('is open while kubelet has not come to it, or pulls', () => {
    expect(verdictOn(undefined)).to.equal(undefined);
    expect(verdictOn(podWith({ waiting: { reason: 'ContainerCreating' } }))).to.equal(undefined);
  });
});
