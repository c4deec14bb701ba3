import type { Pod } from '../../clusters/api/objects.ts';
import { awaitNothingLeft } from '../../clusters/nodes/leftovers.ts';
import { ownershipLabels } from '../../fixtures/isolate-names.ts';
import { currentSpec } from '../runner/current-spec.ts';
import type { TestCluster } from '../runner/test-cluster.ts';
import { Handle } from './handles.ts';

/**
 * Looks at every node where one of the pods was. @throws where it has a mount, a loop device or a directory of kubelet
 * left of the pods and volumes
 */
export async function assertNothingLeft({ store, node }: TestCluster, handles: readonly Handle[]): Promise<void> {
  const seen = handles.flatMap(({ ref }) => store.history(ref).map(({ object }) => ({ kind: ref.kind, object })));
  const nodes = new Set<string>();
  const words = new Set<string>();
  for (const { kind, object } of seen) {
    if (kind === 'PersistentVolume') words.add(object.metadata.name);
    if (kind !== 'Pod') continue;
    words.add(object.metadata.uid);
    const { nodeName } = (object as Pod).spec ?? {};
    if (nodeName) nodes.add(nodeName);
  }
  await Promise.all([...nodes].map((name) => awaitNothingLeft(node(name), [...words])));
}

/**
 * Returns what controllers have made for the running spec beyond `known`: pods and claims of its namespace, and volumes
 * that a static provisioner has offered with the spec's labels.
 */
export function strays({ store, context }: TestCluster, namespace: string, known: readonly Handle[]): Handle[] {
  const names = new Set(known.map(String));
  const inNamespace = (['Pod', 'PersistentVolumeClaim'] as const).flatMap((kind) =>
    store.list(kind, { namespace }).map(({ metadata }) => ({ kind, name: metadata.name, namespace })),
  );
  const offered = store.list('PersistentVolume', {
    labels: { [ownershipLabels.run]: context.run, [ownershipLabels.spec]: currentSpec().id },
    where: ({ metadata }) => metadata.annotations?.['pv.kubernetes.io/provisioned-by'] !== undefined,
  });
  const refs = [
    ...inNamespace,
    ...offered.map(({ metadata: { name } }) => ({ kind: 'PersistentVolume' as const, name })),
  ];
  return refs
    .map((ref) => new Handle(ref, ref.name, store) as unknown as Handle)
    .filter((handle) => !names.has(String(handle)));
}
