import { messageOf } from '../errors/domain-error.ts';
import type { ChangeType, Listed } from './relist.ts';

/** What one line of a watch says. */
export type WatchLine<T> =
  | { kind: 'change'; type: ChangeType; object: T; resourceVersion: string }
  | { kind: 'bookmark'; resourceVersion: string }
  /** The server ended the watch: the resourceVersion is too old. */
  | { kind: 'gone'; message: string }
  /** The server reported another error through the watch. */
  | { kind: 'error'; message: string }
  /** Not a watch event: cut off, or not JSON. */
  | { kind: 'garbage'; message: string };

/** Parses one line of a watch. It never throws: a line that makes no sense is `garbage`. */
export function parseWatchLine<T extends Listed>(line: string): WatchLine<T> {
  let event: { type?: unknown; object?: Record<string, unknown> };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (error) {
    return garbage(line, messageOf(error));
  }
  if (event?.type === 'ERROR') {
    const { code, message, reason } = event.object ?? {};
    return { kind: code === 410 ? 'gone' : 'error', message: `${code ?? ''} ${reason ?? ''}: ${message ?? ''}`.trim() };
  }
  const metadata = event?.object?.metadata as { resourceVersion?: string; uid?: string } | undefined;
  const resourceVersion = metadata?.resourceVersion;
  if (typeof resourceVersion !== 'string') return garbage(line, 'no resourceVersion');
  if (event.type === 'BOOKMARK') return { kind: 'bookmark', resourceVersion };
  if (event.type === 'ADDED' || event.type === 'MODIFIED' || event.type === 'DELETED') {
    return { kind: 'change', type: event.type, object: event.object as unknown as T, resourceVersion };
  }
  return garbage(line, `unknown type ${String(event.type)}`);
}

function garbage(line: string, why: string): { kind: 'garbage'; message: string } {
  return { kind: 'garbage', message: `${why}: ${line.slice(0, 80)}` };
}
