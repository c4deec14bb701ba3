import type { ClusterClient } from '../../clusters/api/client.ts';
import type { PersistentVolume } from '../../clusters/api/objects.ts';
import { type WaitedStore, waitFor } from '../../clusters/api/wait.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { CommandFailed } from '../../clusters/host/command/commander.ts';
import { type Node, nodeScript, scriptOnNode } from '../../clusters/nodes/node.ts';
import { decideOffers, readEntries } from './offers.ts';
import { decideReclaim, failedToClean } from './reclaim.ts';
import { reportEvent } from './reported-event.ts';
import {
  type ClassDirectory,
  type Provision,
  provisionedBy,
  provisionerName,
  type StaticProvisioner,
} from './static-provisioner.ts';

const scripts = {
  look: nodeScript(import.meta.url, 'look-at-directory.sh'),
  clean: nodeScript(import.meta.url, 'clean-volume.sh'),
};

/** Milliseconds in which the API server must show what was just written. */
const patience = 20_000;

export interface ReferenceOptions extends Provision {
  node: Node;
  client: ClusterClient;
  /** Follows volumes, classes and nodes. */
  store: WaitedStore;
  signal?: AbortSignal;
}

/**
 * A small reference implementation of a static provisioner, for machines where the real one cannot be built. It runs
 * here, not on the node, and acts only when `look` is called: it cleans released volumes and offers new disks.
 */
export class ReferenceProvisioner implements StaticProvisioner {
  readonly name: string;
  readonly #options: ReferenceOptions;
  readonly #said: string[] = [];
  #looking: Promise<void> = Promise.resolve();

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.name = provisionerName(options.node.name);
  }

  /** Looks run one after another: two at once would offer the same disk twice. */
  look(): Promise<void> {
    const next = this.#looking.then(() => this.#look());
    this.#looking = next.catch(() => {});
    return next;
  }

  async said(): Promise<readonly string[]> {
    return [...this.#said];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#looking;
  }

  async #look(): Promise<void> {
    await this.#reclaim();
    for (const classDirectory of this.#options.classes) await this.#offer(classDirectory);
    await this.#removeStartupTaint();
  }

  async #reclaim(): Promise<void> {
    const { store, classes, node, signal } = this.#options;
    const own = store.list('PersistentVolume', {
      where: ({ metadata }) => metadata.annotations?.[provisionedBy] === this.name,
    });
    for (const volume of own) {
      const decision = decideReclaim(volume, classes);
      if (decision.action === 'keep') continue;
      if (decision.action === 'report') {
        await this.#warn(volume, decision);
        continue;
      }
      try {
        await scriptOnNode(node, scripts.clean, [decision.path], { signal });
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error;
        await this.#warn(volume, failedToClean(volume.metadata.name, error.stderr.trim()));
        continue;
      }
      this.#said.push(`cleaned ${decision.path} of ${volume.metadata.name}`);
      await this.#remove(volume);
    }
  }

  async #remove({ metadata: { name, uid } }: PersistentVolume): Promise<void> {
    const { client, store, signal } = this.#options;
    const ref = { kind: 'PersistentVolume', name } as const;
    await client.remove(ref, { uid, absentIsFine: true });
    await waitFor(store, {
      what: `PersistentVolume ${name} to be gone, so that it can be offered again`,
      on: [ref],
      within: patience,
      signal,
      until: (view) => view.get(ref)?.metadata.uid !== uid,
    });
  }

  async #offer({ storageClass, directory, volumeMode = 'Filesystem' }: ClassDirectory): Promise<void> {
    const { client, store, node, labels = {}, signal } = this.#options;
    const known = store.get({ kind: 'StorageClass', name: storageClass });
    if (known === undefined) {
      this.#said.push(`there is no class ${storageClass}; nothing of ${directory} is offered`);
      return;
    }
    const { volumes, refusals } = decideOffers({
      provisioner: this.name,
      node: { name: node.name, hostname: this.#hostname() },
      directory,
      volumeMode,
      storageClass: {
        name: storageClass,
        reclaimPolicy: known.reclaimPolicy ?? 'Delete',
        ...(known.mountOptions === undefined ? {} : { mountOptions: known.mountOptions }),
      },
      entries: readEntries(await scriptOnNode(node, scripts.look, [directory], { signal })),
      volumes: store.list('PersistentVolume'),
      labels,
    });
    this.#said.push(...refusals);
    for (const volume of volumes) {
      const created = await client.create(volume);
      this.#said.push(`offered ${volume.spec.local.path} as ${volume.metadata.name}`);
      const ref = { kind: 'PersistentVolume', name: volume.metadata.name } as const;
      await waitFor(store, {
        what: `PersistentVolume ${ref.name} to be seen`,
        on: [ref],
        within: patience,
        signal,
        // Someone may have removed it again by now; its creation is enough.
        until: (view) => view.history(ref).some(({ object }) => object.metadata.uid === created.metadata.uid),
      });
    }
  }

  #hostname(): string {
    const { store, node } = this.#options;
    const hostname = store.get({ kind: 'Node', name: node.name })?.metadata.labels?.['kubernetes.io/hostname'];
    if (hostname !== undefined) return hostname;
    throw new DomainError({
      attempted: 'offering the disks of a node',
      on: node.name,
      seen: 'its Node object is not there, or has no label kubernetes.io/hostname',
      why: 'the node affinity of its volumes is made from that label',
    });
  }

  async #removeStartupTaint(): Promise<void> {
    const { client, store, node, startupTaint } = this.#options;
    const taints = store.get({ kind: 'Node', name: node.name })?.spec?.taints ?? [];
    const rest = taints.filter(({ key }) => key !== startupTaint);
    if (rest.length === taints.length) return;
    // All taints are written back, so they must be those that were read.
    const operations = [
      { op: 'test', path: '/spec/taints', value: taints },
      { op: 'replace', path: '/spec/taints', value: rest },
    ] as const;
    await client.patch({ kind: 'Node', name: node.name }, { type: 'json', operations });
    this.#said.push(`took the taint ${startupTaint} off ${node.name}`);
  }

  async #warn(volume: PersistentVolume, { reason, message }: { reason: string; message: string }): Promise<void> {
    this.#said.push(message);
    const { apiVersion, kind, metadata } = volume;
    const about = { apiVersion, kind, name: metadata.name, uid: metadata.uid };
    await reportEvent(this.#options.client, { component: this.name, about, type: 'Warning', reason, message });
  }
}
