import type { ExitStatus } from './exit-status.ts';

/** What an error says to its reader. Every part is a sentence or a short list of lines. */
export interface ErrorDetails {
  /** What the harness was doing, such as "creating the cluster lpv-k3x9qd". */
  attempted: string;
  /** The object, file or place that it concerns, such as "PersistentVolumeClaim demo/example-local-claim". */
  on?: string;
  /** The last state seen, and when. May have several lines. */
  seen?: string;
  /** Why that matters, or what it means: for a wait, the diagnosis. May have several lines. */
  why?: string;
  /** What a diagnosis concludes from all this: the contradiction, and what ends it. May have several lines. */
  conclusion?: string;
  /** What the reader can do: a command to run, a line to change. */
  remedy?: string;
}

const labels: Readonly<Record<Exclude<keyof ErrorDetails, 'attempted'>, string>> = {
  on: 'on',
  seen: 'seen',
  why: 'why',
  conclusion: 'so',
  remedy: 'do',
};

/** Returns the details as aligned lines: the attempt first, then one labelled line for each part. */
export function detailsText(details: ErrorDetails): string {
  const lines = [details.attempted];
  for (const [part, label] of Object.entries(labels) as [keyof typeof labels, string][]) {
    const text = details[part];
    if (text) lines.push(`  ${`${label}:`.padEnd(6)}${text.trimEnd().replaceAll('\n', '\n        ')}`);
  }
  return lines.join('\n');
}

/**
 * An error whose message is written for the user: what was attempted, on which object, what was seen, why that
 * matters, what to do. Its `exit` is the exit status that a verb ends with because of it.
 */
export class DomainError extends Error {
  override readonly name: string = 'DomainError';
  readonly details: ErrorDetails;
  readonly exit: ExitStatus;

  constructor(details: ErrorDetails, options: { exit?: ExitStatus; cause?: unknown } = {}) {
    super(detailsText(details), options.cause === undefined ? undefined : { cause: options.cause });
    this.details = details;
    this.exit = options.exit ?? 'environment';
  }
}

/** What a spec needs of the harness could not be made or brought to a node: this says nothing about the cluster. */
export class PreparationFailed extends DomainError {
  override readonly name = 'PreparationFailed';
}

/** Returns the text of anything thrown: an error's message, or the value itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What was thrown first, and what failed in cleaning up after it, in order. */
export interface Unsuppressed {
  first: unknown;
  afterwards: unknown[];
}

/** Returns the error of a body before those of its disposals: `await using` wraps them the other way round. */
export function unsuppressed(thrown: unknown): Unsuppressed {
  if (!(thrown instanceof Error && 'suppressed' in thrown && 'error' in thrown))
    return { first: thrown, afterwards: [] };
  const body = unsuppressed(thrown.suppressed);
  const disposal = unsuppressed(thrown.error);
  return { first: body.first, afterwards: [...body.afterwards, disposal.first, ...disposal.afterwards] };
}
