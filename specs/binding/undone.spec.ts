import {
  absentPath,
  type ClaimHandle,
  clearClaimRef,
  conditionsSeen,
  eventually,
  evidence,
  expect,
  forceDelete,
  knownToScheduler,
  labelledNode,
  oneNode,
  type PodHandle,
  pausedControllers,
  phasesOf,
  readChapter,
  SpecNamespace,
  scheduledTo,
  undisturbed,
  type VolumeHandle,
} from '../harness/index.ts';

const { chapter, proves } = readChapter('binding');

const label = 'local-pv-conformance/shelf';
const onShelf = { key: label, operator: 'In' as const, values: ['s4'] };

interface Undoing {
  /** What the scheduler says of the volume when it gives up. */
  why(volume: VolumeHandle): string;
  /** Removes it; undefined where the node's label changes. */
  undo?(namespace: SpecNamespace, volume: VolumeHandle): Promise<void>;
}

/** What is removed during a binding, by the name of volume, claim and pod. */
const undoings: Record<string, Undoing> = {
  'claim-ref': {
    why: ({ name }) => `ClaimRef got reset for pv "${name}"`,
    undo: clearClaimRef,
  },
  volume: {
    why: ({ name }) => `failed to check binding: persistentvolumes "${name}" not found`,
    undo: forceDelete,
  },
  label: {
    why: ({ name }) => `pv "${name}" node affinity doesn't match node "${oneNode()}": no matching NodeSelectorTerms`,
  },
};

/** A volume of node3 that fits the claim of its name only. */
function offered(namespace: SpecNamespace, name: string): Promise<VolumeHandle> {
  return namespace.volume(name, {
    node: oneNode(),
    path: absentPath,
    labels: { which: name },
    ...(name === 'label' && {
      spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onShelf] }] } } },
    }),
  });
}

/** Waits until the scheduler has given a pod up with an error; returns that message, which may be replaced by now. */
function givenUp(pod: PodHandle, because: string): Promise<string> {
  return eventually(pod, `${pod} to be given up because ${because}`, (store) =>
    conditionsSeen(store, pod, 'PodScheduled')
      .filter(({ reason }) => reason === 'SchedulerError')
      .map(({ message = '' }) => message)
      .find((message) => message.includes(because)),
  );
}

describe(chapter, () => {
  proves('LV-BIND-57', async () => {
    await using _shelf = await labelledNode(oneNode(), { [label]: 's4' });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    await knownToScheduler(namespace, oneNode());
    const free: (Undoing & { name: string; volume: VolumeHandle; claim: ClaimHandle })[] = [];
    for (const [name, undoing] of Object.entries(undoings)) {
      const volume = await offered(namespace, name);
      const claim = await namespace.claim(name, { spec: { selector: { matchLabels: { which: name } } } });
      free.push({ name, volume, claim, ...undoing });
    }

    await undisturbed(async () => {
      // The scheduler writes the claim into the volume, and waits for the controller to write the volume into the claim.
      await using controllers = await pausedControllers();
      const reserved = [];
      for (const one of free) {
        const { name, volume, claim } = one;
        const pod = await namespace.pod(name, { claims: [claim] });
        const what = `${volume} to be reserved by the scheduler`;
        await eventually(pod, what, (store) => store.get(volume.ref)?.spec?.claimRef?.uid, { also: [volume] });
        reserved.push({ ...one, pod });
      }
      {
        await using _elsewhere = await labelledNode(oneNode(), { [label]: 'none' });
        for (const { volume, undo } of reserved) await undo?.(namespace, volume);
        await controllers.stillPaused();
        for (const { name, volume, pod, why } of reserved) {
          const message = await givenUp(pod, why(volume));
          expect(message).to.equal(`running PreBind plugin "VolumeBinding": binding volumes: ${why(volume)}`);
          evidence.keep(`scheduler-${name}`, message);
        }
        await controllers.end();
      }

      for (const { name, volume, claim, pod } of reserved) {
        const there = name === 'volume' ? await offered(namespace, name) : volume;
        await scheduledTo(pod, oneNode());
        await expect(claim).to.bindTo(there);
        expect(phasesOf(claim), 'never Lost').to.deep.equal(['Pending', 'Bound']);
      }
    });
  });
});
