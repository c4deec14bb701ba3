import { type ShellConnection, ShellSession } from './shell-session.ts';

/** How many shells are open at most in one node or container. */
const shellsAtMost = 4;

/**
 * The shells of one node or container, opened as they are needed. Where all of them are at work, there is none: whoever
 * asks runs the command in a process of its own. Nobody waits for another's command, which may wait for this very one.
 */
export class ShellPool implements Disposable {
  readonly #open: () => ShellConnection;
  #sessions: ShellSession[] = [];

  constructor(open: () => ShellConnection) {
    this.#open = open;
  }

  /** A shell that is free, opened if need be, for one command that is begun at once. */
  free(): ShellSession | undefined {
    this.#sessions = this.#sessions.filter((session) => !session.over);
    const idle = this.#sessions.find((session) => !session.busy);
    if (idle || this.#sessions.length >= shellsAtMost) return idle;
    const session = new ShellSession(this.#open());
    this.#sessions.push(session);
    return session;
  }

  /** Ends the shells; the next command opens a new one. */
  [Symbol.dispose](): void {
    for (const session of this.#sessions) session.close();
    this.#sessions = [];
  }
}
