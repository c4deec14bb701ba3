import { readFile } from 'node:fs/promises';
import { run } from '../host/command/commander.ts';
import { type Node, nodeScript, onNode, scriptOnNode } from '../nodes/node.ts';
import type { StaticProvisionerPrograms } from './build.ts';

const makeImage = nodeScript(import.meta.url, 'make-image.sh');

/** What is under way or done, by node and image. */
const loading = new Map<string, Promise<string>>();

/**
 * Makes sure that a node has the container image of the static provisioner; returns its name. The image has the files of
 * `base`, for the shell that cleans devices, and the compiled programs.
 */
export function provisionerImage(node: Node, programs: StaticProvisionerPrograms, base: string): Promise<string> {
  const name = `localhost/local-pv-conformance/static-provisioner:${programs.sha256.slice(0, 12)}`;
  const key = `${node.place} ${name}`;
  // One for a process: specs that need it at the same time wait for the same one.
  const begun = loading.get(key) ?? load(node, name, programs, base);
  loading.set(key, begun);
  begun.catch(() => loading.delete(key));
  return begun;
}

async function load(node: Node, name: string, { archive, sha256 }: StaticProvisionerPrograms, base: string) {
  const present = await onNode(node, ['ctr', '--namespace', 'k8s.io', 'images', 'list', '--quiet', `name==${name}`]);
  if (present.trim() === name) return name;
  const place = `/var/lib/lpv-${sha256.slice(0, 12)}.tar`;
  await run(node, {
    argv: ['dd', `of=${place}`, 'bs=1M', 'status=none'],
    stdin: await readFile(archive),
    deadline: 60_000,
  });
  await scriptOnNode(node, makeImage, [name, base, place], { deadline: 120_000 });
  return name;
}
