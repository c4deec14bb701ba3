import {
  absentPath,
  type ClaimHandle,
  consistently,
  eventually,
  evidence,
  expect,
  leaseVolume,
  messages,
  onNode,
  phasesOf,
  readChapter,
  runInPod,
  SpecNamespace,
  scheduledTo,
  triggerResync,
  type VolumeHandle,
} from '../harness/index.ts';
import { bindingAnnotations, bindingAnnotationsOf, transitionsOf } from './binding-state.ts';
import { controllerMetric } from './controllers.ts';

const { chapter, proves } = readChapter('binding');
const bytes = 16 * 2 ** 20;

/** Numbers of equal volumes and claims, and the requirement that says what becomes of them. */
const crowds = [
  { id: 'LV-BIND-41', volumes: 2, claims: 4 },
  { id: 'LV-BIND-42', volumes: 3, claims: 3 },
  { id: 'LV-BIND-43', volumes: 4, claims: 2 },
] as const;

describe(chapter, () => {
  for (const { id, volumes: offered, claims: asking } of crowds) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass('Immediate');
      const at = { node: 'node2', path: absentPath };
      const names = (count: number, what: string) => Array.from({ length: count }, (_, index) => `${what}-${index}`);
      const volumes = await Promise.all(names(offered, 'volume').map((name) => namespace.volume(name, at)));
      const claims = await Promise.all(names(asking, 'claim').map((name) => namespace.claim(name)));
      const pairs = Math.min(offered, asking);

      // Each claim comes to its end: bound, or an event says that no volume is there for it.
      const isBound = ({ ref }: ClaimHandle) => namespace.cluster.store.get(ref)?.status?.phase === 'Bound';
      const hasReason = ({ ref }: ClaimHandle) =>
        namespace.cluster.store.eventsOf(ref).some(({ message }) => message === messages.noProvisioner);
      for (const claim of claims)
        await eventually(
          claim,
          `${claim} to be bound, or to have an event that says why not`,
          () => isBound(claim) || hasReason(claim),
        );
      const bound = () => claims.filter(isBound);
      for (const claim of bound()) {
        const volume = volumes.find(({ name }) => name === claim.now.spec?.volumeName);
        if (!volume) throw new Error(`${claim} is bound to ${claim.now.spec?.volumeName}, which is not of this spec`);
        await expect(claim).to.bindTo(volume);
      }
      const taken = bound().map(({ now }) => now.spec?.volumeName);
      expect(taken).to.have.lengthOf(pairs);
      expect(new Set(taken), 'each has one of its own').to.have.property('size', pairs);
      const phases = [...volumes, ...claims].map((handle) => handle.now.status?.phase).sort();
      const rest = [
        ...new Array(offered - pairs).fill('Available'),
        ...new Array(2 * pairs).fill('Bound'),
        ...new Array(asking - pairs).fill('Pending'),
      ];
      expect(phases).to.deep.equal(rest);
    });
  }

  proves('LV-BIND-44', async () => {
    await using onNode2 = await leaseVolume('node2', 'LOOP', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const volume = await namespace.volume('volume', { node: 'node2', path: onNode2.path });
    const claim = await namespace.claim('claim');
    const pod = await namespace.pod('consumer', { claims: [claim, claim] });
    await expect(pod).to.runOn('node2');
    await expect(claim).to.bindTo(volume);
    await expect(pod).to.mount(volume, { from: onNode2 });
    const script = 'echo once >/data/file && cat /data-2/file && stat -c %i /data/file /data-2/file';
    const [text, ...inodes] = (await runInPod(pod, ['sh', '-c', script])).trim().split('\n');
    expect(text).to.equal('once');
    expect(inodes[0], 'one file in two places').to.equal(inodes[1]);
  });

  proves('LV-BIND-56', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: 'node2', path: absentPath });
    const claim = await namespace.claim('claim');
    const twice = await namespace.pod('twice', { claims: [claim, claim] });
    evidence.keep('scheduler', await expect(twice).to.beUnschedulable([messages.noVolumeFits(3)]));
    // A pod's event keeps the words of its first attempt; this pod comes when the scheduler knows of the claim.
    const again = await namespace.pod('again', { claims: [claim, claim] });
    await expect(again).to.reportEvent('FailedScheduling', messages.noVolumeFits(3));
    expect(volume.now.spec?.claimRef).to.equal(undefined);
    const once = await namespace.pod('once', { claims: [claim] });
    await scheduledTo(once, 'node2');
    await expect(claim).to.bindTo(volume);
    await scheduledTo(twice, 'node2');
  });

  proves('LV-BIND-45', async () => {
    await using one = await leaseVolume('node2', 'LOOP', { bytes });
    await using two = await leaseVolume('node2', 'LOOP', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const disks = [one, two];
    const volumes: VolumeHandle[] = [];
    for (const [index, { path }] of disks.entries())
      volumes.push(await namespace.volume(`volume-${index}`, { node: 'node2', path }));
    const claims = [await namespace.claim('claim-0'), await namespace.claim('claim-1')];
    const pod = await namespace.pod('consumer', { claims });
    await expect(pod).to.runOn('node2');
    const script = 'echo first >/data/name && echo second >/data-2/name && sync';
    await runInPod(pod, ['sh', '-c', script]);
    for (const [index, claim] of claims.entries()) {
      await expect(claim).to.reachPhase('Bound');
      const at = volumes.findIndex(({ name }) => name === claim.now.spec?.volumeName);
      const [volume, disk] = [volumes[at], disks[at]];
      if (!volume || !disk) throw new Error(`${claim} is bound to no volume of this spec`);
      await expect(claim).to.bindTo(volume);
      const path = index === 0 ? '/data' : '/data-2';
      await expect(pod).to.mount(volume, { path, from: disk });
      const onDisk = await onNode(namespace.cluster.node('node2'), ['cat', `${disk.path}/name`]);
      expect(onDisk).to.equal(index === 0 ? 'first\n' : 'second\n');
    }
    await namespace.remove(pod);
    for (const claim of claims) await namespace.remove(claim);
    for (const volume of volumes) await expect(volume).to.reachPhase('Released');
  });

  proves('LV-BIND-46', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const claim = await namespace.claim('claim');
    await expect(claim).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    const volume = await namespace.volume('volume', {
      node: 'node2',
      path: absentPath,
      spec: { claimRef: { name: 'claim' } },
    });
    await triggerResync(namespace, claim);
    await expect(claim).to.bindTo(volume);
    expect(phasesOf(claim)).to.deep.equal(['Pending', 'Bound']);
  });

  proves('LV-BIND-47', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const other = await namespace.volume('other', { node: 'node2', path: absentPath });
    const claim = await namespace.claim('claim', { volume: 'volume' });
    const pod = await namespace.pod('consumer', { claims: [claim] });
    // Naming a volume makes the claim one that is bound at once, also where its class would wait.
    await expect(pod).to.beUnschedulable([messages.unboundImmediate]);
    const volume = await namespace.volume('volume', { node: 'node3', path: absentPath });
    await triggerResync(namespace, claim);
    await expect(claim).to.bindTo(volume);
    await scheduledTo(pod, 'node3');
    expect(other.now.status?.phase, 'the volume that was there all the time').to.equal('Available');
  });

  proves('LV-BIND-48', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const volume = await namespace.volume('volume', { node: 'node2', path: absentPath });
    /** The API keeps whole seconds: a phase that lasts for longer than one has a time of its own. */
    const lasts = async (phase: string) => {
      const since = volume.now.status?.lastPhaseTransitionTime;
      await consistently(namespace.cluster.store, {
        what: `${volume} stays ${phase} since ${since}`,
        on: [volume.ref],
        window: 1100,
        unless: (store) => {
          const { status } = store.get(volume.ref) ?? {};
          return status?.phase !== phase || status.lastPhaseTransitionTime !== since;
        },
      });
    };
    await lasts('Available');
    const claim = await namespace.claim('claim');
    await expect(claim).to.bindTo(volume);
    await lasts('Bound');
    await namespace.remove(claim);
    await expect(volume).to.reachPhase('Released');

    const transitions = transitionsOf(volume);
    evidence.keep('transitions', transitions.map(({ phase, at }) => `${at} ${phase}`).join('\n'));
    const [, ...later] = transitions;
    expect(later.map(({ phase }) => phase)).to.deep.equal(['Available', 'Bound', 'Released']);
    const times = transitions.map(({ at }) => Date.parse(at));
    expect(times.every(Number.isFinite), `each phase has its time: ${JSON.stringify(transitions)}`).to.equal(true);
    const [available = 0, bound = 0, released = 0] = times.slice(-3);
    expect(available).to.be.lessThan(bound);
    expect(bound).to.be.lessThan(released);
  });

  proves('LV-BIND-49', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: 'node2', path: absentPath });
    const claim = await namespace.claim('claim');
    await expect(claim).to.reportEvent('WaitForFirstConsumer', messages.waitsForConsumer);
    // Held at the gate, the pod is there and not scheduled, for as long as it takes the controller to say so.
    const pod = await namespace.pod('consumer', {
      claims: [claim],
      spec: { schedulingGates: [{ name: 'local-pv-conformance/gate' }] },
    });
    await triggerResync(namespace, claim);
    await expect(claim).to.reportEvent('WaitForPodScheduled', `waiting for pod ${pod.name} to be scheduled`);
    expect(claim.now.status?.phase).to.equal('Pending');
    await namespace.cluster.client.patch(pod.ref, {
      type: 'json',
      operations: [{ op: 'remove', path: '/spec/schedulingGates' }],
    });
    await expect(claim).to.bindTo(volume);
    await scheduledTo(pod, 'node2');
    expect(bindingAnnotationsOf(claim), 'it waited for a node, and none is noted').to.deep.equal([
      bindingAnnotations.completed,
      bindingAnnotations.byController,
    ]);
    expect(bindingAnnotationsOf(volume), 'the scheduler marks it as the controller would').to.deep.equal([
      bindingAnnotations.byController,
    ]);
    const reasons = namespace.cluster.store.eventsOf(claim.ref).map(({ reason }) => reason);
    expect(reasons).to.deep.equal(['WaitForFirstConsumer', 'WaitForPodScheduled']);
    expect(phasesOf(claim)).to.deep.equal(['Pending', 'Bound']);
    expect(phasesOf(volume)).to.deep.equal(['Pending', 'Available', 'Bound']);
  });

  proves('LV-BIND-50', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await namespace.storageClass('Immediate');
    for (const name of ['one', 'two']) {
      const { claim, volume } = await namespace.boundVolume(name, { node: 'node2', path: absentPath });
      await expect(claim).to.bindTo(volume);
    }
    await namespace.volume('free', { node: 'node2', path: absentPath, storage: '512Mi' });
    for (const name of ['left-1', 'left-2', 'left-3']) {
      const claim = await namespace.claim(name);
      await expect(claim).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    }
    const counted: Record<string, number> = {};
    for (const metric of ['bound_pv', 'unbound_pv', 'bound_pvc', 'unbound_pvc']) {
      const samples = await controllerMetric(`pv_collector_${metric}_count`);
      const own = metric.endsWith('pv')
        ? samples.filter(({ labels }) => labels.storage_class === storageClass.name)
        : samples.filter(({ labels }) => labels.namespace === namespace.name);
      counted[metric] = own.reduce((sum, { value }) => sum + value, 0);
    }
    evidence.keep('counted', counted);
    expect(counted).to.deep.equal({ bound_pv: 2, unbound_pv: 1, bound_pvc: 2, unbound_pvc: 3 });
  });
});
