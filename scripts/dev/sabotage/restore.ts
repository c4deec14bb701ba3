import type { ObjectRef } from '../../../clusters/api/kinds.ts';
import { waitFor } from '../../../clusters/api/wait.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { nodeScript, scriptOnNode } from '../../../clusters/nodes/node.ts';
import { ownedKinds, ownershipLabels } from '../../../fixtures/isolate-names.ts';
import { assertHealthy, type Places, readPlaces } from '../../../specs/runner/health.ts';
import type { TestCluster } from '../../../specs/runner/test-cluster.ts';
import { startAgain } from './switches.ts';

const clearScript = nodeScript(import.meta.url, 'clear-node.sh');

/**
 * Removes what specs have left in the API, and returns what is still there after `within` milliseconds. While a defect
 * of validation is on, it removes what that let in: once the defect is off, such an object can no longer be changed.
 */
export async function removeObjects(cluster: TestCluster, within: number): Promise<ObjectRef[]> {
  const { client, store } = cluster;
  await store.confirm();
  const going = left(cluster);
  for (const ref of going)
    await client.remove(ref, { absentIsFine: true, ...(ref.kind === 'Pod' && { gracePeriodSeconds: 1 }) });
  await waitFor(store, {
    what: 'what specs have left to be gone',
    on: going,
    within,
    until: () => left(cluster).length === 0,
  }).catch(() => {});
  return left(cluster);
}

function left({ store, facts }: TestCluster): ObjectRef[] {
  const ours = { labels: { [ownershipLabels.run]: facts.run } };
  const namespaces = new Set(store.list('Namespace', ours).map(({ metadata }) => metadata.name));
  // A spec removes its namespace itself.
  return ownedKinds
    .filter((kind) => kind !== 'Namespace')
    .flatMap((kind) =>
      store
        .list(kind)
        .filter(
          ({ metadata }) =>
            metadata.labels?.[ownershipLabels.run] === facts.run || namespaces.has(metadata.namespace ?? ''),
        )
        .map(({ metadata: { name, namespace } }) => ({ kind, name, ...(namespace !== undefined && { namespace }) })),
    );
}

/**
 * Undoes the damage of a defect that is off: objects, mounts, loop devices and directories that specs have left. Returns
 * what had to be removed by force.
 * @throws DomainError where the cluster cannot be what it was before; then only another cluster helps
 */
export async function restore(cluster: TestCluster, before: Places): Promise<string[]> {
  const forced: string[] = [];
  for (const ref of await removeObjects(cluster, 20_000)) {
    forced.push(`${ref.kind} ${ref.name}`);
    await cluster.client.patch(ref, { type: 'merge', change: { metadata: { finalizers: null } } }).catch(() => {});
    await cluster.client.remove(ref, { absentIsFine: true, gracePeriodSeconds: 0 });
  }
  const stuck = await removeObjects(cluster, 20_000);
  if (stuck.length > 0) throw damaged(stuck.map(({ kind, name }) => `${kind} ${name} cannot be removed`));
  let differences = await unlike(cluster, before, 15_000);
  for (const [node, lines] of differences) {
    const paths = lines.flatMap((line) => /^left: [a-z ]+: (.*)$/.exec(line)?.slice(1) ?? []);
    if (paths.length > 0) await scriptOnNode(cluster.node(node), clearScript, paths);
    forced.push(...lines.map((line) => `${node}: ${line}`));
  }
  if (differences.size > 0) {
    await startAgain(cluster, 'kubelet');
    differences = await unlike(cluster, before, 10_000);
    if (differences.size > 0)
      throw damaged([...differences].flatMap(([node, lines]) => lines.map((line) => `${node}: ${line}`)));
  }
  await assertHealthy();
  return forced;
}

/** Returns by node what differs from before. kubelet takes volumes down after the pod, so this looks for some time. */
async function unlike({ facts }: TestCluster, before: Places, within: number): Promise<Map<string, string[]>> {
  // Loop devices are the whole kernel's: those of other clusters come and go.
  const counts = (line: string): boolean => !line.startsWith('loop device:') || line.includes(facts.run);
  const until = performance.now() + within;
  for (;;) {
    const differences = new Map<string, string[]>();
    for (const [node, now] of await readPlaces()) {
      const then = before.get(node) ?? [];
      const lines = [
        ...now.filter((line) => counts(line) && !then.includes(line)).map((line) => `left: ${line}`),
        ...then.filter((line) => counts(line) && !now.includes(line)).map((line) => `gone: ${line}`),
      ];
      if (lines.length > 0) differences.set(node, lines);
    }
    if (differences.size === 0 || performance.now() > until) return differences;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function damaged(seen: readonly string[]): DomainError {
  return new DomainError({
    attempted: 'undoing the damage of a defect',
    seen: seen.join('\n'),
    why: 'what is left would turn requirements red for another reason than the next defect',
    remedy: 'the suite goes on with another cluster',
  });
}
