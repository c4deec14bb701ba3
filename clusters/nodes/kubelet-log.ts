import { type Node, onNode } from './node.ts';

/** A line of kubelet's own log. */
export interface KubeletLogLine {
  /** When the node's journal took it in; nodes of kind share one kernel clock. */
  at: Date;
  /** Source file and line that logged it, such as `reconciler_common.go:251`. */
  origin: string;
  text: string;
}

/** Reads the output of `journalctl --output short-unix`; lines that are not in klog's form are left out. */
export function parseKubeletLog(text: string): KubeletLogLine[] {
  return text.split('\n').flatMap((line) => {
    const [, seconds, origin, message] =
      /^(\d+\.\d+) \S+ kubelet\[\d+\]: [IWEF]\d{4} [\d:.]+\s+\d+ (\S+?)\] (.*)$/.exec(line) ?? [];
    return seconds && origin && message ? [{ at: new Date(Number(seconds) * 1000), origin, text: message }] : [];
  });
}

/** Lines of kubelet's log since a moment that have all the words in them. */
export async function kubeletLog(
  node: Node,
  since: Date,
  words: readonly string[],
  signal?: AbortSignal,
): Promise<KubeletLogLine[]> {
  return (await kubeletLogSince(node, since, signal)).filter((line) => words.every((word) => line.text.includes(word)));
}

/** All of kubelet's log since a moment. */
export async function kubeletLogSince(node: Node, since: Date, signal?: AbortSignal): Promise<KubeletLogLine[]> {
  const from = `@${(since.getTime() / 1000).toFixed(3)}`;
  const text = await onNode(
    node,
    ['journalctl', '--unit', 'kubelet', '--output', 'short-unix', '--no-pager', '--since', from],
    { signal },
  );
  return parseKubeletLog(text);
}
