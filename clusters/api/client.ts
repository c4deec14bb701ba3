import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterAccess } from './access/access.ts';
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

/** The harness's field manager. The API server records its writes under this name (`metadata.managedFields`). */
const fieldManager = 'local-pv-conformance';

/** The objects of a collection at one resourceVersion. */
export interface ObjectList<K extends Kind> {
  /** The resourceVersion from which a watch of the collection continues. */
  resourceVersion: string;
  items: ObjectOf[K][];
  /** Where the next list goes on, if `limit` has left some out. */
  continue?: string;
}

/** What a kubelet has measured on the pods' volumes. */
export interface NodeStatistics {
  pods: readonly {
    podRef: { name: string; namespace: string; uid: string };
    volume?: readonly VolumeStatistics[];
  }[];
}

/** What a kubelet has measured on a pod's volume with statfs(2). In bytes. */
export interface VolumeStatistics {
  /** The name of the volume in the pod. */
  name: string;
  pvcRef?: { name: string; namespace: string };
  capacityBytes?: number;
  availableBytes?: number;
  usedBytes?: number;
}

/** What a user may want to do with a kind of object. Without a namespace: in all of them. */
export interface ResourceAttributes {
  verb: string;
  /** Empty for the core group. */
  group: string;
  resource: string;
  /** Such as `exec` of pods. */
  subresource?: string;
  namespace?: string;
}

/** The version of the API server, as `/version` returns it. */
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
 * Returns a client for the cluster of a kubeconfig file, or for one that was found before. Reads neither the default
 * kubeconfig nor the environment, and makes no request.
 * @throws DomainError if the kubeconfig names another server than `expectedServer`
 */
export async function connect(
  options: { kubeconfig: string | ClusterAccess; expectedServer?: string } & ClientOptions,
): Promise<ClusterClient> {
  return new ClusterClient(await Connection.open(options.kubeconfig, options), options);
}

interface ClientOptions {
  /** Is called before each write of an object, with what is to be created; what it throws refuses the write. */
  beforeWrite?: (attempted: string, ref: ObjectRef, manifest?: KubernetesManifest) => void;
}

/**
 * The operations on the API of one cluster. Every call has a deadline and takes a signal. A rejection by the API server
 * is an `ApiRefusal`, a missing answer an `ApiUnreachable`. Nothing is retried.
 */
export class ClusterClient implements Disposable {
  readonly #connection: Connection;
  readonly #beforeWrite: NonNullable<ClientOptions['beforeWrite']>;

  constructor(connection: Connection, { beforeWrite = () => {} }: ClientOptions = {}) {
    this.#connection = connection;
    this.#beforeWrite = beforeWrite;
  }

  /** The API server's URL. */
  get server(): string {
    return this.#connection.server;
  }

  /** The credentials, for client-node's own `Exec`. */
  get kubeConfig(): KubeConfig {
    return this.#connection.kubeConfig;
  }

  /**
   * Returns the object, created as written. The API server rejects unknown and duplicate fields (strict validation).
   */
  create<K extends Kind>(manifest: KubernetesManifest & { kind: K }, options?: WriteOptions): Promise<ObjectOf[K]>;
  create(manifest: KubernetesManifest, options?: WriteOptions): Promise<AnyObject>;
  async create(manifest: KubernetesManifest, options: WriteOptions = {}): Promise<AnyObject> {
    const ref = refOf(manifest);
    this.#beforeWrite('creating an object', ref, manifest);
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

  /** Returns the object after a patch of it or of one of its subresources. `patch.type` says how they are merged. */
  async patch<K extends Kind>(ref: ObjectRef<K>, patch: Patch, options: PatchOptions = {}): Promise<ObjectOf[K]> {
    const { subresource } = options;
    this.#beforeWrite('patching an object', ref);
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

  /**
   * Returns one object.
   * @throws ApiRefusal with status 404 if it does not exist
   */
  async read<K extends Kind>(ref: ObjectRef<K>, options: CallOptions = {}): Promise<ObjectOf[K]> {
    const on = titleOf(ref);
    const found = this.#object({ method: 'GET', path: objectPath(ref), attempted: 'reading an object', on }, options);
    return (await found) as ObjectOf[K];
  }

  /** Returns the objects of a collection. They carry apiVersion and kind, which the API leaves out of list items. */
  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ObjectList<K>> {
    const { namespace, labelSelector, fieldSelector, limit, continue: from } = options;
    const on = collectionTitle(kind, namespace);
    const path = collectionPath(kind, namespace);
    const query = { labelSelector, fieldSelector, limit, continue: from };
    const request = { method: 'GET', path, query, attempted: 'listing a collection', on } as const;
    type List = { metadata: { resourceVersion: string; continue?: string }; items: ObjectOf[K][] | null };
    const { metadata, items } = await this.#json<List>(request, options);
    const named = (items ?? []).map((item) => ({ ...item, apiVersion: kinds[kind].apiVersion, kind }));
    const rest = metadata.continue ? { continue: metadata.continue } : {};
    return { resourceVersion: metadata.resourceVersion, items: named, ...rest };
  }

  /**
   * Returns the lines of a watch of a collection, each a JSON watch event, until the server closes the watch after
   * `timeoutSeconds` or the signal aborts. watch-loop.ts interprets them.
   */
  watch(
    kind: Kind,
    from: { resourceVersion: string; timeoutSeconds: number } & Pick<ListOptions, 'namespace' | 'labelSelector'>,
    options: CallOptions & { signal: AbortSignal },
  ): Promise<AsyncIterable<string>> {
    const { namespace, ...position } = from;
    const on = collectionTitle(kind, namespace);
    const query = { watch: true, allowWatchBookmarks: true, ...position };
    const path = collectionPath(kind, namespace);
    return this.#connection.stream({ method: 'GET', path, query, attempted: 'watching a collection', on }, options);
  }

  /**
   * Requests the deletion of an object. `requested` does not mean deleted: a pod has its grace period, a volume its
   * finalizers. Wait for the deletion on the object store.
   */
  async remove(ref: ObjectRef, options: RemoveOptions = {}): Promise<'requested' | 'absent'> {
    const on = titleOf(ref);
    this.#beforeWrite('removing an object', ref);
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
   * Evicts a pod, as a drain does.
   * @throws ApiRefusal with status 429 if a PodDisruptionBudget forbids it
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

  /** Returns whether the API server lets this user do something, such as `create` `persistentvolumes`; and its reason. */
  async mayI(attributes: ResourceAttributes, options: CallOptions = {}): Promise<{ allowed: boolean; reason: string }> {
    const apiVersion = 'authorization.k8s.io/v1';
    const answer = await this.#json<{ status?: { allowed?: boolean; reason?: string } }>(
      {
        method: 'POST',
        path: `/apis/${apiVersion}/selfsubjectaccessreviews`,
        body: { apiVersion, kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: attributes } },
        attempted: 'asking what this user may do',
        on: this.server,
      },
      options,
    );
    return { allowed: answer.status?.allowed ?? false, reason: answer.status?.reason ?? '' };
  }

  /** Returns the version of the API server. */
  async version(options: CallOptions = {}): Promise<ServerVersion> {
    const request = { method: 'GET', path: '/version', attempted: 'reading the version', on: this.server } as const;
    return this.#json<ServerVersion>(request, options);
  }

  /**
   * Waits until the API server has answered that it and etcd are ready to serve.
   * @throws ApiRefusal if they are not
   */
  async assertReady(options: CallOptions = {}): Promise<void> {
    const attempted = 'asking the API server whether it is ready';
    await this.#connection.request({ method: 'GET', path: '/readyz', attempted, on: this.server }, options);
  }

  /** Returns what the kubelet of a node has measured on its pods: `/stats/summary`, through the API server's proxy. */
  async nodeStatistics(name: string, options: CallOptions = {}): Promise<NodeStatistics> {
    const ref: ObjectRef = { kind: 'Node', name };
    const path = `${objectPath(ref)}/proxy/stats/summary`;
    return this.#json(
      { method: 'GET', path, attempted: 'reading the statistics of a node', on: titleOf(ref) },
      options,
    );
  }

  /** Returns the metrics of the API server, in Prometheus' text format. */
  async metrics(options: CallOptions = {}): Promise<string> {
    const attempted = 'reading the metrics of the API server';
    return await this.#connection.request({ method: 'GET', path: '/metrics', attempted, on: this.server }, options);
  }

  /** Returns the metrics of the kubelet of a node, in Prometheus' text format, through the API server's proxy. */
  async nodeMetrics(name: string, options: CallOptions = {}): Promise<string> {
    const ref: ObjectRef = { kind: 'Node', name };
    const path = `${objectPath(ref)}/proxy/metrics`;
    const request = { method: 'GET', path, attempted: 'reading the metrics of a node', on: titleOf(ref) } as const;
    return await this.#connection.request(request, options);
  }

  /** Returns the configuration of the kubelet of a node, with its defaults, through the API server's proxy. */
  async kubeletConfiguration(name: string, options: CallOptions = {}): Promise<unknown> {
    const ref: ObjectRef = { kind: 'Node', name };
    const path = `${objectPath(ref)}/proxy/configz`;
    const attempted = 'reading the configuration of kubelet';
    return this.#json({ method: 'GET', path, attempted, on: titleOf(ref) }, options);
  }

  /**
   * Returns what a server in a pod answers to a body. The API server connects to the pod's address itself, so kubelet
   * of the node is not needed.
   */
  async askPod(
    { namespace, name, port }: { namespace: string; name: string; port: number },
    body: string,
    options: CallOptions = {},
  ): Promise<string> {
    const ref: ObjectRef = { kind: 'Pod', namespace, name };
    // The name of the proxied port follows the pod's name: `http:NAME:PORT`.
    const path = `${collectionPath('Pod', namespace)}/http:${name}:${port}/proxy/`;
    const request = { method: 'POST', path, body, attempted: 'asking a pod', on: titleOf(ref) } as const;
    return await this.#connection.request(request, options);
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
  return {
    fieldValidation: fieldValidation === 'unset' ? undefined : fieldValidation,
    fieldManager,
    dryRun: dryRun ? 'All' : undefined,
  };
}

function collectionTitle(kind: Kind, namespace: string | undefined): string {
  if (!kinds[kind].namespaced) return kinds[kind].plural;
  return `${kinds[kind].plural} of ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}`;
}
