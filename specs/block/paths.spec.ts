import {
  assignedNode,
  evidence,
  expect,
  leaseVolume,
  onNode,
  placesOf,
  readChapter,
  SpecNamespace,
} from '../harness/index.ts';
import {
  deviceFileGone,
  mappedPod,
  numberInPod,
  readSector,
  removedAtTheEnd,
  sectorBytes,
  sectorOfDisk,
  textOfSector,
  tryToWriteSector,
  unmapped,
  writeSector,
} from './block-volumes.ts';

const { chapter, proves } = readChapter('block');

const bytes = 4 * 2 ** 20;

describe(chapter, () => {
  proves('LV-BLOCK-05', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    const link = `${placesOf(here).disks}/${lease.name}-link`;
    await using _link = await removedAtTheEnd(here, link);
    await using namespace = await SpecNamespace.open();
    await onNode(namespace.cluster.node(here), ['ln', '-s', lease.path, link]);
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('by-link', { node: here, path: link, volumeMode: 'Block' });
    const pod = await namespace.pod('user', { claims: [claim], as: 'devices' });
    await expect(pod).to.runOn(here);
    expect(await numberInPod(pod)).to.equal(lease.deviceNumber);
    const text = textOfSector();
    await writeSector(pod, text);
    expect(await sectorOfDisk(lease)).to.equal(text);
  });

  proves('LV-BLOCK-06', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    const link = `${placesOf(here).disks}/${lease.name}-link`;
    await using _link = await removedAtTheEnd(here, link);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('to-come', { node: here, path: link, volumeMode: 'Block' });
    const pod = await namespace.pod('user', { claims: [claim], as: 'devices' });
    await expect(pod).to.reportEvent(
      'FailedMapVolume',
      `MapVolume.EvalHostSymlinks failed for volume "${volume.name}" : lstat ${link}: no such file or directory`,
    );
    await onNode(namespace.cluster.node(here), ['ln', '-s', lease.path, link]);
    await expect(pod).to.runOn(here);
    expect(await numberInPod(pod)).to.equal(lease.deviceNumber);
  });

  proves('LV-BLOCK-07', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('disk', lease);
    const reader = await namespace.pod('reader', { claims: [claim], as: 'devices', readOnly: true });
    const writer = await namespace.pod('writer', { claims: [claim], as: 'devices' });
    for (const pod of [reader, writer]) await expect(pod).to.runOn(here);
    const text = textOfSector();
    await writeSector(writer, text);
    expect(await readSector(reader), 'it may read').to.equal(text);
    const { status, stderr } = await tryToWriteSector(reader, textOfSector());
    expect(status).not.to.equal(0);
    expect(stderr, 'EPERM, when it is opened').to.include("can't open '/dev/data': Operation not permitted");
    expect(await sectorOfDisk(lease)).to.equal(text);
  });

  proves('LV-BLOCK-08', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes, readOnly: true });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('disk', lease);
    const pod = await namespace.pod('user', { claims: [claim], as: 'devices' });
    await expect(pod).to.runOn(here);
    expect(await readSector(pod)).to.equal('\0'.repeat(sectorBytes));
    const { status, stderr } = await tryToWriteSector(pod, textOfSector());
    expect(status).not.to.equal(0);
    expect(stderr).to.include('Operation not permitted').and.not.to.include("can't open");
    expect(await sectorOfDisk(lease)).to.equal('\0'.repeat(sectorBytes));
    evidence.keep('refusal', stderr);
  });

  proves('LV-BLOCK-21', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('unplugged', lease);
    const pod = await namespace.pod('user', { claims: [claim], as: 'devices' });
    await expect(pod).to.runOn(here);
    const mapped = mappedPod(pod, volume);
    await using _gone = await deviceFileGone(lease);
    await namespace.remove(pod);
    await unmapped(namespace.cluster.node(here), { ...mapped, isLast: true });
  });
});
