import { waitFor } from '../../clusters/api/wait.ts';
import { testCluster } from '../harness/index.ts';

/**
 * Makes a Node object that no kubelet stands behind, until it is given back: then it is deleted, and gone. The
 * scheduler sees one node more meanwhile; only a spec that runs alone may hold one.
 */
export async function leaseBareNode(name: string): Promise<AsyncDisposable> {
  const { client, store } = await testCluster();
  const ref = { kind: 'Node', name } as const;
  const remove = async () => {
    await client.remove(ref, { absentIsFine: true });
    await waitFor(store, {
      what: `Node ${name} to be gone`,
      on: [ref],
      within: 30_000,
      until: (view) => !view.get(ref),
    });
  };
  await client.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  });
  try {
    await waitFor(store, {
      what: `Node ${name} to be seen`,
      on: [ref],
      within: 30_000,
      until: (view) => view.get(ref) !== undefined,
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return { [Symbol.asyncDispose]: remove };
}
