import {
  absentPath,
  type ClaimHandle,
  eventually,
  evidence,
  expect,
  leaseVolume,
  messages,
  nodeCount,
  oneNode,
  onNode,
  readChapter,
  runInPod,
  SpecNamespace,
  scheduledTo,
  type VolumeHandle,
} from '../harness/index.ts';

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
      const at = { node: oneNode(), path: absentPath };
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
    await using onNode2 = await leaseVolume(oneNode(), 'LOOP', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass('Immediate');
    const volume = await namespace.volume('volume', { node: oneNode(), path: onNode2.path });
    const claim = await namespace.claim('claim');
    const pod = await namespace.pod('consumer', { claims: [claim, claim] });
    await expect(pod).to.runOn(oneNode());
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
    const volume = await namespace.volume('volume', { node: oneNode(), path: absentPath });
    const claim = await namespace.claim('claim');
    const twice = await namespace.pod('twice', { claims: [claim, claim] });
    evidence.keep('scheduler', await expect(twice).to.beUnschedulable([messages.noVolumeFits(nodeCount())]));
    expect(volume.now.spec?.claimRef).to.equal(undefined);
    const once = await namespace.pod('once', { claims: [claim] });
    await scheduledTo(once, oneNode());
    await expect(claim).to.bindTo(volume);
    await scheduledTo(twice, oneNode());
  });

  proves('LV-BIND-45', async () => {
    await using one = await leaseVolume(oneNode(), 'LOOP', { bytes });
    await using two = await leaseVolume(oneNode(), 'LOOP', { bytes });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const disks = [one, two];
    const volumes: VolumeHandle[] = [];
    for (const [index, { path }] of disks.entries())
      volumes.push(await namespace.volume(`volume-${index}`, { node: oneNode(), path }));
    const claims = [await namespace.claim('claim-0'), await namespace.claim('claim-1')];
    const pod = await namespace.pod('consumer', { claims });
    await expect(pod).to.runOn(oneNode());
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
      const onDisk = await onNode(namespace.cluster.node(oneNode()), ['cat', `${disk.path}/name`]);
      expect(onDisk).to.equal(index === 0 ? 'first\n' : 'second\n');
    }
    await namespace.remove(pod);
    for (const claim of claims) await namespace.remove(claim);
    for (const volume of volumes) await expect(volume).to.reachPhase('Released');
  });
});
