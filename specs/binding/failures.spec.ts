import {
  absentPath,
  anotherNode,
  conditionsSeen,
  controllerLookedAgain,
  eventually,
  evidence,
  expect,
  forceDelete,
  killedControlPlane,
  knownIssue,
  type ManifestOf,
  oneNode,
  type PodHandle,
  pausedControllers,
  phasesOf,
  preferNode,
  readChapter,
  requirePods,
  SpecNamespace,
  type StoreView,
  scheduledTo,
  schedulerLookedAgain,
  together,
  triggerResync,
  undisturbed,
} from '../harness/index.ts';
import { refusal, refusing } from './refusals.ts';

const { chapter, proves } = readChapter('binding');

/** Waits until the scheduler has given up a binding of the pod because the API server refused it; returns its message. */
function refused(pod: PodHandle): Promise<string> {
  return eventually(pod, `${pod} to be refused`, (store) =>
    conditionsSeen(store, pod, 'PodScheduled')
      .filter(({ reason }) => reason === 'SchedulerError')
      .map(({ message = '' }) => message)
      .find((message) => message.includes(refusal)),
  );
}

const towardsNode2 = ({ spec }: ManifestOf<'Pod'>): void => preferNode(spec, oneNode());

/** Long enough for the scheduler's next tries; where a known issue shows, the spec waits for all of it. */
const within = 6_000;

describe(chapter, () => {
  proves('LV-BIND-66', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const [volume, elsewhere] = await together(
      [oneNode(), anotherNode()].map((node) => namespace.volume(`on-${node}`, { node, path: absentPath })),
    );
    const claim = await namespace.claim('claim');
    const pod = await (async () => {
      await using _refused = await refusing(namespace, {
        operation: 'CREATE',
        resource: 'pods/binding',
        when: `request.namespace == '${namespace.name}' && request.name == 'consumer'`,
      });
      const pod = await namespace.pod('consumer', { claims: [claim], change: towardsNode2 });
      evidence.keep('scheduler', await refused(pod));
      return pod;
    })();
    if (!volume || !elsewhere) throw new Error('there were to be two volumes');
    await scheduledTo(pod, oneNode());
    await controllerLookedAgain(namespace, claim, volume);
    await expect(claim).to.bindTo(volume);
    expect(phasesOf(claim), 'bound once').to.deep.equal(['Pending', 'Bound']);
    expect(phasesOf(volume), 'never free meanwhile').to.deep.equal(['Pending', 'Available', 'Bound']);
    expect(elsewhere.now.status?.phase, 'the volume of the other node').to.equal('Available');
  });

  proves('LV-BIND-70', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    const first = await namespace.claim('first');
    await using _refused = await refusing(namespace, {
      operation: 'UPDATE',
      resource: 'persistentvolumes',
      when: `request.name == '${volume.name}' && has(object.spec.claimRef) && object.spec.claimRef.name == 'first'`,
    });
    const pod = await namespace.pod('first', { claims: [first] });
    evidence.keep('scheduler', await refused(pod));
    await namespace.remove(pod);
    const next = await namespace.claim('next');
    const user = await namespace.pod('next', { claims: [next] });
    // The last try for the first pod may have been under way. The volume itself is left alone: any event about it would
    // make the scheduler forget what it had assumed.
    await triggerResync(namespace, next);
    await scheduledTo(user, oneNode());
    await expect(next).to.bindTo(volume);
    expect(phasesOf(first), 'the first claim').to.deep.equal(['Pending']);
  });

  proves('LV-BIND-71', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    const claim = await namespace.claim('claim', { volume: 'volume' });
    await expect(claim).to.bindTo(volume);
    await using _refused = await refusing(namespace, {
      operation: 'UPDATE',
      resource: 'persistentvolumeclaims/status',
      when: `request.namespace == '${namespace.name}' && object.status.phase == 'Lost'`,
    });
    await forceDelete(namespace, volume);
    // A volume that is made later has a pod: the scheduler knows that the other is gone.
    await schedulerLookedAgain(namespace);
    const pod = await namespace.pod('consumer', { claims: [claim] });
    const gone = `persistentvolume "${volume.name}" not found`;
    evidence.keep('scheduler', await expect(pod).to.beUnschedulable([gone]));
    expect(claim.now.status?.phase, 'what the claim says').to.equal('Bound');
  });

  proves('LV-BIND-67', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const places = [oneNode(), oneNode(), anotherNode()];
    await together(places.map((node, index) => namespace.volume(`${node}-${index}`, { node, path: absentPath })));
    const claims = [await namespace.claim('first'), await namespace.claim('second')] as const;
    const labels = { app: 'apart' };
    const first = await (async () => {
      await using _refused = await refusing(namespace, {
        operation: 'CREATE',
        resource: 'pods/binding',
        when: `request.namespace == '${namespace.name}' && request.name == 'first'`,
      });
      const pod = await namespace.pod('first', {
        claims: [claims[0]],
        labels,
        change: ({ spec }) => {
          preferNode(spec, oneNode());
          requirePods(spec, 'podAntiAffinity', labels);
        },
      });
      evidence.keep('scheduler', await refused(pod));
      await expect(claims[0]).to.reachPhase('Bound');
      await scheduledTo(await namespace.pod('second', { claims: [claims[1]], labels, node: oneNode() }), oneNode());
      return pod;
    })();
    // node3 has a volume for the first pod, and no pod that it must be apart from.
    await knownIssue(() =>
      eventually(first, `${first} to be scheduled`, (store) => store.get(first.ref)?.spec?.nodeName, { within }),
    );
  });

  proves('LV-BIND-65', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const at = (node: string, storage: string) => ({ node, path: absentPath, storage });
    // Claims are served from the smallest to the largest: it is the second that cannot be reserved.
    const [, second] = await together([
      namespace.volume('node2-1', at(oneNode(), '1Gi')),
      namespace.volume('node2-2', at(oneNode(), '2Gi')),
      namespace.volume('node3-1', at(anotherNode(), '1Gi')),
      namespace.volume('node3-2', at(anotherNode(), '2Gi')),
    ]);
    const claims = [await namespace.claim('small'), await namespace.claim('large', { storage: '2Gi' })];
    const pod = await (async () => {
      await using _refused = await refusing(namespace, {
        operation: 'UPDATE',
        resource: 'persistentvolumes',
        when: `request.name == '${second.name}' && has(object.spec.claimRef)`,
      });
      const pod = await namespace.pod('consumer', { claims, change: towardsNode2 });
      evidence.keep('scheduler', await refused(pod));
      await namespace.remove(second);
      return pod;
    })();
    // node3 has volumes for both claims, and nothing else keeps the pod from it.
    await knownIssue(() =>
      eventually(pod, `${pod} to be scheduled`, (store) => store.get(pod.ref)?.spec?.nodeName, { within }),
    );
    await scheduledTo(pod, anotherNode());
  });

  proves('LV-BIND-62', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const places = [oneNode(), oneNode(), anotherNode(), anotherNode()];
    await together(places.map((node, index) => namespace.volume(`${node}-${index}`, { node, path: absentPath })));
    const claims = [await namespace.claim('one'), await namespace.claim('two')];
    await undisturbed(async () => {
      const reservedFor = () =>
        claims.map(({ now }) =>
          namespace.cluster.store
            .list('PersistentVolume')
            .filter(({ spec }) => spec?.claimRef?.uid === now.metadata.uid)
            .map(({ metadata }) => metadata.name)
            .join(),
        );
      const { pod, reserved } = await (async () => {
        await using _controllers = await pausedControllers();
        const pod = await namespace.pod('consumer', { claims });
        const what = 'both claims to have a volume reserved';
        await eventually(pod, what, () => reservedFor().every((name) => name !== ''), { also: claims });
        const reserved = reservedFor();
        for (const { now } of claims) expect(now.spec?.volumeName, 'nothing is bound yet').to.equal(undefined);
        await killedControlPlane('kube-scheduler', 'kube-controller-manager');
        return { pod, reserved };
      })();
      // Scheduler and controllers start again first.
      const scheduled = (store: StoreView) => store.get(pod.ref)?.spec?.nodeName;
      const node = await eventually(pod, `${pod} to be scheduled`, scheduled, { within: 120_000 });
      for (const claim of claims) await expect(claim).to.reachPhase('Bound');
      expect(claims.map(({ now }) => now.spec?.volumeName)).to.deep.equal(reserved);
      await controllerLookedAgain(namespace, ...claims);
      const taken = namespace.cluster.store
        .list('PersistentVolume', { where: ({ spec }) => spec?.claimRef?.namespace === namespace.name })
        .filter(({ spec }) => claims.some(({ name }) => name === spec?.claimRef?.name));
      expect(taken.map(({ metadata }) => metadata.name).toSorted()).to.deep.equal(reserved.toSorted());
      for (const name of reserved) expect(name.startsWith(node), `${name} is of ${node}`).to.equal(true);
    });
  });
});
