import { isReady } from '../../clusters/api/object-state.ts';
import type { Node } from '../../clusters/api/objects.ts';
import { waitFor } from '../../clusters/api/wait.ts';
import { verifyDisk } from '../../clusters/nodes/disk.ts';
import { LeftBehind, volumePlaces } from '../../clusters/nodes/leftovers.ts';
import { assertDeclared } from './declared-needs.ts';
import { testCluster } from './test-cluster.ts';

/** Milliseconds that nodes may take to be healthy again after a disruptive spec. */
const patience = 180_000;

/** Returns whether a node is Ready, and has no taints. */
export function isWell(node: Node | undefined): boolean {
  return isReady(node) && (node?.spec?.taints ?? []).length === 0;
}

/**
 * Waits until nodes, by name, or all of the cluster are as its run made them: Ready, schedulable and without taints, and
 * with every disk mounted where it belongs. @throws DomainError that says what is not so
 */
export async function assertHealthy(nodes?: readonly string[]): Promise<void> {
  const { facts, store, node } = await testCluster();
  const looked = nodes ?? facts.nodes.map(({ name }) => name);
  for (const name of looked) {
    await waitFor(store, {
      what: `Node ${name} to be Ready, schedulable and without taints`,
      on: [{ kind: 'Node', name }],
      within: patience,
      until: (view) => {
        const now = view.get({ kind: 'Node', name });
        return isWell(now) && !now?.spec?.unschedulable;
      },
    });
  }
  const disks = facts.disks.filter((disk) => looked.includes(disk.node));
  await Promise.all(disks.map((disk) => verifyDisk(node(disk.node), disk)));
}

/** What nodes have of local volumes, by node: mount points, loop devices, directories, files behind disks. */
export type Places = ReadonlyMap<string, readonly string[]>;

/** Returns the places of nodes, by name, or of all of the cluster, for a comparison of before and after. */
export async function readPlaces(names?: readonly string[]): Promise<Places> {
  assertDeclared('agent', 'reading what the nodes have of local volumes');
  const { nodes } = await testCluster();
  const looked = nodes.filter(({ name }) => names?.includes(name) ?? true);
  const found = looked.map(async (node) => [node.name, await volumePlaces(node)] as const);
  return new Map(await Promise.all(found));
}

/**
 * Checks that the nodes that were read before have what they had then, and nothing else. On a cluster that outlives the
 * run, others may work at the same time, so only what bears the run's id counts there. Loop devices are always the whole
 * kernel's: those count that bear `mark`, the run's id where not given.
 * @throws LeftBehind with what is left and what is gone
 */
export async function assertUnchanged(before: Places, mark?: string): Promise<void> {
  const { facts } = await testCluster();
  const after = await readPlaces([...before.keys()]);
  const of = { run: facts.run, stays: facts.stays, mark: mark ?? facts.run };
  const differences = [...after].flatMap(([node, now]) =>
    differencesOf(before.get(node) ?? [], now, of).map((line) => `${node}: ${line}`),
  );
  if (differences.length === 0) return;
  throw new LeftBehind(
    {
      attempted: 'comparing the nodes with what they were before the specs',
      why: 'what is left keeps disks and loop devices busy, and changes what later specs see',
    },
    differences,
  );
}

/** Returns the lines that count of what came and what went. Pure. */
export function differencesOf(
  before: readonly string[],
  after: readonly string[],
  { run, stays, mark }: { run: string; stays: boolean; mark: string },
): string[] {
  const counts = (line: string): boolean =>
    line.startsWith('loop device:') ? line.includes(mark) : !stays || line.includes(run);
  return [
    ...after.filter((line) => !before.includes(line) && counts(line)).map((line) => `left: ${line}`),
    ...before.filter((line) => !after.includes(line) && counts(line)).map((line) => `gone: ${line}`),
  ];
}
