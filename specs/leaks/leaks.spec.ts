import {
  assertUnchanged,
  evidence,
  expect,
  leaseVolume,
  ownPrefix,
  placesOf,
  readChapter,
  readPlaces,
  SpecNamespace,
  secondNode,
  thirdNode,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('leaks');

describe(chapter, () => {
  // The places of whole nodes are compared, which the specs have exclusively. The kernel's loop devices are those of all
  // nodes: of these, the spec's own count, the names of whose files begin with what it calls its own.
  const nodes = () => [secondNode(), thirdNode()];

  proves('LV-LEAK-01', async () => {
    const before = await readPlaces(nodes());
    {
      await using directory = await leaseVolume(secondNode(), 'LOOP');
      await using formatted = await leaseVolume(secondNode(), 'FORMAT');
      await using raw = await leaseVolume(thirdNode(), 'BLOCK');
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const first = await namespace.boundVolume('data', directory);
      const second = await namespace.boundVolume('formatted', formatted);
      const third = await namespace.boundVolume('raw', raw);
      const files = await namespace.pod('files', { claims: [first.claim, second.claim] });
      const device = await namespace.pod('device', { claims: [third.claim], as: 'devices' });
      await expect(files).to.runOn(secondNode());
      await expect(device).to.runOn(thirdNode());

      const during = await readPlaces(nodes());
      const added = [...during].flatMap(([node, places]) =>
        places.filter((place) => !before.get(node)?.includes(place)).map((place) => `${node}: ${place}`),
      );
      evidence.keep('places-in-use', added.join('\n'));
      // What is to go must have been there, or the comparison after would prove nothing.
      for (const [pod, { volume }, place] of [
        [files, first, 'volumes'],
        [files, second, 'volumes'],
        [device, third, 'volumeDevices'],
      ] as const) {
        const directory = `${placesOf(pod.now.spec?.nodeName ?? '').kubelet}/pods/${pod.now.metadata.uid}/${place}/kubernetes.io~local-volume/${volume.name}`;
        expect(added.join('\n'), `kubelet’s place for ${volume}`).to.include(`directory: ${directory}`);
      }
      const loops = during
        .get(thirdNode())
        ?.filter((place) => /^loop device:/.test(place) && place.includes(ownPrefix()));
      expect(loops, 'the loop devices of the raw disk and of kubelet’s lock').to.have.length.of.at.least(2);
      for (const { volume } of [second, third])
        expect(added.join('\n'), `kubelet’s place for all pods`).to.match(
          new RegExp(`/plugins/.*/${volume.name}$`, 'm'),
        );
    }
    await assertUnchanged(before, ownPrefix());
  });

  proves('LV-LEAK-02', async () => {
    const before = await readPlaces(nodes());
    {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const { claim, volume } = await namespace.boundVolume('absent', {
        node: secondNode(),
        path: '/mnt/disks/not-there',
      });
      await expect(claim).to.bindTo(volume);
      const pod = await namespace.pod('never', { claims: [claim] });
      await expect(pod).to.reportEvent('FailedMount', 'path "/mnt/disks/not-there" does not exist');
      await namespace.cluster.client.remove(pod.ref);
      // kubelet that waited for the mount would do so for two minutes.
      await expect(pod).to.beGone({ within: 60_000 });
    }
    await assertUnchanged(before, ownPrefix());
  });
});
