import type { Node as NodeObject } from '../../clusters/api/objects.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { Node } from '../../clusters/nodes/node.ts';
import { diagnose, diagnosisText } from '../../specs/diagnosis/diagnosis.ts';
import { gatherRecords, type NodeAccess } from '../../specs/trace/gather.ts';
import { kindNode } from '../../specs/trace/kind-node.ts';
import { makeTrace } from '../../specs/trace/make-trace.ts';
import { type ObjectsOfPod, readObjects } from '../../specs/trace/read-objects.ts';
import type { ClusterReader } from '../../specs/trace/reader.ts';
import { subjectOf } from '../../specs/trace/subject.ts';
import type { Trace } from '../../specs/trace/trace.ts';

/**
 * Returns the trace of a pod that exists already, from what the cluster still records of it. The cluster is only read.
 * @throws DomainError (badUsage) where there is no such pod, or it has no local volume
 */
export async function traceOfPod(
  reader: ClusterReader,
  name: { namespace: string; name: string },
  wayTo: (node: NodeObject) => Promise<NodeAccess> = (node) => kindNode(node),
): Promise<Trace> {
  const objects = await readObjects(reader, name);
  const { pod, store, unreadable } = objects;
  const { volumes, others } = subjectOf(store, pod);
  const title = `${name.namespace}/${name.name}`;
  if (volumes.length === 0) throw noLocalVolume(title, others, objects);
  const places: Disposable[] = [];
  const access = async (nodeName: string): Promise<NodeAccess> => {
    const node = store.get({ kind: 'Node', name: nodeName });
    if (!node) return { unread: `the Node object ${nodeName} could not be read` };
    const way = await wayTo(node);
    if ('node' in way && Symbol.dispose in way.node) places.push(way.node as Node & Disposable);
    return way;
  };
  try {
    const runs = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    const diagnosis = runs ? undefined : diagnosisText(diagnose(store, { kind: 'Pod', ...name }));
    return makeTrace(await gatherRecords({ title, pod, store, reader, access, unreadable, diagnosis }));
  } finally {
    for (const place of places) place[Symbol.dispose]();
  }
}

function noLocalVolume(title: string, others: readonly string[], { store }: ObjectsOfPod): DomainError {
  const local = store
    .list('Pod')
    .filter((pod) => subjectOf(store, pod).volumes.length > 0)
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return new DomainError(
    {
      attempted: `tracing how the pod ${title} gets its local volume`,
      seen: others.length > 0 ? `it has none; its volumes: ${others.join('; ')}` : 'it has no volume at all',
      why: 'a trace is about Local PersistentVolumes (spec.local)',
      remedy:
        local.length > 0
          ? `pods of its namespace that have one: ${local.slice(0, 6).join(', ')}`
          : 'no pod of its namespace has one; name another',
    },
    { exit: 'badUsage' },
  );
}
