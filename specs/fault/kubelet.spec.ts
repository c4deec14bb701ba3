import {
  evidence,
  expect,
  knownToScheduler,
  labelledNode,
  leaseVolume,
  loggedLine,
  mountAt,
  mountPointsWith,
  nodeMounts,
  type PodHandle,
  podVolumeDirectory,
  readChapter,
  readInPod,
  reasons,
  restartContainerd,
  restartKubelet,
  runInPod,
  SpecNamespace,
  stopKubelet,
  unmounted,
  writeChecked,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('fault');

const small = { bytes: 16 * 2 ** 20 };

/** What shows that it is still the same container, never started again. */
const containerOf = (pod: PodHandle) =>
  pod.now.status?.containerStatuses?.map(({ containerID, restartCount }) => ({ containerID, restartCount }));

const sumOf = async (pod: PodHandle) => (await runInPod(pod, ['sha256sum', '/data/payload'])).split(' ')[0];

describe(chapter, () => {
  proves('LV-FAULT-13', async () => {
    await using lease = await leaseVolume('node3', 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node('node3');
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('goes-on', { node: 'node3', path: lease.path });
    const pod = await namespace.pod('untouched', { claims: [claim] });
    await expect(pod).to.runOn('node3');
    const sum = await writeChecked(pod, '/data/payload', 2 ** 18);
    const directory = podVolumeDirectory(pod.now.metadata.uid, volume.name);
    const state = async () => ({
      container: containerOf(pod),
      // With the ids of the mounts: a volume that is mounted again gets another.
      kubelet: mountAt(await nodeMounts(node), directory),
      inContainer: await readInPod(pod, '/proc/self/mountinfo'),
    });
    const before = await state();

    await restartKubelet('node3');
    expect(await state(), 'after the restart of kubelet').to.deep.equal(before);
    expect(await sumOf(pod)).to.equal(sum);
    await restartContainerd('node3');
    const beside = await namespace.pod('beside', { claims: [claim] });
    await expect(beside).to.runOn('node3');
    expect(await state(), 'after the restart of containerd').to.deep.equal(before);
    expect(await sumOf(pod)).to.equal(sum);
    expect(await sumOf(beside), 'in a pod that is made after it').to.equal(sum);
    await writeChecked(pod, '/data/more', 2 ** 18);
    evidence.keep('state', before);
  });

  proves('LV-FAULT-14', async () => {
    await using lease = await leaseVolume('node3', 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('left-over', { node: 'node3', path: lease.path });
    const withSubPath = (name: string) =>
      namespace.pod(name, {
        claims: [claim],
        change: ({ spec }) => {
          for (const { volumeMounts = [] } of spec.containers)
            volumeMounts.push({ name: 'data', mountPath: '/part', subPath: name });
        },
      });
    const graceful = await withSubPath('graceful');
    const forced = await withSubPath('forced');
    const pods = [graceful, forced];
    for (const pod of pods) await expect(pod).to.runOn('node3');
    const uids = pods.map((pod) => pod.now.metadata.uid);
    for (const uid of uids) {
      const mounts = await mountPointsWith('node3', uid);
      expect(mounts.filter((path) => path === podVolumeDirectory(uid, volume.name))).to.have.lengthOf(1);
      expect(mounts.filter((path) => path.includes('/volume-subpaths/'))).to.have.lengthOf(1);
      evidence.keep('mounts-before', mounts.join('\n'));
    }

    await using outage = await stopKubelet('node3');
    await namespace.cluster.client.remove(graceful.ref);
    await namespace.cluster.client.remove(forced.ref, { gracePeriodSeconds: 0 });
    await expect(forced).to.beGone();
    await outage.end();
    await expect(graceful).to.beGone();
    for (const uid of uids) {
      await unmounted('node3', podVolumeDirectory(uid, volume.name));
      expect(
        (await mountPointsWith('node3', uid)).filter((path) => path.includes('volume')),
        'what is left of the pod’s volumes',
      ).to.deep.equal([]);
    }
  });

  proves('LV-FAULT-15', async () => {
    await using lease = await leaseVolume('node3', 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('handed-on', { node: 'node3', path: lease.path });
    const first = await namespace.pod('first', { claims: [claim] });
    await expect(first).to.runOn('node3');
    const sum = await writeChecked(first, '/data/payload', 2 ** 18);
    const left = podVolumeDirectory(first.now.metadata.uid, volume.name);

    await using outage = await stopKubelet('node3');
    await namespace.cluster.client.remove(first.ref, { gracePeriodSeconds: 0 });
    await expect(first).to.beGone();
    const second = await namespace.pod('second', { claims: [claim] });
    await expect(second).to.haveCondition({ type: 'PodScheduled', status: 'True' });
    expect(await mountPointsWith('node3', left), 'the first pod’s mount is still there').to.deep.equal([left]);
    await outage.end();
    await expect(second).to.runOn('node3');
    expect(await sumOf(second)).to.equal(sum);

    await unmounted('node3', left);
    await expect(second).to.mount(volume, { from: lease });
    expect(await sumOf(second), 'after the first one’s mount is gone').to.equal(sum);
  });

  proves('LV-FAULT-16', async () => {
    await using lease = await leaseVolume('node3', 'LOOP', small);
    const label = `local-pv-conformance/${lease.name}`;
    await using _label = await labelledNode('node3', { [label]: 'here' });
    await using namespace = await SpecNamespace.open();
    const place = { key: label, operator: 'In' as const, values: ['here'] };
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('by-label', {
      node: 'node3',
      path: lease.path,
      volume: { spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [place] }] } } } },
    });
    const pod = await namespace.pod('runs', { claims: [claim] });
    await expect(pod).to.runOn('node3');
    const sum = await writeChecked(pod, '/data/payload', 2 ** 18);
    const container = containerOf(pod);
    {
      await using _elsewhere = await labelledNode('node3', { [label]: 'elsewhere' });
      await knownToScheduler(namespace, 'node3');
      const late = await namespace.pod('late', { claims: [claim] });
      await expect(late).to.beUnschedulable({ [reasons.volumeAffinity]: 'the other nodes' });
      expect(await sumOf(pod), 'the running pod goes on').to.equal(sum);

      await restartKubelet('node3');
      const refusal = await expect(pod).to.reportEvent(
        'FailedMount',
        `MountVolume.NodeAffinity check failed for volume "${volume.name}" : no matching NodeSelectorTerms`,
      );
      evidence.keep('refusal', refusal);
      expect(containerOf(pod), 'the same container').to.deep.equal(container);
      expect(await sumOf(pod), 'its mount is still there').to.equal(sum);
      await namespace.remove(late);
    }
    // kubelet tries again, and is at peace with the volume: else the pod could not be taken down in a moment.
    const directory = podVolumeDirectory(pod.now.metadata.uid, volume.name);
    const healed = `MountVolume.SetUp succeeded for volume \\"${volume.name}\\"`;
    evidence.keep('healed', await loggedLine(namespace.cluster.node('node3'), 'kubelet', healed));
    expect(containerOf(pod), 'the same container').to.deep.equal(container);
    await namespace.remove(pod);
    expect(await mountPointsWith('node3', directory)).to.deep.equal([]);
  });
});
