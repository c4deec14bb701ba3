import type { CallOptions } from './connection.ts';

/** Options of calls that write. */
export interface WriteOptions extends CallOptions {
  /** Runs admission and validation, stores nothing. */
  dryRun?: boolean;
  /**
   * What the API server does with fields it does not know: `Strict` (where not given) refuses them, the others drop
   * them, as it does for clients that say nothing.
   */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
}

export interface PatchOptions extends WriteOptions {
  subresource?: 'status' | 'scale' | 'resize' | 'ephemeralcontainers';
}

export interface RemoveOptions extends WriteOptions {
  /** The pod's grace period; 0 deletes the API object at once, without waiting for kubelet. */
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  /** Refuses (409) to delete another object of the same name. */
  uid?: string;
  /** An object that is not there counts as removed. Without this a 404 is an `ApiRefusal`. */
  absentIsFine?: boolean;
}

export interface ListOptions extends CallOptions {
  /** All namespaces where not given. */
  namespace?: string | undefined;
  /** Such as `app=writer,run=k3x9qd`. */
  labelSelector?: string;
  /** Such as `involvedObject.uid=…`. */
  fieldSelector?: string;
}

/** One operation of a JSON patch (RFC 6902). `path` is a JSON pointer such as `/spec/claimRef`. */
type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };

/** A change to an object, and how the API server is to read it. */
export type Patch =
  /** RFC 7386: named fields replace, null removes, lists are replaced whole. */
  | { type: 'merge'; change: object }
  /** As merge, but lists of named things (containers, conditions) are merged by their key. */
  | { type: 'strategic'; change: object }
  | { type: 'json'; operations: readonly JsonPatchOperation[] };

const contentTypes: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
};

/** The HTTP content type of a patch. */
export function contentTypeOf(patch: Patch): string {
  return contentTypes[patch.type];
}

/** What goes over the wire. */
export function patchBody(patch: Patch): unknown {
  return patch.type === 'json' ? patch.operations : patch.change;
}
