import type { Pod } from '../../clusters/api/objects.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { proveNothingLeft } from '../../clusters/nodes/leftovers.ts';
import { isolateNames, type Ownership, ownershipLabels } from '../../fixtures/isolate-names.ts';
import { type LoadOptions, loadManifests } from '../../fixtures/load.ts';
import type { Manifest, ManifestOf } from '../../fixtures/schema.ts';
import { eventsInOrder } from '../diagnosis/record.ts';
import { currentSpec } from '../runner/current-spec.ts';
import { evidence } from '../runner/evidence.ts';
import { type LastLook, type LookedBackAt, lookAt } from '../runner/last-look.ts';
import { notePodStart } from '../runner/pod-starts.ts';
import { type TestCluster, testCluster } from '../runner/test-cluster.ts';
import { Handle } from './handles.ts';

/** A change to a manifest before it is applied, for what only a spec knows, such as the path of a leased disk. */
type Change<M> = (manifest: M) => void;

/** The order in which a spec's objects go: users before what they use. */
const removalOrder = [
  'StatefulSet',
  'Pod',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'StorageClass',
  'PriorityClass',
] as const;

/**
 * Where a spec plays: a namespace of its own, and every object it creates. Its end removes all of them in order,
 * and proves that they are gone: `await using namespace = await SpecNamespace.open()`.
 */
export class SpecNamespace implements AsyncDisposable, LookedBackAt {
  readonly cluster: TestCluster;
  readonly name: string;
  readonly #owner: Ownership;
  readonly #opened = new Date();
  readonly #handles: Handle[] = [];
  /** Taken as it begins to end. */
  #lastLook: LastLook | undefined;

  private constructor(cluster: TestCluster, name: string, owner: Ownership) {
    this.cluster = cluster;
    this.name = name;
    this.#owner = owner;
  }

  static async open(): Promise<SpecNamespace> {
    const opened = await testCluster();
    const spec = currentSpec().id;
    const { run } = opened.context;
    // A number makes all names new, for a spec that is run again: nothing of its last run is taken for this one's.
    const sequence = (namespaceCount++).toString(36);
    const namespace = `${spec}-${run}-${sequence}`.toLowerCase();
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
    const made = new SpecNamespace(opened, namespace, { run, spec, sequence });
    currentSpec().namespaces?.push(made);
    return made;
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
    await waitFor(this.cluster.store, {
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

  /** Creates the StatefulSet of a fixture. Its pods and claims are the controller's: find them with `find`. */
  async statefulSet(fixture: string, change?: Change<ManifestOf<'StatefulSet'>>): Promise<Handle<'StatefulSet'>> {
    return this.#create('StatefulSet', fixture, change);
  }

  /** Creates the PriorityClass of a fixture, with a name of the spec's own. */
  async priorityClass(fixture: string, change?: Change<ManifestOf<'PriorityClass'>>): Promise<Handle<'PriorityClass'>> {
    return this.#create('PriorityClass', fixture, change);
  }

  /**
   * The handle of an object that a controller makes in the spec's namespace, such as the pod `set-0` of a StatefulSet
   * or the claim of an ephemeral volume; waits until it is there.
   */
  async find<K extends 'Pod' | 'PersistentVolumeClaim'>(kind: K, name: string, within = 30_000): Promise<Handle<K>> {
    const handle = new Handle<K>({ kind, name, namespace: this.name }, name, this.cluster.store);
    await waitFor(this.cluster.store, {
      what: `${handle} to be there`,
      on: [handle.ref],
      within,
      signal: this.signal,
      until: (view) => view.get(handle.ref) !== undefined,
    });
    this.#handles.push(handle as unknown as Handle);
    return handle;
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
    const [own] = isolateNames([manifest], { ...this.#owner, namespace: this.name });
    return own as ManifestOf<K>;
  }

  /** Removes an object now and waits until it is gone. */
  async remove(handle: Handle): Promise<void> {
    await this.cluster.client.remove(handle.ref, { absentIsFine: true });
    await this.#gone(handle);
  }

  /** Keeps every object of the namespace, as last seen, and the events about them as evidence. */
  keepObjects(name = 'objects'): void {
    const { store } = this.cluster;
    const refs = this.#handles.map(({ ref }) => ref);
    const objects = refs.map((ref) => store.history(ref).at(-1)?.object).filter((object) => object !== undefined);
    evidence.keep(name, objects);
    evidence.keep('events', eventsInOrder(store, refs).join('\n'));
  }

  lastLook(): LastLook {
    const { cluster, name: namespace } = this;
    return (
      this.#lastLook ?? lookAt(cluster, { namespace, opened: this.#opened, own: this.#handles.map(({ ref }) => ref) })
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (work: () => Promise<unknown>) => {
      await work().catch((error: unknown) => failures.push(error));
    };
    // Evidence first: what a failed spec leaves is gone a moment later. Nothing that fails keeps the rest from going.
    await attempt(async () => {
      this.#lastLook = this.lastLook();
    });
    await attempt(async () => this.keepObjects('objects-at-the-end'));
    for (const { ref } of this.#handles)
      if (ref.kind === 'Pod') notePodStart(this.cluster.store, { ...ref, kind: 'Pod' });
    this.cluster.podShells.close(this.name);
    // All at once: finalizers keep a claim until its pod is gone, and a volume until its claim is.
    const order = (handle: Handle) => removalOrder.indexOf(handle.ref.kind as (typeof removalOrder)[number]);
    const going = this.#handles.toSorted((a, b) => order(a) - order(b));
    const { client } = this.cluster;
    for (const handle of going)
      if (this.cluster.store.get(handle.ref)) await attempt(() => client.remove(handle.ref, { absentIsFine: true }));
    // A volume stays while it is bound to a claim that only a StatefulSet knows.
    for (const handle of this.#strays())
      if (handle.ref.kind !== 'PersistentVolume')
        await attempt(() => client.remove(handle.ref, { absentIsFine: true }));
    for (const handle of going) await attempt(() => this.#gone(handle));
    const strays = this.#strays();
    for (const handle of strays) await attempt(() => client.remove(handle.ref, { absentIsFine: true }));
    for (const handle of strays) await attempt(() => this.#gone(handle));
    await attempt(() => this.#proveNothingLeft([...going, ...strays]));
    // A namespace takes the API server some hundred requests to delete; where the cluster goes, it goes along.
    if (this.cluster.context.stays)
      await attempt(() => client.remove({ kind: 'Namespace', name: this.name }, { absentIsFine: true }));
    if (failures.length > 0) throw failures[0];
  }

  /** On every node where a pod of the namespace was: nothing mounted, no loop device, no directory of kubelet. */
  async #proveNothingLeft(handles: readonly Handle[]): Promise<void> {
    const { store, node } = this.cluster;
    const seen = handles.flatMap(({ ref }) => store.history(ref).map(({ object }) => ({ kind: ref.kind, object })));
    const nodes = new Set<string>();
    const words = new Set<string>();
    for (const { kind, object } of seen) {
      if (kind === 'PersistentVolume') words.add(object.metadata.name);
      if (kind !== 'Pod') continue;
      words.add(object.metadata.uid);
      const { nodeName } = (object as Pod).spec ?? {};
      if (nodeName) nodes.add(nodeName);
    }
    await Promise.all([...nodes].map((name) => proveNothingLeft(node(name), [...words])));
  }

  /**
   * What controllers have made for the spec, and nobody has a handle of: pods and claims of its namespace, and volumes
   * that a static provisioner has offered with the spec's labels.
   */
  #strays(): Handle[] {
    const { store, context } = this.cluster;
    const known = new Set(this.#handles.map(String));
    const inNamespace = (['Pod', 'PersistentVolumeClaim'] as const).flatMap((kind) =>
      store
        .list(kind, { namespace: this.name })
        .map(({ metadata: { name, namespace } }) => ({ kind, name, namespace })),
    );
    const offered = store.list('PersistentVolume', {
      labels: { [ownershipLabels.run]: context.run, [ownershipLabels.spec]: this.#owner.spec },
      where: ({ metadata }) => metadata.annotations?.['pv.kubernetes.io/provisioned-by'] !== undefined,
    });
    const refs = [
      ...inNamespace,
      ...offered.map(({ metadata: { name } }) => ({ kind: 'PersistentVolume' as const, name })),
    ];
    return refs
      .map((ref) => new Handle(ref, ref.name, store) as unknown as Handle)
      .filter((handle) => !known.has(String(handle)));
  }

  async #gone(handle: Handle): Promise<void> {
    await waitFor(this.cluster.store, {
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
    const { client, store, context } = this.cluster;
    let fixtureName = fixture;
    const own = await this.manifest(kind, fixture, (manifest) => {
      fixtureName = manifest.metadata.name;
      if (manifest.kind === 'Pod') useImage(manifest.spec as PodSpec, context.podImage);
      if (manifest.kind === 'StatefulSet')
        useImage((manifest as ManifestOf<'StatefulSet'>).spec.template.spec, context.podImage);
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

let namespaceCount = 0;

type PodSpec = ManifestOf<'Pod'>['spec'];

function useImage({ initContainers = [], containers }: PodSpec, image: string): void {
  for (const container of [...initContainers, ...containers]) container.image = image;
}
