import type { ManifestOf } from '../../fixtures/schema.ts';
import { expect, type SpecNamespace, schedulerLookedAgain, type VolumeHandle } from '../harness/index.ts';

type Volume = ManifestOf<'PersistentVolume'>;
type Claim = ManifestOf<'PersistentVolumeClaim'>;

/** Names as the spec wrote them, before the run made them its own. */
interface NamesInSpec {
  volume: string;
  storageClass: string;
}

/** One rule by which a volume matches a claim: volumes that break it, and a claim that minds. */
export interface MatchingRule {
  /** The requirement. */
  id: string;
  /** Each breaks the rule, and no other, for a claim of this name; where there is none, `afterwards` does. */
  breaks?: readonly ((volume: Volume, claim: string) => void)[];
  /** What comes about only after the volume is there; what it returns undoes what would stay. */
  afterwards?: (
    namespace: SpecNamespace,
    volume: VolumeHandle,
    inSpec: NamesInSpec,
  ) => Promise<AsyncDisposable | undefined>;
  /** What the claim asks for, beyond 1Gi of mode Filesystem, ReadWriteOnce and its class. */
  asks?: (claim: Claim) => void;
  /** What a volume needs so that the claim matches it. */
  fits?: (volume: Volume) => void;
}

/** A volume is matched with a claim by these rules, one or more for a requirement. The node affinity is not one of them. */
export const matchingRules: readonly MatchingRule[] = [
  {
    id: 'LV-BIND-21',
    breaks: [
      ({ spec }) => {
        spec.capacity.storage = '1023Mi';
      },
    ],
  },
  {
    id: 'LV-BIND-22',
    breaks: [
      ({ spec }) => {
        spec.storageClassName = 'of-another-class';
      },
    ],
  },
  {
    id: 'LV-BIND-23',
    breaks: [
      ({ spec }) => {
        spec.volumeMode = 'Block';
      },
    ],
  },
  {
    id: 'LV-BIND-23',
    breaks: [
      ({ spec }) => {
        spec.volumeMode = 'Filesystem';
      },
    ],
    asks: ({ spec }) => {
      spec.volumeMode = 'Block';
    },
    fits: ({ spec }) => {
      spec.volumeMode = 'Block';
    },
  },
  {
    id: 'LV-BIND-24',
    breaks: (['ReadWriteOnce', 'ReadOnlyMany'] as const).map((only) => ({ spec }) => {
      spec.accessModes = [only];
    }),
    asks: ({ spec }) => {
      spec.accessModes = ['ReadWriteOnce', 'ReadOnlyMany'];
    },
    fits: ({ spec }) => {
      spec.accessModes = ['ReadWriteOnce', 'ReadOnlyMany'];
    },
  },
  {
    id: 'LV-BIND-25',
    breaks: [labelled({ disk: 'slow', room: 'dry' }), labelled({ disk: 'fast', room: 'damp' })],
    asks: ({ spec }) => {
      const matchExpressions = [{ key: 'room', operator: 'NotIn', values: ['damp'] }];
      spec.selector = { matchLabels: { disk: 'fast' }, matchExpressions };
    },
    fits: labelled({ disk: 'fast', room: 'dry' }),
  },
  {
    id: 'LV-BIND-26',
    breaks: [
      ({ spec }) => {
        spec.claimRef = { name: 'somebody-else' };
      },
      ({ spec }, claim) => {
        spec.claimRef = { name: claim, namespace: 'elsewhere' };
      },
    ],
  },
  { id: 'LV-BIND-27', afterwards: release },
  { id: 'LV-BIND-28', afterwards: holdInDeletion },
];

function labelled(labels: Record<string, string>): (volume: Volume) => void {
  return ({ metadata }) => {
    metadata.labels = { ...metadata.labels, ...labels };
  };
}

/** A claim that names its volume, which is not fit for it: what the controller says about the claim. */
export interface PreBoundMismatch {
  id: string;
  /** What follows `Cannot bind to requested volume "…": `. */
  why: (volumeName: string) => string;
  breaks?: (volume: Volume) => void;
  /** What the claim asks for, beyond its volume. */
  asks?: (claim: Claim) => void;
  afterwards?: (namespace: SpecNamespace, volume: VolumeHandle) => Promise<AsyncDisposable>;
}

export const preBoundMismatches: readonly PreBoundMismatch[] = [
  {
    id: 'LV-BIND-31',
    why: () => 'requested PV is too small',
    breaks: ({ spec }) => {
      spec.capacity.storage = '1023Mi';
    },
  },
  {
    id: 'LV-BIND-32',
    why: () => 'storageClassName does not match',
    breaks: ({ spec }) => {
      spec.storageClassName = 'of-another-class';
    },
  },
  {
    id: 'LV-BIND-33',
    why: () => 'incompatible volumeMode',
    breaks: ({ spec }) => {
      spec.volumeMode = 'Block';
    },
  },
  {
    id: 'LV-BIND-34',
    why: () => 'incompatible accessMode',
    breaks: ({ spec }) => {
      spec.accessModes = ['ReadOnlyMany'];
    },
  },
  {
    id: 'LV-BIND-35',
    why: (volumeName) => `the volume is marked for deletion "${volumeName}"`,
    afterwards: holdInDeletion,
  },
  {
    id: 'LV-BIND-37',
    why: () => 'volumeAttributesClassName does not match',
    asks: ({ spec }) => {
      spec.volumeAttributesClassName = 'fast';
    },
  },
];

/** Has the volume used by a claim once, which names it, and the claim removed. */
async function release(namespace: SpecNamespace, volume: VolumeHandle, inSpec: NamesInSpec): Promise<undefined> {
  const claim = await namespace.claim(`former-${inSpec.volume}`, {
    volume: inSpec.volume,
    spec: { storageClassName: inSpec.storageClass },
  });
  await expect(claim).to.bindTo(volume);
  await namespace.remove(claim);
  await expect(volume).to.reachPhase('Released');
}

const holder = 'local-pv-conformance/held';

/**
 * Deletes the volume, and keeps it from going by a finalizer of our own, until it is given back. Resolves when
 * controller and scheduler know that it is being deleted.
 */
async function holdInDeletion(namespace: SpecNamespace, volume: VolumeHandle): Promise<AsyncDisposable> {
  const { client } = namespace.cluster;
  const finalizers = (names: string[] | null) =>
    client.patch(volume.ref, { type: 'merge', change: { metadata: { finalizers: names } } });
  await finalizers([...(volume.now.metadata.finalizers ?? []), holder]);
  await client.remove(volume.ref);
  expect((await client.read(volume.ref)).metadata.deletionTimestamp, 'it is being deleted').to.be.a('string');
  const end = () => finalizers(null);
  await schedulerLookedAgain(namespace, volume).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  return {
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}
