import type { ObjectRef } from '../../clusters/api/kinds.ts';
import { titleOf } from '../../clusters/api/kinds.ts';
import type { ObjectStore } from '../../clusters/api/object-store.ts';
import type { Kind, ObjectOf } from '../../clusters/api/objects.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';

/** An object of a spec: its name in the cluster, and what the store has seen of it. */
export class Handle<K extends Kind = Kind> {
  readonly ref: ObjectRef<K>;
  /** Its name in the fixture, before the run made it its own. */
  readonly fixtureName: string;
  readonly #store: ObjectStore;

  constructor(ref: ObjectRef<K>, fixtureName: string, store: ObjectStore) {
    this.ref = ref;
    this.fixtureName = fixtureName;
    this.#store = store;
  }

  get name(): string {
    return this.ref.name;
  }

  get store(): ObjectStore {
    return this.#store;
  }

  /** The object as last seen. @throws DomainError where it is not there */
  get now(): ObjectOf[K] {
    const object = this.#store.get(this.ref);
    if (object) return object;
    throw new DomainError({ attempted: 'reading an object', on: String(this), seen: 'it is not there' });
  }

  toString(): string {
    return titleOf(this.ref);
  }
}

export type PodHandle = Handle<'Pod'>;
export type ClaimHandle = Handle<'PersistentVolumeClaim'>;
export type VolumeHandle = Handle<'PersistentVolume'>;
export type ClassHandle = Handle<'StorageClass'>;
