import type { KubeConfig } from '@kubernetes/client-node';
import { type ApiRequest, type CallOptions, Connection } from './connection.ts';
import { collectionPath, type KubernetesManifest, kinds, type ObjectRef, objectPath, refOf, titleOf } from './kinds.ts';
import type { AnyObject, Kind, ObjectOf } from './objects.ts';
import { ApiRefusal, ApiUnreachable } from './refusal.ts';
import {
  contentTypeOf,
  type ListOptions,
  type Patch,
  type PatchOptions,
  patchBody,
  type RemoveOptions,
  type WriteOptions,
} from './requests.ts';

/** The name under which the API server records what the harness wrote (`metadata.managedFields`). */
const fieldManager = 'local-pv-conformance';

/** A collection as it was at one moment. */
export interface ObjectList<K extends Kind> {
  /** Where a watch of the same collection goes on. */
  resourceVersion: string;
  items: ObjectOf[K][];
}

/** What a kubelet has measured, as far as local volumes are concerned. */
export interface NodeStatistics {
  pods: readonly {
    podRef: { name: string; namespace: string; uid: string };
    volume?: readonly VolumeStatistics[];
  }[];
}

/** What a kubelet has measured of a volume of a pod, by statfs of its directory. Bytes. */
export interface VolumeStatistics {
  /** What the pod calls it. */
  name: string;
  pvcRef?: { name: string; namespace: string };
  capacityBytes?: number;
  availableBytes?: number;
  usedBytes?: number;
}

/** The server's version, as from `/version`. */
export interface ServerVersion {
  major: string;
  minor: string;
  /** Such as `v1.37.2`. */
  gitVersion: string;
  gitCommit: string;
  goVersion: string;
  platform: string;
}

/**
 * Opens the cluster of a kubeconfig FILE. The default kubeconfig and the environment are never read. No request is
 * made.
 * With `expectedServer`, a kubeconfig that points to another server is refused.
 */
export async function connect(options: { kubeconfig: string; expectedServer?: string }): Promise<ClusterClient> {
  return new ClusterClient(await Connection.open(options.kubeconfig, options));
}

/**
 * The operations on one cluster's API. Every call has a deadline and takes a signal; a refusal is an `ApiRefusal`, no
 * answer an `ApiUnreachable`. Nothing is retried.
 */
export class ClusterClient implements Disposable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The API server's URL. */
  get server(): string {
    return this.#connection.server;
  }

  /** The credentials, for client-node's own `Exec`. */
  get kubeConfig(): KubeConfig {
    return this.#connection.kubeConfig;
  }

  /** Creates the object as written; the API server refuses unknown and duplicate fields (strict field validation). */
  create<K extends Kind>(manifest: KubernetesManifest & { kind: K }, options?: WriteOptions): Promise<ObjectOf[K]>;
  create(manifest: KubernetesManifest, options?: WriteOptions): Promise<AnyObject>;
  async create(manifest: KubernetesManifest, options: WriteOptions = {}): Promise<AnyObject> {
    const ref = refOf(manifest);
    return this.#object(
      {
        method: 'POST',
        path: collectionPath(ref.kind, ref.namespace),
        query: writeQuery(options),
        body: manifest,
        attempted: 'creating an object',
        on: titleOf(ref),
      },
      options,
    );
  }

  /** Patches the object or one of its subresources; `patch.type` says how it is meant. */
  async patch<K extends Kind>(ref: ObjectRef<K>, patch: Patch, options: PatchOptions = {}): Promise<ObjectOf[K]> {
    const { subresource } = options;
    const sent = this.#object(
      {
        method: 'PATCH',
        path: objectPath(ref) + (subresource ? `/${subresource}` : ''),
        query: writeQuery(options),
        body: patchBody(patch),
        contentType: contentTypeOf(patch),
        attempted: 'patching an object',
        on: titleOf(ref) + (subresource ? ` (${subresource})` : ''),
      },
      options,
    );
    return (await sent) as ObjectOf[K];
  }

  /** Reads one object; a missing one is an `ApiRefusal` with status 404. */
  async read<K extends Kind>(ref: ObjectRef<K>, options: CallOptions = {}): Promise<ObjectOf[K]> {
    const on = titleOf(ref);
    const found = this.#object({ method: 'GET', path: objectPath(ref), attempted: 'reading an object', on }, options);
    return (await found) as ObjectOf[K];
  }

  /** Lists a collection. Items carry their apiVersion and kind, which the API leaves out of lists. */
  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ObjectList<K>> {
    const { namespace, labelSelector, fieldSelector } = options;
    const on = collectionTitle(kind, namespace);
    const path = collectionPath(kind, namespace);
    const query = { labelSelector, fieldSelector };
    const request = { method: 'GET', path, query, attempted: 'listing a collection', on } as const;
    type List = { metadata: { resourceVersion: string }; items: ObjectOf[K][] | null };
    const { metadata, items } = await this.#json<List>(request, options);
    const named = (items ?? []).map((item) => ({ ...item, apiVersion: kinds[kind].apiVersion, kind }));
    return { resourceVersion: metadata.resourceVersion, items: named };
  }

  /**
   * Opens a watch of a collection and hands on its lines, each a JSON watch event, until the server closes after
   * `timeoutSeconds` or the signal aborts. Making sense of them is watch-loop.ts's work.
   */
  watch(
    kind: Kind,
    from: { resourceVersion: string; timeoutSeconds: number; namespace?: string | undefined },
    options: CallOptions & { signal: AbortSignal },
  ): Promise<AsyncIterable<string>> {
    const { namespace, ...position } = from;
    const on = collectionTitle(kind, namespace);
    const query = { watch: true, allowWatchBookmarks: true, ...position };
    const path = collectionPath(kind, namespace);
    return this.#connection.stream({ method: 'GET', path, query, attempted: 'watching a collection', on }, options);
  }

  /**
   * Asks for the object's deletion. `requested` does not mean gone: a pod has its grace period, a volume its
   * finalizers;
   * wait for that on the object store.
   */
  async remove(ref: ObjectRef, options: RemoveOptions = {}): Promise<'requested' | 'absent'> {
    const on = titleOf(ref);
    const { gracePeriodSeconds, propagationPolicy, uid } = options;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds,
      propagationPolicy,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
      ...(options.dryRun ? { dryRun: ['All'] } : {}),
    };
    try {
      const path = objectPath(ref);
      await this.#connection.request({ method: 'DELETE', path, body, attempted: 'removing an object', on }, options);
      return 'requested';
    } catch (error) {
      if (options.absentIsFine && error instanceof ApiRefusal && error.status === 404) return 'absent';
      throw error;
    }
  }

  /**
   * Evicts a pod, as a drain does: it is deleted, unless a PodDisruptionBudget forbids that, which is an `ApiRefusal`
   * with status 429.
   */
  async evict(pod: ObjectRef<'Pod'>, options: RemoveOptions = {}): Promise<void> {
    const { namespace, name } = pod;
    const { gracePeriodSeconds } = options;
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace },
      deleteOptions: { gracePeriodSeconds },
    };
    const path = `${objectPath(pod)}/eviction`;
    const request = { method: 'POST', path, body, attempted: 'evicting a pod', on: titleOf(pod) } as const;
    await this.#connection.request(request, options);
  }

  /** The API server's version. */
  async version(options: CallOptions = {}): Promise<ServerVersion> {
    const request = { method: 'GET', path: '/version', attempted: 'reading the version', on: this.server } as const;
    return this.#json<ServerVersion>(request, options);
  }

  /** What the kubelet of a node has measured of its pods, through the API server's proxy: its `/stats/summary`. */
  async nodeStatistics(name: string, options: CallOptions = {}): Promise<NodeStatistics> {
    const ref: ObjectRef = { kind: 'Node', name };
    const path = `${objectPath(ref)}/proxy/stats/summary`;
    return this.#json(
      { method: 'GET', path, attempted: 'reading the statistics of a node', on: titleOf(ref) },
      options,
    );
  }

  /** Closes idle connections. */
  [Symbol.dispose](): void {
    this.#connection.close();
  }

  #object(request: ApiRequest, options: CallOptions): Promise<AnyObject> {
    return this.#json<AnyObject>(request, options);
  }

  async #json<T>(request: ApiRequest, options: CallOptions): Promise<T> {
    const text = await this.#connection.request(request, options);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const seen = `the answer is not JSON: ${text.slice(0, 200)}`;
      throw new ApiUnreachable(request.attempted, request.on, seen, error);
    }
  }
}

function writeQuery(options: WriteOptions): Record<string, string | undefined> {
  const { fieldValidation = 'Strict', dryRun } = options;
  return { fieldValidation, fieldManager, dryRun: dryRun ? 'All' : undefined };
}

function collectionTitle(kind: Kind, namespace: string | undefined): string {
  if (!kinds[kind].namespaced) return kinds[kind].plural;
  return `${kinds[kind].plural} of ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}`;
}
