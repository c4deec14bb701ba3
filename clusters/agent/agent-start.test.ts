import { expect } from 'chai';
import type { Pod } from '../api/objects.ts';
import { hopeless } from './agent-start.ts';

const podWith = (status: object) => ({ metadata: { name: 'agent-1' }, status }) as unknown as Pod;
const waiting = (reason: string, message: string) =>
  podWith({ phase: 'Pending', containerStatuses: [{ state: { waiting: { reason, message } } }] });

describe('an agent that will never run', () => {
  it('is known by what kubelet says of its image or its container, or by its end', () => {
    for (const [pod, problem] of [
      [waiting('ErrImageNeverPull', 'not present'), 'ErrImageNeverPull: not present'],
      [
        waiting('CreateContainerError', 'path / is not a shared mount'),
        'CreateContainerError: path / is not a shared mount',
      ],
      [podWith({ phase: 'Failed', reason: 'OutOfcpu', message: 'Pod was rejected' }), 'OutOfcpu: Pod was rejected'],
      [podWith({ phase: 'Succeeded' }), 'it has ended (Succeeded)'],
    ] as const)
      expect(hopeless(pod)).to.equal(problem);
  });

  it('is not one that waits: for its image, its volumes, or kubelet', () => {
    for (const pod of [waiting('ContainerCreating', ''), waiting('ErrImagePull', 'timeout'), podWith({})])
      expect(hopeless(pod)).to.equal(undefined);
  });
});
