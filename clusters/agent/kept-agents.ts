import type { StoreView } from '../api/object-history.ts';
import { DomainError, messageOf } from '../errors/domain-error.ts';
import { lpv } from '../project-root.ts';
import type { Progress } from '../text/progress.ts';
import type { AgentNode } from './agent-node.ts';
import { hopeless } from './agent-start.ts';
import type { AgentPod } from './outlast-kubelet.ts';

/** The agents of a run. Disposal removes them with their namespace, and waits until it is gone. */
export interface Agents extends AsyncDisposable {
  namespace: string;
  nodes: readonly AgentNode[];
  /** When an agent was last gone or came back, by the monotonic clock; undefined while none was ever lost. */
  lastLoss(): number | undefined;
  /** Why a node has no agent, where one was lost and could not be made again. */
  lost(): DomainError | undefined;
}

/**
 * Returns agents that run, each of which is made again when it is lost: its pod evicted, deleted or ended. Commands for
 * the node wait for the new one. `made` has their nodes and the names of their pods.
 */
export function keep(
  made: readonly { pod: string; node: AgentNode }[],
  of: {
    /** Follows their pods. */
    store: StoreView & AsyncDisposable;
    namespace: string;
    progress: Progress;
    remove: () => Promise<void>;
    /** Starts an agent on a node, in a pod of this name. */
    start: (node: string, pod: string, signal: AbortSignal) => Promise<AgentPod>;
  },
): Agents {
  const { store, namespace, progress, remove, start } = of;
  const pods = new Map(made.map(({ pod, node }) => [node, pod]));
  const ended = new AbortController();
  let lastLoss: number | undefined;
  let lost: DomainError | undefined;
  let losses = 0;
  const replace = async (node: AgentNode, name: string): Promise<AgentPod> => {
    const place = await start(node.name, name, ended.signal);
    lastLoss = performance.now();
    pods.set(node, name);
    return place;
  };
  const look = (): void => {
    for (const [node, name] of pods) {
      const pod = store.get({ kind: 'Pod', namespace, name });
      if (pod && pod.metadata.deletionTimestamp === undefined && hopeless(pod) === undefined) continue;
      const next = `${name.split('.')[0]}.${++losses}`;
      // Looked at again once it runs: until then its pod may not be there yet.
      pods.delete(node);
      lastLoss = performance.now();
      progress.retried(`the agent on ${node.name}`, losses, pod ? (hopeless(pod) ?? 'it is deleted') : 'it is gone');
      const moved = replace(node, next);
      moved.catch((error: unknown) => {
        if (!ended.signal.aborted) lost = notMadeAgain(node.name, error);
      });
      node.moveTo(moved);
    }
  };
  const unsubscribe = store.onChange(look);
  return {
    namespace,
    nodes: made.map(({ node }) => node),
    lastLoss: () => lastLoss,
    lost: () => lost,
    [Symbol.asyncDispose]: async () => {
      unsubscribe();
      ended.abort(new Error('the agents are removed'));
      await store[Symbol.asyncDispose]();
      for (const { node } of made) node[Symbol.dispose]();
      await remove();
    },
  };
}

function notMadeAgain(node: string, cause: unknown): DomainError {
  return new DomainError(
    {
      attempted: `making the agent on ${node} again, which was evicted or deleted`,
      seen: messageOf(cause),
      why: 'without it nothing on the node can be proven or removed',
      remedy: `when the node is well: ${lpv('clean --context NAME')}`,
    },
    { cause },
  );
}
