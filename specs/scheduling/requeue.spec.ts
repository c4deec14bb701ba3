import {
  absentPath,
  assertWokenBy,
  clearClaimRef,
  cordonedNode,
  evidence,
  expect,
  firstNode,
  heldUser,
  hostnameOf,
  knownToScheduler,
  labelledNode,
  type ManifestOf,
  messages,
  nodeCount,
  oneNode,
  pausedControllers,
  readChapter,
  reasons,
  SpecNamespace,
  scheduledTo,
  secondNode,
  taintedNode,
  thirdNode,
  threeNodes,
  triggerResync,
  undisturbed,
} from '../harness/index.ts';
import { taint } from './pod-requirements.ts';

const { chapter, proves } = readChapter('scheduling');

const rack = 'local-pv-conformance/rack';
type Operator = 'In' | 'Gt' | 'Lt';

/** Returns a change of a volume that gives it to the nodes whose rack is so. */
const inRack =
  (...wanted: readonly (readonly [Operator, string])[]) =>
  ({ spec }: ManifestOf<'PersistentVolume'>): void => {
    const matchExpressions = wanted.map(([operator, value]) => ({ key: rack, operator, values: [value] }));
    spec.nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
  };

/** What keeps new pods off a node whose volumes stay where they are. */
const closures = {
  'LV-SCHED-36': { close: cordonedNode, reason: reasons.cordoned },
  'LV-SCHED-37': { close: (node: string) => taintedNode(node, taint), reason: reasons.tainted },
};

// What makes the scheduler look at a pod again. A pod that was called Unschedulable rests for five minutes, unless an
// event wakes it. Most of these events may be of any object: while each pod waits, nothing else changes in the cluster, and
// the spec proves that. Where the claim waits for the pod, the scheduler has chosen the node once the claim is bound.
describe(chapter, () => {
  proves('LV-SCHED-11', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const reserved = await namespace.volume('reserved', {
      node: oneNode(),
      path: absentPath,
      spec: { claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'another' } },
    });
    const claim = await namespace.claim('claim');
    const pod = await undisturbed(async () => {
      const pod = await namespace.pod('waiting', { claims: [claim] });
      await expect(pod).to.beUnschedulable({ [reasons.noVolume]: nodeCount() });
      await clearClaimRef(namespace, reserved);
      await expect(claim).to.bindTo(reserved);
      return pod;
    });
    await scheduledTo(pod, oneNode());
    await assertWokenBy(pod, reserved);
  });

  proves('LV-SCHED-12', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    const { pod, claim } = await undisturbed(async () => {
      const pod = await namespace.pod('early', { claims: ['late'] });
      await expect(pod).to.beUnschedulable([`persistentvolumeclaim "${namespace.nameOf('late')}" not found`]);
      const claim = await namespace.claim('late');
      await expect(claim).to.bindTo(volume);
      return { pod, claim };
    });
    await scheduledTo(pod, oneNode());
    await assertWokenBy(pod, claim);
  });

  proves('LV-SCHED-13', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const claim = await namespace.claim('claim');
    await undisturbed(async () => {
      const pod = await namespace.pod('waiting', { claims: [claim] });
      await expect(pod).to.beUnschedulable([messages.unboundImmediate]);
      const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
      await triggerResync(namespace, claim);
      await expect(claim).to.bindTo(volume);
      await scheduledTo(pod, oneNode());
      await assertWokenBy(pod, volume, claim);
    });
  });

  proves('LV-SCHED-14', async () => {
    await using namespace = await SpecNamespace.open();
    const claim = await namespace.claim('claim');
    const { pod, storageClass, volume } = await undisturbed(async () => {
      const pod = await namespace.pod('early', { claims: [claim] });
      evidence.keep('message-without-class', await expect(pod).to.beUnschedulable([messages.unboundImmediate]));
      const missing = await expect(claim).to.reportEvent('ProvisioningFailed', 'not found');
      const storageClass = await namespace.storageClass();
      expect(missing).to.equal(`storageclass.storage.k8s.io "${storageClass.name}" not found`);
      await expect(pod).to.beUnschedulable({ [reasons.noVolume]: nodeCount() });
      const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
      await expect(claim).to.bindTo(volume);
      return { pod, storageClass, volume };
    });
    await scheduledTo(pod, oneNode());
    await assertWokenBy(pod, storageClass, volume);
  });

  proves('LV-SCHED-28', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const at = { node: oneNode(), path: absentPath };
    const bound = await namespace.boundVolume('bound', { ...at, volume: { change: inRack(['In', '7']) } });
    await heldUser(namespace, bound.claim);
    const free = await namespace.volume('free', { ...at, change: inRack(['Gt', '6'], ['Lt', '8']) });
    const claim = await namespace.claim('free');
    await undisturbed(async () => {
      const ofBound = await namespace.pod('of-bound', { claims: [bound.claim] });
      const ofFree = await namespace.pod('of-free', { claims: [claim] });
      await expect(ofBound).to.beUnschedulable({ [reasons.volumeAffinity]: nodeCount() });
      await expect(ofFree).to.beUnschedulable({ [reasons.noVolume]: nodeCount() });

      await using label = await labelledNode(oneNode(), { [rack]: '7' });
      for (const pod of [ofBound, ofFree]) {
        await scheduledTo(pod, oneNode());
        await assertWokenBy(pod, label);
      }
      await expect(claim).to.bindTo(free);
    });
  });

  for (const [id, { close, reason }] of Object.entries(closures)) {
    proves(id, async () => {
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const { claim } = await namespace.boundVolume('bound', { node: oneNode(), path: absentPath });
      await heldUser(namespace, claim);
      await undisturbed(async () => {
        const { pod, closed } = await (async () => {
          await using closed = await close(oneNode());
          await knownToScheduler(namespace, oneNode());
          const pod = await namespace.pod('tied', { claims: [claim] });
          await expect(pod).to.beUnschedulable({ [reason]: 1, [reasons.volumeAffinity]: nodeCount() - 1 });
          return { pod, closed };
        })();
        await scheduledTo(pod, oneNode());
        await assertWokenBy(pod, closed);
      });
    });
  }

  proves('LV-SCHED-32', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    const claim = await namespace.claim('claim', { change: ({ spec }) => delete spec.storageClassName });
    const pod = await undisturbed(async () => {
      const pod = await namespace.pod('waiting', { claims: [claim] });
      await expect(pod).to.beUnschedulable([messages.unboundImmediate]);
      const storageClassName = storageClass.name;
      await namespace.cluster.client.patch(claim.ref, { type: 'merge', change: { spec: { storageClassName } } });
      await expect(claim).to.bindTo(volume);
      return pod;
    });
    await scheduledTo(pod, oneNode());
    await assertWokenBy(pod, claim);
  });

  proves('LV-SCHED-33', async () => {
    await using namespace = await SpecNamespace.open();
    const { fixtureName: storageClassName } = await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    const { pod, claim } = await undisturbed(async () => {
      const pod = await (async () => {
        // The controller that makes the claim is among them.
        await using controllers = await pausedControllers();
        const template = {
          spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: '1Gi' } } },
        };
        const pod = await namespace.pod('owner', {
          change: ({ spec }) => {
            spec.volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: template } }];
          },
        });
        const waits = 'waiting for ephemeral volume controller to create the persistentvolumeclaim';
        await expect(pod).to.beUnschedulable([`${waits} "${pod.name}-scratch"`]);
        await controllers.stillPaused();
        return pod;
      })();
      const claim = await namespace.find('PersistentVolumeClaim', `${pod.name}-scratch`);
      await expect(claim).to.bindTo(volume);
      return { pod, claim };
    });
    await scheduledTo(pod, oneNode());
    await assertWokenBy(pod, claim);
  });

  proves('LV-SCHED-34', async () => {
    const zone = 'topology.kubernetes.io/zone';
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    await using _node2 = await labelledNode(secondNode(), { [zone]: 'z2' });
    await using _node3 = await labelledNode(thirdNode(), { [zone]: 'z3' });
    for (const node of [secondNode(), thirdNode()]) await knownToScheduler(namespace, node);
    const hostname = { key: 'kubernetes.io/hostname', operator: 'In' as const, values: threeNodes().map(hostnameOf) };
    const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } };
    const everywhere = {
      node: secondNode(),
      path: absentPath,
      volume: { labels: { [zone]: 'z2' }, spec: { nodeAffinity } },
    };
    const used = await namespace.boundVolume('used', everywhere);
    await scheduledTo(await namespace.pod('in-zone', { claims: [used.claim], node: secondNode() }), secondNode());
    await scheduledTo(await namespace.pod('no-zone', { claims: [used.claim], node: firstNode() }), firstNode());
    const { volume, claim } = await namespace.boundVolume('confined', everywhere);
    await heldUser(namespace, claim);
    await undisturbed(async () => {
      const outside = await namespace.pod('outside', { claims: [claim], node: thirdNode() });
      const message = await expect(outside).to.beUnschedulable({
        [reasons.volumeZone]: 1,
        [reasons.podAffinity]: nodeCount() - 1,
      });
      evidence.keep('scheduler-message', message);
      const change = { metadata: { labels: { [zone]: 'z2__z3' } } };
      await namespace.cluster.client.patch(volume.ref, { type: 'merge', change });
      await scheduledTo(outside, thirdNode());
      await assertWokenBy(outside, volume);
    });
  });
});
