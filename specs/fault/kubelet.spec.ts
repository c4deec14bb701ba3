import {
  type ClaimHandle,
  evidence,
  expect,
  knownIssue,
  knownToScheduler,
  labelledNode,
  leaseVolume,
  loggedLine,
  mountAt,
  mountPointsWith,
  nodeMounts,
  oneNode,
  onNode,
  type PodHandle,
  placesOf,
  podVolumeDirectory,
  readChapter,
  readInPod,
  reasons,
  restartContainerd,
  restartKubelet,
  runInPod,
  SpecNamespace,
  stagedDirectory,
  stopKubelet,
  unmounted,
  writeChecked,
} from '../harness/index.ts';
import { keepBusy, pathGone, unmountedAtTheEnd } from './disk-faults.ts';

const { chapter, proves } = readChapter('fault');

const small = { bytes: 16 * 2 ** 20 };

/** Where a pod has its first claim and its second. */
const places = ['/data', '/data-2'] as const;

/** Returns what shows that it is still the same container, never started again. */
const containerOf = (pod: PodHandle) =>
  pod.now.status?.containerStatuses?.map(({ containerID, restartCount }) => ({ containerID, restartCount }));

const sumOf = async (pod: PodHandle, place = '/data') =>
  (await runInPod(pod, ['sha256sum', `${place}/payload`])).split(' ')[0];

describe(chapter, () => {
  proves('LV-FAULT-13', async () => {
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using device = await leaseVolume(oneNode(), 'FORMAT', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(oneNode());
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('goes-on', lease);
    const formatted = await namespace.boundVolume('formatted', device);
    const pod = await namespace.pod('untouched', { claims: [claim, formatted.claim] });
    await expect(pod).to.runOn(oneNode());
    const sum = await writeChecked(pod, '/data/payload', 2 ** 18);
    const sumOnDevice = await writeChecked(pod, '/data-2/payload', 2 ** 18);
    const { uid } = pod.now.metadata;
    const state = async () => {
      const mounts = await nodeMounts(node);
      return {
        container: containerOf(pod),
        // With the ids of the mounts: a volume that is mounted again gets another.
        kubelet: [volume, formatted.volume].map(({ name }) =>
          mountAt(mounts, podVolumeDirectory(oneNode(), uid, name)),
        ),
        staged: mountAt(mounts, stagedDirectory(oneNode(), formatted.volume.name)),
        inContainer: await readInPod(pod, '/proc/self/mountinfo'),
      };
    };
    const before = await state();
    expect(before.staged?.device, 'the device is mounted for all pods').to.equal(device.deviceNumber);

    await restartKubelet(oneNode());
    expect(await state(), 'after the restart of kubelet').to.deep.equal(before);
    expect(await sumOf(pod)).to.equal(sum);
    await restartContainerd(oneNode());
    const beside = await namespace.pod('beside', { claims: [claim, formatted.claim] });
    await expect(beside).to.runOn(oneNode());
    expect(await state(), 'after the restart of containerd').to.deep.equal(before);
    expect(await sumOf(pod)).to.equal(sum);
    expect(await sumOf(beside), 'in a pod that is made after it').to.equal(sum);
    for (const each of [pod, beside])
      expect(await sumOf(each, '/data-2'), `${each}: on the device`).to.equal(sumOnDevice);
    await writeChecked(pod, '/data/more', 2 ** 18);
    evidence.keep('state', before);
  });

  proves('LV-FAULT-14', async () => {
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using device = await leaseVolume(oneNode(), 'FORMAT', small);
    // On the file system of kubelet's own directory: a recursive removal there that keeps to one file system enters it.
    await using directory = await leaseVolume(oneNode(), 'VARDIR');
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(oneNode());
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('left-over', lease);
    const formatted = await namespace.boundVolume('formatted', device);
    const forgotten = await namespace.boundVolume('forgotten', directory);
    const withSubPath = (name: string, claims: readonly ClaimHandle[]) =>
      namespace.pod(name, {
        claims,
        change: ({ spec }) => {
          for (const { volumeMounts = [] } of spec.containers)
            volumeMounts.push({ name: 'data', mountPath: '/part', subPath: name });
        },
      });
    const graceful = await withSubPath('graceful', [claim]);
    // The device is its own: what a pod that the API still knows has, kubelet mounts again before it unmounts it.
    const forced = await withSubPath('forced', [claim, formatted.claim, forgotten.claim]);
    const pods = [graceful, forced];
    for (const pod of pods) await expect(pod).to.runOn(oneNode());
    await runInPod(forced, [
      'sh',
      '-c',
      'for place in /data /data-2 /data-3; do echo kept >$place/file; sync $place/file; done',
    ]);
    const uids = pods.map((pod) => pod.now.metadata.uid);
    for (const uid of uids) {
      const mounts = await mountPointsWith(oneNode(), uid);
      expect(mounts.filter((path) => path === podVolumeDirectory(oneNode(), uid, volume.name))).to.have.lengthOf(1);
      expect(mounts.filter((path) => path.includes('/volume-subpaths/'))).to.have.lengthOf(1);
      evidence.keep('mounts-before', mounts.join('\n'));
    }

    await using outage = await stopKubelet(oneNode());
    await namespace.cluster.client.remove(graceful.ref);
    await namespace.cluster.client.remove(forced.ref, { gracePeriodSeconds: 0 });
    await expect(forced).to.beGone();
    // Of this volume nothing is left but its mount.
    await namespace.remove(forgotten.claim);
    await namespace.remove(forgotten.volume);
    await outage.end();
    await expect(graceful).to.beGone();
    for (const uid of uids) {
      await pathGone(node, `${placesOf(oneNode()).kubelet}/pods/${uid}`);
      expect(await mountPointsWith(oneNode(), uid), 'what is left of the pod').to.deep.equal([]);
    }
    await unmounted(oneNode(), stagedDirectory(oneNode(), formatted.volume.name));
    for (const path of [lease.path, directory.path])
      expect(await onNode(node, ['cat', `${path}/file`]), 'its data, once its directory is gone').to.equal('kept\n');
    expect(await onNode(node, ['debugfs', '-R', 'cat file', device.path]), 'on the device').to.equal('kept\n');
  });

  proves('LV-FAULT-15', async () => {
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using device = await leaseVolume(oneNode(), 'FORMAT', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(oneNode());
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('handed-on', lease);
    const formatted = await namespace.boundVolume('formatted', device);
    const claims = [claim, formatted.claim];
    const first = await namespace.pod('first', { claims });
    await expect(first).to.runOn(oneNode());
    const sums = [];
    for (const place of places) sums.push(await writeChecked(first, `${place}/payload`, 2 ** 18));
    const left = [volume, formatted.volume].map(({ name }) =>
      podVolumeDirectory(oneNode(), first.now.metadata.uid, name),
    );

    await using outage = await stopKubelet(oneNode());
    await namespace.cluster.client.remove(first.ref, { gracePeriodSeconds: 0 });
    await expect(first).to.beGone();
    const second = await namespace.pod('second', { claims });
    await expect(second).to.haveCondition({ type: 'PodScheduled', status: 'True' });
    for (const path of left)
      expect(mountAt(await nodeMounts(node), path), 'the first pod’s mount is still there').not.to.equal(undefined);
    await outage.end();
    await expect(second).to.runOn(oneNode());
    const seen = async () => [await sumOf(second, places[0]), await sumOf(second, places[1])];
    expect(await seen()).to.deep.equal(sums);

    for (const path of left) await unmounted(oneNode(), path);
    await expect(second).to.mount(volume, { from: lease });
    await expect(second).to.mount(formatted.volume, { path: places[1], from: device });
    expect(await seen(), 'after the first one’s mounts are gone').to.deep.equal(sums);
  });

  proves('LV-FAULT-16', async () => {
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using device = await leaseVolume(oneNode(), 'BLOCK', small);
    const label = `local-pv-conformance/${lease.name}`;
    await using _label = await labelledNode(oneNode(), { [label]: 'here' });
    await using namespace = await SpecNamespace.open();
    const place = { key: label, operator: 'In' as const, values: ['here'] };
    await namespace.storageClass('Immediate');
    const byLabel = { spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [place] }] } } } };
    const { volume, claim } = await namespace.boundVolume('by-label', { ...lease, volume: byLabel });
    const raw = await namespace.boundVolume('raw', { ...device, volume: byLabel });
    const pod = await namespace.pod('runs', {
      claims: [claim, raw.claim],
      as: ['files', 'devices'],
    });
    await expect(pod).to.runOn(oneNode());
    const sum = await writeChecked(pod, '/data/payload', 2 ** 18);
    const container = containerOf(pod);
    {
      await using _elsewhere = await labelledNode(oneNode(), { [label]: 'elsewhere' });
      await knownToScheduler(namespace, oneNode());
      const late = await namespace.pod('late', { claims: [claim] });
      await expect(late).to.beUnschedulable({ [reasons.volumeAffinity]: 'the other nodes' });
      expect(await sumOf(pod), 'the running pod goes on').to.equal(sum);

      await restartKubelet(oneNode());
      for (const [operation, { name }] of [
        ['MountVolume', volume],
        ['MapVolume', raw.volume],
      ] as const) {
        const refused = `${operation}.NodeAffinity check failed for volume "${name}" : no matching NodeSelectorTerms`;
        evidence.keep(`refusal-${operation}`, await expect(pod).to.reportEvent('FailedMount', refused));
      }
      expect(containerOf(pod), 'the same container').to.deep.equal(container);
      expect(await sumOf(pod), 'its mount is still there').to.equal(sum);
      await runInPod(pod, ['dd', 'if=/dev/data-2', 'of=/dev/null', 'bs=512', 'count=1']);
      await namespace.remove(late);
    }
    // kubelet tries again and accepts the volume: before that, it does not take the pod down at once. The pause before its
    // next try is as long as it has tried in vain.
    const directory = podVolumeDirectory(oneNode(), pod.now.metadata.uid, volume.name);
    const healed = `MountVolume.SetUp succeeded for volume \\"${volume.name}\\"`;
    evidence.keep(
      'healed',
      await loggedLine(namespace.cluster.node(oneNode()), 'kubelet', healed, { within: 150_000 }),
    );
    expect(containerOf(pod), 'the same container').to.deep.equal(container);
    await namespace.remove(pod);
    expect(await mountPointsWith(oneNode(), directory)).to.deep.equal([]);
  });

  proves('LV-FAULT-23', async () => {
    await using device = await leaseVolume(oneNode(), 'FORMAT', small);
    await using another = await leaseVolume(oneNode(), 'FORMAT', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(oneNode());
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('staged', device);
    const pod = await namespace.pod('ended', { claims: [claim] });
    await expect(pod).to.runOn(oneNode());
    const staged = stagedDirectory(oneNode(), volume.name);
    await using _free = unmountedAtTheEnd(node, staged);
    {
      await using _busy = await keepBusy(node, staged);
      await namespace.remove(pod);
      await loggedLine(node, 'kubelet', `umount: ${staged}: target is busy`);
      await using _outage = await stopKubelet(oneNode());
    }
    await restartKubelet(oneNode());
    // A device of a pod that came and went since: kubelet has looked for what it has to unmount.
    const other = await namespace.boundVolume('witness', another);
    const witness = await namespace.pod('witness', { claims: [other.claim] });
    await expect(witness).to.runOn(oneNode());
    await namespace.remove(witness);
    await unmounted(oneNode(), stagedDirectory(oneNode(), other.volume.name));
    const left = mountAt(await nodeMounts(node), staged);
    await knownIssue(() => expect(left, 'the mount of the device, which no pod uses').to.equal(undefined));
  });
});
