import {
  absentDisk,
  assignedNode,
  clearClaimRef,
  controllerLookedAgain,
  eventually,
  evidence,
  expect,
  leaseVolume,
  onNode,
  type PodHandle,
  phasesOf,
  readChapter,
  readInPod,
  release,
  runInPod,
  SpecNamespace,
  stagedDirectory,
  unmounted,
  type VolumeHandle,
  writeChecked,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('lifecycle');

const secretFile = '/data/secret';

/** Writes a text that is nowhere else 500 times to a file, and waits until it is on the disk; returns the text. */
async function writeSecret(namespace: SpecNamespace, pod: PodHandle): Promise<string> {
  // The pod puts the text together, so that no log and no command line of the node has all of it.
  const parts = ['once-here', namespace.name];
  // In lines of 64 bytes, none of which is parted where the file goes on in another place of the device.
  const script = 'yes "$(printf %-63s "secret-$1-of-$2")" | head -n 500 >"$3" && sync "$3"';
  await runInPod(pod, ['sh', '-c', script, 'sh', ...parts, secretFile]);
  return `secret-${parts.join('-of-')}`;
}

/**
 * Creates a volume on a device, has a pod write a secret to it, and waits until pod and claim are gone and the device is
 * unmounted. `then` is what the pod does after it has written.
 */
async function releasedWithSecret(
  namespace: SpecNamespace,
  { node, path }: { node: string; path: string },
  then: (pod: PodHandle) => Promise<unknown> = async () => {},
): Promise<{ volume: VolumeHandle; secret: string }> {
  await namespace.storageClass();
  const { volume, claim } = await namespace.boundVolume('disk', { node, path });
  const pod = await namespace.pod('writer', { claims: [claim] });
  await expect(pod).to.runOn(node);
  const secret = await writeSecret(namespace, pod);
  await then(pod);
  await namespace.remove(pod);
  await release(namespace, claim, volume);
  await unmounted(node, stagedDirectory(node, volume.name));
  return { volume, secret };
}

describe(chapter, () => {
  proves('LV-LIFE-08', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('kept', { node: here, path: lease.path });
    const before = await namespace.pod('before', { claims: [claim] });
    await expect(before).to.runOn(here);
    const sum = await writeChecked(before, '/data/left-behind', 65_536);
    await namespace.remove(before);
    await release(namespace, claim, volume);

    await clearClaimRef(namespace, volume);
    await expect(volume).to.reachPhase('Available');
    await controllerLookedAgain(namespace, volume);
    expect(phasesOf(volume).slice(-2), 'it stays Available').to.deep.equal(['Released', 'Available']);
    const stranger = await namespace.claim('stranger', { volume: 'kept' });
    await expect(stranger).to.bindTo(volume);
    const after = await namespace.pod('after', { claims: [stranger] });
    await expect(after).to.runOn(here);
    const found = await runInPod(after, ['sha256sum', '/data/left-behind']);
    expect(found.split(' ')[0], 'the stranger reads what the other has left').to.equal(sum);
    evidence.keep('checksums', `written by ${before} on ${claim}, read by ${after} on ${stranger}\n${found}`);
  });

  proves('LV-LIFE-10', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'FORMAT', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    const copyAndRemove = `cp ${secretFile} ${secretFile}-kept && sync ${secretFile}-kept && rm ${secretFile}`;
    const { secret } = await releasedWithSecret(namespace, device, (pod) => runInPod(pod, ['sh', '-c', copyAndRemove]));

    const left = await occurrences(namespace, here, device.path, secret);
    expect(left, 'in the file that was removed and in its copy, after the release').to.equal(1000);
    evidence.keep('scan-of-the-device', `${secret}: ${left} times on ${device.path} after rm and release`);
  });

  proves('LV-LIFE-11', async () => {
    const here = assignedNode();
    await using device = await leaseVolume(here, 'FORMAT', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    const { volume, secret } = await releasedWithSecret(namespace, device);
    expect(await occurrences(namespace, here, device.path, secret), 'before cleaning').to.equal(500);

    await onNode(node, ['dd', 'if=/dev/zero', `of=${device.path}`, 'bs=1M', 'count=16', 'conv=fsync']);
    await clearClaimRef(namespace, volume);
    await expect(volume).to.reachPhase('Available');

    const stranger = await namespace.claim('stranger', { volume: 'disk' });
    const after = await namespace.pod('after', { claims: [stranger] });
    await expect(after).to.runOn(here);
    expect(await runInPod(after, ['ls', '-A', '/data']), 'kubelet has formatted the device again').to.equal(
      'lost+found\n',
    );
    expect(await readInPod(after, '/proc/self/mountinfo')).to.match(
      new RegExp(` ${device.deviceNumber} / /data .* - ext4 ${device.path} `),
    );
    expect(await occurrences(namespace, here, device.path, secret), 'after the new file system').to.equal(0);
  });

  const noDeleter = (name: string) =>
    `error getting deleter volume plugin for volume "${name}": no volume plugin matched`;

  /** Policies that no volume plugin can carry out for a local volume, and the controller's message. */
  const failures = [
    { id: 'LV-LIFE-12', policy: 'Delete', message: noDeleter },
    { id: 'LV-LIFE-14', policy: 'Recycle', message: () => 'No recycler plugin found for the volume!' },
  ] as const;

  for (const { id, policy, message } of failures) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const { volume, claim } = await namespace.boundVolume('reclaimed', {
        ...absentDisk(),
        volume: { spec: { persistentVolumeReclaimPolicy: policy } },
      });
      await expect(claim).to.bindTo(volume);
      await release(namespace, claim, volume, 'Failed');
      expect(volume.now.status?.message).to.equal(message(volume.name));
      await controllerLookedAgain(namespace, volume);
      expect(phasesOf(volume).slice(-2), 'it stays Failed').to.deep.equal(['Released', 'Failed']);
      expect(volume.now.metadata.deletionTimestamp, 'nothing deletes it').to.equal(undefined);
      evidence.keep('volume', volume.now);

      await namespace.cluster.client.remove(volume.ref);
      await expect(volume).to.beGone();
    });
  }

  /** Changes the reclaim policy of a volume, as an administrator does, and waits until it is seen. */
  const setPolicy = async (namespace: SpecNamespace, volume: VolumeHandle, policy: 'Retain' | 'Delete') => {
    const change = { spec: { persistentVolumeReclaimPolicy: policy } };
    await namespace.cluster.client.patch(volume.ref, { type: 'merge', change });
    await eventually(
      volume,
      `${volume} to have the policy ${policy}`,
      (store) => store.get(volume.ref)?.spec?.persistentVolumeReclaimPolicy === policy,
    );
  };

  /**
   * Waits until the controller has tried in vain to delete a volume that is released now, and has reported it. It deletes
   * volumes beside its queue and reports in order: what was released earlier, it has tried to delete by then.
   */
  const deletionTried = async (namespace: SpecNamespace) => {
    const { volume, claim } = await namespace.boundVolume('without-provisioner', {
      ...absentDisk(),
      volume: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
    });
    await release(namespace, claim, volume, 'Failed');
    await expect(volume).to.reportEvent('VolumeFailedDelete', noDeleter(volume.name));
  };

  proves('LV-LIFE-28', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('spared', {
      ...absentDisk(),
      volume: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
    });
    await setPolicy(namespace, volume, 'Retain');
    await controllerLookedAgain(namespace, volume, claim);
    expect(volume.now.status?.phase, 'while it is in use').to.equal('Bound');
    await release(namespace, claim, volume);
    // Only then: a change of the volume while the controller writes that it has Failed would put that off.
    await deletionTried(namespace);
    await controllerLookedAgain(namespace, volume);
    expect(volume.now.status?.phase, 'nothing has tried to delete it').to.equal('Released');
    expect(volume.store.eventsOf(volume.ref).map(({ reason }) => reason)).to.deep.equal([]);
  });

  proves('LV-LIFE-29', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('given-up', absentDisk());
    await release(namespace, claim, volume);
    await setPolicy(namespace, volume, 'Delete');
    await expect(volume).to.reachPhase('Failed');
    expect(volume.now.status?.message).to.equal(noDeleter(volume.name));
    await setPolicy(namespace, volume, 'Retain');
    await clearClaimRef(namespace, volume);
    await expect(volume).to.reachPhase('Available');
    const next = await namespace.claim('next', { volume: 'given-up' });
    await expect(next).to.bindTo(volume);
  });

  proves('LV-LIFE-13', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('provisioned', {
      ...absentDisk(),
      volume: {
        change: (manifest) => {
          manifest.metadata.annotations = { 'pv.kubernetes.io/provisioned-by': 'disks.example.com' };
          manifest.spec.persistentVolumeReclaimPolicy = 'Delete';
        },
      },
    });
    await expect(claim).to.bindTo(volume);
    await release(namespace, claim, volume);
    // Only then: a change of the volume while the controller writes that it has Failed would put that off.
    await deletionTried(namespace);
    await controllerLookedAgain(namespace, volume);
    expect(volume.now.status?.phase).to.equal('Released');
    expect(volume.now.metadata.deletionTimestamp, 'nothing deletes it').to.equal(undefined);
    expect(volume.store.eventsOf(volume.ref).map(({ message }) => message)).to.deep.equal([]);
  });
});

/** Returns how often a file or device of a node has a text; all of it is read. */
async function occurrences(namespace: SpecNamespace, nodeName: string, path: string, text: string): Promise<number> {
  const script = 'grep --text --only-matching --fixed-strings -- "$2" "$1" | wc -l';
  const argv = ['sh', '-c', script, 'sh', path, text] as const;
  return Number(await onNode(namespace.cluster.node(nodeName), argv, { signal: namespace.signal }));
}
