import {
  backEndOf,
  boundPair,
  evidence,
  expect,
  leaseBackEnd,
  localClass,
  pairAt,
  podWith,
  podWithDevice,
  proveUnchanged,
  readChapter,
  readPlaces,
  SpecNamespace,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('leaks');

describe(chapter, () => {
  // Alone, because the places of whole nodes are compared.
  proves('LV-LEAK-01', async () => {
    const before = await readPlaces();
    {
      await using directory = await leaseBackEnd('node2', backEndOf('LOOP'));
      await using formatted = await leaseBackEnd('node2', backEndOf('FORMAT'));
      await using raw = await leaseBackEnd('node3', backEndOf('BLOCK'));
      await using namespace = await SpecNamespace.open();
      const first = await pairAt(namespace, directory.disk);
      const second = await pairAt(namespace, formatted.disk, { name: 'formatted' });
      const third = await pairAt(namespace, raw.disk, { name: 'raw' });
      const files = await podWith(namespace, 'files', [first.claim, second.claim]);
      const device = await podWithDevice(namespace, 'device', third.claim);
      await expect(files).to.runOn('node2');
      await expect(device).to.runOn('node3');

      const during = await readPlaces();
      const added = [...during].flatMap(([node, places]) =>
        places.filter((place) => !before.get(node)?.includes(place)).map((place) => `${node}: ${place}`),
      );
      evidence.keep('places-in-use', added.join('\n'));
      // What is to go must have been there, or the comparison after would prove nothing.
      for (const name of [first.volume.name, second.volume.name, third.volume.name])
        expect(added.join('\n'), `a place of ${name}`).to.include(name);
    }
    await proveUnchanged(before);
  });

  proves('LV-LEAK-02', async () => {
    const before = await readPlaces();
    {
      await using namespace = await SpecNamespace.open();
      await localClass(namespace);
      const { claim, volume } = await boundPair(namespace, 'absent', { node: 'node2', path: '/mnt/disks/not-there' });
      await expect(claim).to.bindTo(volume);
      const pod = await podWith(namespace, 'never', [claim]);
      await expect(pod).to.reportEvent('FailedMount', 'path "/mnt/disks/not-there" does not exist');
      await namespace.cluster.client.remove(pod.ref);
      await expect(pod).to.beGone({ within: 20_000 });
    }
    await proveUnchanged(before);
  });
});
