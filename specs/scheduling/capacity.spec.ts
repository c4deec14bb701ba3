import {
  absentPath,
  expect,
  firstNode,
  manifests,
  readChapter,
  SpecNamespace,
  scheduledTo,
  secondNode,
  thirdNode,
  threeNodes,
  together,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('scheduling');

type Class = 'first' | 'second' | 'third';

interface Offer {
  node: string;
  storage: string;
  /** Where not given, `first`. */
  class?: Class;
  /** Its affinity is a label that several nodes may have, not the hostname. */
  label?: 'control-plane' | 'worker';
}

interface Choice {
  /** The classes of the pod's claims, each of 100Gi. */
  claims: Class[];
  offers: Offer[];
}

// node1 runs the control plane, so that nothing but the size of its volumes speaks for it. Where several volumes count,
// the sizes speak less loudly than a dozen pods on the node: those specs have it for themselves.
const large = '10000Gi';
const middling = '5000Gi';
const roomy = '400Gi';
const tight = '101Gi';
const choices: Record<string, () => readonly Choice[]> = {
  'LV-SCHED-24': () => [
    {
      claims: ['first'],
      offers: [
        { node: firstNode(), storage: large },
        { node: secondNode(), storage: tight },
        { node: thirdNode(), storage: tight },
      ],
    },
  ],
  'LV-SCHED-25': () => [
    {
      claims: ['first', 'first'],
      // The smallest volume is taken first, so that the other claim is the one that the sizes speak of.
      offers: threeNodes().flatMap((node) => [
        { node, storage: tight },
        { node, storage: node === firstNode() ? large : tight },
      ]),
    },
    // The largest volumes are alike, so that the other claims are those that the sizes speak of.
    {
      claims: Array.from({ length: 6 }, () => 'first'),
      offers: threeNodes().flatMap((node) =>
        Array.from({ length: 6 }, (_, index) => ({
          node,
          storage: node === firstNode() || index === 0 ? roomy : tight,
        })),
      ),
    },
  ],
  'LV-SCHED-26': () => [
    ...(['first', 'second'] as const).map((decisive) =>
      ofClasses(['first', 'second'], (node, name) => (node === firstNode() && name === decisive ? large : tight)),
    ),
    // Each of the other nodes has the best volume of one class, and the worst of the other two classes.
    ofClasses(['first', 'second', 'third'], (node, name) => {
      if (node === firstNode()) return middling;
      return name === (node === secondNode() ? 'first' : 'second') ? large : tight;
    }),
  ],
  'LV-SCHED-27': () => [
    {
      claims: ['first'],
      offers: [
        { node: firstNode(), storage: large, label: 'control-plane' },
        { node: secondNode(), storage: tight, label: 'worker' },
        { node: thirdNode(), storage: tight, label: 'worker' },
      ],
    },
  ],
};

/** Returns a choice with a claim of each class; each node has a volume of each class, of the size that `storage` gives. */
function ofClasses(classes: readonly Class[], storage: (node: string, name: Class) => string): Choice {
  return {
    claims: [...classes],
    offers: threeNodes().flatMap((node) =>
      classes.map((name) => ({ node, storage: storage(node, name), class: name })),
    ),
  };
}

describe(chapter, () => {
  for (const [id, cases] of Object.entries(choices)) {
    proves(id, async () => {
      await together(cases().map(expectNode1));
    });
  }
});

/** Creates what a case offers, and a pod with its claims; waits until the pod is on node1, with the volumes of node1. */
async function expectNode1({ claims, offers }: Choice): Promise<void> {
  await using namespace = await SpecNamespace.open();
  for (const name of new Set(claims)) {
    await namespace.apply('StorageClass', manifests.storageClass, (manifest) => {
      manifest.metadata.name = name;
    });
  }
  const offer = async ({ node, storage, class: className = 'first', label }: Offer, index: number) => {
    const at = { node, path: `${absentPath}/${index}`, storage };
    return await namespace.volume(`${node}-${index}`, {
      ...at,
      change: ({ spec }) => {
        spec.storageClassName = className;
        if (label !== undefined) {
          const key = 'node-role.kubernetes.io/control-plane';
          const operator = label === 'control-plane' ? 'Exists' : 'DoesNotExist';
          spec.nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator }] }] } };
        }
      },
    });
  };
  // The large ones first: the scheduler hears of volumes in their order, and of pods on their own; it may decide
  // before it knows of the last volumes, and these are the ones that it is not to choose.
  const ofNode1 = await together(offers.filter(({ node }) => node === firstNode()).map(offer));
  await together(offers.filter(({ node }) => node !== firstNode()).map(offer));
  const made = await together(
    claims.map((className, index) =>
      namespace.claim(`claim-${index}`, { storage: '100Gi', spec: { storageClassName: className } }),
    ),
  );
  const pod = await namespace.pod('pod', { claims: made });
  await scheduledTo(pod, firstNode());
  for (const claim of made) await expect(claim).to.reachPhase('Bound');
  const bound = made.map((claim) => claim.now.spec?.volumeName).toSorted();
  expect(bound).to.deep.equal(ofNode1.map(({ name }) => name).toSorted());
}
