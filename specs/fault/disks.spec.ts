import {
  assignedNode,
  consistently,
  DomainError,
  evidence,
  expect,
  isReady,
  leaseVolume,
  mountAt,
  mountHolding,
  nodeMounts,
  onNode,
  podVolumeDirectory,
  readChapter,
  readInPod,
  runInPod,
  SpecNamespace,
  tryInPod,
  verifyVolume,
  writeChecked,
} from '../harness/index.ts';
import { breakDisk, mountByUuid, remount, swapDisks, unmountDisk } from './disk-faults.ts';

const { chapter, proves } = readChapter('fault');

const small = { bytes: 16 * 2 ** 20 };

/** Writes a file with the pod's own words and has it on the disk. */
const leave = (words: string) => ['sh', '-c', 'echo "$1" >/data/whose && sync /data/whose', 'sh', words] as const;

describe(chapter, () => {
  proves('LV-FAULT-05', async () => {
    const here = assignedNode();
    await using left = await leaseVolume(here, 'LOOP', small);
    await using right = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const mine = await namespace.boundVolume('slot-0', { node: here, path: left.path });
    const theirs = await namespace.boundVolume('slot-1', { node: here, path: right.path });
    const before = await namespace.pod('before', { claims: [mine.claim, theirs.claim] });
    await expect(before).to.runOn(here);
    await runInPod(before, leave('mine'));
    await runInPod(before, ['sh', '-c', 'echo theirs >/data-2/whose && sync /data-2/whose']);
    await namespace.remove(before);

    await using _crossed = await swapDisks(left, right);
    const after = await namespace.pod('after', { claims: [mine.claim] });
    await expect(after).to.runOn(here);
    expect(await readInPod(after, '/data/whose'), 'what the claim gives now').to.equal('theirs\n');
    const mounts = await nodeMounts(namespace.cluster.node(here));
    const directory = podVolumeDirectory(after.now.metadata.uid, mine.volume.name);
    expect(mountAt(mounts, directory)?.device, 'the device of the other disk').to.equal(right.deviceNumber);
    await expect(after).to.reportEvent('Started');
    const complaints = namespace.cluster.store
      .eventsOf(after.ref)
      .filter(({ message }) => message?.includes('MountVolume'));
    expect(complaints, 'no event reports it').to.deep.equal([]);
  });

  proves('LV-FAULT-06', async () => {
    const here = assignedNode();
    await using own = await leaseVolume(here, 'LOOP', small);
    await using other = await leaseVolume(here, 'LOOP', small);
    await using place = await mountByUuid(own);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('by-uuid', { node: here, path: place.path });
    const before = await namespace.pod('before', { claims: [claim] });
    await expect(before).to.runOn(here);
    await runInPod(before, leave('mine'));
    await namespace.remove(before);

    await place.remove();
    await using stranger = await mountByUuid(other);
    expect(stranger.path, 'another disk has another path').not.to.equal(place.path);
    const after = await namespace.pod('after', { claims: [claim] });
    await expect(after).to.reportEvent(
      'FailedMount',
      `MountVolume.NewMounter initialization failed for volume "${volume.name}" : path "${place.path}" does not exist`,
    );
    await using _back = await mountByUuid(own);
    await expect(after).to.runOn(here);
    expect(await readInPod(after, '/data/whose')).to.equal('mine\n');
  });

  proves('LV-FAULT-07', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('absent', { node: here, path: lease.path });
    const before = await namespace.pod('before', { claims: [claim] });
    await expect(before).to.runOn(here);
    await expect(before).to.mount(volume, { from: lease });
    await runInPod(before, leave('on the disk'));
    await namespace.remove(before);

    await using absence = await unmountDisk(lease);
    const after = await namespace.pod('after', { claims: [claim] });
    await expect(after).to.runOn(here);
    await runInPod(after, ['sh', '-c', '[ ! -e /data/whose ] && echo "on the root file system" >/data/whose']);
    const mounts = await nodeMounts(node);
    const directory = podVolumeDirectory(after.now.metadata.uid, volume.name);
    const root = mountHolding(mounts, '/mnt/disks');
    expect(mountAt(mounts, directory), 'kubelet’s mount').to.include({
      device: root?.device,
      root: lease.path,
    });
    expect(await onNode(node, ['cat', `${lease.path}/whose`])).to.equal('on the root file system\n');
    evidence.keep('kubelets-mount', JSON.stringify(mountAt(mounts, directory)));

    // The harness must see it: else every other spec could prove itself on a plain directory.
    const found = await verifyVolume(lease).catch((error: unknown) => error);
    expect(found).to.be.instanceOf(DomainError);
    expect((found as DomainError).message).to.include('nothing is mounted there');
    await absence.putBack();
    const mixed = await expect(after)
      .to.mount(volume, { from: lease })
      .catch((error: unknown) => error);
    expect((mixed as DomainError).message, 'the pod is still off its disk').to.include(
      `is not a mount of ${lease.path}: device ${lease.deviceNumber}`,
    );
    expect(await onNode(node, ['cat', `${lease.path}/whose`])).to.equal('on the disk\n');
  });

  proves('LV-FAULT-08', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(here);
    const path = `${lease.path}/volume`;
    await onNode(node, ['mkdir', path]);
    await onNode(node, ['sh', '-c', 'echo mine >"$1"', 'sh', `${path}/whose`]);
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('guarded', { node: here, path });

    await using absence = await unmountDisk(lease);
    const pod = await namespace.pod('waits', { claims: [claim] });
    await expect(pod).to.reportEvent(
      'FailedMount',
      `MountVolume.NewMounter initialization failed for volume "${volume.name}" : path "${path}" does not exist`,
    );
    expect(await onNode(node, ['find', lease.path, '-mindepth', '1']), 'nothing was written').to.equal('');
    await absence.putBack();
    await expect(pod).to.runOn(here);
    expect(await readInPod(pod, '/data/whose')).to.equal('mine\n');
  });

  proves('LV-FAULT-09', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { claim } = await namespace.boundVolume('immutable', { node: here, path: lease.path });
    await using _absence = await unmountDisk(lease, 'immutable');
    const pod = await namespace.pod('cannot-write', { claims: [claim] });
    await expect(pod).to.runOn(here);
    const { status, stderr } = await tryInPod(pod, leave('lost'));
    expect(status).not.to.equal(0);
    expect(stderr).to.include('Operation not permitted');
    evidence.keep('refusal', stderr);
    const below = await onNode(namespace.cluster.node(here), ['find', lease.path, '-mindepth', '1']);
    expect(below, 'nothing was written').to.equal('');
  });

  proves('LV-FAULT-11', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('broken', { node: here, path: lease.path });
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('sufferer', { claims: [claim] });
    await expect(pod).to.runOn(here);
    const sum = await writeChecked(pod, '/data/payload', 2 ** 18);
    // Events of the pod's start may come late: one that came later would look like a report of the disk.
    for (const usual of ['Scheduled', 'Started']) await expect(pod).to.reportEvent(usual);

    await breakDisk(lease);
    const read = await tryInPod(pod, ['cat', '/data/payload']);
    expect(read.status).not.to.equal(0);
    expect(read.stderr).to.include('Input/output error');
    const write = await tryInPod(pod, leave('lost'));
    expect(write.status).not.to.equal(0);
    expect(write.stderr).to.include('Input/output error');
    evidence.keep('errors', `${read.stderr}${write.stderr}`);
    const { store } = namespace.cluster;
    const before = store.eventsOf(pod.ref).length;
    await consistently(store, {
      what: `${pod} stays Ready, and no event reports its disk`,
      on: [pod.ref],
      window: 2000,
      unless: (view) => view.eventsOf(pod.ref).length > before || !isReady(view.get(pod.ref)),
    });
    await namespace.remove(pod);

    await remount(lease);
    const healed = await namespace.pod('healed', { claims: [claim] });
    await expect(healed).to.runOn(here);
    expect((await runInPod(healed, ['sha256sum', '/data/payload'])).split(' ')[0]).to.equal(sum);
  });
});
