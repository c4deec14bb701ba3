import { readFileSync } from 'node:fs';
import { type Node, onNode } from './node.ts';

/** A Perl program that keeps a directory, its first argument, from being opened for so many seconds, its second. */
export const holdDirectoryProgram = readFileSync(new URL('hold-directory.pl', import.meta.url), 'utf8');

/** Keeps a directory of a node from being opened; gives the id of the process that does. */
export async function holdDirectory(node: Node, path: string, seconds: number): Promise<string> {
  return (await onNode(node, ['perl', '-e', holdDirectoryProgram, path, String(seconds)])).trim();
}
