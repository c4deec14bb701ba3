import {
  evidence,
  expect,
  leaseVolume,
  markForDeletion,
  oneNode,
  type PodHandle,
  readChapter,
  restartKubelet,
  SpecNamespace,
  stopKubelet,
} from '../harness/index.ts';
import {
  loopDevicesOn,
  mappedPod,
  mappingOf,
  readSector,
  sectorOfDisk,
  textOfSector,
  unmapped,
  writeSector,
} from './block-volumes.ts';

const { chapter, proves } = readChapter('block');

const bytes = 4 * 2 ** 20;

/** Returns the id of the pod's container, as containerd knows it. */
function containerId(pod: PodHandle): string {
  return (pod.now.status?.containerStatuses?.[0]?.containerID ?? '').replace('containerd://', '');
}

describe(chapter, () => {
  proves('LV-BLOCK-11', async () => {
    await using lease = await leaseVolume(oneNode(), 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('disk', lease);
    const pod = await namespace.pod('user', { claims: [claim], as: 'devices' });
    await expect(pod).to.runOn(oneNode());
    const [before, after] = [textOfSector(), textOfSector()];
    await writeSector(pod, before);
    const id = containerId(pod);
    const mapping = await mappingOf(mappedPod(pod, volume));

    const loops = await loopDevicesOn(lease, volume);
    await restartKubelet(oneNode());
    // A pod that starts on the node since, with the same device: kubelet has looked through its volumes.
    const beside = await namespace.pod('beside', { claims: [claim], as: 'devices' });
    await expect(beside).to.runOn(oneNode());
    expect(await readSector(beside), 'in a pod that is made after it').to.equal(before);
    const ofBeside = mappedPod(beside, volume);
    await namespace.remove(beside);
    await unmapped(namespace.cluster.node(oneNode()), ofBeside);
    expect(await readSector(pod), 'when it is up again').to.equal(before);
    await writeSector(pod, after);
    expect(await sectorOfDisk(lease)).to.equal(after);
    expect(containerId(pod), 'the same container').to.equal(id);
    expect(pod.now.status?.containerStatuses?.[0]?.restartCount).to.equal(0);
    expect(await mappingOf(mappedPod(pod, volume))).to.deep.equal(mapping);
    expect(await loopDevicesOn(lease, volume), 'no loop device more').to.deep.equal(loops);
    evidence.keep('mapping', mapping);
  });

  /** How the pod is deleted, and whether the API still knows it when kubelet comes back. */
  const deletions = [
    { id: 'LV-BLOCK-12', forced: false },
    { id: 'LV-BLOCK-13', forced: true },
  ] as const;

  for (const { id, forced } of deletions) {
    proves(id, async () => {
      await using lease = await leaseVolume(oneNode(), 'BLOCK', { bytes });
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const { volume, claim } = await namespace.boundVolume('disk', lease);
      const pod = await namespace.pod('user', { claims: [claim], as: 'devices' });
      await expect(pod).to.runOn(oneNode());
      const mapped = mappedPod(pod, volume);
      const before = await mappingOf(mapped);
      expect(before.bound).to.equal(lease.deviceNumber);
      expect(before.locks).to.have.lengthOf(1);

      await using outage = await stopKubelet(oneNode());
      if (forced) {
        await namespace.cluster.client.remove(pod.ref, { gracePeriodSeconds: 0 });
        await expect(pod).to.beGone();
      } else {
        await markForDeletion(namespace, pod);
        expect(pod.now.metadata.deletionTimestamp, 'deletion is requested, and no kubelet does it').to.be.a('string');
      }
      expect(await mappingOf(mapped), 'while kubelet is down').to.deep.equal(before);
      await outage.end();

      await expect(pod).to.beGone();
      const node = namespace.cluster.node(oneNode());
      await unmapped(node, { ...mapped, isLast: true });
      expect(await loopDevicesOn(lease, volume), 'nothing holds the volume').to.deep.equal([]);
      evidence.keep('before-and-after', { before, after: await mappingOf(mapped) });
    });
  }
});
