import {
  absentDisk,
  assignedNode,
  clearClaimRef,
  consistently,
  controllerLookedAgain,
  eventually,
  expect,
  forceDelete,
  leaseVolume,
  oneNode,
  onNode,
  phasesOf,
  protectionLookedAgain,
  readChapter,
  readInPod,
  reasons,
  runInPod,
  SpecNamespace,
  scheduledTo,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('lifecycle');

describe(chapter, () => {
  proves('LV-LIFE-15', async () => {
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('taken', absentDisk());
    const spare = await namespace.volume('spare', absentDisk());
    await expect(claim).to.bindTo(volume);

    await forceDelete(namespace, volume);
    await expect(claim).to.reachPhase('Lost');
    await expect(claim).to.reportEvent(
      'ClaimLost',
      'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    );
    expect(claim.now.spec?.volumeName, 'it still names the volume that was').to.equal(volume.name);
    expect(claim.now.metadata.annotations).to.have.property('pv.kubernetes.io/bind-completed', 'yes');
    await controllerLookedAgain(namespace, claim, spare);
    expect(phasesOf(claim).slice(-2), 'it stays Lost beside a volume that would fit').to.deep.equal(['Bound', 'Lost']);
    expect(spare.now.status?.phase).to.equal('Available');
  });

  /** When a moment of an object's own clock was, in milliseconds; these have whole seconds. */
  const moment = (time: string | undefined) => Date.parse(time ?? '');

  const unused = {
    type: 'Unused',
    status: 'True',
    reason: 'NoPodsUsingPVC',
    message: 'No pods are currently referencing this PVC',
  } as const;
  const inUse = {
    type: 'Unused',
    status: 'False',
    reason: 'PodUsingPVC',
    message: 'A pod is currently referencing this PVC',
  } as const;

  proves('LV-LIFE-23', async () => {
    const here = assignedNode();
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('lent', absentDisk());
    await expect(claim).to.bindTo(volume);
    const turned = () => {
      const condition = claim.now.status?.conditions?.find(({ type }) => type === 'Unused');
      return moment(condition?.lastTransitionTime);
    };
    await expect(claim).to.haveCondition(unused);
    expect(turned()).to.be.at.least(moment(claim.now.metadata.creationTimestamp));
    /** The API keeps whole seconds: a state that lasts for longer than one has a time of its own. */
    const lasts = async () => {
      const since = turned();
      await consistently(namespace.cluster.store, {
        what: `the condition Unused of ${claim} keeps its time`,
        on: [claim.ref],
        window: 1100,
        unless: () => turned() !== since,
      });
      return since;
    };
    const before = await lasts();

    const pod = await namespace.pod('user', { claims: [claim] });
    await scheduledTo(pod, here);
    const began = moment(pod.now.metadata.creationTimestamp);
    await expect(claim).to.haveCondition(inUse);
    expect(turned(), 'it turned when the pod came').to.be.at.least(began).and.to.be.above(before);
    const used = await lasts();

    await namespace.remove(pod);
    await expect(claim).to.haveCondition(unused);
    // The time of a deletion is that of its request, and the grace period as it was then.
    const marked = namespace.cluster.store.history(pod.ref).find(({ object }) => object.metadata.deletionTimestamp);
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = marked?.object.metadata ?? {};
    const asked = moment(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
    expect(turned(), 'it turned when the pod went').to.be.at.least(asked).and.to.be.above(used);
  });

  proves('LV-LIFE-35', async () => {
    const here = assignedNode();
    await using lease = await leaseVolume(here, 'DIR');
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const untilAsked = 'until [ -e /data/done ]; do sleep 0.1; done';
    const pod = await namespace.pod('job', {
      claims: [claim],
      spec: { restartPolicy: 'Never' },
      containers: [{ command: ['sh', '-c', untilAsked] }],
    });
    await expect(pod).to.runOn(here);
    await expect(claim).to.haveCondition(inUse);
    // On the node: a shell in the container would end with it.
    await onNode(namespace.cluster.node(here), ['touch', `${lease.path}/done`]);
    await expect(pod).to.reachPhase('Succeeded');
    await expect(claim).to.haveCondition(unused);
    expect(namespace.cluster.store.get(pod.ref)?.status?.phase, 'of the pod object').to.equal('Succeeded');
  });

  proves('LV-LIFE-24', async () => {
    const here = assignedNode();
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { volume, claim } = await namespace.boundVolume('lent', absentDisk());
    await expect(claim).to.bindTo(volume);
    const pod = await namespace.pod('user', { claims: [claim] });
    await scheduledTo(pod, here);
    await namespace.remove(pod);
    await protectionLookedAgain(namespace, claim);
    const seen = claim.store.history(claim.ref).flatMap(({ object }) => object.status?.conditions ?? []);
    expect(seen).to.deep.equal([]);
  });

  proves('LV-LIFE-25', async () => {
    await using lease = await leaseVolume(oneNode(), 'LOOP', { bytes: 16 * 2 ** 20 });
    await using namespace = await SpecNamespace.open();
    const storageClass = await namespace.storageClass();
    const volume = await namespace.volume('disk', { node: oneNode(), path: lease.path });
    const podThatOwns = (name: string) =>
      namespace.pod(name, {
        change: (manifest) => {
          const claim = {
            accessModes: ['ReadWriteOnce' as const],
            storageClassName: storageClass.fixtureName,
            resources: { requests: { storage: '1Gi' } },
          };
          manifest.spec.volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: claim } } }];
          for (const container of manifest.spec.containers)
            container.volumeMounts = [{ name: 'scratch', mountPath: '/data' }];
        },
      });

    const first = await podThatOwns('first');
    const claim = await namespace.find('PersistentVolumeClaim', `${namespace.nameOf('first')}-scratch`);
    await expect(claim).to.bindTo(volume);
    await expect(first).to.runOn(oneNode());
    const { name, uid } = first.now.metadata;
    expect(
      claim.now.metadata.ownerReferences?.map((owner) => ({ ...owner, blockOwnerDeletion: undefined })),
    ).to.deep.equal([{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: undefined }]);
    await runInPod(first, ['sh', '-c', 'echo of the first pod >/data/left && sync /data/left']);

    await namespace.remove(first);
    await expect(claim).to.beGone();
    await expect(volume).to.reachPhase('Released');
    const second = await podThatOwns('second');
    await expect(second).to.beUnschedulable({ [reasons.noVolume]: 'every node' });

    await clearClaimRef(namespace, volume);
    const next = await namespace.find('PersistentVolumeClaim', `${namespace.nameOf('second')}-scratch`);
    await expect(next).to.bindTo(volume);
    await expect(second).to.runOn(oneNode());
    expect(await readInPod(second, '/data/left'), 'ephemeral is the claim, not the disk').to.equal(
      'of the first pod\n',
    );
    await eventually(
      volume,
      `${volume} to be of the second claim`,
      (store) => store.get(volume.ref)?.spec?.claimRef?.uid === next.now.metadata.uid,
    );
  });
});
