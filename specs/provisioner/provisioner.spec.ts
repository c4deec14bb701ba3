import { evidence, expect, leaseVolume, onNode, readChapter, runInPod, SpecNamespace } from '../harness/index.ts';
import { volumeName } from '../static-provisioner/offers.ts';
import {
  leaseEntriesDirectory,
  offeredClass,
  offeredPaths,
  offeredVolume,
  release,
  startProvisioner,
} from '../static-provisioner/started-provisioner.ts';

const { chapter, proves } = readChapter('provisioner');

const mebibyte = 2 ** 20;

describe(chapter, () => {
  proves('LV-PROV-01', async () => {
    await using disk = await leaseVolume('node2', 'LOOP', { bytes: 32 * mebibyte });
    await using directory = await leaseEntriesDirectory('node2');
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.bind(disk.path, 'disk-1');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node2', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();

    const name = volumeName('disk-1', 'node2', storageClass.name);
    const volume = await offeredVolume(namespace, { name, path });
    const { metadata, spec } = volume.now;
    expect(metadata.annotations?.['pv.kubernetes.io/provisioned-by']).to.equal(provisioner.name);
    expect(spec).to.deep.include({
      accessModes: ['ReadWriteOnce'],
      local: { path },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: storageClass.name,
      volumeMode: 'Filesystem',
    });
    expect(spec?.nodeAffinity).to.deep.equal({
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node2'] }] },
        ],
      },
    });
    evidence.keep('offered', volume.now);

    const claim = await namespace.claim('claim', { storage: '8Mi' });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('writer', { claims: [claim] });
    await expect(pod).to.runOn('node2');
    await expect(pod).to.mount(volume, { from: { ...disk, path } });
    await runInPod(pod, ['sh', '-c', 'echo from the pod >/data/greeting']);
    expect(await onNode(directory.node, ['cat', `${disk.path}/greeting`])).to.equal('from the pod\n');
    evidence.keep('said', (await provisioner.said()).join('\n'));
  });

  proves('LV-PROV-02', async () => {
    await using disk = await leaseVolume('node3', 'LOOP', { bytes: 16 * mebibyte });
    await using directory = await leaseEntriesDirectory('node3');
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.bind(disk.path, 'disk-1');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node3', [
      { storageClass: storageClass.name, directory: directory.path },
    ]);
    await provisioner.look();
    const name = volumeName('disk-1', 'node3', storageClass.name);
    const volume = await offeredVolume(namespace, { name, path });
    const first = volume.now.metadata.uid;

    const claim = await namespace.claim('first', { storage: '8Mi' });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('first', { claims: [claim] });
    await expect(pod).to.runOn('node3');
    await runInPod(pod, [
      'sh',
      '-c',
      'mkdir -p /data/deep/.er && echo secret | tee /data/plain /data/.hidden /data/deep/.er/file && chmod 0700 /data',
    ]);
    const look = ['find', path, '-mindepth', '1', '-not', '-name', 'lost+found'] as const;
    const before = await onNode(directory.node, look);
    expect(before.trim().split('\n')).to.have.lengthOf(5);
    await release(namespace, volume, pod, claim);

    await provisioner.look();
    await offeredVolume(namespace, { name, path }, { after: first });
    expect(await onNode(directory.node, look), 'what is left of the first claimant').to.equal('');
    expect(await onNode(directory.node, ['stat', '-c', '%a %u:%g', path])).to.equal('755 0:0\n');
    evidence.keep('found-before-cleaning', before);
    evidence.keep('said', (await provisioner.said()).join('\n'));
    const second = await namespace.claim('second', { storage: '8Mi' });
    await expect(second).to.bindTo(volume);
    expect(second.now.metadata.uid).to.equal(volume.now.spec?.claimRef?.uid);
  });

  proves('LV-PROV-03', async () => {
    await using raw = await leaseVolume('node2', 'BLOCK', { bytes: 12 * mebibyte });
    await using directory = await leaseEntriesDirectory('node2');
    await using namespace = await SpecNamespace.open();
    const [path = ''] = await directory.link(raw.path, 'raw-1');
    await directory.memory(mebibyte, 'memory');
    const storageClass = await offeredClass(namespace, 'Delete');
    await using provisioner = await startProvisioner(namespace, 'node2', [
      { storageClass: storageClass.name, directory: directory.path, volumeMode: 'Block' },
    ]);
    await provisioner.look();
    const name = volumeName('raw-1', 'node2', storageClass.name);
    const volume = await offeredVolume(namespace, { name, path });
    expect(volume.now.spec).to.deep.include({ volumeMode: 'Block', capacity: { storage: '12Mi' } });
    const first = volume.now.metadata.uid;
    expect(
      Object.keys(offeredPaths(namespace, storageClass)),
      'a file system is no volume of mode Block',
    ).to.deep.equal([path]);

    const claim = await namespace.claim('first', { storage: '8Mi', spec: { volumeMode: 'Block' } });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('first', {
      claims: [claim],
      change: (manifest) => {
        for (const container of manifest.spec.containers) {
          delete container.volumeMounts;
          container.volumeDevices = [{ name: 'data', devicePath: '/dev/data' }];
        }
      },
    });
    await expect(pod).to.runOn('node2');
    // At its begin, in its midst, and in its last block.
    for (const block of ['0', '1500', '3071']) {
      const argv = [
        'dd',
        'if=/proc/self/exe',
        'of=/dev/data',
        'bs=4096',
        'count=1',
        `seek=${block}`,
        'conv=notrunc,fsync',
      ];
      await runInPod(pod, argv);
    }
    const same = ['cmp', raw.path, '/dev/zero'] as const;
    expect((await directory.node.attempt({ argv: [...same], deadline: 30_000 })).status, 'data is there').to.equal(1);
    await release(namespace, volume, pod, claim);

    await provisioner.look();
    await offeredVolume(namespace, { name, path }, { after: first });
    const zeros = await directory.node.attempt({
      argv: ['cmp', '--bytes', String(raw.bytes), raw.path, '/dev/zero'],
      deadline: 30_000,
    });
    expect(zeros, 'every byte is zero').to.include({ status: 0, stdout: '', stderr: '' });
    evidence.keep('said', (await provisioner.said()).join('\n'));
  });
});
