import type { VolumeTypeKey } from '../../clusters/nodes/volume-types.ts';
import { assignedNode } from '../runner/current-spec.ts';
import { evidence } from '../runner/evidence.ts';
import { expect } from './expect.ts';
import { leaseVolume } from './lease-volume.ts';
import { SpecNamespace } from './spec-namespace.ts';

/** kubelet's event about a pod whose volume another pod uses, and the operation that it names, by volume mode. */
const refusals = {
  Filesystem: { reason: 'FailedMount', operation: 'MountVolume.SetUp' },
  Block: { reason: 'FailedMapVolume', operation: 'MapVolume.SetUpDevice' },
} as const;

/**
 * Proves that kubelet gives a ReadWriteOncePod volume to one pod at a time: a second pod, placed on the node without a
 * scheduler, waits with the reason in an event, and runs once the first is gone.
 */
export async function oneAtATime(type: VolumeTypeKey, mode: keyof typeof refusals): Promise<void> {
  const here = assignedNode();
  await using lease = await leaseVolume(here, type);
  await using namespace = await SpecNamespace.open();
  const onePod = { spec: { accessModes: ['ReadWriteOncePod' as const] } };
  await namespace.storageClass();
  const { volume, claim } = await namespace.boundVolume('data', { ...lease, volume: onePod, claim: onePod });
  const placed = (name: string) =>
    namespace.pod(name, {
      claims: [claim],
      as: mode === 'Block' ? 'devices' : 'files',
      spec: { nodeName: here },
    });
  const first = await placed('first');
  await expect(first).to.runOn(here);
  const second = await placed('second');
  const { reason, operation } = refusals[mode];
  const refused = `${operation} failed for volume "${volume.name}" : volume uses the ReadWriteOncePod access mode and is already in use by another pod`;
  evidence.keep('kubelet', await expect(second).to.reportEvent(reason, refused));
  expect(second.now.status?.phase).to.equal('Pending');
  await namespace.remove(first);
  await expect(second).to.runOn(here);
}
