import {
  absentPath,
  anotherNode,
  consistently,
  evidence,
  expect,
  messages,
  oneNode,
  phasesOf,
  readChapter,
  SpecNamespace,
  scheduledTo,
  triggerResync,
} from '../harness/index.ts';
import { bindingAnnotations, bindingAnnotationsOf, transitionsOf } from './binding-state.ts';
import { controllerMetric } from './controllers.ts';

const { chapter, proves } = readChapter('binding');

describe(chapter, () => {
  proves('LV-BIND-46', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const claim = await namespace.claim('claim');
    await expect(claim).to.reportEvent('ProvisioningFailed', messages.noProvisioner);
    const volume = await namespace.volume('volume', {
      node: oneNode(),
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
    const other = await namespace.volume('other', { node: oneNode(), path: absentPath });
    const claim = await namespace.claim('claim', { volume: 'volume' });
    const pod = await namespace.pod('consumer', { claims: [claim] });
    // Naming a volume makes the claim one that is bound at once, also where its class would wait.
    await expect(pod).to.beUnschedulable([messages.unboundImmediate]);
    const volume = await namespace.volume('volume', { node: anotherNode(), path: absentPath });
    await triggerResync(namespace, claim);
    await expect(claim).to.bindTo(volume);
    await scheduledTo(pod, anotherNode());
    expect(other.now.status?.phase, 'the volume that was there all the time').to.equal('Available');
  });

  proves('LV-BIND-48', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
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
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
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
    await scheduledTo(pod, oneNode());
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
      const { claim, volume } = await namespace.boundVolume(name, { node: oneNode(), path: absentPath });
      await expect(claim).to.bindTo(volume);
    }
    await namespace.volume('free', { node: oneNode(), path: absentPath, storage: '512Mi' });
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
