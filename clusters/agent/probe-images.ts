import type { ClusterClient } from '../api/client.ts';
import { ObjectStore } from '../api/object-store.ts';
import type { Pod } from '../api/objects.ts';
import { waitFor } from '../api/wait.ts';
import { agentNamespace, probeManifest } from './agent-pod.ts';
import { hopeless } from './agent-start.ts';

/**
 * Returns, of images that pods of specs use, those that a node cannot run, each with the reason. A pod of each image is
 * run on each node, in the namespace of the run's agents.
 */
export async function unusableImages(of: {
  client: ClusterClient;
  run: string;
  nodes: readonly string[];
  images: readonly string[];
  signal?: AbortSignal | undefined;
}): Promise<ReadonlyMap<string, string>> {
  const { client, run, nodes, images, signal } = of;
  const namespace = agentNamespace(run);
  const wanted = images.flatMap((image, first) =>
    nodes.map((node, second) => ({ image, node, name: `image-${first + 1}-${second + 1}` })),
  );
  await using store = new ObjectStore({ client, kinds: ['Pod'], namespace });
  await store.start(signal === undefined ? {} : { signal });
  for (const { image, node, name } of wanted)
    await client.create(probeManifest({ run, name, node, image }), { signal });
  const reasons = await Promise.all(
    wanted.map(async ({ image, node, name }) => {
      const ref = { kind: 'Pod', namespace, name } as const;
      const verdict = await waitFor(store, {
        what: `${node} to run ${image}`,
        on: [ref],
        within: 120_000,
        signal,
        until: (view) => verdictOn(view.get(ref)),
      }).catch((error: unknown) => {
        signal?.throwIfAborted();
        return { why: String(error).split('\n')[0] ?? '' };
      });
      await client.remove(ref, { absentIsFine: true, signal });
      return verdict.why === '' ? [] : [[image, `${image} on ${node}: ${verdict.why}`] as const];
    }),
  );
  return new Map(reasons.flat());
}

/** Returns why a probe's image cannot be run, empty where it was; undefined while that is not known. Pure. */
export function verdictOn(pod: Pod | undefined): { why: string } | undefined {
  if (pod === undefined) return undefined;
  const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
  if (ended) return { why: ended.exitCode === 0 ? '' : `${ended.reason ?? 'it ended'} with ${ended.exitCode}` };
  const problem = hopeless(pod);
  return problem === undefined ? undefined : { why: problem };
}
