import {
  assignedNode,
  evidence,
  expect,
  leaseVolume,
  onNode,
  readChapter,
  runInPod,
  SpecNamespace,
} from '../harness/index.ts';
import {
  readSector,
  removedAtTheEnd,
  sectorBytes,
  sectorOfDisk,
  textOfSector,
  tryToWriteSector,
  writeSector,
} from './block-volumes.ts';

const { chapter, proves } = readChapter('block');

const bytes = 4 * 2 ** 20;

/** The number of the pod's device, as `major:minor`. */
async function numberInPod(pod: Parameters<typeof runInPod>[0]): Promise<string> {
  const hex = (await runInPod(pod, ['stat', '-c', '%t %T', '/dev/data'])).trim().split(' ');
  return hex.map((text) => Number.parseInt(text, 16)).join(':');
}

describe(chapter, () => {
  proves('LV-BLOCK-05', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'BLOCK', { bytes });
    const link = `/mnt/disks/${lease.name}-link`;
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
    const link = `/mnt/disks/${lease.name}-link`;
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

  proves('LV-BLOCK-09', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'FORMAT', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    await onNode(node, ['mkfs.ext4', '-q', '-F', device.path]);
    const uuid = await onNode(node, ['blkid', '--probe', '--match-tag', 'UUID', '--output', 'value', device.path]);
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('ext4', {
      ...device,
      volume: {
        change: (manifest) => {
          manifest.spec.local.fsType = 'xfs';
        },
      },
    });
    const pod = await namespace.pod('user', { claims: [claim] });
    const failed = `MountVolume.MountDevice failed for volume "${volume.name}" : local: failed to mount device ${device.path} at `;
    const message = await expect(pod).to.reportEvent('FailedMount', failed);
    expect(message).to.include('(fstype: xfs), error ');
    const mismatch = await expect(volume).to.reportEvent('FailedMountOnFilesystemMismatch');
    expect(mismatch).to.include(`MountVolume failed for volume "${volume.name}"`);
    expect(namespace.cluster.store.eventsOf(volume.ref)[0]?.type).to.equal('Warning');
    const after = await onNode(node, ['blkid', '--probe', '--match-tag', 'UUID', '--output', 'value', device.path]);
    expect(after, 'the file system that was there').to.equal(uuid);
    expect(await onNode(node, ['blkid', '--probe', '--match-tag', 'TYPE', '--output', 'value', device.path])).to.equal(
      'ext4\n',
    );
    evidence.keep('messages', `pod: ${message}\n\nvolume: ${mismatch}`);
  });

  proves('LV-BLOCK-10', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'FORMAT', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('blank', device);
    const pod = await namespace.pod('user', { claims: [claim], readOnly: true });
    const message = await expect(pod).to.reportEvent(
      'FailedMount',
      `MountVolume.MountDevice failed for volume "${volume.name}" : local: failed to mount device ${device.path} at `,
    );
    expect(message).to.include('cannot mount unformatted disk').and.to.include('in read-only mode');
    await onNode(namespace.cluster.node(here), ['cmp', '-n', String(device.bytes), device.path, '/dev/zero']);
    evidence.keep('message', message);
  });
});
