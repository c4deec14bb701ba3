import Mocha from 'mocha';
import { DomainError, messageOf, unsuppressed } from '../../clusters/errors/domain-error.ts';
import { LeftBehind } from '../../clusters/nodes/leftovers.ts';
import type { SpecFailure, ThrownError } from './events.ts';

/** Longer values are not compared line by line. */
const longestDiff = 8_192;

/**
 * Returns a thrown value as data: the first error with its causes and its difference, what failed in cleaning up after
 * it, and what is left on nodes.
 */
export function failureOf(thrown: unknown): SpecFailure {
  const { first, afterwards } = unsuppressed(thrown);
  const causes = causesOf(first);
  const difference = differenceIn(first);
  const left = [first, ...causes, ...afterwards].flatMap((error) => (error instanceof LeftBehind ? error.left : []));
  return {
    ...reported(first),
    ...(first instanceof Error && first.stack !== undefined && { stack: first.stack }),
    ...(causes.length > 0 && { causes: causes.map(reported) }),
    ...(difference !== undefined && { difference }),
    ...(afterwards.length > 0 && { afterwards: afterwards.map(reported) }),
    ...(left.length > 0 && { left }),
  };
}

/** The texts of a failure, as an event or a report has them. */
interface WholeFailure {
  message: string;
  causes?: readonly { message: string }[] | undefined;
  difference?: string | undefined;
  afterwards?: readonly { message: string }[] | undefined;
}

/** Returns all that a failure says as one text: its message, causes, difference, and what failed in cleaning up. */
export function wholeMessage(failure: WholeFailure): string {
  const { message, causes = [], difference, afterwards = [] } = failure;
  return [
    message,
    ...causes.map((cause) => `caused by: ${cause.message}`),
    ...(difference === undefined ? [] : [difference]),
    ...afterwards.map(cleanUpFailed),
  ].join('\n');
}

/** Returns the sentence about an error that came in cleaning up. */
export function cleanUpFailed({ message }: Pick<ThrownError, 'message'>): string {
  return `afterwards, cleaning up failed: ${message}`;
}

function reported(thrown: unknown): ThrownError {
  return {
    ...(thrown instanceof Error && { name: thrown.name }),
    message: messageOf(thrown),
    ...(thrown instanceof DomainError && { details: thrown.details }),
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
