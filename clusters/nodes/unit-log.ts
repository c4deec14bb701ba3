import { readFileSync } from 'node:fs';
import { DomainError } from '../errors/domain-error.ts';
import { CommandFailed } from '../host/command/commander.ts';
import { type Node, type NodeScript, scriptOnNode } from './node.ts';

const awaitLog: NodeScript = {
  name: 'await-log.sh',
  text: readFileSync(new URL('await-log.sh', import.meta.url), 'utf8'),
};

/**
 * Waits until a systemd unit of a node has logged a text since it was last started, and gives the line. It follows the
 * journal, so it looks only when something is written.
 * @throws DomainError where the line does not come within the milliseconds, 30 000 where not given
 */
export async function loggedLine(
  node: Node,
  unit: string,
  text: string,
  { within = 30_000, signal }: { within?: number; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const seconds = Math.ceil(within / 1000);
  try {
    const args = [unit, text, String(seconds)];
    return (await scriptOnNode(node, awaitLog, args, { deadline: within + 10_000, signal })).trim();
  } catch (error) {
    // 124 is what timeout(1) ends with when the time is over.
    if (!(error instanceof CommandFailed) || error.status !== 124) throw error;
    throw new DomainError(
      {
        attempted: `waiting for ${unit} to log "${text}", at most ${seconds} s`,
        on: node.place,
        seen: 'it has not since it was last started',
        remedy: `read its log: journalctl --unit ${unit} --boot`,
      },
      { cause: error },
    );
  }
}
