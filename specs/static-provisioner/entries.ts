import { posix } from 'node:path';
import { type Node, nodeScript, onNode, scriptOnNode } from '../../clusters/nodes/node.ts';
import { placesOf } from '../harness/nodes.ts';
import { assertAssigned, newName } from '../runner/current-spec.ts';
import { testCluster } from '../runner/test-cluster.ts';

const scripts = {
  make: nodeScript(import.meta.url, 'make-entries.sh'),
  remove: nodeScript(import.meta.url, 'remove-entries.sh'),
};

/** A directory on a node in which a static provisioner discovers disks. Disposal removes it. */
export class EntriesDirectory implements AsyncDisposable {
  readonly node: Node;
  readonly path: string;

  constructor(node: Node, path: string) {
    this.node = node;
    this.path = path;
  }

  /** Mounts a tmpfs of that many bytes at each of these entries. Returns their paths. */
  memory(bytes: number, ...names: string[]): Promise<string[]> {
    return this.#make('memory', String(bytes), names);
  }

  /** Bind-mounts a directory of the node at each of these entries. Returns their paths. */
  bind(source: string, ...names: string[]): Promise<string[]> {
    return this.#make('bind', source, names);
  }

  /** Makes each of these entries a symbolic link, such as to a block device. Returns their paths. */
  link(target: string, ...names: string[]): Promise<string[]> {
    return this.#make('link', target, names);
  }

  /** Creates plain directories; without names, only the directory itself. */
  plain(...names: string[]): Promise<string[]> {
    return this.#make('plain', '', names);
  }

  /** Unmounts an entry, as if its disk were pulled, and removes its mount point. */
  async pull(name: string): Promise<void> {
    const path = posix.join(this.path, name);
    await onNode(this.node, ['umount', path]);
    await onNode(this.node, ['rmdir', path]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await scriptOnNode(this.node, scripts.remove, [this.path]);
  }

  async #make(kind: string, source: string, names: readonly string[]): Promise<string[]> {
    await scriptOnNode(this.node, scripts.make, [this.path, kind, source, ...names]);
    return names.map((name) => posix.join(this.path, name));
  }
}

/**
 * Creates a directory on a node, for a static provisioner to discover disks in; `at` is its name, a new one where not
 * given. It and its mounts are removed at the end.
 * @throws DomainError where the run has given the spec another node
 */
export async function leaseEntriesDirectory(nodeName: string, at = newName('entries')): Promise<EntriesDirectory> {
  assertAssigned(nodeName);
  const { node } = await testCluster();
  const directory = new EntriesDirectory(node(nodeName), `${placesOf(nodeName).disks}/${at}`);
  await directory.plain();
  return directory;
}
