import { DomainError, messageOf } from '../errors/domain-error.ts';
import { duration } from '../text/duration.ts';
import {
  type Change,
  changesBetween,
  isAsNewAs,
  keyOf,
  type Listed,
  type Observed,
  parseWatchLine,
} from './changes.ts';
import { type BackoffPolicy, type Clock, pause, waits } from './clock.ts';
import { ApiRefusal } from './refusal.ts';

/** The source of the objects of one kind: the API, or a test. */
export interface WatchSource<T> {
  list(signal: AbortSignal): Promise<{ resourceVersion: string; items: T[] }>;
  /** Opens a watch that begins after `resourceVersion`. Each item is one line of the answer. */
  watch(resourceVersion: string, timeoutSeconds: number, signal: AbortSignal): Promise<AsyncIterable<string>>;
  /** Returns what is kept of an object that the watch has sent; without it, all of it. Items of a list are kept whole. */
  keep?(sent: T): T;
}

/** Times and limits of a watch loop. */
export interface WatchPolicy {
  /**
   * The server ends each watch after this time, and the next one continues. Short, so that a stalled watch ends soon.
   */
  timeoutSeconds: number;
  /** A watch without a line or an end for this many milliseconds is abandoned. Longer than `timeoutSeconds`. */
  silence: number;
  /**
   * After this many milliseconds, the end of a watch is followed by a comparison with a list, in case the watch lost
   * something.
   */
  relistEvery: number;
  /** Milliseconds in which a watch must deliver all of a list; otherwise it has lost something. */
  agreement: number;
  /** After this many faults in a row, a list replaces further attempts to resume. */
  resumes: number;
  backoff: BackoffPolicy;
}

/** Reconnects within milliseconds. A silent connection costs at most 25 s. */
export const watchPolicy: WatchPolicy = {
  timeoutSeconds: 20,
  silence: 25_000,
  relistEvery: 60_000,
  agreement: 15_000,
  resumes: 3,
  backoff: { first: 50, factor: 2, longest: 2_000 },
};

/** Why a list or watch ended early. The loop continues by itself after each fault. */
export interface WatchFault {
  kind: 'broken' | 'gone' | 'error' | 'garbage' | 'silent' | 'closed early';
  message: string;
  /** The number of faults in a row, including this one. */
  inARow: number;
}

/** Receives what a watch loop observes. */
export interface WatchListener<T> {
  changed(change: Change<T>): void;
  /** A list has arrived: the known objects are complete as of now. */
  listed(): void;
  faulted(fault: WatchFault): void;
  /** The connection works again. */
  recovered(): void;
}

type Ending = { next: 'list' | 'resume'; fault?: Omit<WatchFault, 'inARow'> };

/** HTTP statuses that no repetition will change. */
const hopeless = new Set([400, 404, 405]);
/**
 * Statuses that no repetition will change at the first list. Later they mean that the API server has restarted and not
 * read its roles yet: a ClusterRoleBinding gives kubeadm's administrator its rights.
 */
const hopelessAtFirst = new Set([401, 403]);

/**
 * Follows the objects of one kind: a list, then watches, each from where the last one ended. Continues after
 * broken connections, expired resourceVersions, errors, garbage and silence. A comparison of lists finds what was
 * missed.
 */
export class WatchLoop<T extends Listed> {
  readonly #source: WatchSource<T>;
  readonly #listener: WatchListener<T>;
  readonly #clock: Clock;
  readonly #policy: WatchPolicy;
  readonly #known = new Map<string, T>();
  #resourceVersion = '';
  #listedAt: number | undefined;
  #faultsInARow = 0;
  #backoff: Generator<number, never>;
  /** Requests for a list that begins later and replaces the watch. */
  #asked: (() => void)[] = [];
  /** Uids of deleted objects, for each list that is being compared. */
  readonly #gone = new Set<Set<string>>();
  /** Called after each change that the watch delivers. */
  readonly #heard = new Set<() => void>();
  /** The signal of the run. */
  #signal: AbortSignal | undefined;
  /** Aborts the current watch or pause when a list is requested. */
  #turn = new AbortController();

  constructor(source: WatchSource<T>, listener: WatchListener<T>, clock: Clock, policy: WatchPolicy = watchPolicy) {
    this.#source = source;
    this.#listener = listener;
    this.#clock = clock;
    this.#policy = policy;
    this.#backoff = waits(policy.backoff);
  }

  /** Runs until `signal` aborts. Rejects only if the API rejects this list or watch permanently. */
  async run(signal: AbortSignal): Promise<void> {
    let next: Ending['next'] = 'list';
    this.#signal = signal;
    while (!signal.aborted) {
      this.#turn = new AbortController();
      const turn = AbortSignal.any([signal, this.#turn.signal]);
      const ending: Ending =
        next === 'list' || this.#asked.length > 0 ? await this.#list(signal) : await this.#watch(turn);
      next = ending.next;
      if (!ending.fault || signal.aborted) continue;
      this.#faultsInARow += 1;
      if (this.#faultsInARow >= this.#policy.resumes) next = 'list';
      this.#listener.faulted({ ...ending.fault, inARow: this.#faultsInARow });
      await pause(this.#clock, this.#backoff.next().value, turn);
    }
  }

  /**
   * Waits until the known objects are as new as a list that begins after this call. The watch continues meanwhile and
   * delivers every state up to that point: the list only sets the target. If the watch does not reach it, the list
   * replaces the watch. Set your own deadline: this waits as long as the API is unreachable.
   */
  async relist(): Promise<void> {
    if (await this.#agrees()) return;
    await new Promise<void>((resolve) => {
      this.#asked.push(resolve);
      this.#turn.abort();
    });
  }

  /** Returns whether the watch delivers everything of a list that begins now. */
  async #agrees(): Promise<boolean> {
    const signal = this.#signal;
    if (!signal || this.#listedAt === undefined || this.#faultsInARow > 0) return false;
    const gone = new Set<string>();
    this.#gone.add(gone);
    try {
      const list = await this.#source.list(signal);
      return await this.#comesTo(() => isAsNewAs(this.#known, list, gone), signal);
    } catch {
      // The loop lists next, and reports what is wrong with that.
      return false;
    } finally {
      this.#gone.delete(gone);
    }
  }

  /** Returns whether the watch reaches the state `there` within the policy's time for agreement. */
  async #comesTo(there: () => boolean, signal: AbortSignal): Promise<boolean> {
    const arrived = new AbortController();
    const look = (): void => {
      if (there()) arrived.abort();
    };
    this.#heard.add(look);
    look();
    await pause(this.#clock, this.#policy.agreement, AbortSignal.any([signal, arrived.signal]));
    this.#heard.delete(look);
    return arrived.signal.aborted;
  }

  async #list(signal: AbortSignal): Promise<Ending> {
    const asked = this.#asked;
    this.#asked = [];
    try {
      const { resourceVersion, items } = await this.#source.list(signal);
      const observed: Observed = this.#listedAt === undefined ? 'list' : 'relist';
      for (const change of changesBetween(this.#known, items)) this.#apply({ ...change, observed });
      this.#resourceVersion = resourceVersion;
      this.#listedAt = this.#clock.monotonic();
      this.#alive();
      this.#listener.listed();
      for (const resolve of asked) resolve();
      return { next: 'resume' };
    } catch (error) {
      this.#asked.push(...asked);
      return this.#endingOf(error, 'list');
    }
  }

  async #watch(turn: AbortSignal): Promise<Ending> {
    const connection = new AbortController();
    const signal = AbortSignal.any([turn, connection.signal]);
    const opened = this.#clock.monotonic();
    const silent = (): void => connection.abort('silent');
    let cancelWatchdog = this.#clock.schedule(this.#policy.silence, silent);
    let lines: AsyncIterator<string> | undefined;
    let count = 0;
    try {
      const { timeoutSeconds } = this.#policy;
      const answer = await orAborted(this.#source.watch(this.#resourceVersion, timeoutSeconds, signal), signal);
      lines = answer[Symbol.asyncIterator]();
      for (;;) {
        const line = await orAborted(lines.next(), signal);
        if (line.done) break;
        cancelWatchdog();
        cancelWatchdog = this.#clock.schedule(this.#policy.silence, silent);
        const ending = this.#take(line.value);
        if (ending) return ending;
        count += 1;
      }
      const now = this.#clock.monotonic();
      if (count === 0 && now - opened < 1_000) {
        return { next: 'resume', fault: { kind: 'closed early', message: 'the server closed the watch at once' } };
      }
      this.#alive();
      if (now - (this.#listedAt ?? 0) >= this.#policy.relistEvery) {
        this.#listedAt = now;
        void this.relist();
      }
      return { next: 'resume' };
    } catch (error) {
      if (turn.aborted) return { next: 'resume' };
      if (!connection.signal.aborted) return this.#endingOf(error, 'resume');
      const message = `nothing came for ${duration(this.#policy.silence)}`;
      return { next: 'resume', fault: { kind: 'silent', message } };
    } finally {
      cancelWatchdog();
      connection.abort('done');
      // Not awaited: a stalled connection may never answer.
      lines?.return?.().catch(() => {});
    }
  }

  /** Returns how the watch ends, if this line of it ends it. Otherwise applies the line. */
  #take(text: string): Ending | undefined {
    const line = parseWatchLine<T>(text);
    switch (line.kind) {
      case 'gone':
      case 'error':
        return { next: 'list', fault: line };
      case 'garbage':
        // The last good resourceVersion is still valid: a new watch from there repeats the event of this line.
        return { next: 'resume', fault: line };
      case 'change':
        this.#apply({ type: line.type, observed: 'watch', object: this.#source.keep?.(line.object) ?? line.object });
        for (const look of this.#heard) look();
        break;
      case 'bookmark':
        break;
    }
    this.#resourceVersion = line.resourceVersion;
    this.#alive();
    return undefined;
  }

  #apply(change: Change<T>): void {
    const { object, observed } = change;
    const key = keyOf(object);
    const known = this.#known.get(key);
    if (change.type === 'DELETED') {
      this.#forget(object);
      this.#listener.changed(change);
      return;
    }
    const same = known?.metadata.uid === object.metadata.uid;
    if (same && known?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    if (known && !same) {
      this.#forget(known);
      this.#listener.changed({ type: 'DELETED', observed, object: known });
    }
    this.#known.set(key, object);
    this.#listener.changed({ type: same ? 'MODIFIED' : 'ADDED', observed, object });
  }

  #forget(object: T): void {
    this.#known.delete(keyOf(object));
    for (const gone of this.#gone) gone.add(object.metadata.uid);
  }

  #alive(): void {
    if (this.#faultsInARow === 0) return;
    this.#faultsInARow = 0;
    this.#backoff = waits(this.#policy.backoff);
    this.#listener.recovered();
  }

  #endingOf(error: unknown, next: Ending['next']): Ending {
    if (error instanceof ApiRefusal && hopeless.has(error.status)) throw error;
    if (error instanceof ApiRefusal && hopelessAtFirst.has(error.status) && this.#listedAt === undefined) throw error;
    if (error instanceof ApiRefusal && error.status === 410) {
      return { next: 'list', fault: { kind: 'gone', message: error.refusal } };
    }
    // One line is enough here: all details of a request would hide what is being awaited.
    const message = (error instanceof DomainError && error.details.seen) || messageOf(error);
    return { next, fault: { kind: 'broken', message } };
  }
}

/** Returns the result of the promise, unless `signal` aborts first: a stalled connection does not block the loop. */
function orAborted<R>(promise: Promise<R>, signal: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
