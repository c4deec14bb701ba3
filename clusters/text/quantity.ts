/**
 * The suffixes of a Kubernetes quantity that can count bytes. Source: k8s.io/apimachinery/pkg/api/resource.
 * Own code: client-node's quantityToScalar throws for `1.5Gi`, and takes `1m`.
 */
const multipliers: Readonly<Record<string, bigint>> = {
  '': 1n,
  k: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  P: 10n ** 15n,
  E: 10n ** 18n,
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
  Ei: 2n ** 60n,
};

const binarySuffixes = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'] as const;
const decimalSuffixes = ['E', 'P', 'T', 'G', 'M', 'k'] as const;

/**
 * Returns the bytes of a Kubernetes quantity such as `64Mi`, `1.5Gi`, `500M` or `1048576`; a fraction of a
 * byte is rounded up, as Kubernetes does. Undefined if the text is not such a quantity, is negative, or is more
 * than a JavaScript number holds exactly (8 PiB). Exponents and `m` are not accepted.
 */
export function quantityToBytes(text: string): number | undefined {
  const match = /^(\d+)(?:\.(\d*))?([A-Za-z]*)$/.exec(text);
  if (!match) return undefined;
  const [, whole = '', fraction = '', suffix = ''] = match;
  const multiplier = Object.hasOwn(multipliers, suffix) ? multipliers[suffix] : undefined;
  if (multiplier === undefined) return undefined;
  const scale = 10n ** BigInt(fraction.length);
  const bytes = (BigInt(whole + fraction) * multiplier + scale - 1n) / scale;
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : undefined;
}

/** Returns bytes for a reader, rounded: `7.8 GiB`. */
export function inGibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Returns bytes as the shortest exact quantity: `67108864` is `64Mi`; `64000000`, written in decimal, is `64M`. */
export function bytesToQuantity(bytes: number, base: 'binary' | 'decimal' = 'binary'): string {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} is not a number of bytes`);
  for (const suffix of base === 'binary' ? binarySuffixes : decimalSuffixes) {
    const multiplier = multipliers[suffix] ?? 1n;
    if (bytes > 0 && BigInt(bytes) % multiplier === 0n) return `${BigInt(bytes) / multiplier}${suffix}`;
  }
  return String(bytes);
}
