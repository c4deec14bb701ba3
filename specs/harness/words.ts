import type { StoreView } from '../../clusters/api/object-history.ts';
import { conditionOf, isReady } from '../../clusters/api/object-state.ts';
import { clusterFacts } from '../runner/test-cluster.ts';
import { contradiction, eventually, type Within } from './eventually.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
import { mount } from './mounts.ts';
import { matches, type WantedReasons, withOtherNodes } from './unschedulable-reasons.ts';

/** What a condition of an object must be; what is not given may be anything. */
export interface WantedCondition {
  type: string;
  status?: 'True' | 'False' | 'Unknown';
  reason?: string;
  /** A part of its message. */
  message?: string;
}

/** The words that `expect` knows of objects, each with the kind of object that it is about as its first parameter. */
export const words = {
  /** Waits until claim and volume are bound to each other. Another volume ends the wait at once. */
  async bindTo(claim: ClaimHandle, volume: VolumeHandle, options?: Within): Promise<void> {
    await eventually(
      claim,
      `${claim} to be bound to ${volume.name}`,
      (store) => {
        const now = store.get(claim.ref);
        const bound = now?.spec?.volumeName;
        if (now?.status?.phase === 'Lost') throw contradiction(claim, `${claim} is Lost`);
        if (bound && bound !== volume.name)
          throw contradiction(claim, `${claim} is bound to ${bound}, not to ${volume.name}`);
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

  /** Waits until the pod is Ready on this node. Another node ends the wait at once. */
  async runOn(pod: PodHandle, node: string, options?: Within): Promise<void> {
    const until = (store: StoreView): boolean | undefined => {
      const now = store.get(pod.ref);
      const place = now?.spec?.nodeName;
      if (place && place !== node) throw contradiction(pod, `${pod} was scheduled to ${place}, not to ${node}`);
      if (now?.status?.phase === 'Failed') throw contradiction(pod, `${pod} has failed`);
      return isReady(now);
    };
    await eventually(pod, `${pod} to be Ready on ${node}`, until, options);
  },

  /**
   * Waits until the scheduler calls the pod Unschedulable: with all of these texts in its message, or with exactly these
   * reasons for these numbers of nodes. Returns the message.
   */
  beUnschedulable(pod: PodHandle, wanted: readonly string[] | WantedReasons, options?: Within): Promise<string> {
    const why = isTexts(wanted) ? wanted : withOtherNodes(wanted, clusterFacts().otherNodes ?? []);
    const texts = isTexts(why) ? why : Object.entries(why).map(([reason, nodes]) => `${nodes} ${reason}`);
    const fits = (message: string) =>
      isTexts(why) ? why.every((text) => message.includes(text)) : matches(message, why);
    const until = (store: StoreView): string | undefined => {
      const message = whyUnschedulable(store, pod);
      return message !== undefined && fits(message) ? message : undefined;
    };
    return eventually(pod, `${pod} to be unschedulable because of "${texts.join('" and "')}"`, until, options);
  },

  /** Waits for an event about the object with this reason, whose message contains the text; returns its message. */
  reportEvent(about: Handle, reason: string, text = '', options?: Within): Promise<string> {
    return eventually(
      about,
      `an event ${reason} about ${about}${text && ` with "${text}"`}`,
      (store) =>
        store.eventsOf(about.ref).find((event) => event.reason === reason && event.message?.includes(text))?.message,
      options,
    );
  },

  /** Waits until the object is in this phase, such as `Bound`. */
  async reachPhase(
    about: Handle<'Pod' | 'PersistentVolumeClaim' | 'PersistentVolume' | 'Namespace'>,
    phase: string,
    options?: Within,
  ): Promise<void> {
    const until = (store: StoreView): boolean => store.get(about.ref)?.status?.phase === phase;
    await eventually(about as unknown as Handle, `${about} to be ${phase}`, until, options);
  },

  /** Waits until the object has this condition; returns the condition's message. */
  haveCondition(
    about: Handle<'Pod' | 'PersistentVolumeClaim' | 'Node'>,
    { type, status, reason, message = '' }: WantedCondition,
    options?: Within,
  ): Promise<string> {
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

  /**
   * Waits until a container of the pod waits for this reason, such as `CreateContainerConfigError`; returns its message.
   */
  waitBecause(pod: PodHandle, reason: string, text = '', options?: Within): Promise<string> {
    const until = (store: StoreView): string | undefined => {
      const { initContainerStatuses = [], containerStatuses = [] } = store.get(pod.ref)?.status ?? {};
      const waiting = [...initContainerStatuses, ...containerStatuses].map(({ state }) => state?.waiting);
      const found = waiting.find((state) => state?.reason === reason && (state.message ?? '').includes(text));
      return found && (found.message ?? '');
    };
    return eventually(pod, `a container of ${pod} to wait because of ${reason}${text && ` "${text}"`}`, until, options);
  },

  /** Waits until the object is gone. */
  async beGone(about: Handle, options?: Within): Promise<void> {
    await eventually(about, `${about} to be gone`, (store) => store.get(about.ref) === undefined, options);
  },

  mount,
};

function isTexts(why: readonly string[] | WantedReasons): why is readonly string[] {
  return Array.isArray(why);
}

/** Returns why the scheduler calls a pod Unschedulable. @throws DomainError where the pod has a node */
function whyUnschedulable(store: StoreView, pod: PodHandle): string | undefined {
  const now = store.get(pod.ref);
  if (now?.spec?.nodeName) throw contradiction(pod, `${pod} was scheduled to ${now.spec.nodeName}`);
  const scheduled = conditionOf(now, 'PodScheduled');
  const unschedulable = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  return unschedulable ? (scheduled.message ?? '') : undefined;
}
