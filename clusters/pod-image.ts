import type { Versions } from './configuration/versions.ts';
import { DomainError } from './errors/domain-error.ts';
import { run } from './host/command/commander.ts';
import { host } from './host/command/host.ts';
import type { Engine } from './host/engine/engine.ts';
import { pullFailed, pullImage } from './host/node-image/pull.ts';
import { type EngineNode, type Node, onNode } from './nodes/node.ts';
import type { Progress } from './text/progress.ts';

/**
 * Waits until every node has the image of the specs' pods under its name. Built node images contain it; other nodes get
 * the published image, by digest. Pods never pull: without the image they fail at once.
 */
export async function providePodImage(
  engine: Engine,
  nodes: readonly EngineNode[],
  image: Versions['podImage'],
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const present = await Promise.all(nodes.map((node) => hasImage(node, image.name, signal)));
  const without = nodes.filter((_, index) => !present[index]);
  if (without.length === 0) return;

  if ((await engine.imageId(image.published, signal)) === undefined) {
    progress.note(`pulling ${image.published}`);
    const result = await pullImage(engine, image.published, progress, { signal });
    if (result.kind !== 'pulled') throw pullFailed(image.published, result);
  }
  // The saved image has the name that it has in the engine.
  await engine.run(['tag', image.published, image.name], { signal });
  for (const node of without) {
    // A pipe, because a killed run would leave a file. Names are arguments of sh, not part of its script.
    const script = 'docker save "$1" | docker exec --interactive "$2" ctr --namespace k8s.io images import -';
    await run(host, { argv: ['sh', '-c', script, 'sh', image.name, node.container], deadline: 120_000, signal });
    if (await hasImage(node, image.name, signal)) continue;
    throw new DomainError({
      attempted: "loading the image of the specs' pods into a node",
      on: `${image.name}, ${node.container}`,
      seen: 'containerd does not list it',
      why: 'pods never pull: without it they fail at once',
      remedy: `${script.replace('"$1"', image.name).replace('"$2"', node.container)}`,
    });
  }
}

async function hasImage(node: Node, name: string, signal?: AbortSignal): Promise<boolean> {
  const names = await onNode(node, ['ctr', '--namespace', 'k8s.io', 'images', 'list', '--quiet'], { signal });
  return names.split('\n').includes(name);
}
