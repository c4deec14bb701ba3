import { isQuotaUncounted } from '../../clusters/api/refusal.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { despiteLostRace } from '../../clusters/nodes/lost-race.ts';
import { isolatedName, isolateNames, labelsOf, type NamespacedOwnership } from '../../fixtures/isolate-names.ts';
import { type LoadOptions, loadManifests } from '../../fixtures/load.ts';
import type { Manifest, ManifestOf } from '../../fixtures/schema.ts';
import { eventsInOrder } from '../diagnosis/record.ts';
import { assertAssigned, currentSpec, waitLimit } from '../runner/current-spec.ts';
import { evidence } from '../runner/evidence.ts';
import { type LastLook, type LookedBackAt, lookAt } from '../runner/last-look.ts';
import { notePodStart } from '../runner/pod-starts.ts';
import { infrastructure, type TestCluster, testCluster } from '../runner/test-cluster.ts';
import { type ClaimHandle, type ClassHandle, Handle, type PodHandle, type VolumeHandle } from './handles.ts';
import {
  admissible,
  type BoundVolumeRequest,
  type Change,
  type ClaimRequest,
  claimChange,
  confine,
  manifests,
  type PodRequest,
  podChange,
  useImage,
  type VolumeRequest,
  volumeChange,
} from './manifests.ts';
import { hostnameOf } from './nodes.ts';
import { gone, type OwnPart, removeAll } from './removal.ts';
import { words } from './words.ts';

/**
 * The namespace of a spec, and every object that the spec creates. Its end removes all of them in order, and proves
 * that they are gone. Where the run has been given one namespace, it is that for all specs: each has names of its own in
 * it, as it has cluster-wide.
 * @example
 * await using namespace = await SpecNamespace.open();
 * await namespace.storageClass();
 * const claim = await namespace.claim('claim');
 */
export class SpecNamespace implements AsyncDisposable, LookedBackAt {
  readonly cluster: TestCluster;
  readonly name: string;
  readonly #owner: NamespacedOwnership;
  readonly #opened = new Date();
  readonly #handles: Handle[] = [];
  /** Taken when the namespace begins to end. */
  #lastLook: LastLook | undefined;

  private constructor(cluster: TestCluster, owner: NamespacedOwnership) {
    this.cluster = cluster;
    this.name = owner.namespace;
    this.#owner = owner;
  }

  /** Creates the namespace, where the run may, and waits until pods can be created in it. */
  static async open(): Promise<SpecNamespace> {
    const opened = await testCluster();
    const spec = currentSpec().id;
    const { run, namespace: given } = opened.facts;
    // The number gives a repeated spec new names, so that no object of its last run is mistaken for its own.
    const sequence = (namespaceCount++).toString(36);
    const namespace = given ?? `${spec}-${run}-${sequence}`.toLowerCase();
    const owner = { run, spec, sequence, namespace, shared: given !== undefined };
    if (given === undefined) await createNamespace(opened, owner);
    const made = new SpecNamespace(opened, owner);
    currentSpec().namespaces?.push(made);
    return made;
  }

  get signal(): AbortSignal {
    return currentSpec().signal;
  }

  /** The labels of the spec's objects, for those that are not made from a fixture. */
  get ownLabels(): Record<string, string> {
    return labelsOf(this.#owner);
  }

  /** Returns the name in the cluster of an object in the namespace that the spec calls `name`. */
  nameOf(name: string): string {
    return this.#owner.shared ? isolatedName(name, this.#owner) : name;
  }

  /** Creates a StorageClass; `local-storage`, to which volumes and claims belong, where it is not given a name. */
  storageClass(
    volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer' = 'WaitForFirstConsumer',
    { name, change }: { name?: string; change?: Change<'StorageClass'> } = {},
  ): Promise<ClassHandle> {
    return this.apply('StorageClass', manifests.storageClass, (manifest) => {
      manifest.volumeBindingMode = volumeBindingMode;
      if (name !== undefined) manifest.metadata.name = name;
      change?.(manifest);
    });
  }

  /**
   * Creates a PersistentVolume at a path of a node, and waits until it is Available or Bound.
   * @example await namespace.volume('reserved', { ...disk, spec: { claimRef: { name: 'claim' } } });
   */
  volume(name: string, request: VolumeRequest): Promise<VolumeHandle> {
    // A volume may be of a node that no cluster has.
    if (this.cluster.facts.nodes.some(({ name }) => name === request.node)) assertAssigned(request.node);
    const node = hostnameOf(request.node);
    return this.apply('PersistentVolume', manifests.volume, volumeChange(name, { ...request, node }));
  }

  /**
   * Creates a claim.
   * @example await namespace.claim('large', { storage: '2Gi' });
   */
  claim(name: string, request: ClaimRequest = {}): Promise<ClaimHandle> {
    return this.apply('PersistentVolumeClaim', manifests.claim, claimChange(name, request));
  }

  /**
   * Creates a volume and a claim of one name, and waits until they are bound to each other: for specs that are not
   * about how they meet.
   * @example const { volume, claim } = await namespace.boundVolume('data', await leaseVolume(node, 'LOOP'));
   */
  async boundVolume(
    name: string,
    { volume: ofVolume, claim: ofClaim, ...at }: BoundVolumeRequest,
  ): Promise<{ volume: VolumeHandle; claim: ClaimHandle }> {
    const { storage, volumeMode } = at;
    const same = { ...(storage && { storage }), ...(volumeMode && { volumeMode }) };
    const volume = await this.volume(name, { ...at, ...ofVolume });
    const claim = await this.claim(name, { volume: name, ...same, ...ofClaim });
    // A pod created before that would be unschedulable at first, and wait a second for its next attempt.
    await words.bindTo(claim, volume);
    return { volume, claim };
  }

  /**
   * Creates a pod: by itself, one container that sleeps, with the claims at `/data`, `/data-2` and so on.
   * @example
   * await namespace.pod('shared', {
   *   claims: [claim],
   *   containers: [
   *     {},
   *     {
   *       name: 'reader',
   *       env: [{ name: 'PART', value: 'part' }],
   *       volumeMounts: [{ name: 'data', mountPath: '/part', subPathExpr: '$(PART)', readOnly: true }],
   *     },
   *   ],
   * });
   */
  pod(name: string, request: PodRequest = {}): Promise<PodHandle> {
    const { node, ...rest } = request;
    const placed = node === undefined ? rest : { ...rest, node: hostnameOf(node) };
    return this.apply('Pod', manifests.pod, podChange(name, placed));
  }

  /**
   * Creates the object of a kind in a fixture, with a name of the spec's own. Pods and claims that a StatefulSet makes
   * are its controller's: find them with `find`.
   */
  async apply<K extends Manifest['kind']>(kind: K, fixture: string, change?: Change<K>): Promise<Handle<K>> {
    const handle = await this.#create(kind, fixture, change);
    if (kind !== 'PersistentVolume') return handle;
    const volume = handle as unknown as VolumeHandle;
    await waitFor(this.cluster.store, {
      what: `${volume} to be Available or Bound`,
      on: [volume.ref],
      within: 60_000,
      signal: this.signal,
      until: (view) => ['Available', 'Bound'].includes(view.get(volume.ref)?.status?.phase ?? ''),
    });
    return handle;
  }

  /**
   * Waits until a controller has made an object in the spec's namespace, such as the pod `set-0` of a StatefulSet or the
   * claim of an ephemeral volume; returns its handle. `name` is as the cluster has it: see `nameOf`.
   */
  async find<K extends 'Pod' | 'PersistentVolumeClaim'>(kind: K, name: string, within = 60_000): Promise<Handle<K>> {
    const handle = new Handle<K>({ kind, name, namespace: this.name }, name, this.cluster.store);
    await waitFor(this.cluster.store, {
      what: `${handle} to be there`,
      on: [handle.ref],
      within: waitLimit(within),
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
    change: Change<K> = () => {},
    options: LoadOptions = {},
  ): Promise<ManifestOf<K>> {
    const loaded = await loadManifests(fixture, options);
    const manifest = loaded.find((candidate): candidate is Manifest & ManifestOf<K> => candidate.kind === kind);
    if (!manifest) throw new Error(`fixtures/${fixture} has no ${kind}`);
    change(manifest);
    const [own] = isolateNames([manifest], this.#owner);
    return own as ManifestOf<K>;
  }

  /** Removes an object now and waits until it is gone. */
  async remove(handle: Handle): Promise<void> {
    await this.cluster.client.remove(handle.ref, { absentIsFine: true });
    await gone(this.cluster.store, handle);
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
    const own = this.#handles.map(({ ref }) => ref);
    return this.#lastLook ?? lookAt(this.cluster, { ...this.part, opened: this.#opened, own });
  }

  /** What is the spec's in the namespace, for lists of what the store has seen. */
  get part(): OwnPart {
    return { namespace: this.name, ...(this.#owner.shared && { labels: this.ownLabels }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    const attempt = async (work: () => Promise<unknown>) => {
      await work().catch((error: unknown) => failures.push(error));
    };
    // Evidence comes first, because the objects are removed next. A failure does not stop the rest.
    await attempt(async () => {
      this.#lastLook = this.lastLook();
    });
    await attempt(async () => this.keepObjects('objects-at-the-end'));
    for (const { ref } of this.#handles)
      if (ref.kind === 'Pod') notePodStart(this.cluster.store, { ...ref, kind: 'Pod' });
    this.cluster.podShells.close(this.name);
    await attempt(() => removeAll(this.cluster, this.part, this.#handles));
    // Deleting a namespace takes about a hundred requests: a cluster that is removed needs none of them.
    if (this.cluster.facts.stays && !this.#owner.shared)
      await attempt(() => this.cluster.client.remove({ kind: 'Namespace', name: this.name }, { absentIsFine: true }));
    if (failures.length > 0) throw failures[0];
  }

  /** Returns the hostnames of the run's nodes, also the one that a spec may just have given to a node. */
  #hostnames(): string[] {
    const { facts, store } = this.cluster;
    const labelled = facts.nodes.map(({ name }) => store.get({ kind: 'Node', name })?.metadata.labels);
    const now = labelled.flatMap((labels) => labels?.['kubernetes.io/hostname'] ?? []);
    return [...new Set([...facts.nodes.map(({ hostname }) => hostname), ...now])];
  }

  async #create<K extends Manifest['kind']>(
    kind: K,
    fixture: string,
    change: Change<K> = () => {},
  ): Promise<Handle<K>> {
    const { client, store, facts } = this.cluster;
    let fixtureName = fixture;
    const own = await this.manifest(kind, fixture, (manifest) => {
      fixtureName = manifest.metadata.name;
      const pod = podSpecIn(manifest);
      if (pod) useImage(pod, facts.podImage);
      if (pod && facts.lent) admissible(pod, { restricted: !asksForNodes() });
      change(manifest);
      const { otherNodes = [] } = facts;
      if (pod && otherNodes.length > 0) confine(pod, this.#hostnames());
    });
    const created = await despiteLostRace(() => client.create(own as Parameters<typeof client.create>[0]), {
      what: `creating ${kind} ${own.metadata.name}`,
      // A quota that somebody gives to each new namespace counts nothing yet: its controller has not looked.
      lost: isQuotaUncounted,
      progress: infrastructure,
      signal: this.signal,
      retries: 10,
    });
    const { name, namespace, uid } = created.metadata;
    const handle = new Handle<K>({ kind, name, ...(namespace === undefined ? {} : { namespace }) }, fixtureName, store);
    this.#handles.push(handle as unknown as Handle);
    await waitFor(store, {
      what: `${handle} to be seen`,
      within: 60_000,
      // By its uid, as an earlier object may have had its name. Its history, not its state: its owner may be gone
      // already, and the garbage collector may have removed it before its events were read.
      until: (view) => view.history(handle.ref).some(({ object }) => object.metadata.uid === uid),
    });
    return handle;
  }
}

/** Creates the namespace of a spec, and waits until pods are not refused in it for want of a ServiceAccount. */
async function createNamespace({ client, store }: TestCluster, owner: NamespacedOwnership): Promise<void> {
  const { namespace: name } = owner;
  const labels = { ...labelsOf(owner), ...(asksForNodes() && privileged) };
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await waitFor(store, {
    what: `the default ServiceAccount of namespace ${name}`,
    within: 60_000,
    signal: currentSpec().signal,
    until: (view) => view.get({ kind: 'ServiceAccount', namespace: name, name: 'default' }),
  });
}

/** Returns what a manifest says of pods: its own, or those that its controller makes. */
function podSpecIn(manifest: Manifest | ManifestOf<Manifest['kind']>): ManifestOf<'Pod'>['spec'] | undefined {
  if (manifest.kind === 'Pod') return (manifest as ManifestOf<'Pod'>).spec;
  if (manifest.kind === 'StatefulSet') return (manifest as ManifestOf<'StatefulSet'>).spec.template.spec;
  return undefined;
}

/** What lets a namespace have pods of any kind, where a cluster admits only harmless ones by default. */
const privileged = { 'pod-security.kubernetes.io/enforce': 'privileged' };

/** Returns whether the running spec asks for more than the API; then its user may create privileged pods anyway. */
function asksForNodes(): boolean {
  return (currentSpec().needs ?? []).some((need) => need !== 'api');
}

let namespaceCount = 0;
