import { readFile } from 'node:fs/promises';
import type { StoreView } from '../../clusters/api/object-history.ts';
import { conditionOf, isReady } from '../../clusters/api/object-state.ts';
import type { Pod } from '../../clusters/api/objects.ts';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import { type Node, onNode, unitOf } from '../../clusters/nodes/node.ts';
import { type ComponentLog, parseJournal, parsePodLog } from './component-log.ts';
import { readLogLines } from './log-lines.ts';
import { readNodeView } from './node-view.ts';
import type { ClusterReader } from './reader.ts';
import type { Records } from './records.ts';
import { type Subject, subjectOf } from './subject.ts';
import { levelOfArguments, levelOfKubelet } from './verbosity.ts';

/** A node on which commands can be run, or why there is none. */
export type NodeAccess = { node: Node } | { unread: string };

/** Returns all that a trace is made from: logs, mounts and boot ids, in addition to the known objects. Only reads. */
export async function gatherRecords(of: {
  title: string;
  pod: Pod;
  store: StoreView;
  reader: ClusterReader;
  /** Finds access to a node. Called for the pod's node. */
  access: (nodeName: string) => Promise<NodeAccess>;
  unreadable?: Records['unreadable'];
  diagnosis?: string | undefined;
  signal?: AbortSignal | undefined;
}): Promise<Records> {
  const { title, pod, store, reader, access, unreadable = [], diagnosis, signal } = of;
  const kubernetes = (await reader.version(signal ? { signal } : {})).gitVersion;
  const lines = (await readLogLines()).of(kubernetes);
  const subject = subjectOf(store, pod);
  const since = beginningOf(subject);
  const nodeName = pod.spec?.nodeName;
  const way = nodeName === undefined ? undefined : await access(nodeName);
  const [controller, scheduler, ...onItsNode] = await Promise.all([
    controlPlaneLog(reader, 'kube-controller-manager', since),
    controlPlaneLog(reader, 'kube-scheduler', since),
    ...(nodeName === undefined || way === undefined
      ? []
      : (['kubelet', 'containerd'] as const).map((unit) => nodeLog(way, nodeName, unit, pod, signal))),
  ]);
  const view = way && ('node' in way ? await readNodeView(way.node, subject, signal).catch(unreadBy) : way);
  const nodes = store.list('Node');
  return {
    title,
    pod,
    store,
    kubernetes,
    lines,
    logs: [...controller.logs, ...scheduler.logs, ...onItsNode],
    levels: {
      ...(controller.level ? { 'kube-controller-manager': controller.level } : {}),
      ...(scheduler.level ? { 'kube-scheduler': scheduler.level } : {}),
      ...(nodeName === undefined ? {} : await kubeletLevel(reader, nodeName)),
    },
    node: view,
    boots: {
      nodes: Object.fromEntries(nodes.map(({ metadata, status }) => [metadata.name, status?.nodeInfo?.bootID ?? ''])),
      here: await bootIdHere(),
    },
    unreadable,
    diagnosis,
  };
}

/**
 * Returns the beginning of the pod's story: the creation of its claim or volume, unless that is much older than the
 * pod.
 */
function beginningOf({ pod, volumes }: Subject): Date {
  const created = Date.parse(pod.metadata.creationTimestamp);
  const others = volumes.flatMap(({ claim, volume }) =>
    [claim, volume].flatMap((object) => (object ? [Date.parse(object.metadata.creationTimestamp)] : [])),
  );
  const near = others.filter((at) => created - at < 3_600_000);
  return new Date(Math.min(created, ...near));
}

type ControlPlane = 'kube-controller-manager' | 'kube-scheduler';

async function controlPlaneLog(
  reader: ClusterReader,
  component: ControlPlane,
  since: Date,
): Promise<{ logs: ComponentLog[]; level?: NonNullable<Records['levels'][ControlPlane]> }> {
  const unread = (why: string): { logs: ComponentLog[] } => ({ logs: [{ component, node: '', unread: why }] });
  try {
    const selector = { namespace: 'kube-system', labelSelector: `component=${component}` };
    const { items } = await reader.list('Pod', selector);
    if (items.length === 0)
      return unread(
        `no pod of kube-system has the label component=${component}; the log is where the control plane runs`,
      );
    // Only the leader of several is active, and the leader may have changed.
    const logs = await Promise.all(
      items.map(async ({ metadata, spec }): Promise<ComponentLog> => {
        const path = `/api/v1/namespaces/kube-system/pods/${encodeURIComponent(metadata.name)}/log`;
        const query = { timestamps: 'true', sinceTime: `${since.toISOString().slice(0, 19)}Z`, limitBytes: '33554432' };
        const text = await reader.get(path, query, { attempted: 'reading the log of a component', on: metadata.name });
        const node = spec?.nodeName ?? metadata.name;
        return { component, node, lines: parsePodLog(text, component, node) };
      }),
    );
    const { command = [], args = [] } = items[0]?.spec?.containers[0] ?? {};
    return { logs, level: levelOfArguments([...command, ...args]) };
  } catch (error) {
    return unread(firstLine(error));
  }
}

async function nodeLog(
  way: NodeAccess,
  nodeName: string,
  unit: 'kubelet' | 'containerd',
  pod: Pod,
  signal: AbortSignal | undefined,
): Promise<ComponentLog> {
  if ('unread' in way) return { component: unit, node: nodeName, unread: way.unread };
  const created = Date.parse(pod.metadata.creationTimestamp) / 1000;
  const started = isReady(pod) ? conditionOf(pod, 'Ready')?.lastTransitionTime : undefined;
  // Once the pod is Ready, no more lines belong to its start. The reason of a stuck pod is logged repeatedly, up to
  // now.
  const until = started === undefined ? [] : ['--until', `@${Date.parse(started) / 1000 + 5}`];
  try {
    const argv = [
      'journalctl',
      '--unit',
      unitOf(way.node, unit),
      '--output',
      'short-unix',
      '--no-pager',
      '--since',
      `@${created}`,
      ...until,
    ] as const;
    const text = await onNode(way.node, argv, { signal });
    return { component: unit, node: nodeName, lines: parseJournal(text, unit, nodeName) };
  } catch (error) {
    signal?.throwIfAborted();
    return { component: unit, node: nodeName, unread: firstLine(error) };
  }
}

async function kubeletLevel(reader: ClusterReader, node: string): Promise<Records['levels']> {
  try {
    const path = `/api/v1/nodes/${encodeURIComponent(node)}/proxy/configz`;
    const text = await reader.get(path, {}, { attempted: 'reading the configuration of kubelet', on: node });
    return { kubelet: levelOfKubelet(JSON.parse(text)) };
  } catch {
    // Many users may not query kubelet. Its verbosity is then unknown, and the trace says so where it matters.
    return {};
  }
}

async function bootIdHere(): Promise<string | undefined> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined);
  return text?.trim();
}

function unreadBy(error: unknown): { unread: string } {
  return { unread: firstLine(error) };
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n')[0] ?? 'no reason is known';
}
