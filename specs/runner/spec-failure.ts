import Mocha from 'mocha';
import { messageOf, unsuppressed } from '../../clusters/errors/domain-error.ts';
import { LeftBehind } from '../../clusters/nodes/leftovers.ts';
import type { SpecFailure } from './events.ts';

/** Longer values are not compared line by line. */
const longestDiff = 8_192;

/**
 * What a thrown value tells the report: the first error in full, with the chain of its causes, the difference of
 * expected and actual where it has several lines, and after it what failed in clean-up; beside it what is left on
 * nodes.
 */
export function failureOf(thrown: unknown): SpecFailure {
  const { first, afterwards } = unsuppressed(thrown);
  const left = [first, ...causesOf(first), ...afterwards].flatMap((error) =>
    error instanceof LeftBehind ? error.left : [],
  );
  const message = [
    messageOf(first),
    ...causesOf(first).map((cause) => `caused by: ${messageOf(cause)}`),
    differenceIn(first),
    ...afterwards.map((error) => `afterwards, cleaning up failed: ${messageOf(error)}`),
  ];
  return {
    message: message.filter(Boolean).join('\n'),
    ...(first instanceof Error && { name: first.name, ...(first.stack !== undefined && { stack: first.stack }) }),
    ...(left.length > 0 && { left }),
  };
}

function causesOf(thrown: unknown): unknown[] {
  const causes: unknown[] = [];
  const seen = new Set<unknown>([thrown]);
  let cause = thrown instanceof Error ? thrown.cause : undefined;
  while (cause !== undefined && !seen.has(cause)) {
    seen.add(cause);
    causes.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** Expected against actual, line by line, in mocha's manner; nothing where the message says it all. */
function differenceIn(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('actual' in thrown) || !('expected' in thrown)) return undefined;
  if ('showDiff' in thrown && thrown.showDiff === false) return undefined;
  const [actual, expected] = [thrown.actual, thrown.expected].map(asText);
  if (actual === undefined || expected === undefined || actual === expected) return undefined;
  if (!actual.includes('\n') && !expected.includes('\n')) return undefined;
  if (actual.length > longestDiff || expected.length > longestDiff) return undefined;
  return Mocha.reporters.Base.generateDiff(actual, expected).replace(/^ {6}/gm, '  ').trimEnd();
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : value === undefined ? undefined : Mocha.utils.stringify(value);
}
