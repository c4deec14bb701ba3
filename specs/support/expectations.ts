import { use } from 'chai';
import { waitFor } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/domain-error.ts';
import type { Disk } from '../../clusters/nodes/disk.ts';
import { currentSpec } from './current-spec.ts';
import { diagnose } from './diagnosis.ts';
import type { ClaimHandle, Handle, PodHandle, VolumeHandle } from './handles.ts';
import { describeChain, type MountChain, mountChain } from './mount-chain.ts';

/** How long a positive outcome may take, in milliseconds. Far above what an idle cluster needs: a deadline, not a measure. */
const patience = 30_000;

interface Within {
  /** Milliseconds. */
  within?: number;
}

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
      /** The container path, kubelet's directory and the disk are one and the same mounted file system. */
      mount(
        volume: VolumeHandle,
        at: { path: string; from: Pick<Disk, 'node' | 'mountPath' | 'deviceNumber'> },
      ): Promise<MountChain>;
    }
  }
}

/** The field's words for chai. Each waits on what the object store sees; a wait that ends too late says why. */
export function storageVocabulary(): void {
  use((chai) => {
    chai.Assertion.addMethod(
      'bindTo',
      async function (this: Chai.AssertionStatic, volume: VolumeHandle, options: Within = {}) {
        const claim = subject<ClaimHandle>(this);
        await waitFor(claim.store, {
          what: `${claim} to be bound to ${volume.name}`,
          on: [claim.ref, volume.ref],
          within: options.within ?? patience,
          signal: currentSpec().signal,
          explain: (store) => diagnose(store, claim.ref),
          until: (store) => {
            const now = store.get(claim.ref);
            const bound = now?.spec?.volumeName;
            if (now?.status?.phase === 'Lost') throw contrary(`${claim} is Lost`, diagnose(store, claim.ref));
            if (bound && bound !== volume.name)
              throw contrary(`${claim} is bound to ${bound}, not to ${volume.name}`, diagnose(store, claim.ref));
            const reference = store.get(volume.ref)?.spec?.claimRef;
            return (
              now?.status?.phase === 'Bound' &&
              store.get(volume.ref)?.status?.phase === 'Bound' &&
              reference?.uid === now.metadata.uid
            );
          },
        });
      },
    );

    chai.Assertion.addMethod('runOn', async function (this: Chai.AssertionStatic, node: string, options: Within = {}) {
      const pod = subject<PodHandle>(this);
      await waitFor(pod.store, {
        what: `${pod} to be Ready on ${node}`,
        on: [pod.ref],
        within: options.within ?? patience,
        signal: currentSpec().signal,
        explain: (store) => diagnose(store, pod.ref),
        until: (store) => {
          const now = store.get(pod.ref);
          const place = now?.spec?.nodeName;
          if (place && place !== node)
            throw contrary(`${pod} was scheduled to ${place}, not to ${node}`, diagnose(store, pod.ref));
          return now?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
        },
      });
    });

    chai.Assertion.addMethod(
      'beUnschedulable',
      async function (this: Chai.AssertionStatic, texts: readonly string[], options: Within = {}) {
        const pod = subject<PodHandle>(this);
        return await waitFor(pod.store, {
          what: `${pod} to be unschedulable because of "${texts.join('" and "')}"`,
          on: [pod.ref],
          within: options.within ?? patience,
          signal: currentSpec().signal,
          explain: (store) => diagnose(store, pod.ref),
          until: (store) => {
            const now = store.get(pod.ref);
            if (now?.spec?.nodeName)
              throw contrary(`${pod} was scheduled to ${now.spec.nodeName}`, diagnose(store, pod.ref));
            const scheduled = now?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
            const said =
              scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
                ? (scheduled.message ?? '')
                : undefined;
            return said !== undefined && texts.every((text) => said.includes(text)) ? said : undefined;
          },
        });
      },
    );

    chai.Assertion.addMethod(
      'reportEvent',
      async function (this: Chai.AssertionStatic, reason: string, text = '', options: Within = {}) {
        const about = subject<Handle>(this);
        return await waitFor(about.store, {
          what: `an event ${reason} about ${about}${text && ` with "${text}"`}`,
          on: [about.ref],
          within: options.within ?? patience,
          signal: currentSpec().signal,
          explain: (store) => diagnose(store, about.ref),
          until: (store) =>
            store.eventsOf(about.ref).find((event) => event.reason === reason && event.message?.includes(text))
              ?.message,
        });
      },
    );

    chai.Assertion.addMethod(
      'mount',
      async function (
        this: Chai.AssertionStatic,
        volume: VolumeHandle,
        at: { path: string; from: Pick<Disk, 'node' | 'mountPath' | 'deviceNumber'> },
      ) {
        const pod = subject<PodHandle>(this);
        const chain = await mountChain(pod, volume, at.from, at.path);
        for (const [place, mount] of Object.entries(chain)) {
          const same = mount.device === at.from.deviceNumber && mount.root === '/';
          if (!same)
            throw contrary(`${place} is not the root of the disk ${at.from.deviceNumber}`, describeChain(chain));
        }
        return chain;
      },
    );
  });
}

// The object under test. chai's types know no typed subject, so it is asked for by the method that knows.
function subject<T>(assertion: unknown): T {
  return (assertion as Chai.AssertionStatic & { _obj: T })._obj;
}

function contrary(attempted: string, seen: string): DomainError {
  return new DomainError(
    { attempted, seen, why: 'that is final: no further event can make it right' },
    { exit: 'doesNotConform' },
  );
}
