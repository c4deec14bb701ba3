import { DomainError } from '../errors/domain-error.ts';
import { CommandFailed } from '../host/command/commander.ts';
import { type Node, nodeScript, onNode, scriptOnNode, unitOf } from './node.ts';

const awaitLog = nodeScript(import.meta.url, 'await-log.sh');

/**
 * Waits until kubelet or the container runtime of a node has logged a text since its last start, and returns the line.
 * Follows the journal instead of polling.
 * @throws DomainError if the line does not appear within the milliseconds, 90 000 by default
 */
export async function loggedLine(
  node: Node,
  program: Parameters<typeof unitOf>[1],
  text: string,
  { within = 90_000, signal }: { within?: number; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const seconds = Math.ceil(within / 1000);
  const unit = unitOf(node, program);
  try {
    const args = [unit, text, String(seconds)];
    return (await scriptOnNode(node, awaitLog, args, { deadline: within + 10_000, signal })).trim();
  } catch (error) {
    // timeout(1) exits with 124 when the time is over.
    if (!(error instanceof CommandFailed) || error.status !== 124) throw error;
    throw new DomainError(
      {
        attempted: `waiting for ${program} to log "${text}", at most ${seconds} s`,
        on: node.place,
        seen: 'it has not since it was last started',
        remedy: `read its log: journalctl --unit ${unit} --boot`,
      },
      { cause: error },
    );
  }
}

/** A line of kubelet's log. */
export interface KubeletLogLine {
  /** When the node's journal received it. The nodes of kind share one kernel clock. */
  at: Date;
  /** Source file and line that logged it, such as `reconciler_common.go:251`. */
  origin: string;
  text: string;
}

/** Returns the lines in the output of `journalctl --output short-unix`. Omits lines that are not in klog's form. */
export function parseKubeletLog(text: string): KubeletLogLine[] {
  return text.split('\n').flatMap((line) => {
    const [, seconds, origin, message] =
      /^(\d+\.\d+) \S+ kubelet\[\d+\]: [IWEF]\d{4} [\d:.]+\s+\d+ (\S+?)\] (.*)$/.exec(line) ?? [];
    return seconds && origin && message ? [{ at: new Date(Number(seconds) * 1000), origin, text: message }] : [];
  });
}

/** Returns the lines of kubelet's log since a moment that contain all the words. */
export async function kubeletLog(
  node: Node,
  since: Date,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<KubeletLogLine[]> {
  return (await kubeletLogSince(node, since, signal)).filter((line) => words.every((word) => line.text.includes(word)));
}

/** Returns all lines of kubelet's log since a moment. */
export async function kubeletLogSince(node: Node, since: Date, signal?: AbortSignal): Promise<KubeletLogLine[]> {
  const from = `@${(since.getTime() / 1000).toFixed(3)}`;
  const text = await onNode(
    node,
    ['journalctl', '--unit', unitOf(node, 'kubelet'), '--output', 'short-unix', '--no-pager', '--since', from],
    { signal },
  );
  return parseKubeletLog(text);
}
