import type { CallOptions } from './connection.ts';

/** Options of calls that write. */
export interface WriteOptions extends CallOptions {
  /** Runs admission and validation, and stores nothing. */
  dryRun?: boolean;
  /**
   * How the API server treats unknown fields. `Strict` (the default here) rejects them, `Warn` and `Ignore` drop them.
   * `unset` asks for nothing: the API server has its own default.
   */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore' | 'unset';
}

export interface PatchOptions extends WriteOptions {
  subresource?: 'status' | 'scale' | 'resize' | 'ephemeralcontainers';
}

export interface RemoveOptions extends WriteOptions {
  /** The pod's grace period; 0 deletes the API object at once, without waiting for kubelet. */
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  /** Deletes only the object with this uid; another one of the same name is a conflict (409). */
  uid?: string;
  /** An absent object counts as removed. Without this option a 404 is an `ApiRefusal`. */
  absentIsFine?: boolean;
}

export interface ListOptions extends CallOptions {
  /** All namespaces by default. */
  namespace?: string | undefined;
  /** Such as `app=writer,run=k3x9qd`. */
  labelSelector?: string;
  /** Such as `involvedObject.uid=…`. */
  fieldSelector?: string;
  /** The most objects that are returned; the rest follows by `continue`. All of them by default. */
  limit?: number;
  /** Where an earlier list ended: this one goes on from there, at the same resourceVersion. */
  continue?: string;
}

/** One operation of a JSON patch (RFC 6902). `path` is a JSON pointer such as `/spec/claimRef`. */
type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };

/** A change to an object, with the type of patch. */
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

/** Returns the HTTP content type of a patch. */
export function contentTypeOf(patch: Patch): string {
  return contentTypes[patch.type];
}

/** Returns the body of the request for a patch. */
export function patchBody(patch: Patch): unknown {
  return patch.type === 'json' ? patch.operations : patch.change;
}
