import {
  evidence,
  expect,
  firstNode,
  leaseVolume,
  readChapter,
  requirePods,
  SpecNamespace,
  secondNode,
  thirdNode,
} from '../harness/index.ts';
import {
  localSet,
  madeBeforeReady,
  member,
  offerDirectories,
  placements,
  ready,
  setName,
  sign,
  signatures,
} from './stateful-sets.ts';

const { chapter, proves } = readChapter('stateful-set');

const small = { bytes: 16 * 2 ** 20 };

interface Shape {
  how: 'podAffinity' | 'podAntiAffinity';
  policy: 'OrderedReady' | 'Parallel';
  claims: number;
  /** Volumes of the first, second and third node. Alone, without affinity, the pods could share nodes as well as not. */
  volumes: readonly [number, number, number];
}

const shapes: Record<string, Shape> = {
  'LV-SET-01': {
    how: 'podAntiAffinity',
    policy: 'OrderedReady',
    claims: 2,
    volumes: [4, 2, 2],
  },
  'LV-SET-02': { how: 'podAffinity', policy: 'OrderedReady', claims: 2, volumes: [1, 6, 6] },
  'LV-SET-03': { how: 'podAntiAffinity', policy: 'Parallel', claims: 1, volumes: [2, 1, 1] },
  'LV-SET-04': { how: 'podAffinity', policy: 'Parallel', claims: 1, volumes: [3, 3, 3] },
};

describe(chapter, () => {
  for (const [id, { how, policy, claims, volumes }] of Object.entries(shapes)) {
    proves(id, async () => {
      await using onNode1 = await leaseVolume(firstNode(), 'LOOP', small);
      await using onNode2 = await leaseVolume(secondNode(), 'LOOP', small);
      await using onNode3 = await leaseVolume(thirdNode(), 'LOOP', small);
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const offer = async (): Promise<void> => {
        await offerDirectories(namespace, onNode1, volumes[0]);
        await offerDirectories(namespace, onNode2, volumes[1]);
        await offerDirectories(namespace, onNode3, volumes[2]);
      };
      if (policy === 'OrderedReady') await offer();
      const set = await localSet(namespace, { replicas: 3, claims }, (spec) => {
        spec.podManagementPolicy = policy;
        requirePods(spec.template.spec, how, { app: setName });
      });
      if (policy === 'Parallel') {
        // No pod can become Ready, as there is no volume: the last one is made although the first waits.
        await member(namespace, 2);
        await offer();
      }
      await ready(set, 3);
      for (const ordinal of [0, 1, 2]) await sign((await member(namespace, ordinal)).pod);

      const found = await placements(set);
      evidence.keep('placements', found);
      const nodes = new Set(found.map(({ node }) => node));
      expect(nodes.size, `nodes of the three pods: ${[...nodes]}`).to.equal(how === 'podAffinity' ? 1 : 3);
      const all = found.flatMap(({ volumes: own }) => own);
      expect(new Set(all.map(({ volume }) => volume)).size, 'every claim has a volume of its own').to.equal(3 * claims);
      for (const { pod, node, volumes: own } of found)
        expect(
          own.map((volume) => volume.node),
          `volumes of ${pod}`,
        ).to.deep.equal(Array(claims).fill(node));

      const signed = await signatures(namespace, all);
      for (const { pod, volumes: own } of found) {
        const mounts = ['/data', '/data-2'].slice(0, claims);
        expect(own.map(({ path }) => signed[path])).to.deep.equal(mounts.map((mount) => [`${pod} ${mount}`]));
      }
      // The policy is heard: one after the other, or none waits for another.
      expect(madeBeforeReady(namespace, 2, 0)).to.equal(policy === 'Parallel');
    });
  }
});
