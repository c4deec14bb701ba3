import { use } from 'chai';
import type { StoreView } from '../../clusters/api/object-history.ts';
import { conditionOf, isReady } from '../../clusters/api/object-state.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { Disk } from '../../clusters/nodes/disk.ts';
import { diagnose } from '../diagnosis/diagnosis.ts';
import { currentSpec } from '../runner/current-spec.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
import { describeChain, type MountChain, mountChain } from './mount-chain.ts';

/**
 * How long a positive outcome may take, in milliseconds. Far above what an idle cluster needs: a deadline, not a
 * measure.
 */
const patience = 45_000;

export interface Within {
  /** Milliseconds. */
  within?: number;
}

/** What a condition of an object must be; what is not given may be anything. */
export interface WantedCondition {
  type: string;
  status?: 'True' | 'False' | 'Unknown';
  reason?: string;
  /** A part of its message. */
  message?: string;
}

/** Where a mount begins: the root of the file system that stands at a path of a node. */
type MountSource = Pick<Disk, 'node' | 'mountPath' | 'deviceNumber'>;

declare global {
  namespace Chai {
    interface Assertion {
      /** The claim becomes bound to this volume, and the volume to the claim. Another volume ends the wait at once. */
      bindTo(volume: VolumeHandle, options?: Within): Promise<void>;
      /** The pod becomes Ready on this node. Another node ends the wait at once. */
      runOn(node: string, options?: Within): Promise<void>;
      /** The scheduler calls the pod Unschedulable, with every one of these texts in its message, which is returned. */
      beUnschedulable(texts: readonly string[], options?: Within): Promise<string>;
      /** An event with this reason about the object appears, whose message holds the text; its message is returned. */
      reportEvent(reason: string, text?: string, options?: Within): Promise<string>;
      /** The pod, claim, volume or namespace comes to this phase, such as `Bound`. */
      reachPhase(phase: string, options?: Within): Promise<void>;
      /** The pod, claim or node gets this condition, whose message is returned. */
      haveCondition(condition: WantedCondition, options?: Within): Promise<string>;
      /**
       * A container of the pod waits for this reason, such as `CreateContainerConfigError`; its message is returned.
       */
      waitBecause(reason: string, text?: string, options?: Within): Promise<string>;
      /** The object goes away. */
      beGone(options?: Within): Promise<void>;
      /** The container path, kubelet's directory and the disk are one and the same mounted file system. */
      mount(volume: VolumeHandle, at: { path: string; from: MountSource }): Promise<MountChain>;
    }
  }
}

/**
 * Waits for something about an object, as all expectations do: a wait that ends too late says in what state the object
 * was and why it did not get further. For what no expectation has words for.
 */
export async function eventually<Value>(
  subject: Handle,
  what: string,
  until: (store: StoreView) => Value | undefined | false,
  { within = patience, also = [] }: Within & { also?: readonly Handle[] } = {},
): Promise<Value> {
  return await waitFor(subject.store, {
    what,
    on: [subject, ...also].map(({ ref }) => ref),
    within,
    signal: currentSpec().signal,
    explain: (store) => diagnose(store, subject.ref),
    until,
  });
}

/** Ends a wait: what is seen can never become right any more. */
export function contrary(subject: Handle, what: string): DomainError {
  return final(what, diagnose(subject.store, subject.ref));
}

/** What the scheduler says of a pod that it calls Unschedulable. @throws DomainError where the pod has a node */
export function whyUnschedulable(store: StoreView, pod: PodHandle): string | undefined {
  const now = store.get(pod.ref);
  if (now?.spec?.nodeName) throw contrary(pod, `${pod} was scheduled to ${now.spec.nodeName}`);
  const scheduled = conditionOf(now, 'PodScheduled');
  const unschedulable = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  return unschedulable ? (scheduled.message ?? '') : undefined;
}

type Words = {
  [Word in
    | 'bindTo'
    | 'runOn'
    | 'beUnschedulable'
    | 'reportEvent'
    | 'reachPhase'
    | 'haveCondition'
    | 'waitBecause'
    | 'beGone'
    | 'mount']: (
    // biome-ignore lint/suspicious/noExplicitAny: chai's types know no typed subject; each word names the one it takes.
    subject: any,
    ...rest: Parameters<Chai.Assertion[Word]>
  ) => ReturnType<Chai.Assertion[Word]>;
};

const words: Words = {
  bindTo: async (claim: ClaimHandle, volume, options) => {
    await eventually(
      claim,
      `${claim} to be bound to ${volume.name}`,
      (store) => {
        const now = store.get(claim.ref);
        const bound = now?.spec?.volumeName;
        if (now?.status?.phase === 'Lost') throw contrary(claim, `${claim} is Lost`);
        if (bound && bound !== volume.name)
          throw contrary(claim, `${claim} is bound to ${bound}, not to ${volume.name}`);
        const other = store.get(volume.ref);
        return (
          now?.status?.phase === 'Bound' &&
          other?.status?.phase === 'Bound' &&
          other.spec?.claimRef?.uid === now.metadata.uid
        );
      },
      { ...options, also: [volume] },
    );
  },

  runOn: async (pod: PodHandle, node, options) => {
    const until = (store: StoreView): boolean | undefined => {
      const now = store.get(pod.ref);
      const place = now?.spec?.nodeName;
      if (place && place !== node) throw contrary(pod, `${pod} was scheduled to ${place}, not to ${node}`);
      if (now?.status?.phase === 'Failed') throw contrary(pod, `${pod} has failed`);
      return isReady(now);
    };
    await eventually(pod, `${pod} to be Ready on ${node}`, until, options);
  },

  beUnschedulable: (pod: PodHandle, texts, options) => {
    const until = (store: StoreView): string | undefined => {
      const said = whyUnschedulable(store, pod);
      return said !== undefined && texts.every((text) => said.includes(text)) ? said : undefined;
    };
    return eventually(pod, `${pod} to be unschedulable because of "${texts.join('" and "')}"`, until, options);
  },

  reportEvent: (about: Handle, reason, text = '', options) =>
    eventually(
      about,
      `an event ${reason} about ${about}${text && ` with "${text}"`}`,
      (store) =>
        store.eventsOf(about.ref).find((event) => event.reason === reason && event.message?.includes(text))?.message,
      options,
    ),

  reachPhase: async (
    about: Handle<'Pod' | 'PersistentVolumeClaim' | 'PersistentVolume' | 'Namespace'>,
    phase,
    options,
  ) => {
    const here = about as unknown as Handle;
    await eventually(
      here,
      `${about} to be ${phase}`,
      (store) => store.get(about.ref)?.status?.phase === phase,
      options,
    );
  },

  haveCondition: (about: Handle<'Pod' | 'PersistentVolumeClaim' | 'Node'>, wanted, options) => {
    const { type, status, reason, message = '' } = wanted;
    const description = [`${type}=${status ?? 'any'}`, reason, message && `"${message}"`].filter(Boolean).join(' ');
    const until = (store: StoreView): string | undefined => {
      const conditions = store.get(about.ref)?.status?.conditions as Partial<Record<string, string>>[] | undefined;
      const found = conditions?.find(
        (condition) =>
          condition.type === type &&
          (status === undefined || condition.status === status) &&
          (reason === undefined || condition.reason === reason) &&
          (condition.message ?? '').includes(message),
      );
      return found && (found.message ?? '');
    };
    return eventually(about as unknown as Handle, `${about} to have the condition ${description}`, until, options);
  },

  waitBecause: (pod: PodHandle, reason, text = '', options) => {
    const until = (store: StoreView): string | undefined => {
      const { initContainerStatuses = [], containerStatuses = [] } = store.get(pod.ref)?.status ?? {};
      const waiting = [...initContainerStatuses, ...containerStatuses].map(({ state }) => state?.waiting);
      const found = waiting.find((state) => state?.reason === reason && (state.message ?? '').includes(text));
      return found && (found.message ?? '');
    };
    return eventually(pod, `a container of ${pod} to wait because of ${reason}${text && ` "${text}"`}`, until, options);
  },

  beGone: async (about: Handle, options) => {
    await eventually(about, `${about} to be gone`, (store) => store.get(about.ref) === undefined, options);
  },

  mount: async (pod: PodHandle, volume, at) => {
    const chain = await mountChain(pod, volume, at.from, at.path);
    for (const [place, mount] of Object.entries(chain)) {
      const same = mount.device === at.from.deviceNumber && mount.root === '/';
      if (!same) throw final(`${place} is not the root of the disk ${at.from.deviceNumber}`, describeChain(chain));
    }
    return chain;
  },
};

/** The field's words for chai. Each waits on what the object store sees; a wait that ends too late says why. */
export function storageVocabulary(): void {
  use((chai) => {
    for (const [word, expectation] of Object.entries(words)) {
      chai.Assertion.addMethod(
        word,
        async function (this: Chai.AssertionStatic & { _obj: unknown }, ...rest: unknown[]) {
          return await (expectation as (subject: unknown, ...rest: unknown[]) => Promise<unknown>)(this._obj, ...rest);
        },
      );
    }
  });
}

function final(attempted: string, seen: string): DomainError {
  return new DomainError(
    { attempted, seen, why: 'that is final: no further event can make it right' },
    { exit: 'doesNotConform' },
  );
}
