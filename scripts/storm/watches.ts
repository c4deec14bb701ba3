import type { Change, Listed } from '../../clusters/api/changes.ts';
import type { ClusterClient } from '../../clusters/api/client.ts';
import { systemClock } from '../../clusters/api/clock.ts';
import type { Kind } from '../../clusters/api/objects.ts';
import { type Changing, lookAtChanges } from '../../clusters/api/wait.ts';
import { WatchLoop, watchPolicy } from '../../clusters/api/watch-loop.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { duration } from '../../clusters/text/duration.ts';

/** Objects of one page of a list: a list of ten thousand in one answer would be held in memory whole. */
const pageSize = 500;

/** What is followed of a kind. */
export interface Followed<T> {
  labelSelector: string;
  /** Returns the part of an object that is kept. */
  keep: (sent: T) => T;
  /** Receives each change and the monotonic milliseconds at which it arrived. */
  changed: (change: Change<T>, at: number) => void;
}

/**
 * Watches of the objects of a storm, which keep of each object only what is asked for: the object store of the specs
 * keeps every version of every object, some hundred megabytes of ten thousand claims.
 */
export class Watches implements AsyncDisposable, Changing {
  /** How often a list or a watch ended early; each goes on by itself. */
  faults = 0;
  /** Changes that a list has shown, and no watch: their times are those of the list. */
  missed = 0;
  /** Why the watches have ended: the API refuses one of them for good. */
  failure: unknown;
  readonly clock = systemClock;
  readonly #client: Pick<ClusterClient, 'list' | 'watch'>;
  readonly #loops: { run(signal: AbortSignal): Promise<void>; relist(): Promise<void> }[] = [];
  readonly #stop = new AbortController();
  readonly #looks = new Set<() => void>();
  #running: Promise<unknown> | undefined;
  #listed = 0;

  constructor(client: Pick<ClusterClient, 'list' | 'watch'>) {
    this.#client = client;
  }

  /** Follows a kind, once the watches are started. */
  follow<T extends Listed>(kind: Kind, { labelSelector, keep, changed }: Followed<T>): void {
    const source = {
      list: (signal: AbortSignal) => this.#listAll(kind, labelSelector, keep, signal),
      watch: (resourceVersion: string, timeoutSeconds: number, signal: AbortSignal) =>
        this.#client.watch(kind, { resourceVersion, timeoutSeconds, labelSelector }, { signal }),
      keep,
    };
    let first = true;
    const listener = {
      changed: (change: Change<T>) => {
        if (change.observed === 'relist') this.missed += 1;
        changed(change, this.clock.monotonic());
        this.#look();
      },
      listed: () => {
        if (first) this.#listed += 1;
        first = false;
        this.#look();
      },
      faulted: () => {
        this.faults += 1;
      },
      recovered: () => {},
    };
    // A list of everything each minute would be a load of its own; one is made at the end.
    const policy = { ...watchPolicy, relistEvery: Number.POSITIVE_INFINITY };
    this.#loops.push(new WatchLoop<T>(source, listener, this.clock, policy));
  }

  /** Waits until the first list of every kind has arrived. */
  async start(signal: AbortSignal): Promise<void> {
    this.#running = Promise.all(this.#loops.map((loop) => loop.run(this.#stop.signal))).catch((error: unknown) => {
      this.failure = error;
      this.#look();
    });
    await this.reach('the first list of what a storm follows', () => this.#listed === this.#loops.length, {
      within: 60_000,
      signal,
    });
  }

  /**
   * Waits until `there` is so, which is looked at after each change; at most `within` milliseconds.
   * @returns whether it is so
   */
  async until(there: () => boolean, options: { within: number; signal: AbortSignal }): Promise<boolean> {
    const look = () => there() && 'there';
    return (await lookAtChanges<'there' | 'late'>(this, options, look, () => look() || 'late')) === 'there';
  }

  /** Calls back after each change, until the function that it returns is called. */
  onChange(look: () => void): () => void {
    this.#looks.add(look);
    return () => this.#looks.delete(look);
  }

  /** Waits as `until` does. @throws DomainError where it is not so in time; `seen` says what is */
  async reach(
    what: string,
    there: () => boolean,
    options: { within: number; signal: AbortSignal; seen?: () => string },
  ): Promise<void> {
    if (await this.until(there, options)) return;
    throw new DomainError({
      attempted: `waiting for ${what}, at most ${duration(options.within)}`,
      ...(options.seen && { seen: options.seen() }),
      remedy: 'look at the load of this machine, and at the logs of the control plane',
    });
  }

  /** Waits until everything that a list has which begins now has been seen. */
  async confirm(options: { within: number; signal: AbortSignal }): Promise<void> {
    let confirmed = 0;
    for (const loop of this.#loops) {
      void loop.relist().then(() => {
        confirmed += 1;
        this.#look();
      });
    }
    await this.reach('a last list of what a storm follows', () => confirmed === this.#loops.length, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #look(): void {
    for (const look of this.#looks) look();
  }

  async #listAll<T>(kind: Kind, labelSelector: string, keep: (sent: T) => T, signal: AbortSignal) {
    const items: T[] = [];
    let from: { continue?: string } = {};
    for (;;) {
      const page = await this.#client.list(kind, { labelSelector, limit: pageSize, ...from, signal });
      for (const item of page.items) items.push(keep(item as unknown as T));
      // All pages are of one moment, and say which.
      if (page.continue === undefined) return { resourceVersion: page.resourceVersion, items };
      from = { continue: page.continue };
    }
  }
}
