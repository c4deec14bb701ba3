import { DomainError, messageOf } from '../errors/domain-error.ts';
import { duration } from '../text/duration.ts';
import type { Progress } from '../text/progress.ts';
import { silent } from '../text/progress.ts';
import type { ClusterClient } from './client.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { ObjectHistory } from './object-history.ts';
import type { Kind, ObjectOf } from './objects.ts';
import { ApiUnreachable } from './refusal.ts';
import type { WatchFault, WatchPolicy, WatchSource } from './watch-loop.ts';
import { WatchLoop, watchPolicy } from './watch-loop.ts';

/** The kinds that decide what happens to a Local PersistentVolume. */
export const storageKinds: readonly Kind[] = [
  'Pod',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'StorageClass',
  'Node',
  'Event',
  'VolumeAttachment',
];

export interface StoreOptions {
  client: Pick<ClusterClient, 'list' | 'watch' | 'server'>;
  /** The kinds to follow in all namespaces, `storageKinds` by default. */
  kinds?: readonly Kind[];
  /** Only the objects of this namespace. */
  namespace?: string;
  /** Of these kinds, only objects that this label selector selects, such as `app=writer`, are followed. */
  own?: { kinds: readonly Kind[]; labelSelector: string };
  /** Is notified of every reconnection. */
  progress?: Progress;
  clock?: Clock;
  policy?: WatchPolicy;
}

/** A watch that is broken at present. */
export interface OngoingFault {
  kind: Kind;
  fault: WatchFault;
  /** Monotonic milliseconds of the first fault in the row. */
  since: number;
}

/**
 * Follows the cluster with one list and watch per kind for the whole run, and keeps every change with its time of
 * arrival. Waits and diagnoses read the store; nothing polls the API.
 * @example await using store = new ObjectStore({ client }); await store.start();
 */
export class ObjectStore extends ObjectHistory implements AsyncDisposable {
  readonly #server: string;
  readonly #progress: Progress;
  readonly #stop = new AbortController();
  readonly #followed: { kind: Kind; loop: { run(signal: AbortSignal): Promise<void>; relist(): Promise<void> } }[];
  readonly #listed = new Set<Kind>();
  readonly #faults = new Map<Kind, OngoingFault>();
  #running: Promise<unknown> | undefined;
  #lastOutage: number | undefined;
  #failure: DomainError | undefined;

  constructor(options: StoreOptions) {
    super(options.clock ?? systemClock);
    this.#server = options.client.server;
    this.#progress = options.progress ?? silent;
    const policy = options.policy ?? watchPolicy;
    this.#followed = (options.kinds ?? storageKinds).map((kind) => this.#follow(kind, options, policy));
  }

  /**
   * Why the store can no longer be trusted: the API forbids the list of a kind, or the store was closed. Ends every
   * wait.
   */
  get failure(): DomainError | undefined {
    return this.#failure;
  }

  /** The watches that are broken at present. The stored objects of these kinds may be outdated. */
  get faults(): readonly OngoingFault[] {
    return [...this.#faults.values()];
  }

  /**
   * When the API server last failed to answer a watch three times in a row, or was silent on one for longer than it ever
   * is, by the store's monotonic clock. One broken connection is not an outage: the next one works at once.
   */
  get lastOutage(): number | undefined {
    return this.#lastOutage;
  }

  /**
   * Waits until the first list of every kind has arrived, for at most `within` milliseconds. Then follows the changes.
   */
  async start(options: { within?: number; signal?: AbortSignal } = {}): Promise<this> {
    this.#running ??= Promise.all(
      this.#followed.map(({ kind, loop }) =>
        loop.run(this.#stop.signal).catch((error: unknown) => this.#fail(kind, error)),
      ),
    );
    await this.#within(
      'listing the cluster for the first time',
      options,
      () => this.#listed.size === this.#followed.length,
    );
    return this;
  }

  /**
   * Waits until the store is as new as a new list of every kind. Adds what the watches have missed. Needed to prove
   * that something did not happen: a broken watch is silent too.
   */
  async confirm(options: { within?: number; signal?: AbortSignal } = {}): Promise<void> {
    let confirmed = 0;
    for (const { loop } of this.#followed) {
      void loop.relist().then(() => {
        confirmed += 1;
        this.announce();
      });
    }
    await this.#within('listing the cluster again', options, () => confirmed === this.#followed.length);
  }

  /** Ends all watches. Open waits end with an error. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new DomainError({ attempted: 'asking the object store', seen: 'the store was closed' });
    this.#stop.abort();
    this.announce();
    await this.#running;
  }

  #follow<K extends Kind>(
    kind: K,
    { client, namespace, own }: StoreOptions,
    policy: WatchPolicy,
  ): { kind: K; loop: WatchLoop<ObjectOf[K]> } {
    const only = {
      ...(namespace !== undefined && { namespace }),
      ...(own?.kinds.includes(kind) && { labelSelector: own.labelSelector }),
    };
    const source: WatchSource<ObjectOf[K]> = {
      list: (signal) => client.list(kind, { signal, ...only }),
      watch: (resourceVersion, timeoutSeconds, signal) =>
        client.watch(kind, { resourceVersion, timeoutSeconds, ...only }, { signal }),
    };
    const listener = {
      changed: (change: Parameters<typeof this.record<K>>[1]) => this.record(kind, change),
      listed: () => {
        this.#listed.add(kind);
        this.announce();
      },
      faulted: (fault: WatchFault) => {
        if (fault.inARow >= 3 || fault.kind === 'silent') this.#lastOutage = this.clock.monotonic();
        this.#faults.set(kind, { kind, fault, since: this.#faults.get(kind)?.since ?? this.clock.monotonic() });
        this.#progress.retried(`watch of ${kind}`, fault.inARow, `${fault.kind}: ${fault.message}`);
      },
      recovered: () => void this.#faults.delete(kind),
    };
    return { kind, loop: new WatchLoop(source, listener, this.clock, policy) };
  }

  #fail(kind: Kind, error: unknown): void {
    const details = { attempted: `following the objects of kind ${kind}`, on: this.#server, seen: messageOf(error) };
    this.#failure ??= error instanceof DomainError ? error : new DomainError(details, { cause: error });
    this.announce();
  }

  /** Waits until `done`, which is evaluated after every notification. */
  #within(attempted: string, options: { within?: number; signal?: AbortSignal }, done: () => boolean): Promise<void> {
    const { within = 60_000, signal } = options;
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        cancel();
        unsubscribe();
        signal?.removeEventListener('abort', aborted);
        finish();
      };
      const check = (): void => {
        if (this.#failure) settle(() => reject(this.#failure));
        else if (done()) settle(resolve);
      };
      const aborted = (): void => settle(() => reject(signal?.reason));
      const cancel = this.clock.schedule(within, () => settle(() => reject(this.#late(attempted, within))));
      const unsubscribe = this.onChange(check);
      signal?.addEventListener('abort', aborted);
      if (signal?.aborted) aborted();
      else check();
    });
  }

  #late(attempted: string, within: number): ApiUnreachable {
    const messages = [...new Set(this.faults.map(({ fault }) => fault.message))];
    const faults = messages.map((message) => {
      const same = this.faults.filter(({ fault }) => fault.message === message);
      const most = Math.max(...same.map(({ fault }) => fault.inARow));
      return `${same.map(({ kind }) => kind).join(', ')}: ${message} (${most} in a row)`;
    });
    const seen = faults.length > 0 ? faults.join('\n') : 'no answer';
    return new ApiUnreachable(`${attempted}, within ${duration(within)}`, this.#server, seen);
  }
}
