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

export interface LogOptions extends CallOptions {
  namespace: string;
  pod: string;
  container?: string;
  /** The container's previous run, after a restart. */
  previous?: boolean;
  tailLines?: number;
  timestamps?: boolean;
}
