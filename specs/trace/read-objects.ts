import { ObjectHistory } from '../../clusters/api/object-history.ts';
import type { Kind, Pod } from '../../clusters/api/objects.ts';
import { ApiRefusal } from '../../clusters/api/refusal.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { ClusterReader } from './reader.ts';
import type { Records } from './records.ts';

/** The objects that affect a pod's volumes, in their present state. */
export interface ObjectsOfPod {
  pod: Pod;
  store: ObjectHistory;
  unreadable: Records['unreadable'];
}

/**
 * Reads a pod and the objects that its volumes depend on, once. Objects that may not be read are left out and named.
 * @throws DomainError (badUsage) where there is no such pod
 */
export async function readObjects(
  reader: ClusterReader,
  { namespace, name }: { namespace: string; name: string },
  signal?: AbortSignal,
): Promise<ObjectsOfPod> {
  const store = new ObjectHistory();
  const unreadable: { kind: string; why: string }[] = [];
  const take = async (kind: Kind, within?: string, fieldSelector?: string): Promise<void> => {
    try {
      const filter = {
        ...(within === undefined ? {} : { namespace: within }),
        ...(fieldSelector ? { fieldSelector } : {}),
      };
      const { items } = await reader.list(kind, { ...filter, ...(signal ? { signal } : {}) });
      for (const object of items) store.record(kind, { type: 'ADDED', observed: 'list', object });
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 403) throw error;
      unreadable.push({ kind, why: 'the API server forbids it to this user' });
    }
  };
  await take('Pod', namespace);
  if (!store.get({ kind: 'Pod', namespace, name })) {
    // Listing may be forbidden where reading is not.
    const object = await reader.read({ kind: 'Pod', namespace, name }).catch((error: unknown) => {
      throw error instanceof ApiRefusal && error.status === 404 ? noPod(reader, store, namespace, name) : error;
    });
    store.record('Pod', { type: 'ADDED', observed: 'list', object });
  }
  await Promise.all([
    take('PersistentVolumeClaim', namespace),
    take('PersistentVolume'),
    take('StorageClass'),
    take('Node'),
    take('VolumeAttachment'),
    take('Event', namespace),
    ...(namespace === 'default' ? [] : [take('Event', 'default', 'involvedObject.kind=PersistentVolume')]),
  ]);
  const pod = store.get({ kind: 'Pod', namespace, name });
  if (!pod) throw noPod(reader, store, namespace, name);
  return { pod, store, unreadable };
}

function noPod(reader: ClusterReader, store: ObjectHistory, namespace: string, name: string): DomainError {
  const there = store.list('Pod', { namespace }).map(({ metadata }) => metadata.name);
  const shown = there.slice(0, 8).join(', ') + (there.length > 8 ? ` and ${there.length - 8} more` : '');
  return new DomainError(
    {
      attempted: `reading the pod ${namespace}/${name}`,
      on: `${reader.server} (context ${reader.context})`,
      seen: there.length > 0 ? `pods of namespace ${namespace}: ${shown}` : `no pod is in namespace ${namespace}`,
      remedy: 'write it as --pod NAMESPACE/NAME; `kubectl get pods --all-namespaces` shows them',
    },
    { exit: 'badUsage' },
  );
}
