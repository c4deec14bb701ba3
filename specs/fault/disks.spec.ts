import {
  assignedNode,
  DomainError,
  evidence,
  expect,
  isReady,
  leaseVolume,
  mountAt,
  mountHolding,
  nodeMounts,
  onNode,
  placesOf,
  podVolumeDirectory,
  readChapter,
  readInPod,
  runInPod,
  SpecNamespace,
  tryInPod,
  verifyVolume,
  writeChecked,
} from '../harness/index.ts';
import { breakDisk, remount, swapDisks, unmountDisk } from './disk-faults.ts';

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
    const directory = podVolumeDirectory(here, after.now.metadata.uid, mine.volume.name);
    expect(mountAt(mounts, directory)?.device, 'the device of the other disk').to.equal(right.deviceNumber);
    await expect(after).to.reportEvent('Started');
    // A busy node may be late with something else, and for a moment the API server may not know that the node needs the
    // claim. A warning about the disks names the claim, the volume, or a path.
    const names = [mine.claim.name, mine.volume.name, left.path, right.path];
    const warnings = [after, mine.claim, mine.volume]
      .flatMap(({ ref }) => namespace.cluster.store.eventsOf(ref))
      .filter(({ type, message = '' }) => type === 'Warning' && !message.includes('no relationship found'))
      .filter(({ involvedObject, message = '' }) =>
        [involvedObject.name ?? '', message].some((text) => names.some((name) => text.includes(name))),
      );
    expect(warnings, 'no event warns of it').to.deep.equal([]);
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
    const directory = podVolumeDirectory(here, after.now.metadata.uid, volume.name);
    const root = mountHolding(mounts, placesOf(here).disks);
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

  proves('LV-FAULT-11', async function () {
    this.timeout(360_000);
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('broken', { node: here, path: lease.path });
    await expect(claim).to.bindTo(volume);
    const labels = {
      name: 'labels',
      downwardAPI: { items: [{ path: 'all', fieldRef: { fieldPath: 'metadata.labels' } }] },
    };
    const pod = await namespace.pod('sufferer', {
      claims: [claim],
      change: ({ spec }) => {
        spec.volumes?.push(labels);
        for (const { volumeMounts } of spec.containers) volumeMounts?.push({ name: 'labels', mountPath: '/labels' });
      },
    });
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
    // kubelet looks at the pod and its volumes again, and has done so once it has written this label to a file.
    await namespace.cluster.client.patch(pod.ref, {
      type: 'merge',
      change: { metadata: { labels: { look: 'again' } } },
    });
    const seen = 'until grep -q "look=.again" /labels/all; do sleep 0.1; done';
    await runInPod(pod, ['timeout', '180', 'sh', '-c', seen], { within: 200_000 });
    await store.confirm({ signal: namespace.signal });
    expect(isReady(store.get(pod.ref)), `${pod} is Ready`).to.equal(true);
    expect(pod.now.status?.containerStatuses?.[0]?.restartCount).to.equal(0);
    expect(store.eventsOf(pod.ref).slice(before), 'no event reports the disk').to.deep.equal([]);
    await namespace.remove(pod);

    await remount(lease);
    const healed = await namespace.pod('healed', { claims: [claim] });
    await expect(healed).to.runOn(here);
    expect((await runInPod(healed, ['sha256sum', '/data/payload'])).split(' ')[0]).to.equal(sum);
  });
});
