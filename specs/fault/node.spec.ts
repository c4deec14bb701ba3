import {
  type ClaimHandle,
  cordonedNode,
  type DiskVolume,
  eventually,
  evidence,
  expect,
  knownToScheduler,
  leaseVolume,
  manifests,
  markForDeletion,
  mountAt,
  mountHolding,
  nodeMounts,
  oneNode,
  type PodHandle,
  placesOf,
  podVolumeDirectory,
  readChapter,
  reasons,
  runInPod,
  SpecNamespace,
  stopKubelet,
  tryInPod,
  verifyVolume,
  writeChecked,
} from '../harness/index.ts';
import { deletedNode, outOfService } from './absent-nodes.ts';
import { pathGone, swapDisks } from './disk-faults.ts';
import { attachAtStart, forgetAtStart, machineOf } from './node-restart.ts';

const { chapter, proves } = readChapter('fault');

const small = { bytes: 16 * 2 ** 20 };

const sumOf = async (pod: PodHandle, place = '/data') =>
  (await runInPod(pod, ['sha256sum', `${place}/payload`])).split(' ')[0];

/** Creates a pod on a disk of a node that starts again when its node does, and writes a file to the disk. */
async function restartable(namespace: SpecNamespace, path: string, others: readonly ClaimHandle[] = []) {
  const { volume, claim } = await namespace.boundVolume('restarted', { node: oneNode(), path });
  const pod = await namespace.pod('restarted', { claims: [claim, ...others], spec: { restartPolicy: 'Always' } });
  await expect(pod).to.runOn(oneNode());
  return { volume, pod, sum: await writeChecked(pod, '/data/payload', 2 ** 18) };
}

/** Waits until the pod runs again after a restart of its node. */
function runsAgain(pod: PodHandle): Promise<unknown> {
  return eventually(pod, `the container of ${pod} to run again`, (store) => {
    const [status] = store.get(pod.ref)?.status?.containerStatuses ?? [];
    return status !== undefined && status.restartCount > 0 && status.ready;
  });
}

/** Creates a StatefulSet of one pod on a disk, and writes a file to it. When the pod is deleted, the set makes another. */
async function replaceable(namespace: SpecNamespace, name: string, disk: DiskVolume) {
  const volume = await namespace.volume(name, { node: disk.node, path: disk.path, labels: { for: name } });
  await namespace.apply('StatefulSet', manifests.statefulSet, ({ metadata, spec }) => {
    metadata.name = name;
    spec.replicas = 1;
    spec.selector = { matchLabels: { app: name } };
    spec.template.metadata.labels = { app: name };
    for (const template of spec.volumeClaimTemplates ?? []) template.spec.selector = { matchLabels: { for: name } };
  });
  await namespace.find('PersistentVolumeClaim', `data-${name}-0`);
  const pod = await namespace.find('Pod', `${name}-0`);
  await expect(pod).to.runOn(disk.node);
  return { volume, pod, uid: pod.now.metadata.uid, sum: await writeChecked(pod, '/data/payload', 2 ** 18) };
}

/** Waits until the set has made another pod in the place of the one with this uid. */
function replaced(pod: PodHandle, uid: string, within?: number): Promise<unknown> {
  return eventually(
    pod,
    `another pod in the place of ${pod}`,
    (store) => ![undefined, uid].includes(store.get(pod.ref)?.metadata.uid),
    within === undefined ? {} : { within },
  );
}

describe(chapter, () => {
  proves('LV-FAULT-17', async () => {
    await using machine = await machineOf(oneNode());
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using raw = await leaseVolume(oneNode(), 'FORMAT', small);
    await using device = await attachAtStart(raw);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const formatted = await namespace.boundVolume('formatted', { node: oneNode(), path: device.path });
    const { volume, pod, sum } = await restartable(namespace, lease.path, [formatted.claim]);
    const sumOnDevice = await writeChecked(pod, '/data-2/payload', 2 ** 18);
    const { uid } = pod.now.metadata;
    const leaving = await namespace.pod('leaving', { claims: [formatted.claim] });
    await expect(leaving).to.runOn(oneNode());
    const directory = podVolumeDirectory(oneNode(), leaving.now.metadata.uid, formatted.volume.name);

    // Deleted as the machine goes down: kubelet cannot have begun with it.
    await using _outage = await stopKubelet(oneNode());
    await markForDeletion(namespace, leaving);
    await machine.restart();
    await runsAgain(pod);
    expect(pod.now.metadata.uid, 'the same pod').to.equal(uid);
    // The kernel may have given the disks other loop devices.
    const chain = await expect(pod).to.mount(volume, { from: await verifyVolume(lease) });
    expect(await sumOf(pod)).to.equal(sum);
    const onDevice = await expect(pod).to.mount(formatted.volume, { path: '/data-2', from: await device.now() });
    expect(await sumOf(pod, '/data-2'), 'on the device that kubelet mounts').to.equal(sumOnDevice);
    evidence.keep('mount-chains-after-the-restart', { chain, onDevice });

    await expect(leaving).to.beGone();
    await pathGone(namespace.cluster.node(oneNode()), directory);
    expect(await sumOf(pod, '/data-2'), 'after the other pod is cleaned up').to.equal(sumOnDevice);
  });

  proves('LV-FAULT-18', async () => {
    await using machine = await machineOf(oneNode());
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const node = namespace.cluster.node(oneNode());
    await namespace.storageClass('Immediate');
    const { volume, pod, sum } = await restartable(namespace, lease.path);
    await using forgotten = await forgetAtStart(lease);

    await machine.restart();
    await runsAgain(pod);
    expect((await tryInPod(pod, ['cat', '/data/payload'])).stderr).to.include('No such file or directory');
    const mounts = await nodeMounts(node);
    const directory = podVolumeDirectory(oneNode(), pod.now.metadata.uid, volume.name);
    expect(mountAt(mounts, directory), 'kubelet’s mount').to.include({
      device: mountHolding(mounts, placesOf(oneNode()).disks)?.device,
      root: lease.path,
    });
    const seen = await verifyVolume(lease).catch(String);
    expect(seen).to.include('nothing is mounted there');
    evidence.keep('what-the-check-says', String(seen));

    await namespace.remove(pod);
    const disk = await forgotten.mountLate();
    const claim = volume.now.spec?.claimRef?.name ?? '';
    const next = await namespace.pod('next', { claims: [claim] });
    await expect(next).to.runOn(oneNode());
    await expect(next).to.mount(volume, { from: disk });
    expect(await sumOf(next), 'on the disk that was mounted late').to.equal(sum);
  });

  proves('LV-FAULT-19', async () => {
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, pod, uid, sum } = await replaceable(namespace, 'drained', lease);
    {
      await using _cordon = await cordonedNode(oneNode());
      await knownToScheduler(namespace, oneNode());
      await namespace.cluster.client.evict(pod.ref);
      await replaced(pod, uid);
      const message = await expect(pod).to.beUnschedulable({
        [reasons.cordoned]: 1,
        [reasons.volumeAffinity]: 'the other nodes',
      });
      evidence.keep('why-it-waits', message);
    }
    await expect(pod).to.runOn(oneNode());
    await expect(pod).to.mount(volume, { from: lease });
    expect(await sumOf(pod)).to.equal(sum);
  });

  proves('LV-FAULT-20', async function () {
    this.timeout(360_000);
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, pod, uid, sum } = await replaceable(namespace, 'deleted', lease);

    await using absence = await deletedNode(oneNode());
    // 40 s after the Node is gone, by a look every 20 s, and as long again on a busy machine.
    await replaced(pod, uid, 180_000);
    // Long, as another spec may be restarting node3: until that is Ready again, it has taints of its own.
    const message = await expect(pod).to.beUnschedulable(
      { [reasons.volumeAffinity]: 'the other nodes' },
      { within: 180_000 },
    );
    evidence.keep('why-it-waits', message);
    await absence.end();
    await expect(pod).to.runOn(oneNode());
    await expect(pod).to.mount(volume, { from: lease });
    expect(await sumOf(pod)).to.equal(sum);
  });

  proves('LV-FAULT-21', async function () {
    this.timeout(360_000);
    await using lease = await leaseVolume(oneNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, pod, uid, sum } = await replaceable(namespace, 'served', lease);
    {
      await using _down = await outOfService(namespace, oneNode());
      await replaced(pod, uid);
      // Long, as above: node3 may have taints of its own for a while.
      const tally = { [reasons.tainted]: 1, [reasons.volumeAffinity]: 'the other nodes' } as const;
      const message = await expect(pod).to.beUnschedulable(tally, { within: 180_000 });
      evidence.keep('why-it-waits', message);
    }
    await expect(pod).to.runOn(oneNode());
    await expect(pod).to.mount(volume, { from: lease });
    expect(await sumOf(pod)).to.equal(sum);
  });

  proves('LV-FAULT-22', async () => {
    await using own = await leaseVolume(oneNode(), 'LOOP', small);
    await using other = await leaseVolume(oneNode(), 'LOOP', small);
    await using namespace = await SpecNamespace.open();
    const { cluster } = namespace;
    await namespace.storageClass('Immediate');
    const { volume, claim } = await namespace.boundVolume('by-name', own);
    const before = await namespace.pod('before', { claims: [claim] });
    await expect(before).to.runOn(oneNode());
    await writeChecked(before, '/data/payload', 2 ** 18);
    await namespace.remove(before);

    const node = { kind: 'Node', name: oneNode() } as const;
    const uidOfNode = () => cluster.store.get(node)?.metadata.uid;
    const known = uidOfNode();
    // Another machine of that name: another Node object, and another disk at the path.
    await using absence = await deletedNode(oneNode());
    await using _otherDisks = await swapDisks(own, other);
    await absence.end();
    expect(uidOfNode(), 'the Node of the other machine').to.be.a('string').and.not.to.equal(known);
    const after = await namespace.pod('after', { claims: [claim] });
    await expect(after).to.runOn(oneNode());
    const directory = podVolumeDirectory(oneNode(), after.now.metadata.uid, volume.name);
    const mount = mountAt(await nodeMounts(cluster.node(oneNode())), directory);
    expect(mount?.device, 'the device of kubelet’s mount').to.equal(other.deviceNumber);
    expect((await tryInPod(after, ['cat', '/data/payload'])).stderr).to.include('No such file or directory');
    expect(volume.now.status?.phase, 'for Kubernetes nothing has changed').to.equal('Bound');
    await namespace.remove(after);
  });
});
