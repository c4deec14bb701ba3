import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Versions } from './configuration/versions.ts';
import type { Engine } from './host/engine/engine.ts';
import { pullFailed, pullImage } from './host/node-image/pull.ts';
import { type EngineNode, type Node, onNode } from './nodes/node.ts';
import type { Progress } from './text/progress.ts';

/**
 * Makes sure that every node has the image of the specs' pods under its name. Built node images contain it; other nodes
 * get the published image, by digest. Pods never pull: without the image they fail at once.
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
  // Under the harness's own name in the engine too, so that the saved image carries it.
  await engine.run(['tag', image.published, image.name], { signal });
  const archive = join(tmpdir(), `lpv-pod-image-${randomBytes(6).toString('hex')}.tar`);
  try {
    await engine.run(['save', '--output', archive, image.name], { deadline: 120_000, signal });
    for (const node of without) await load(engine, node, archive, signal);
  } finally {
    await rm(archive, { force: true });
  }
}

async function hasImage(node: Node, name: string, signal?: AbortSignal): Promise<boolean> {
  const names = await onNode(node, ['ctr', '--namespace', 'k8s.io', 'images', 'list', '--quiet'], { signal });
  return names.split('\n').includes(name);
}

async function load(engine: Engine, node: EngineNode, archive: string, signal?: AbortSignal): Promise<void> {
  const place = '/var/local-pv-conformance-pod-image.tar';
  await engine.run(['cp', '--quiet', archive, `${node.container}:${place}`], { signal });
  try {
    await onNode(node, ['ctr', '--namespace', 'k8s.io', 'images', 'import', place], { deadline: 120_000, signal });
  } finally {
    await onNode(node, ['rm', '-f', place]);
  }
}
