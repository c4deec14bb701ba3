import { LeftBehind, volumePlaces } from '../../clusters/nodes/leftovers.ts';
import { testCluster } from './test-cluster.ts';

/** What nodes have of local volumes, by node: mount points, loop devices, directories, files behind disks. */
export type Places = ReadonlyMap<string, readonly string[]>;

/** Reads the places of all nodes, for comparison of before and after. */
export async function readPlaces(): Promise<Places> {
  const { nodes } = await testCluster();
  const found = nodes.map(async (node) => [node.name, await volumePlaces(node)] as const);
  return new Map(await Promise.all(found));
}

/**
 * Proves that the nodes have what they had before, and nothing else. On a cluster that outlives the run, others may
 * work at the same time, so only what bears the run's id counts there; loop devices are always the whole kernel's.
 * @throws LeftBehind with what is left and what is gone
 */
export async function proveUnchanged(before: Places): Promise<void> {
  const { context } = await testCluster();
  const after = await readPlaces();
  const differences = [...after].flatMap(([node, now]) =>
    differencesOf(before.get(node) ?? [], now, context).map((line) => `${node}: ${line}`),
  );
  if (differences.length === 0) return;
  throw new LeftBehind(
    {
      attempted: 'proving that the specs have left the nodes as they were',
      why: 'what is left keeps disks and loop devices busy, and changes what later specs see',
    },
    differences,
  );
}

/** The lines that count of what came and what went. Pure. */
export function differencesOf(
  before: readonly string[],
  after: readonly string[],
  { run, stays }: { run: string; stays: boolean },
): string[] {
  const counts = (line: string): boolean => line.includes(run) || (!stays && !line.startsWith('loop device:'));
  return [
    ...after.filter((line) => !before.includes(line) && counts(line)).map((line) => `left: ${line}`),
    ...before.filter((line) => !after.includes(line) && counts(line)).map((line) => `gone: ${line}`),
  ];
}
