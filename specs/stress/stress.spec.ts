import { basename } from 'node:path';
import {
  anotherNode,
  assignedNode,
  type ClaimHandle,
  clearClaimRef,
  contradiction,
  eventually,
  evidence,
  expect,
  isReady,
  oneNode,
  type PodHandle,
  readChapter,
  reasons,
  release,
  SpecNamespace,
  triggerResync,
  type VolumeHandle,
} from '../harness/index.ts';
import { leaseEntriesDirectory } from '../static-provisioner/entries.ts';
import { offeredClass } from '../static-provisioner/offered.ts';
import { startProvisioner } from '../static-provisioner/programs.ts';
import { watchBinding } from './binding-invariant.ts';

const { chapter, proves } = readChapter('stress');

const numbered = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => `${name}-${String(index + 1).padStart(2, '0')}`);

/** Returns the results of some work for each item, in the items' order; at most so many are worked on at a time. */
async function atMost<Item, Result>(
  width: number,
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  const worker = async () => {
    for (const [index, item] of left) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** Milliseconds for what dozens of objects wait for: the controller writes at most twenty times a second. */
const patience = 90_000;

/** How many objects are made at a time: the rest of the cluster is for the other specs. */
const width = 4;

/**
 * Volumes whose path is not there: they can be bound, and no pod gets as far as a mount. A volume with a
 * `claimRef` is for that claim only.
 */
const bareVolumes = (
  namespace: SpecNamespace,
  names: readonly string[],
  { node, reservedFor = () => undefined }: { node: string; reservedFor?: (name: string) => string | undefined },
) =>
  atMost(width, names, (name) =>
    namespace.volume(name, {
      node,
      path: `/mnt/disks/none/${name}`,
      change: (manifest) => {
        const claim = reservedFor(name);
        if (claim !== undefined)
          manifest.spec.claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: claim };
      },
    }),
  );

/** Waits until every claim is seen Bound, which pods are not proof of; returns the volume of each. */
async function boundTo(claims: readonly ClaimHandle[]): Promise<(string | undefined)[]> {
  for (const claim of claims) await expect(claim).to.reachPhase('Bound', { within: patience });
  return claims.map(({ now }) => now.spec?.volumeName);
}

describe(chapter, () => {
  proves('LV-STRESS-01', async () => {
    await using onNode2 = await leaseEntriesDirectory(oneNode());
    await using onNode3 = await leaseEntriesDirectory(anotherNode(), basename(onNode2.path));
    await using namespace = await SpecNamespace.open();
    const storageClass = await offeredClass(namespace, 'Delete', { mode: 'WaitForFirstConsumer' });
    const disks = numbered(4, 'disk');
    await Promise.all([onNode2, onNode3].map((directory) => directory.memory(16 * 2 ** 20, ...disks)));
    const onBoth = [{ storageClass, directory: onNode2 }];
    await using _provisioners = await startProvisioner(namespace, [oneNode(), anotherNode()], onBoth);
    using watchman = watchBinding(namespace, storageClass.name);

    const places: string[] = [];
    await atMost(5, numbered(12, 'pod'), async (name) => {
      const claims = await Promise.all(
        ['left', 'right'].map((side) => namespace.claim(`${name}-${side}`, { storage: '8Mi' })),
      );
      const pod = await namespace.pod(name, {
        claims,
        change: (manifest) => {
          // Fails where a disk is not empty, or both are the same.
          for (const container of manifest.spec.containers)
            container.command = [
              'sh',
              '-c',
              'set -e; for d in /data /data-2; do [ -z "$(ls -A $d)" ]; echo "$0" >$d/by; done',
              name,
            ];
        },
      });
      await eventually(
        pod,
        `${pod} to have succeeded`,
        (view) => {
          const phase = view.get(pod.ref)?.status?.phase;
          if (phase === 'Failed') throw contradiction(pod, `${pod} has failed: a disk was not empty, or not writable`);
          return phase === 'Succeeded';
        },
        { within: patience },
      );
      const volumes = await boundTo(claims);
      expect(new Set(volumes).size, 'a disk for each claim').to.equal(2);
      places.push(`${name} on ${pod.now.spec?.nodeName}: ${volumes.join(', ')}`);
      await Promise.all([pod, ...claims].map((handle) => namespace.remove(handle)));
    });
    expect(places).to.have.lengthOf(12);
    const looks = watchman.report();
    expect(looks).to.be.greaterThan(50);
    await eventually(storageClass, 'the eight disks to be Available again', (view) => {
      const volumes = view.list('PersistentVolume', {
        where: ({ spec, status }) => spec?.storageClassName === storageClass.name && status?.phase === 'Available',
      });
      return volumes.length === 8;
    });
    const ofClass = namespace.cluster.store.list('PersistentVolume', {
      where: ({ spec }) => spec?.storageClassName === storageClass.name,
    });
    expect(ofClass, 'no disk is offered twice').to.have.lengthOf(8);
    evidence.keep('pods', `${places.join('\n')}\nlooked at ${looks} moments`);
  });

  proves('LV-STRESS-02', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await namespace.storageClass('Immediate');
    using watchman = watchBinding(namespace, storageClass.name);
    const named = numbered(12, 'named');
    const free = numbered(12, 'free');
    // Claims and volumes at once, in no order.
    const made = await Promise.all([
      bareVolumes(namespace, [...named, ...free], {
        node: assignedNode(),
        reservedFor: (name) => (named.includes(name) ? name : undefined),
      }),
      atMost(width, named, (name) => namespace.claim(name)),
      atMost(width, free, (name) => namespace.claim(name)),
    ]);
    const [volumes, namedClaims, freeClaims] = made;
    const ofNamed = await boundTo(namedClaims);
    const ofFree = await boundTo(freeClaims);
    expect(ofNamed).to.deep.equal(volumes.slice(0, named.length).map(({ name }) => name));
    expect([...ofFree].sort()).to.deep.equal(
      volumes
        .slice(named.length)
        .map(({ name }) => name)
        .sort(),
    );
    for (const volume of volumes) await expect(volume).to.reachPhase('Bound');
    const pairs = volumes.map(({ now }) => now.spec?.claimRef?.uid);
    expect(new Set(pairs)).to.deep.equal(new Set([...namedClaims, ...freeClaims].map(({ now }) => now.metadata.uid)));
    evidence.keep('looks', `one to one at each of ${watchman.report()} moments`);
  });

  proves('LV-STRESS-03', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await namespace.storageClass('WaitForFirstConsumer');
    using watchman = watchBinding(namespace, storageClass.name);
    const names = numbered(24, 'volume');
    const isReserved = (name: string) => names.indexOf(name) % 2 === 0;
    const reservedFor = (name: string) => (isReserved(name) ? name : undefined);
    const volumes = await bareVolumes(namespace, names, { node: oneNode(), reservedFor });
    const claims = await atMost(width, names, (name) => namespace.claim(name));
    const pods: PodHandle[] = await atMost(width, numbered(8, 'pod'), (name, index) =>
      namespace.pod(name, { claims: claims.slice(index * 3, index * 3 + 3) }),
    );
    const bound = await boundTo(claims);
    expect(new Set(bound)).to.deep.equal(new Set(volumes.map(({ name }) => name)));
    for (const pod of pods) {
      await expect(pod).to.haveCondition({ type: 'PodScheduled', status: 'True' });
      expect(pod.now.spec?.nodeName).to.equal(oneNode());
    }
    claims.forEach((claim, index) => {
      if (isReserved(claim.fixtureName)) expect(claim.now.spec?.volumeName).to.equal(volumes[index]?.name);
    });
    evidence.keep('looks', `one to one at each of ${watchman.report()} moments`);
  });

  proves('LV-STRESS-04', async () => {
    await using namespace = await SpecNamespace.open();
    const storageClass = await namespace.storageClass('Immediate');
    using watchman = watchBinding(namespace, storageClass.name);
    const claims = await atMost(width, numbered(9, 'claim'), (name) => namespace.claim(name));
    const volumes = await bareVolumes(namespace, numbered(6, 'volume'), { node: assignedNode() });
    // Without a change of its own, a claim that found no volume is looked at again only in the controller's next round.
    for (const claim of claims) await triggerResync(namespace, claim);
    for (const volume of volumes) await expect(volume).to.reachPhase('Bound', { within: patience });
    const phases = (phase: string) =>
      claims.filter(({ ref }) => namespace.cluster.store.get(ref)?.status?.phase === phase);
    await eventually(storageClass, 'six claims to be bound', () => phases('Bound').length === 6);
    const [first, second] = phases('Bound');
    const waiting = phases('Pending');
    expect(waiting).to.have.lengthOf(3);
    for (const claim of waiting) await expect(claim).to.reportEvent('ProvisioningFailed');

    for (const [freed, left] of [
      [first, 2],
      [second, 1],
    ] as const) {
      const volume = volumes.find(({ name }) => name === freed?.now.spec?.volumeName) as VolumeHandle;
      if (freed) await namespace.remove(freed);
      await expect(volume).to.reachPhase('Released');
      await clearClaimRef(namespace, volume);
      // Bound already, where the controller's next round came first.
      await eventually(volume, `${volume} to be free`, (store) =>
        ['Available', 'Bound'].includes(store.get(volume.ref)?.status?.phase ?? ''),
      );
      for (const claim of phases('Pending')) await triggerResync(namespace, claim);
      await eventually(
        storageClass,
        `${volume} to go to one of those that wait`,
        () => phases('Pending').length === left,
      );
      await expect(volume).to.reachPhase('Bound');
    }
    const holders = phases('Bound').map(({ now }) => now.spec?.volumeName);
    expect(new Set(holders)).to.deep.equal(new Set(volumes.map(({ name }) => name)));
    evidence.keep('looks', `never two to one, at each of ${watchman.report()} moments`);
  });

  proves('LV-STRESS-05', async () => {
    await using directory = await leaseEntriesDirectory(oneNode());
    await using namespace = await SpecNamespace.open();
    const paths = await directory.memory(4 * 2 ** 20, ...numbered(3, 'disk'));
    const storageClass = await namespace.storageClass('WaitForFirstConsumer');
    using watchman = watchBinding(namespace, storageClass.name);
    const claims = await atMost(width, numbered(6, 'claim'), (name) => namespace.claim(name));
    const pods = await Promise.all(
      claims.map((claim, index) => namespace.pod(numbered(6, 'pod')[index] ?? '', { claims: [claim] })),
    );
    const volumes = await Promise.all(
      paths.map((path, index) => namespace.volume(`volume-${index + 1}`, { node: oneNode(), path })),
    );
    const isRunning = (pod: PodHandle) => isReady(namespace.cluster.store.get(pod.ref));
    const isScheduled = (pod: PodHandle) => namespace.cluster.store.get(pod.ref)?.spec?.nodeName !== undefined;
    await eventually(storageClass, 'three of the six pods to be Ready', () => pods.filter(isRunning).length === 3);
    const winners = pods.filter(isRunning);
    const losers = pods.filter((pod) => !winners.includes(pod));
    for (const pod of losers) await expect(pod).to.beUnschedulable([reasons.noVolume]);
    const claimOf = (pod: PodHandle) => claims[pods.indexOf(pod)] as ClaimHandle;
    const bound = () => claims.flatMap(({ ref }) => namespace.cluster.store.get(ref)?.spec?.volumeName ?? []);
    await boundTo(winners.map(claimOf));
    expect(new Set(bound()).size, 'disks in use').to.equal(3);

    // A disk that is freed wakes all that wait: none but one may be let in.
    const [leaving] = winners as [PodHandle];
    const left = claimOf(leaving);
    const freed = volumes.find(({ name }) => name === left.now.spec?.volumeName) as VolumeHandle;
    await namespace.remove(leaving);
    await release(namespace, left, freed);
    await clearClaimRef(namespace, freed);
    const next = await eventually(storageClass, `one that waits to run on ${freed}`, () => losers.find(isRunning));
    await expect(claimOf(next)).to.bindTo(freed);
    const waiting = losers.filter((pod) => !isRunning(pod));
    expect(waiting, 'those that wait').to.have.lengthOf(2);
    for (const pod of waiting) await expect(pod).to.beUnschedulable([reasons.noVolume]);
    expect(pods.filter(isScheduled), 'pods with a node').to.have.lengthOf(3);
    expect(new Set(bound()).size, 'disks in use').to.equal(3);
    evidence.keep('looks', `a disk of its own for each live pod, at each of ${watchman.report()} moments`);
  });
});
