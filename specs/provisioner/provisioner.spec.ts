import {
  assignedNode,
  evidence,
  expect,
  hostnameOf,
  leaseVolume,
  onNode,
  readChapter,
  runInPod,
  SpecNamespace,
} from '../harness/index.ts';
import { leaseEntriesDirectory } from '../static-provisioner/entries.ts';
import { offeredClass, offeredPaths, offeredVolume, release } from '../static-provisioner/offered.ts';
import { startProvisioner } from '../static-provisioner/programs.ts';

const { chapter, proves } = readChapter('provisioner');

const mebibyte = 2 ** 20;

describe(chapter, () => {
  proves('LV-PROV-01', async () => {
    const here = assignedNode();
    await using disk = await leaseVolume(here, 'LOOP', { bytes: 32 * mebibyte });
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.bind(disk.path, 'disk-1');
    const mountOptions = ['noatime'];
    const storageClass = await offeredClass(namespace, 'Delete', { mountOptions });
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    const offer = { directory, entry: 'disk-1', storageClass };
    const volume = await offeredVolume(namespace, offer);
    const { metadata, spec } = volume.now;
    expect(metadata.annotations?.['pv.kubernetes.io/provisioned-by']).to.equal(`local-volume-provisioner-${here}`);
    expect(spec).to.deep.include({
      accessModes: ['ReadWriteOnce'],
      local: { path },
      mountOptions,
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: storageClass.name,
      volumeMode: 'Filesystem',
    });
    expect(spec?.nodeAffinity).to.deep.equal({
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostnameOf(here)] }] },
        ],
      },
    });
    evidence.keep('offered', volume.now);

    const claim = await namespace.claim('claim', { storage: '8Mi' });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('writer', { claims: [claim] });
    await expect(pod).to.runOn(here);
    await expect(pod).to.mount(volume, { from: { ...disk, path } });
    await runInPod(pod, ['sh', '-c', 'echo from the pod >/data/greeting']);
    expect(await onNode(directory.node, ['cat', `${disk.path}/greeting`])).to.equal('from the pod\n');
  });

  proves('LV-PROV-02', async () => {
    const here = assignedNode();
    await using disk = await leaseVolume(here, 'LOOP', { bytes: 16 * mebibyte });
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.bind(disk.path, 'disk-1');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using _provisioner = await startProvisioner(namespace, [here], [{ storageClass, directory }]);
    const offer = { directory, entry: 'disk-1', storageClass };
    const volume = await offeredVolume(namespace, offer);
    const first = volume.now.metadata.uid;

    const claim = await namespace.claim('first', { storage: '8Mi' });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('first', { claims: [claim] });
    await expect(pod).to.runOn(here);
    await runInPod(pod, [
      'sh',
      '-c',
      'mkdir -p /data/deep/.er && echo secret | tee /data/plain /data/.hidden /data/deep/.er/file && chmod 0700 /data',
    ]);
    const look = ['find', path, '-mindepth', '1', '-not', '-name', 'lost+found'] as const;
    const before = await onNode(directory.node, look);
    expect(before.trim().split('\n')).to.have.lengthOf(5);
    await release(namespace, volume, pod, claim);

    await offeredVolume(namespace, offer, { after: first });
    expect(await onNode(directory.node, ['ls', '-A', path]), 'what is left of the first claimant').to.equal('');
    expect(await onNode(directory.node, ['stat', '-c', '%a', path]), 'the mode of the root directory').to.equal(
      '700\n',
    );
    evidence.keep('found-before-cleaning', before);
    const second = await namespace.claim('second', { storage: '8Mi' });
    await expect(second).to.bindTo(volume);
    expect(second.now.metadata.uid).to.equal(volume.now.spec?.claimRef?.uid);
  });

  proves('LV-PROV-03', async () => {
    const here = assignedNode();
    await using raw = await leaseVolume(here, 'BLOCK', { bytes: 12 * mebibyte });
    await using directory = await leaseEntriesDirectory(here);
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.link(raw.path, 'raw-1');
    await directory.memory(mebibyte, 'memory');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(
      namespace,
      [here],
      [{ storageClass, directory, volumeMode: 'Block' }],
    );
    const offer = { directory, entry: 'raw-1', storageClass };
    const volume = await offeredVolume(namespace, offer);
    expect(volume.now.spec).to.deep.include({ volumeMode: 'Block', capacity: { storage: '12Mi' } });
    const first = volume.now.metadata.uid;
    await provisioner.says(`path "${directory.path}/memory" of filesystem mode cannot be used to create block volume`);
    expect(offeredPaths(namespace, storageClass)).to.have.all.keys(path);

    const claim = await namespace.claim('first', { storage: '8Mi', volumeMode: 'Block' });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('first', { claims: [claim], as: 'devices' });
    await expect(pod).to.runOn(here);
    // At its beginning, in its middle, and in its last block.
    for (const block of ['0', '1500', '3071']) {
      const place = ['bs=4096', 'count=1', `seek=${block}`, 'conv=notrunc,fsync'];
      await runInPod(pod, ['dd', 'if=/proc/self/exe', 'of=/dev/data', ...place]);
    }
    const same = ['cmp', raw.path, '/dev/zero'] as const;
    expect((await directory.node.attempt({ argv: [...same], deadline: 30_000 })).status, 'data is there').to.equal(1);
    await release(namespace, volume, pod, claim);

    await offeredVolume(namespace, offer, { after: first });
    const zeros = await directory.node.attempt({
      argv: ['cmp', '--bytes', String(raw.bytes), raw.path, '/dev/zero'],
      deadline: 30_000,
    });
    expect(zeros, 'every byte is zero').to.include({ status: 0, stdout: '', stderr: '' });
  });
});
