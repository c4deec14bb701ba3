/** What happens to a claim and its pod, in the order in which it usually happens. */
export const milestones = ['created', 'reserved', 'bound', 'scheduled'] as const;

/**
 * `created`: the claim is there. `reserved`: a volume's claimRef names it. `bound`: its phase is Bound. `scheduled`: its
 * pod has a node.
 */
export type Milestone = (typeof milestones)[number];

/**
 * When each claim of a storm reached which milestone: the time at which its watch event arrived, in milliseconds of one
 * monotonic clock. It keeps nothing else: 32 bytes a claim.
 */
export class Moments {
  readonly count: number;
  readonly #at: Readonly<Record<Milestone, Float64Array>>;
  readonly #reached: Record<Milestone, number> = { created: 0, reserved: 0, bound: 0, scheduled: 0 };

  constructor(count: number) {
    this.count = count;
    const empty = () => new Float64Array(count).fill(Number.NaN);
    this.#at = { created: empty(), reserved: empty(), bound: empty(), scheduled: empty() };
  }

  /** Notes when a claim reached a milestone; only the first time counts. */
  note(milestone: Milestone, claim: number, at: number): void {
    const times = this.#at[milestone];
    if (!(claim >= 0 && claim < this.count) || !Number.isNaN(times[claim])) return;
    times[claim] = at;
    this.#reached[milestone] += 1;
  }

  /** Returns how many claims have reached a milestone. */
  reached(milestone: Milestone): number {
    return this.#reached[milestone];
  }

  /** Whether every claim is bound and every pod has its node. */
  get complete(): boolean {
    return this.#reached.bound === this.count && this.#reached.scheduled === this.count;
  }

  /** Returns the claims that are not bound yet, or whose pods have no node. */
  unfinished(): number[] {
    const { bound, scheduled } = this.#at;
    return Array.from(bound.keys()).filter((claim) => Number.isNaN(bound[claim]) || Number.isNaN(scheduled[claim]));
  }

  /** Returns the milliseconds from the first claim to each time that a milestone was reached, in ascending order. */
  times(milestone: Milestone): number[] {
    const first = this.#first();
    return [...this.#at[milestone]]
      .filter((at) => !Number.isNaN(at))
      .map((at) => at - first)
      .sort((a, b) => a - b);
  }

  /**
   * Returns the milliseconds between two milestones, for each claim that has reached both. Watches of two kinds are not in
   * step: what seems to have happened in the reverse order happened at once.
   */
  between(from: Milestone, to: Milestone): number[] {
    const begun = this.#at[from];
    return [...this.#at[to]]
      .map((at, claim) => Math.max(0, at - (begun[claim] ?? Number.NaN)))
      .filter((ms) => !Number.isNaN(ms));
  }

  /**
   * Returns the way of the claim at a part (0 to 1) of all, by the time from created to scheduled: the milliseconds that
   * each milestone came after the one before. Of one claim, so that they add up. Undefined where no claim is through.
   */
  wayAt(part: number): Omit<Record<Milestone, number>, 'created'> | undefined {
    const { created, reserved, bound, scheduled } = this.#at;
    const at = (times: Float64Array, claim: number) => times[claim] as number;
    const through = Array.from(scheduled.keys())
      .filter((claim) => [created, reserved, bound, scheduled].every((times) => !Number.isNaN(times[claim])))
      .sort((a, b) => at(scheduled, a) - at(created, a) - (at(scheduled, b) - at(created, b)));
    const claim = through[Math.min(through.length - 1, Math.ceil(part * through.length) - 1)];
    if (claim === undefined) return undefined;
    const toReserved = Math.max(0, at(reserved, claim) - at(created, claim));
    const toBound = Math.max(0, at(bound, claim) - at(created, claim) - toReserved);
    return {
      reserved: toReserved,
      bound: toBound,
      scheduled: Math.max(0, at(scheduled, claim) - at(created, claim) - toReserved - toBound),
    };
  }

  #first(): number {
    const known = this.#at.created.filter((at) => !Number.isNaN(at));
    return known.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
  }
}
