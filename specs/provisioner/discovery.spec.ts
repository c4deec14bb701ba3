import { evidence, expect, freeSpace, readChapter, runInPod, SpecNamespace } from '../harness/index.ts';
import { volumeName } from '../static-provisioner/offers.ts';
import {
  leaseEntriesDirectory,
  offeredClass,
  offeredPaths,
  offeredVolume,
  startProvisioner,
} from '../static-provisioner/started-provisioner.ts';

const { chapter, proves } = readChapter('provisioner');

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

describe(chapter, () => {
  proves('LV-PROV-04', async () => {
    await using directory = await leaseEntriesDirectory('node2');
    await using namespace = await SpecNamespace.open();
    await directory.plain('a-directory');
    const [disk = ''] = await directory.memory(16 * mebibyte, 'disk');
    await directory.link(disk, 'link-to-disk');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node2', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();

    // In the same look, after the plain directory: what is not there by now was refused.
    await offeredVolume(namespace, { name: volumeName('disk', 'node2', storageClass.name), path: disk });
    const said = (await provisioner.said()).join('\n');
    evidence.keep('said', said);
    for (const refused of ['a-directory', 'link-to-disk'])
      expect(said).to.match(new RegExp(`path "${directory.path}/${refused}" is not an? (valid|actual) mount ?point`));
    expect(offeredPaths(namespace, storageClass)).to.have.all.keys(disk);
  });

  proves('LV-PROV-05', async () => {
    await using directory = await leaseEntriesDirectory('node3');
    await using namespace = await SpecNamespace.open();
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node3', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    expect(offeredPaths(namespace, storageClass)).to.deep.equal({});

    const [first = ''] = await directory.memory(16 * mebibyte, 'first');
    await provisioner.look();
    const name = volumeName('first', 'node3', storageClass.name);
    const volume = await offeredVolume(namespace, { name, path: first });
    const { uid, resourceVersion } = volume.now.metadata;

    const [later = ''] = await directory.memory(16 * mebibyte, 'later');
    await provisioner.look();
    await provisioner.look();
    await offeredVolume(namespace, { name: volumeName('later', 'node3', storageClass.name), path: later });
    expect(offeredPaths(namespace, storageClass)).to.have.all.keys(first, later);
    expect(volume.now.metadata, 'the first is as it was').to.include({ uid, resourceVersion });
    evidence.keep('said', (await provisioner.said()).join('\n'));
  });

  proves('LV-PROV-06', async () => {
    await using directory = await leaseEntriesDirectory('node2');
    await using namespace = await SpecNamespace.open();
    // A tmpfs takes memory only as it is written to: the sizes cost nothing.
    const [large = ''] = await directory.memory(11 * gibibyte - 4096, 'large');
    const [middle = ''] = await directory.memory(9 * gibibyte + 5 * mebibyte + 4096, 'middle');
    const [small = ''] = await directory.memory(10 * mebibyte - 4096, 'small');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node2', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    for (const [entry, path] of Object.entries({ large, middle, small }))
      await offeredVolume(namespace, { name: volumeName(entry, 'node2', storageClass.name), path });
    const offered = offeredPaths(namespace, storageClass);
    evidence.keep('offered', offered);
    expect(offered).to.deep.equal({
      [large]: '10Gi',
      [middle]: `${9 * 1024 + 5}Mi`,
      [small]: String(10 * mebibyte - 4096),
    });
  });

  proves('LV-PROV-07', async () => {
    await using directory = await leaseEntriesDirectory('node2');
    await using namespace = await SpecNamespace.open();
    const [taken = ''] = await directory.memory(16 * mebibyte, 'taken');
    const [free = ''] = await directory.memory(16 * mebibyte, 'taken-elsewhere');
    const storageClass = await offeredClass(namespace, 'Delete');
    const byHand = await namespace.volume('by-hand', { node: 'node2', path: taken });
    const elsewhere = await namespace.volume('elsewhere', { node: 'node3', path: free });
    await using provisioner = await startProvisioner(namespace, 'node2', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    await offeredVolume(namespace, { name: volumeName('taken-elsewhere', 'node2', storageClass.name), path: free });
    const said = (await provisioner.said()).join('\n');
    evidence.keep('said', said);
    expect(said)
      .to.include('Volume path already in use')
      .and.to.include(byHand.name)
      .and.not.to.include(elsewhere.name);
    const names = namespace.cluster.store
      .list('PersistentVolume', { where: ({ spec }) => spec?.local?.path === taken })
      .map(({ metadata }) => metadata.name);
    expect(names).to.deep.equal([byHand.name]);
  });

  proves('LV-PROV-08', async () => {
    await using directory = await leaseEntriesDirectory('node3');
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.memory(16 * mebibyte, 'disk');
    const first = await offeredClass(namespace, 'Delete', { name: 'local-first' });
    const second = await offeredClass(namespace, 'Delete', { name: 'local-second' });
    await using provisioner = await startProvisioner(
      namespace,
      'node3',
      [first, second].map(({ name }) => ({ storageClass: name, directory: directory.path })),
    );
    await provisioner.look();
    await provisioner.look();
    await offeredVolume(namespace, { name: volumeName('disk', 'node3', first.name), path });
    expect(offeredPaths(namespace, first)).to.have.all.keys(path);
    expect(offeredPaths(namespace, second)).to.deep.equal({});
    const said = (await provisioner.said()).join('\n');
    expect(said)
      .to.include('Volume path already in use')
      .and.to.include(volumeName('disk', 'node3', second.name));
    evidence.keep('said', said);
  });

  proves('LV-PROV-12', async () => {
    await using directory = await leaseEntriesDirectory('node2');
    await using namespace = await SpecNamespace.open();
    const [disk = ''] = await directory.memory(16 * mebibyte, 'disk');
    const [below = ''] = await directory.memory(16 * mebibyte, 'disk/below');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node2', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    await offeredVolume(namespace, { name: volumeName('disk', 'node2', storageClass.name), path: disk });
    expect(offeredPaths(namespace, storageClass)).to.have.all.keys(disk).and.not.to.have.property(below);
  });

  proves('LV-PROV-13', async () => {
    await using disks = await leaseEntriesDirectory('node3');
    await using directory = await leaseEntriesDirectory('node3');
    await using namespace = await SpecNamespace.open();
    const [shared = ''] = await disks.memory(16 * mebibyte, 'shared');
    await disks.plain('shared/left', 'shared/right');
    const [left = ''] = await directory.bind(`${shared}/left`, 'left');
    const [right = ''] = await directory.bind(`${shared}/right`, 'right');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node3', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    for (const [entry, path] of Object.entries({ left, right }))
      await offeredVolume(namespace, { name: volumeName(entry, 'node3', storageClass.name), path });
    expect(offeredPaths(namespace, storageClass)).to.deep.equal({ [left]: '16Mi', [right]: '16Mi' });

    const claims = [
      await namespace.claim('one', { storage: '16Mi' }),
      await namespace.claim('other', { storage: '16Mi' }),
    ];
    const pod = await namespace.pod('writer', { claims });
    await expect(pod).to.runOn('node3');
    const before = await freeSpace(pod, '/data-2');
    await runInPod(pod, ['dd', 'if=/dev/zero', 'of=/data/file', 'bs=64k', 'count=64']);
    const after = await freeSpace(pod, '/data-2');
    evidence.keep('space-of-the-other-volume', { before, after });
    const lost = (before.available - after.available) * before.blockSize;
    expect(lost, 'bytes that the other volume has lost').to.be.at.least(4 * mebibyte);
  });

  proves('LV-PROV-14', async () => {
    await using directory = await leaseEntriesDirectory('node2');
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.memory(16 * mebibyte, 'disk');
    await namespace.storageClass('Immediate');
    // As a provisioner writes it whose configuration selects by more than the hostname.
    const { claim, volume } = await namespace.boundVolume('two-terms', {
      node: 'node2',
      path,
      storage: '16Mi',
      volume: {
        change: (manifest) => {
          manifest.spec.nodeAffinity?.required?.nodeSelectorTerms.push({
            matchExpressions: [{ key: 'diskType', operator: 'In', values: ['ssd'] }],
          });
        },
      },
    });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('elsewhere', { claims: [claim], node: 'node1' });
    const message = await expect(pod).to.reportEvent('FailedMount', `path "${path}" does not exist`);
    expect(pod.now.spec?.nodeName, 'scheduled by the term beside the hostname').to.equal('node1');
    evidence.keep('message', message);
  });
});
