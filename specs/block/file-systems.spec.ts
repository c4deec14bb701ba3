import {
  assignedNode,
  evidence,
  expect,
  kubeletLog,
  leaseVolume,
  onNode,
  placesOf,
  readChapter,
  runInPod,
  SpecNamespace,
  tryInPod,
} from '../harness/index.ts';
import { removedAtTheEnd } from './block-volumes.ts';

// Volumes of mode Filesystem whose path is a device: kubelet makes the file system, or finds one.

const { chapter, proves } = readChapter('block');

const bytes = 16 * 2 ** 20;

/** Makes an ext4 with a file in it, as a device has it that was in use before. Argument: the device. */
const makeUsed = 'mkfs.ext4 -q -F "$1"; echo kept >/tmp/kept; debugfs -w -R "write /tmp/kept kept" "$1"; rm /tmp/kept';

/** Prints the state of an ext4, and the blocks that it calls free. Argument: the device. */
const describeExt4 = 'dumpe2fs -h "$1" | grep -E "^(Filesystem state|Free blocks):"';

describe(chapter, () => {
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
    const { store } = namespace.cluster;
    expect(store.eventsOf(volume.ref).find((event) => event.message === mismatch)?.type).to.equal('Warning');
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

  proves('LV-BLOCK-18', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'FORMAT', { bytes });
    const path = `${placesOf(here).disks}/${device.name}-link`;
    await using _link = await removedAtTheEnd(here, path);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    await onNode(node, ['ln', '-s', device.path, path]);
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('by-link', { ...device, path });
    expect(volume.now.spec?.local?.fsType, 'the volume names no file system').to.equal(undefined);
    const pod = await namespace.pod('user', { claims: [claim] });
    await expect(pod).to.runOn(here);
    await expect(pod).to.mount(volume, { from: { ...device, path, fileSystem: 'ext4' } });
    const type = ['blkid', '--probe', '--match-tag', 'TYPE', '--output', 'value', device.path] as const;
    expect(await onNode(node, type), 'on the device').to.equal('ext4\n');
  });

  proves('LV-BLOCK-19', async () => {
    const here = assignedNode();
    await using damaged = await leaseVolume(here, 'FORMAT', { bytes });
    await using broken = await leaseVolume(here, 'FORMAT', { bytes });
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    const script = (text: string, path: string) => onNode(node, ['sh', '-ceu', text, 'sh', path]);
    const marked = 'debugfs -w -R "ssv state 2" "$1"';
    await script(`${makeUsed}; debugfs -w -R "ssv free_blocks_count 7" "$1"; ${marked}`, damaged.path);
    expect(await script(describeExt4, damaged.path)).to.match(/with errors\n.* 7\n$/);
    // Without its root directory: fsck repairs that only where a person agrees.
    await script(`${makeUsed}; debugfs -w -R "clri <2>" "$1"; ${marked}`, broken.path);
    // fsck writes its own findings; the file, by its inode, and the file system's UUID are there unless it is formatted.
    const identify = 'blkid --probe --match-tag UUID --output value "$1"; debugfs -R "cat <12>" "$1"';
    const identity = await script(identify, broken.path);
    expect(identity).to.match(/^[0-9a-f-]{36}\nkept\n$/);

    await namespace.storageClass();
    const repaired = await namespace.boundVolume('repaired', damaged);
    const refused = await namespace.boundVolume('refused', broken);
    const begun = new Date();
    const waits = await namespace.pod('waits', { claims: [refused.claim] });
    const runs = await namespace.pod('runs', { claims: [repaired.claim] });
    await expect(runs).to.runOn(here);
    expect(await runInPod(runs, ['cat', '/data/kept'])).to.equal('kept\n');
    expect(await script(describeExt4, damaged.path), 'repaired before it was mounted').to.match(/state: +clean\n/);
    const said = `Device ${damaged.path} has errors which were corrected by fsck`;
    evidence.keep('repaired', await kubeletLog(node, begun, [said]));

    const message = await expect(waits).to.reportEvent(
      'FailedMount',
      `'fsck' found errors on device ${broken.path} but could not correct them`,
    );
    evidence.keep('refused', message);
    expect(waits.now.status?.phase).to.equal('Pending');
    expect(await script(identify, broken.path), 'it is not formatted').to.equal(identity);
  });

  proves('LV-BLOCK-20', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'FORMAT', { bytes });
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    await onNode(node, ['sh', '-ceu', makeUsed, 'sh', device.path]);
    const sum = await onNode(node, ['sha256sum', device.path]);
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('archive', device);
    const pod = await namespace.pod('reader', { claims: [claim], readOnly: true });
    await expect(pod).to.runOn(here);
    const mounts = await expect(pod).to.mount(volume, { from: device });
    const access = [mounts.node, mounts.kubelet, mounts.container].map(({ options }) => options[0]);
    expect(access, 'the mount for all pods, the pod’s, the container’s').to.deep.equal(['ro', 'ro', 'ro']);
    expect(mounts.node.superOptions, 'the file system itself').to.include('ro');
    expect(await runInPod(pod, ['cat', '/data/kept'])).to.equal('kept\n');
    expect((await tryInPod(pod, ['touch', '/data/new'])).stderr).to.include('Read-only file system');
    await namespace.remove(pod);
    expect(await onNode(node, ['sha256sum', device.path]), 'not a byte has changed').to.equal(sum);
  });
});
