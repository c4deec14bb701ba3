import { titleOf } from '../../clusters/api/kinds.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { type LoadOptions, loadManifests } from '../../fixtures/load.ts';
import { localise, ownershipLabels } from '../../fixtures/localise.ts';
import type { Manifest, ManifestOf } from '../../fixtures/schema.ts';
import { currentSpec } from './current-spec.ts';
import { evidence } from './evidence.ts';
import { Handle } from './handles.ts';
import { type World, world } from './world.ts';

/** A change to a manifest before it is applied, for what only a spec knows, such as the path of a leased disk. */
type Change<M> = (manifest: M) => void;

/** The order in which a spec's objects go: users before what they use. */
const removalOrder = ['Pod', 'PersistentVolumeClaim', 'PersistentVolume', 'StorageClass'] as const;

/**
 * Where a spec plays: a namespace of its own, and every object it creates. Its end removes all of them in order,
 * and proves that they are gone: `await using scene = await Scene.open()`.
 */
export class Scene implements AsyncDisposable {
  readonly world: World;
  readonly namespace: string;
  readonly #spec: string;
  readonly #handles: Handle[] = [];

  private constructor(world: World, namespace: string, spec: string) {
    this.world = world;
    this.namespace = namespace;
    this.#spec = spec;
  }

  static async open(): Promise<Scene> {
    const opened = await world();
    const spec = currentSpec().id;
    const { run } = opened.context;
    // A number makes the name new, for a spec that is run again while the last namespace still goes.
    const namespace = `${spec}-${run}-${(sceneNumber++).toString(36)}`.toLowerCase();
    await opened.client.create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace, labels: { [ownershipLabels.run]: run, [ownershipLabels.spec]: spec } },
    });
    // Pods are refused until the namespace has its default ServiceAccount.
    await waitFor(opened.store, {
      what: `the default ServiceAccount of namespace ${namespace}`,
      within: 10_000,
      signal: currentSpec().signal,
      until: (view) => view.get({ kind: 'ServiceAccount', namespace, name: 'default' }),
    });
    return new Scene(opened, namespace, spec);
  }

  get signal(): AbortSignal {
    return currentSpec().signal;
  }

  /** Creates the StorageClass of a fixture, with a name of the spec's own. */
  async storageClass(fixture: string, change?: Change<ManifestOf<'StorageClass'>>): Promise<Handle<'StorageClass'>> {
    return this.#create('StorageClass', fixture, change);
  }

  /** Creates the PersistentVolume of a fixture and waits until the controller calls it Available or it is bound. */
  async volume(fixture: string, change?: Change<ManifestOf<'PersistentVolume'>>): Promise<Handle<'PersistentVolume'>> {
    const volume = await this.#create('PersistentVolume', fixture, change);
    await waitFor(this.world.store, {
      what: `${volume} to be Available`,
      on: [volume.ref],
      within: 20_000,
      signal: this.signal,
      until: (view) => ['Available', 'Bound'].includes(view.get(volume.ref)?.status?.phase ?? ''),
    });
    return volume;
  }

  /** Creates the claim of a fixture. */
  async claim(
    fixture: string,
    change?: Change<ManifestOf<'PersistentVolumeClaim'>>,
  ): Promise<Handle<'PersistentVolumeClaim'>> {
    return this.#create('PersistentVolumeClaim', fixture, change);
  }

  /** Creates the pod of a fixture. */
  async pod(fixture: string, change?: Change<ManifestOf<'Pod'>>): Promise<Handle<'Pod'>> {
    return this.#create('Pod', fixture, change);
  }

  /** Loads the one manifest of a kind from a fixture, made the spec's own but not created. */
  async manifest<K extends Manifest['kind']>(
    kind: K,
    fixture: string,
    change: Change<ManifestOf<K>> = () => {},
    options: LoadOptions = {},
  ): Promise<ManifestOf<K>> {
    const loaded = await loadManifests(fixture, options);
    const manifest = loaded.find((candidate): candidate is Manifest & ManifestOf<K> => candidate.kind === kind);
    if (!manifest) throw new Error(`fixtures/${fixture} has no ${kind}`);
    change(manifest);
    const [own] = localise([manifest], { run: this.world.context.run, spec: this.#spec, namespace: this.namespace });
    return own as ManifestOf<K>;
  }

  /** Removes an object now and waits until it is gone. */
  async remove(handle: Handle): Promise<void> {
    await this.world.client.remove(handle.ref, { absentIsFine: true });
    await this.#gone(handle);
  }

  /** Keeps every object of the scene, as last seen, and the events about them as evidence. */
  keepObjects(name = 'objects'): void {
    const objects = this.#handles
      .map(({ ref }) => this.world.store.history(ref).at(-1)?.object)
      .filter((o) => o !== undefined);
    evidence.keep(name, objects);
    evidence.keep('events', this.eventLines().join('\n'));
  }

  /** The events about the scene's objects, in order, a line each. */
  eventLines(): string[] {
    return this.#handles
      .flatMap(({ ref }) => this.world.store.eventsOf(ref).map((event) => ({ ref, event })))
      .map(({ ref, event }) => {
        const time = event.eventTime ?? event.lastTimestamp ?? event.metadata.creationTimestamp;
        const by = event.reportingComponent || event.source?.component || '?';
        return `${time}  ${by}  ${titleOf(ref)}  ${event.type} ${event.reason}: ${event.message}`;
      })
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (work: () => Promise<unknown>) => {
      await work().catch((error: unknown) => failures.push(error));
    };
    // Evidence first: what a failed spec leaves is gone a moment later. Nothing that fails keeps the rest from going.
    await attempt(async () => this.keepObjects('objects-at-the-end'));
    // All at once: finalizers keep a claim until its pod is gone, and a volume until its claim is.
    const order = (handle: Handle) => removalOrder.indexOf(handle.ref.kind as (typeof removalOrder)[number]);
    const going = this.#handles.toSorted((a, b) => order(a) - order(b));
    const { client } = this.world;
    for (const handle of going) await attempt(() => client.remove(handle.ref, { absentIsFine: true }));
    for (const handle of going) await attempt(() => this.#gone(handle));
    await attempt(() => client.remove({ kind: 'Namespace', name: this.namespace }, { absentIsFine: true }));
    if (failures.length > 0) throw failures[0];
  }

  async #gone(handle: Handle): Promise<void> {
    await waitFor(this.world.store, {
      what: `${handle} to be gone`,
      on: [handle.ref],
      within: 60_000,
      until: (view) => view.get(handle.ref) === undefined,
    });
  }

  async #create<K extends Manifest['kind']>(
    kind: K,
    fixture: string,
    change: Change<ManifestOf<K>> = () => {},
  ): Promise<Handle<K>> {
    const { client, store, context } = this.world;
    let fixtureName = fixture;
    const own = await this.manifest(kind, fixture, (manifest) => {
      fixtureName = manifest.metadata.name;
      if (manifest.kind === 'Pod') useImage(manifest as ManifestOf<'Pod'>, context.podImage);
      change(manifest);
    });
    const created = await client.create(own as Parameters<typeof client.create>[0]);
    const { name, namespace } = created.metadata;
    const handle = new Handle<K>({ kind, name, ...(namespace === undefined ? {} : { namespace }) }, fixtureName, store);
    this.#handles.push(handle as unknown as Handle);
    await waitFor(store, {
      what: `${handle} to be seen`,
      within: 10_000,
      until: (view) => view.get(handle.ref) !== undefined,
    });
    return handle;
  }
}

let sceneNumber = 0;

function useImage(pod: ManifestOf<'Pod'>, image: string): void {
  for (const container of pod.spec.containers) container.image = image;
}
