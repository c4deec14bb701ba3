import { evidence, expect, onNode, readChapter, readInPod, runInPod, SpecNamespace } from '../harness/index.ts';
import { volumeName } from '../static-provisioner/offers.ts';
import {
  leaseEntriesDirectory,
  offeredClass,
  offeredVolume,
  release,
  startProvisioner,
} from '../static-provisioner/started-provisioner.ts';

const { chapter, proves } = readChapter('provisioner');

const bytes = 16 * 2 ** 20;

describe(chapter, () => {
  proves('LV-PROV-09', async () => {
    await using directory = await leaseEntriesDirectory('node3');
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.memory(bytes, 'disk');
    const storageClass = await offeredClass(namespace, 'Retain');
    await using provisioner = await startProvisioner(namespace, 'node3', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    const volume = await offeredVolume(namespace, { name: volumeName('disk', 'node3', storageClass.name), path });
    const { uid } = volume.now.metadata;
    const claim = await namespace.claim('claim', { storage: '8Mi' });
    await expect(claim).to.bindTo(volume);
    await onNode(directory.node, ['cp', '/etc/hostname', `${path}/kept`]);
    await release(namespace, volume, claim);

    const [later = ''] = await directory.memory(bytes, 'later');
    await provisioner.look();
    // Offered in the same look: whatever was to happen to the released volume has happened before.
    await offeredVolume(namespace, { name: volumeName('later', 'node3', storageClass.name), path: later });
    expect(volume.now.metadata.uid).to.equal(uid);
    expect(volume.now.status?.phase).to.equal('Released');
    expect(await onNode(directory.node, ['ls', path])).to.equal('kept\n');
    const ofThatDisk = namespace.cluster.store.list('PersistentVolume', {
      where: ({ spec }) => spec?.local?.path === path,
    });
    expect(ofThatDisk.map(({ metadata }) => metadata.uid)).to.deep.equal([uid]);
  });

  proves('LV-PROV-10', async () => {
    await using directory = await leaseEntriesDirectory('node2');
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.memory(bytes, 'disk');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node2', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    const at = { name: volumeName('disk', 'node2', storageClass.name), path };
    const volume = await offeredVolume(namespace, at);
    const { uid } = volume.now.metadata;
    const claim = await namespace.claim('claim', { storage: '8Mi' });
    await expect(claim).to.bindTo(volume);
    await directory.pull('disk');
    await release(namespace, volume, claim);

    await provisioner.look();
    const warning = await expect(volume).to.reportEvent('VolumeFailedDelete', `Error cleaning PV "${volume.name}"`);
    expect(warning).to.include(path);
    expect(volume.now.metadata.uid).to.equal(uid);
    expect(volume.now.status?.phase).to.equal('Released');
    evidence.keep('warning', warning);

    // The disk is back, with what its last claimant left.
    await directory.memory(bytes, 'disk');
    await onNode(directory.node, ['cp', '/etc/hostname', `${path}/left`]);
    await provisioner.look();
    await offeredVolume(namespace, at, { after: uid });
    expect(await onNode(directory.node, ['ls', '-A', path])).to.equal('');
  });

  proves('LV-PROV-11', async () => {
    await using directory = await leaseEntriesDirectory('node3');
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.memory(bytes, 'disk');
    // With Retain nothing is cleaned while the object is there; removing it is what people do next.
    const storageClass = await offeredClass(namespace, 'Retain');
    await using provisioner = await startProvisioner(namespace, 'node3', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    const at = { name: volumeName('disk', 'node3', storageClass.name), path };
    const volume = await offeredVolume(namespace, at);
    const { uid } = volume.now.metadata;
    const first = await namespace.claim('first', { storage: '8Mi' });
    await expect(first).to.bindTo(volume);
    const writer = await namespace.pod('writer', { claims: [first] });
    await expect(writer).to.runOn('node3');
    await runInPod(writer, ['sh', '-c', 'echo the password of the last one >/data/secret']);
    await release(namespace, volume, writer, first);
    await namespace.remove(volume);

    await provisioner.look();
    await offeredVolume(namespace, at, { after: uid });
    const second = await namespace.claim('second', { storage: '8Mi' });
    await expect(second).to.bindTo(volume);
    const reader = await namespace.pod('reader', { claims: [second] });
    await expect(reader).to.runOn('node3');
    const leaked = await readInPod(reader, '/data/secret');
    expect(leaked).to.equal('the password of the last one\n');
    evidence.keep('what-the-next-claimant-reads', leaked);
  });
});
