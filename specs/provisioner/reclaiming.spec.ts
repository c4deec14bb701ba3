import {
  assignedNode,
  type ClaimHandle,
  evidence,
  expect,
  knownIssue,
  leaseVolume,
  onNode,
  readChapter,
  readInPod,
  runInPod,
  SpecNamespace,
  type VolumeHandle,
} from '../harness/index.ts';
import { leaseEntriesDirectory } from '../static-provisioner/entries.ts';
import { lookedThrough, offeredClass, offeredPaths, offeredVolume, release } from '../static-provisioner/offered.ts';
import { fillWithZeros, startProvisioner } from '../static-provisioner/programs.ts';

const { chapter, proves } = readChapter('provisioner');

const bytes = 16 * 2 ** 20;

/** Waits until a disk is offered, creates a claim, and waits until it is bound to the volume, whose uid is returned. */
async function claimedDisk(
  namespace: SpecNamespace,
  offer: Parameters<typeof offeredVolume>[1],
  name = 'claim',
): Promise<{ volume: VolumeHandle; uid: string; claim: ClaimHandle }> {
  const volume = await offeredVolume(namespace, offer);
  const { uid } = volume.now.metadata;
  const claim = await namespace.claim(name, { storage: '8Mi' });
  await expect(claim).to.bindTo(volume);
  return { volume, uid, claim };
}

describe(chapter, () => {
  proves('LV-PROV-09', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.memory(bytes, 'disk');
    const storageClass = await offeredClass(namespace, 'Retain');
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    const { volume, uid, claim } = await claimedDisk(namespace, { directory, entry: 'disk', storageClass });
    await onNode(directory.node, ['cp', '/etc/hostname', `${path}/kept`]);
    await release(namespace, volume, claim);

    await lookedThrough(namespace, { directory, storageClass });
    expect(volume.now.metadata.uid).to.equal(uid);
    expect(volume.now.status?.phase).to.equal('Released');
    expect(await onNode(directory.node, ['ls', path])).to.equal('kept\n');
    expect(offeredPaths(namespace, storageClass)).to.have.all.keys(path);
  });

  proves('LV-PROV-10', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.memory(bytes, 'disk');
    const storageClass = await offeredClass(namespace, 'Delete');
    const offer = { directory, entry: 'disk', storageClass };
    const { volume, uid } = await (async () => {
      await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
      const claimed = await claimedDisk(namespace, offer);
      const { volume, claim } = claimed;
      await directory.pull('disk');
      await release(namespace, volume, claim);
      // Provisioners of other specs on the node have the same name, and report that they do not know the class.
      const cannotBeCleaned = `Error cleaning PV "${volume.name}": failed to get volume mode of path "${path}"`;
      const warning = await expect(volume).to.reportEvent('VolumeFailedDelete', cannotBeCleaned);
      evidence.keep('warning', warning);
      await lookedThrough(namespace, { directory, storageClass });
      return claimed;
    })();
    expect(volume.now.status?.phase).to.equal('Released');

    // The disk comes back with the file of its last claimant. No provisioner runs yet: one that finds the empty mount
    // point offers it as a clean disk, as LV-PROV-19 shows.
    await directory.memory(bytes, 'disk');
    await onNode(directory.node, ['cp', '/etc/hostname', `${path}/left`]);
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    await offeredVolume(namespace, offer, { after: uid });
    expect(await onNode(directory.node, ['ls', '-A', path])).to.equal('');
  });

  proves('LV-PROV-11', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    await directory.memory(bytes, 'disk');
    // With Retain nothing is cleaned while the object exists: people remove it then.
    const storageClass = await offeredClass(namespace, 'Retain');
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    const offer = { directory, entry: 'disk', storageClass };
    const { volume, uid, claim: first } = await claimedDisk(namespace, offer, 'first');
    const writer = await namespace.pod('writer', { claims: [first] });
    await expect(writer).to.runOn(here);
    await runInPod(writer, ['sh', '-c', 'echo the password of the last one >/data/secret']);
    await release(namespace, volume, writer, first);
    await namespace.cluster.client.remove(volume.ref);

    await offeredVolume(namespace, offer, { after: uid });
    const second = await namespace.claim('second', { storage: '8Mi' });
    await expect(second).to.bindTo(volume);
    const reader = await namespace.pod('reader', { claims: [second] });
    await expect(reader).to.runOn(here);
    const leaked = await readInPod(reader, '/data/secret');
    expect(leaked).to.equal('the password of the last one\n');
    evidence.keep('what-the-next-claimant-reads', leaked);
  });

  proves('LV-PROV-19', async () => {
    const here = assignedNode();
    await using disks = await leaseEntriesDirectory(here);
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [disk = ''] = await disks.memory(bytes, 'disk');
    const [path = ''] = await directory.bind(disk, 'disk');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    const offer = { directory, entry: 'disk', storageClass };
    const { volume, uid, claim } = await claimedDisk(namespace, offer);
    await onNode(directory.node, ['cp', '/etc/hostname', `${path}/secret`]);
    // The mount point is an empty directory now, as after a boot without the disk.
    await onNode(directory.node, ['umount', path]);
    await release(namespace, volume, claim);
    // One look begins the cleaning, a later one removes what is clean.
    await lookedThrough(namespace, { directory, storageClass }, 4);

    await onNode(directory.node, ['mount', '--bind', disk, path]);
    await offeredVolume(namespace, offer, { after: uid });
    const left = await onNode(directory.node, ['ls', '-A', path]);
    evidence.keep('left', left);
    await knownIssue(() => expect(left, 'what the next claimant finds').to.equal(''));
  });

  proves('LV-PROV-20', async () => {
    const here = assignedNode();
    await using raw = await leaseVolume(here, 'BLOCK', { bytes });
    await using disks = await leaseEntriesDirectory(here);
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    await directory.link(raw.path, 'raw');
    const storageClass = await offeredClass(namespace, 'Delete');
    // The cleaner waits until the directory `gate` is gone.
    const gate = `${disks.path}/gate`;
    await disks.plain('gate');
    const cleaner = `while [ -d ${gate} ]; do sleep 0.1; done; ${fillWithZeros}`;
    await using provisioner = await startProvisioner(
      namespace,
      [here],
      [{ storageClass, directory, volumeMode: 'Block', cleaner }],
    );
    const offer = { directory, entry: 'raw', storageClass };
    const volume = await offeredVolume(namespace, offer);
    const isClean = async () =>
      (
        await directory.node.attempt({
          argv: ['cmp', '--bytes', String(raw.bytes), raw.path, '/dev/zero'],
          deadline: 30_000,
        })
      ).status === 0;
    const use = async (name: string) => {
      const claim = await namespace.claim(name, { storage: '8Mi', volumeMode: 'Block' });
      await expect(claim).to.bindTo(volume);
      await onNode(directory.node, ['dd', 'if=/proc/self/exe', `of=${raw.path}`, 'bs=4096', 'count=4', 'conv=fsync']);
      await release(namespace, volume, claim);
    };
    const { uid: first } = volume.now.metadata;
    await use('first');
    await expect(volume).to.reportEvent('VolumeDelete', `Starting cleanup of Block PV "${volume.name}"`);
    await namespace.cluster.client.remove(volume.ref);
    await expect(volume).to.beGone();
    evidence.keep('while-it-is-cleaned', await provisioner.says(`PV ${volume.name} is still being cleaned`));
    expect(volume.store.get(volume.ref), 'not offered before it is clean').to.equal(undefined);

    await onNode(directory.node, ['rmdir', gate]);
    await offeredVolume(namespace, offer, { after: first });
    expect(await isClean(), 'clean when it is offered').to.equal(true);
    const { uid: second } = volume.now.metadata;
    await use('second');
    await offeredVolume(namespace, offer, { after: second });
    expect(await isClean(), 'cleaned once more').to.equal(true);
  });
});
