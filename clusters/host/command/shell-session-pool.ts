import { type ShellConnection, ShellSession } from './shell-session.ts';

/** The highest number of open shells in one node or container. */
const shellsAtMost = 4;

/**
 * The shells of one node or container, opened on demand. When all are busy, the caller runs the command in a process
 * of its own. No command waits for another one, because the other one may be waiting for this command.
 */
export class ShellPool implements Disposable {
  readonly #open: () => ShellConnection;
  #sessions: ShellSession[] = [];

  constructor(open: () => ShellConnection) {
    this.#open = open;
  }

  /**
   * Returns a free shell for one command that starts at once. Opens one if necessary. Undefined when all are busy.
   */
  free(): ShellSession | undefined {
    this.#sessions = this.#sessions.filter((session) => !session.over);
    const idle = this.#sessions.find((session) => !session.busy);
    if (idle || this.#sessions.length >= shellsAtMost) return idle;
    const session = new ShellSession(this.#open());
    this.#sessions.push(session);
    return session;
  }

  /** Closes the shells. The next command opens a new one. */
  [Symbol.dispose](): void {
    for (const session of this.#sessions) session.close();
    this.#sessions = [];
  }
}
