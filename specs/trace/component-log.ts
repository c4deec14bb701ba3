import { klogMoment, type Moment, millisecondsOf, momentOf } from './moment.ts';

/** The components whose logs a trace reads. */
export type Component = 'kube-controller-manager' | 'kube-scheduler' | 'kubelet' | 'containerd';

/** A line of a component's log. */
export interface LogLine {
  component: Component;
  /** The Node on which it ran. */
  node: string;
  /** When the component wrote it, by its own clock. */
  at: Moment;
  /** Source file and line, such as `binder.go:555`; empty for containerd, which does not log it. */
  origin: string;
  /** The message with its values, inner quotes without backslashes. */
  text: string;
}

/** The lines of a component's log, or why they were not read. */
export type ComponentLog =
  | { component: Component; node: string; lines: readonly LogLine[] }
  | { component: Component; node: string; unread: string };

/** Parses a log from the API with timestamps: RFC 3339, a space, klog's line. Other lines are left out. */
export function parsePodLog(text: string, component: Component, node: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    const [, taken, rest] = /^(\d{4}-\S+Z) (.*)$/.exec(line) ?? [];
    return taken && rest ? klogLine(rest, millisecondsOf(taken), component, node) : [];
  });
}

/**
 * Parses the output of `journalctl --output short-unix` of kubelet's or containerd's unit. Other lines are left out.
 */
export function parseJournal(text: string, component: 'kubelet' | 'containerd', node: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    const [, seconds, program, rest] = /^(\d+\.\d+) \S+ (\w+)\[\d+\]: (.*)$/.exec(line) ?? [];
    if (program !== component || seconds === undefined || rest === undefined) return [];
    return component === 'kubelet'
      ? klogLine(rest, Number(seconds) * 1000, component, node)
      : containerdLine(rest, node);
  });
}

function klogLine(line: string, takenIn: number, component: Component, node: string): LogLine[] {
  const [, head, origin, text] = /^[IWEF](\d{4} [\d:.]+)\s+\d+ (\S+?)\] (.*)$/.exec(line) ?? [];
  if (head === undefined || origin === undefined || text === undefined) return [];
  return [{ component, node, at: momentOf(klogMoment(head, takenIn)), origin, text: unescaped(text) }];
}

function containerdLine(line: string, node: string): LogLine[] {
  const [, at, text] = /^time="([^"]+)" level=\w+ msg="((?:[^"\\]|\\.)*)"/.exec(line) ?? [];
  if (at === undefined || text === undefined) return [];
  return [{ component: 'containerd', node, at: momentOf(millisecondsOf(at)), origin: '', text: unescaped(text) }];
}

function unescaped(text: string): string {
  return text.replace(/\\(["\\])/g, '$1');
}
