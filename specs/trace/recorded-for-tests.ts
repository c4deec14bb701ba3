import { existsSync, readFileSync } from 'node:fs';
import { ObjectHistory, type Seen } from '../../clusters/api/object-history.ts';
import type { AnyObject, Kind, ObjectOf } from '../../clusters/api/objects.ts';
import { type Component, type ComponentLog, parseJournal, parsePodLog } from './component-log.ts';
import { readLogLines, verbosityFor } from './log-lines.ts';
import { parseNodeView } from './node-view.ts';
import type { Records } from './records.ts';

/** A minor with recordings in the folder `recorded`. They are of real clusters that `lpv trace` made. */
export type RecordedMinor = '1.36' | '1.37';

/** Returns the text of a recorded file; empty where there is none. */
export function recordedText(minor: RecordedMinor, name: string): string {
  const path = new URL(`recorded/${minor}/${name}`, import.meta.url);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/**
 * Returns the records of a pod of a recorded cluster, as `lpv trace` gathers them. Recordings of 1.37: `wait`, `now`
 * (Immediate), `block` and `sub` (gathered only afterwards). Recordings of 1.36: `wait`, and `stuck` with the pods
 * `elsewhere` and `absent`.
 */
export async function recorded(minor: RecordedMinor, recording: string, podName = 'reader'): Promise<Records> {
  const store = recordedObjects(minor);
  const namespace = `trace-${recording}`;
  const pod = store.get({ kind: 'Pod', namespace, name: podName });
  if (!pod) throw new Error(`recorded/${minor} has no pod ${namespace}/${podName}`);
  const lines = (await readLogLines()).of(minor);
  const node = pod.spec?.nodeName;
  const view = recordedText(minor, `node-view-${recording}.txt`);
  const nodes = store.list('Node');
  const wanted = verbosityFor(lines.lines);
  return {
    title: `${namespace}/${podName}`,
    pod,
    store,
    kubernetes: minor === '1.36' ? 'v1.36.3' : 'v1.37.2',
    lines,
    logs: node === undefined ? controlPlaneLogs(minor) : [...controlPlaneLogs(minor), ...nodeLogs(minor, node)],
    levels: {
      'kube-controller-manager': { verbosity: 0, files: wanted['kube-controller-manager'] },
      'kube-scheduler': { verbosity: 0, files: wanted['kube-scheduler'] },
      kubelet: { verbosity: 1, files: wanted.kubelet },
    },
    node: node === undefined ? undefined : view === '' ? { unread: 'not recorded' } : parseNodeView(view, node),
    boots: {
      nodes: Object.fromEntries(nodes.map(({ metadata, status }) => [metadata.name, status?.nodeInfo?.bootID ?? ''])),
      here: nodes[0]?.status?.nodeInfo?.bootID,
    },
    unreadable: [],
    diagnosis: undefined,
  };
}

/** Returns a store with the recorded objects, at the recorded times. */
export function recordedObjects(minor: RecordedMinor): ObjectHistory {
  const changes = recordedText(minor, 'objects.jsonl')
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const { kind, seen } = JSON.parse(line) as { kind: Kind; seen: Seen<AnyObject>[] };
      return seen.map((one) => ({ kind, ...one, at: new Date(one.at) }));
    })
    .sort((a, b) => a.at.getTime() - b.at.getTime());
  let now = new Date(0);
  const store = new ObjectHistory({ now: () => now, monotonic: () => now.getTime(), schedule: () => () => {} });
  for (const { kind, at, type, observed, object } of changes) {
    now = at;
    store.record(kind, { type, observed, object: object as ObjectOf[typeof kind] });
  }
  return store;
}

function controlPlaneLogs(minor: RecordedMinor): ComponentLog[] {
  return (['kube-controller-manager', 'kube-scheduler'] as const).map((component: Component) => ({
    component,
    node: 'node1',
    lines: parsePodLog(recordedText(minor, `${component}.log`), component, 'node1'),
  }));
}

function nodeLogs(minor: RecordedMinor, node: string): ComponentLog[] {
  return (['kubelet', 'containerd'] as const).map((component) => ({
    component,
    node,
    lines: parseJournal(recordedText(minor, `${component}-${node}.log`), component, node),
  }));
}
