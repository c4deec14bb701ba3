import type { ClusterClient } from './client.ts';
import type { KubernetesManifest, ObjectRef } from './kinds.ts';
import type { Kind } from './objects.ts';
import { ApiRefusal } from './refusal.ts';

type Stored = KubernetesManifest & { metadata: { uid: string; resourceVersion: string; creationTimestamp: string } };
interface Change {
  metadata?: Partial<Stored['metadata']>;
  spec?: object;
  status?: object;
}
interface Only {
  namespace?: string;
  labelSelector?: string;
}

/** An API server of a unit test: it keeps objects, and tells watches of what becomes of them. Nothing else acts there. */
export class ObjectsForTests {
  readonly #objects = new Map<string, Stored>();
  readonly #watches = new Set<(type: string, object: Stored) => void>();
  /** What was written, in order: `+Pod demo/a`, `~Pod demo/a`, `-Pod demo/a`. */
  readonly writes: string[] = [];
  #version = 0;

  constructor(...objects: readonly KubernetesManifest[]) {
    for (const object of objects) this.#store(object);
  }

  /** What of a client's operations it serves. */
  get client(): ClusterClient {
    const { list, watch, create, read, patch, remove } = this;
    return { server: 'https://cluster', list, watch, create, read, patch, remove } as unknown as ClusterClient;
  }

  /** Returns the names of the objects that are there: `Pod demo/a`. */
  get names(): string[] {
    return [...this.#objects.keys()];
  }

  readonly list = async (kind: Kind, only: Only = {}) => ({
    resourceVersion: String(this.#version),
    items: [...this.#objects.values()].filter((object) => object.kind === kind && selects(only, object)),
  });

  readonly watch = async (
    kind: Kind,
    only: Only,
    { signal }: { signal: AbortSignal },
  ): Promise<AsyncIterable<string>> => {
    const lines: string[] = [];
    let arrived = (): void => {};
    const hear = (type: string, object: Stored): void => {
      if (object.kind === kind && selects(only, object)) lines.push(JSON.stringify({ type, object }));
      arrived();
    };
    this.#watches.add(hear);
    signal.addEventListener('abort', () => {
      this.#watches.delete(hear);
      arrived();
    });
    return (async function* () {
      while (!signal.aborted) {
        const line = lines.shift();
        if (line !== undefined) yield line;
        else
          await new Promise<void>((resolve) => {
            arrived = resolve;
          });
      }
    })();
  };

  readonly create = async (manifest: KubernetesManifest, { dryRun }: { dryRun?: boolean } = {}): Promise<Stored> => {
    if (dryRun) return this.#dated(manifest);
    const name = titleOf(manifest);
    if (this.#objects.has(name)) throw new ApiRefusal('creating an object', name, 409, '{}');
    this.writes.push(`+${name}`);
    return this.#store(manifest);
  };

  readonly read = async (ref: ObjectRef): Promise<Stored> => structuredClone(this.#found('reading an object', ref));

  /** Changes fields of an object's metadata, spec and status, if it is still of the uid and the version that are named. */
  readonly patch = async (
    ref: ObjectRef,
    { change: { metadata = {}, spec = {}, status = {} } }: { change: Change },
  ): Promise<Stored> => {
    const attempted = 'patching an object';
    const object = this.#found(attempted, ref);
    const { uid = object.metadata.uid, resourceVersion = object.metadata.resourceVersion } = metadata;
    if (uid !== object.metadata.uid || resourceVersion !== object.metadata.resourceVersion)
      throw new ApiRefusal(attempted, titleOf(object), 409, '{}');
    this.writes.push(`~${titleOf(object)}`);
    const version = String(++this.#version);
    const changed = {
      ...object,
      metadata: { ...object.metadata, ...metadata, resourceVersion: version },
      spec: { ...(object.spec as object | undefined), ...spec },
      status: { ...(object.status as object | undefined), ...status },
    };
    this.#objects.set(titleOf(object), changed);
    for (const hear of this.#watches) hear('MODIFIED', changed);
    return changed;
  };

  readonly remove = async (ref: ObjectRef, { uid }: { uid?: string } = {}): Promise<'requested' | 'absent'> => {
    const name = titleOf({ kind: ref.kind, metadata: ref });
    const object = this.#objects.get(name);
    if (!object) return 'absent';
    if (uid !== undefined && uid !== object.metadata.uid) throw new ApiRefusal('removing an object', name, 409, '{}');
    this.writes.push(`-${name}`);
    this.#objects.delete(name);
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    for (const hear of this.#watches) hear('DELETED', gone);
    return 'requested';
  };

  #found(attempted: string, ref: ObjectRef): Stored {
    const name = titleOf({ kind: ref.kind, metadata: ref });
    const object = this.#objects.get(name);
    if (!object) throw new ApiRefusal(attempted, name, 404, '{}');
    return object;
  }

  #store(manifest: KubernetesManifest): Stored {
    const object = this.#dated(manifest);
    this.#objects.set(titleOf(object), object);
    for (const hear of this.#watches) hear('ADDED', object);
    return object;
  }

  #dated(manifest: KubernetesManifest): Stored {
    const version = String(++this.#version);
    const of = { uid: `uid-${version}`, resourceVersion: version, creationTimestamp: new Date().toISOString() };
    return { ...manifest, metadata: { ...of, ...manifest.metadata } };
  }
}

function selects({ namespace, labelSelector = '' }: Only, { metadata }: Stored): boolean {
  const labels = labelSelector.split(',').filter(Boolean);
  return (
    // As the API has it: what is in no namespace is in all collections of its kind.
    (namespace === undefined || metadata.namespace === undefined || metadata.namespace === namespace) &&
    labels.every((label) => {
      const [name = '', value] = label.replace(/^!/, '').split('=');
      const has = metadata.labels?.[name];
      if (label.startsWith('!')) return has === undefined;
      return value === undefined ? has !== undefined : has === value;
    })
  );
}

function titleOf({
  kind,
  metadata,
}: {
  kind: string;
  metadata: { namespace?: string | undefined; name: string };
}): string {
  return [kind, [metadata.namespace, metadata.name].filter(Boolean).join('/')].join(' ');
}
