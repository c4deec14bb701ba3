import {
  assignedNode,
  eventually,
  evidence,
  expect,
  fill,
  freeSpace,
  isReady,
  kubeletLog,
  leaseVolume,
  loggedLine,
  mountAt,
  nodeMounts,
  onNode,
  podVolumeDirectory,
  readChapter,
  runInPod,
  SpecNamespace,
  writeChecked,
} from '../harness/index.ts';
import { mountNested } from './disk-faults.ts';

const { chapter, proves } = readChapter('fault');

const small = { bytes: 16 * 2 ** 20 };

describe(chapter, () => {
  proves('LV-FAULT-01', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    const path = `${lease.path}/comes-later`;
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('late', { node: here, path });
    const begun = new Date();
    const pod = await namespace.pod('patient', { claims: [claim] });
    const message = await expect(pod).to.reportEvent(
      'FailedMount',
      `MountVolume.NewMounter initialization failed for volume "${volume.name}" : path "${path}" does not exist`,
    );
    const { uid } = pod.now.metadata;
    await onNode(node, ['mkdir', path]);
    const made = new Date();
    await expect(pod).to.runOn(here);
    expect(pod.now.metadata.uid, 'the same pod').to.equal(uid);

    const log = await kubeletLog(node, begun, [volume.name]);
    const failures = log.filter(({ text }) => text.includes('does not exist') && text.includes('durationBeforeRetry'));
    const pauses = failures.map(({ text }) => /durationBeforeRetry (\w+)/.exec(text)?.[1]);
    expect(pauses, 'kubelet logs its failures with the pause after each').not.to.be.empty;
    expect(pauses, 'each pause is twice the one before').to.deep.equal(
      ['500ms', '1s', '2s', '4s', '8s', '16s', '32s', '1m4s'].slice(0, pauses.length),
    );
    // One try may have looked just before the directory was there.
    expect(failures.filter(({ at }) => at > made).length, 'tries in vain after it was there').to.be.lessThanOrEqual(1);
    evidence.keep('tries', [message, ...log.map(({ at, text }) => `${at.toISOString()}  ${text}`)].join('\n'));
  });

  proves('LV-FAULT-02', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const root = lease.path;
    const makeSocket = 'my $s; socket($s, PF_UNIX, SOCK_STREAM, 0) && bind($s, sockaddr_un($ARGV[0])) or die $!';
    const neither = 'only directory and block device are supported';
    const kinds = {
      file: { make: ['touch', `${root}/file`], refusal: neither },
      socket: { make: ['perl', '-MSocket', '-e', makeSocket, `${root}/socket`], refusal: neither },
      'character-device': { make: ['mknod', `${root}/character-device`, 'c', '1', '3'], refusal: neither },
      pipe: {
        make: ['mkfifo', `${root}/pipe`],
        refusal: 'only recognise file, directory, socket, block device and character device',
      },
    } as const;
    await namespace.storageClass('Immediate');
    const wanted: string[] = [];
    for (const [kind, { make, refusal }] of Object.entries(kinds)) {
      await onNode(namespace.cluster.node(here), make);
      const { volume } = await namespace.boundVolume(kind, { node: here, path: `${root}/${kind}` });
      wanted.push(`MountVolume.NewMounter initialization failed for volume "${volume.name}" : ${refusal}`);
    }
    const pod = await namespace.pod('refused', { claims: Object.keys(kinds) });
    const refusals: string[] = [];
    for (const text of wanted) refusals.push(await expect(pod).to.reportEvent('FailedMount', text));
    expect(refusals).to.deep.equal(wanted);
    evidence.keep('refusals', refusals.join('\n'));
  });

  proves('LV-FAULT-03', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const at = { node: here, path: lease.path };
    await namespace.storageClass('Immediate');
    const first = await namespace.boundVolume('first', at);
    const second = await namespace.boundVolume('second', at);
    await expect(first.claim).to.bindTo(first.volume);
    await expect(second.claim).to.bindTo(second.volume);

    const writer = await namespace.pod('writer', { claims: [first.claim] });
    const reader = await namespace.pod('reader', { claims: [second.claim] });
    await expect(writer).to.runOn(here);
    await expect(reader).to.runOn(here);
    const look = ['sh', '-c', 'stat -c "%d %i" /data/shared; cat /data/shared'] as const;
    const written = await runInPod(writer, ['sh', '-c', `echo of the first claim >/data/shared; ${look[2]}`]);
    expect(await runInPod(reader, look), 'device, inode and content').to.equal(written);
    expect(written).to.include('of the first claim');
    evidence.keep('one-file-of-two-claims', written);
  });

  proves('LV-FAULT-04', async function () {
    this.timeout(360_000);
    const here = assignedNode();
    await using full = await leaseVolume(here, 'LOOP', small);
    await using other = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const one = await namespace.boundVolume('full', { node: here, path: full.path });
    const two = await namespace.boundVolume('other', { node: here, path: other.path });
    // A quarter of the disk: a pod with more of it in its ephemeral storage is evicted. Both pods have filled a volume
    // before they are Ready, so that kubelet, whenever it measures their volumes, finds it full.
    const resources = { limits: { 'ephemeral-storage': '4Mi' } };
    const filled = (place: string) => ({
      containers: [{ resources }],
      initContainers: [
        { name: 'fill', command: ['sh', '-c', `dd if=/dev/zero of=${place}/filler bs=64k count=256; true`] },
      ],
    });
    const pod = await namespace.pod('writer', { claims: [one.claim, two.claim], ...filled('/data') });
    await expect(pod).to.runOn(here);
    const before = await freeSpace(pod, '/data-2');
    const refusal = await fill(pod, '/data/more', full.bytes);
    expect(refusal).to.include('No space left on device');
    evidence.keep('refusal', refusal);
    expect(await freeSpace(pod, '/data-2'), 'not a block of the other volume is gone').to.deep.equal(before);
    await writeChecked(pod, '/data-2/still-room', 2 ** 20);

    // As much in an emptyDir: kubelet looks for new pods once a minute, and has measured both once it evicts this one.
    const witness = await namespace.pod('witness', {
      node: here,
      ...filled('/data'),
      change: ({ spec }) => {
        spec.volumes?.push({ name: 'data', emptyDir: {} });
        const mount = { name: 'data', mountPath: '/data' };
        for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) container.volumeMounts = [mount];
      },
    });
    const eviction = 'Pod ephemeral local storage usage exceeds the total limit of containers';
    evidence.keep('eviction', await expect(witness).to.reportEvent('Evicted', eviction, { within: 180_000 }));
    const { phase, containerStatuses = [] } = pod.now.status ?? {};
    expect(phase).to.equal('Running');
    expect(containerStatuses.map(({ restartCount }) => restartCount)).to.deep.equal([0]);
    expect(isReady(pod.now)).to.equal(true);
    await runInPod(pod, ['sh', '-c', 'rm /data/filler /data/more']);
    await writeChecked(pod, '/data/room-again', 2 ** 20);
  });

  proves('LV-FAULT-10', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('nested', { node: here, path: lease.path });
    const pod = await namespace.pod('stuck', { claims: [claim] });
    await expect(pod).to.runOn(here);
    const directory = podVolumeDirectory(here, pod.now.metadata.uid, volume.name);
    const below = `${lease.path}/below`;
    await using nested = await mountNested(node, below);
    expect(mountAt(await nodeMounts(node), `${directory}/below`), 'it reaches kubelet’s mount, too').to.include({
      fileSystem: 'tmpfs',
    });

    await namespace.cluster.client.remove(pod.ref);
    try {
      evidence.keep('complaint', await loggedLine(node, 'kubelet', `umount: ${directory}: target is busy`));
    } finally {
      // A kubelet that lets the pod go has nothing to complain about.
      const there = namespace.cluster.store.get(pod.ref);
      expect(there, `${pod}, whose volume cannot be unmounted`).not.to.equal(undefined);
    }
    await eventually(pod, `${pod} to be Terminating`, (store) => store.get(pod.ref)?.metadata.deletionTimestamp);
    expect(mountAt(await nodeMounts(node), directory), 'the volume is still mounted').to.include({
      device: lease.deviceNumber,
    });
    await nested.unmount();
    await expect(pod).to.beGone();
    expect(mountAt(await nodeMounts(node), directory)).to.equal(undefined);
  });

  proves('LV-FAULT-12', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { claim } = await namespace.boundVolume('kept', { node: here, path: lease.path });
    const pod = await namespace.pod('killed', { claims: [claim], spec: { restartPolicy: 'Always' } });
    await expect(pod).to.runOn(here);
    const sum = await writeChecked(pod, '/data/payload', 2 ** 20);
    const container = pod.now.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
    await onNode(namespace.cluster.node(here), [
      'ctr',
      '--namespace',
      'k8s.io',
      'tasks',
      'kill',
      '--signal',
      'SIGKILL',
      container,
    ]);
    await eventually(pod, `the container of ${pod} to run again`, (store) => {
      const [status] = store.get(pod.ref)?.status?.containerStatuses ?? [];
      return status?.restartCount === 1 && status.ready;
    });
    expect(pod.now.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 'killed by SIGKILL').to.equal(137);
    const read = ['sha256sum', '/data/payload'] as const;
    expect((await runInPod(pod, read)).split(' ')[0], 'the next container').to.equal(sum);

    await namespace.cluster.client.remove(pod.ref, { gracePeriodSeconds: 0 });
    await expect(pod).to.beGone();
    const next = await namespace.pod('next', { claims: [claim] });
    await expect(next).to.runOn(here);
    expect((await runInPod(next, read)).split(' ')[0], 'the next pod').to.equal(sum);
    evidence.keep('checksum', sum);
  });
});
