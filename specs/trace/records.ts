import type { StoreView } from '../../clusters/api/object-history.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import type { Component, ComponentLog } from './component-log.ts';
import type { KnownLines } from './log-lines.ts';
import type { NodeView } from './node-view.ts';
import type { LoggingLevel } from './verbosity.ts';

/** All that a trace is made from. Making it sends no request to the cluster. */
export interface Records {
  title: string;
  pod: Pod;
  store: StoreView;
  /** The API server's version, such as `v1.37.2`. */
  kubernetes: string | undefined;
  lines: KnownLines;
  logs: readonly ComponentLog[];
  levels: Partial<Record<Component, LoggingLevel>>;
  /** The mounts of the pod's node, or why they are not known. */
  node: NodeView | { unread: string } | undefined;
  /** Boot ids (`/proc/sys/kernel/random/boot_id`) of the nodes, from the API, and of this machine. */
  boots: { nodes: Readonly<Record<string, string>>; here: string | undefined };
  /** Kinds of objects that could not be read, with the reason. */
  unreadable: readonly { kind: string; why: string }[];
  /** Why the pod is stuck, as far as that can be derived. */
  diagnosis: string | undefined;
}
