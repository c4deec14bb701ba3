import type { ExitStatus } from './exit-status.ts';

/** What a failure tells its reader. Every part is a sentence or a short list of lines. */
export interface Account {
  /** What the harness was doing, such as "creating the cluster lpv-k3x9qd". */
  attempted: string;
  /** Which object, file or place it concerns, such as "PersistentVolumeClaim demo/example-local-claim". */
  on?: string;
  /** The last state seen, and when. May have several lines. */
  seen?: string;
  /** Why that matters, or what it means. */
  why?: string;
  /** What the reader can do: a command to run, a line to change. */
  remedy?: string;
}

const labels: Readonly<Record<Exclude<keyof Account, 'attempted'>, string>> = {
  on: 'on',
  seen: 'seen',
  why: 'why',
  remedy: 'do',
};

/** Renders an account as aligned lines: the attempt first, then one labelled line for each part. */
function renderAccount(account: Account): string {
  const lines = [account.attempted];
  for (const [part, label] of Object.entries(labels) as [keyof typeof labels, string][]) {
    const text = account[part];
    if (text) lines.push(`  ${`${label}:`.padEnd(6)}${text.trimEnd().replaceAll('\n', '\n        ')}`);
  }
  return lines.join('\n');
}

/**
 * An error whose message is written for the user: what was attempted, on which object, what was seen,
 * why that matters, what to do. Its `exit` is the exit status that a verb ends with because of it.
 */
export class DomainError extends Error {
  override readonly name: string = 'DomainError';
  readonly account: Account;
  readonly exit: ExitStatus;

  constructor(account: Account, options: { exit?: ExitStatus; cause?: unknown } = {}) {
    super(renderAccount(account), options.cause === undefined ? undefined : { cause: options.cause });
    this.account = account;
    this.exit = options.exit ?? 'environment';
  }
}

/** The text of anything thrown: a domain error's account, an error's message, or the value itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
