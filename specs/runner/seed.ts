/** The order of a run follows from this number alone: `--seed` repeats it. */
export type Seed = number;

/** Seeds are whole numbers below this, so that they are easily typed. */
export const seedLimit = 1_000_000;

/** Returns the items shuffled without favour (Fisher and Yates), in an order that the seed decides. */
export function shuffled<T>(items: readonly T[], seed: Seed): T[] {
  const result = [...items];
  const random = randomFrom(seed);
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}

/** Returns numbers from 0 to 1 that follow from the seed: a 32-bit state, advanced and mixed, is enough for an order. */
function randomFrom(seed: Seed): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
