import {
  anotherNode,
  assignedNode,
  evidence,
  expect,
  freeSpace,
  oneNode,
  readChapter,
  runInPod,
  SpecNamespace,
  scheduledTo,
} from '../harness/index.ts';
import { leaseEntriesDirectory } from '../static-provisioner/entries.ts';
import { lookedThrough, offeredClass, offeredPaths, offeredVolume, volumeName } from '../static-provisioner/offered.ts';
import { startProvisioner } from '../static-provisioner/programs.ts';

const { chapter, proves } = readChapter('provisioner');

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

describe(chapter, () => {
  proves('LV-PROV-04', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    await directory.plain('a-directory');
    const [disk = ''] = await directory.memory(16 * mebibyte, 'disk');
    await directory.link(disk, 'link-to-disk');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    for (const refused of ['a-directory', 'link-to-disk'])
      evidence.keep(refused, await provisioner.says(`path "${directory.path}/${refused}" is not a valid mount point`));
    await lookedThrough(namespace, { directory, storageClass });
    expect(offeredPaths(namespace, storageClass)).to.have.all.keys(disk);
  });

  proves('LV-PROV-05', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    await provisioner.says('Controller started');

    const [first = ''] = await directory.memory(16 * mebibyte, 'first');
    const volume = await offeredVolume(namespace, { directory, entry: 'first', storageClass });
    const { uid } = volume.now.metadata;
    const [later = ''] = await directory.memory(16 * mebibyte, 'later');
    await offeredVolume(namespace, { directory, entry: 'later', storageClass });
    await lookedThrough(namespace, { directory, storageClass });
    expect(offeredPaths(namespace, storageClass)).to.have.all.keys(first, later);
    expect(volume.now.metadata.uid, 'the first is as it was').to.equal(uid);
    // Of an entry, it may report that it is not mounted yet: a look between the two says so, and the next one offers it.
    const errors = (await provisioner.said()).filter(
      (line) => line.includes('rror') && line.includes(directory.path) && !line.includes(`${directory.path}/`),
    );
    expect(errors, 'the directory was empty at first').to.deep.equal([]);
  });

  proves('LV-PROV-06', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    // A tmpfs takes memory only as it is written to: the sizes cost nothing.
    const [large = ''] = await directory.memory(11 * gibibyte - 4096, 'large');
    const [middle = ''] = await directory.memory(9 * gibibyte + 5 * mebibyte + 4096, 'middle');
    const [small = ''] = await directory.memory(10 * mebibyte - 4096, 'small');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    for (const entry of ['large', 'middle', 'small'])
      await offeredVolume(namespace, { directory, entry, storageClass });
    const offered = offeredPaths(namespace, storageClass);
    evidence.keep('offered', offered);
    expect(offered).to.deep.equal({
      [large]: '10Gi',
      [middle]: `${9 * 1024 + 5}Mi`,
      // The canonical form of 10 MiB without 4 KiB.
      [small]: `${10 * 1024 - 4}Ki`,
    });
  });

  proves('LV-PROV-07', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [offered = ''] = await directory.memory(16 * mebibyte, 'of-a-former-class');
    const [made = ''] = await directory.memory(16 * mebibyte, 'made-by-hand');
    const storageClass = await offeredClass(namespace, 'Delete');
    const at = (path: string) => ({ node: here, path });
    const former = await namespace.volume('former', {
      ...at(offered),
      change: ({ metadata }) => {
        metadata.annotations = { 'pv.kubernetes.io/provisioned-by': `local-volume-provisioner-${here}` };
      },
    });
    const byHand = await namespace.volume('by-hand', at(made));
    await using provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);

    const name = volumeName('of-a-former-class', here, storageClass.name);
    const refusal = await provisioner.says(`Volume path already in use: PV "${name}"`);
    expect(refusal).to.include(`"${offered}"`).and.to.include(former.name);
    const second = await offeredVolume(namespace, { directory, entry: 'made-by-hand', storageClass });
    await lookedThrough(namespace, { directory, storageClass });
    const volumesAt = (path: string) =>
      namespace.cluster.store
        .list('PersistentVolume', { where: ({ spec }) => spec?.local?.path === path })
        .map(({ metadata }) => metadata.name);
    evidence.keep('volumes', { [offered]: volumesAt(offered), [made]: volumesAt(made) });
    expect(volumesAt(offered)).to.deep.equal([former.name]);
    expect(volumesAt(made), 'two volumes for one disk').to.have.members([byHand.name, second.name]);
  });

  proves('LV-PROV-08', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const one = await offeredClass(namespace, 'Delete', { name: 'local-one' });
    const other = await offeredClass(namespace, 'Delete', { name: 'local-other' });
    const [path = ''] = await directory.memory(16 * mebibyte, 'disk');
    await using _first = await startProvisioner(namespace, [here], [{ storageClass: one, directory }]);
    const volume = await offeredVolume(namespace, { directory, entry: 'disk', storageClass: one });
    await _first[Symbol.asyncDispose]();

    const both = [one, other].map((storageClass) => ({ storageClass, directory }));
    await using provisioner = await startProvisioner(namespace, [here], both);
    const refusal = await provisioner.says(`Volume path already in use: PV "${volumeName('disk', here, other.name)}"`);
    expect(refusal).to.include(volume.name);
    expect(offeredPaths(namespace, one)).to.have.all.keys(path);
    expect(offeredPaths(namespace, other)).to.deep.equal({});
  });

  proves('LV-PROV-12', async () => {
    const here = assignedNode();
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [disk = ''] = await directory.memory(16 * mebibyte, 'disk');
    await directory.memory(16 * mebibyte, 'disk/below');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    await lookedThrough(namespace, { directory, storageClass });
    expect(offeredPaths(namespace, storageClass)).to.have.all.keys(disk);
  });

  proves('LV-PROV-13', async () => {
    const here = assignedNode();
    await using disks = await leaseEntriesDirectory(here);
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [shared = ''] = await disks.memory(16 * mebibyte, 'shared');
    await disks.plain('shared/left', 'shared/right');
    await directory.bind(`${shared}/left`, 'left');
    await directory.bind(`${shared}/right`, 'right');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    for (const entry of ['left', 'right']) await offeredVolume(namespace, { directory, entry, storageClass });
    expect(Object.values(offeredPaths(namespace, storageClass))).to.deep.equal(['16Mi', '16Mi']);

    const claims = [
      await namespace.claim('one', { storage: '16Mi' }),
      await namespace.claim('other', { storage: '16Mi' }),
    ];
    const pod = await namespace.pod('writer', { claims });
    await expect(pod).to.runOn(here);
    const before = await freeSpace(pod, '/data-2');
    await runInPod(pod, ['dd', 'if=/dev/zero', 'of=/data/file', 'bs=64k', 'count=64']);
    const after = await freeSpace(pod, '/data-2');
    evidence.keep('space-of-the-other-volume', { before, after });
    const lost = (before.available - after.available) * before.blockSize;
    expect(lost, 'bytes that the other volume has lost').to.be.at.least(4 * mebibyte);
  });

  proves('LV-PROV-14', async () => {
    await using directory = await leaseEntriesDirectory(oneNode());
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.memory(16 * mebibyte, 'disk');
    await namespace.storageClass('Immediate');
    // As the program writes it where its configuration has a selector of its own beside the hostname.
    const { claim } = await namespace.boundVolume('two-terms', {
      node: oneNode(),
      path,
      storage: '16Mi',
      volume: {
        change: (manifest) => {
          manifest.spec.nodeAffinity?.required?.nodeSelectorTerms.push({
            matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }],
          });
        },
      },
    });
    const pod = await namespace.pod('elsewhere', { claims: [claim], node: anotherNode() });
    // By the term beside the hostname.
    await scheduledTo(pod, anotherNode());
    const message = await expect(pod).to.reportEvent('FailedMount', `path "${path}" does not exist`);
    evidence.keep('message', message);
  });
});
