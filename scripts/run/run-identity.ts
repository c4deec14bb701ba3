import { randomInt as cryptoInt } from 'node:crypto';

/** What a run is called, everywhere: containers, cluster, network, namespaces and report folder carry these names. */
export interface RunIdentity {
  /** Six characters of base 36, starting with a letter. */
  id: string;
  /** Name of the kind cluster. */
  cluster: string;
  /** Name of the engine's network. */
  network: string;
  /** Report folder, relative to the project's root. */
  folder: string;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const idCharacters = `0123456789${letters}`;
// Leaves room for `lpv-` and for kind's `-control-plane` in a host name of 63 characters.
const longestName = 40;

/**
 * Returns the names of a new run. `name` is the user's `--name`, which has no clusterNameProblem; tests have a time and
 * random numbers of their own: `randomInt(n)` gives a whole number from 0 to n-1.
 */
export function runIdentity({
  now = new Date(),
  randomInt = (below) => cryptoInt(below),
  name,
}: {
  now?: Date;
  randomInt?: (below: number) => number;
  name?: string | undefined;
} = {}): RunIdentity {
  const pick = (from: string): string => from.charAt(randomInt(from.length));
  const id = pick(letters) + Array.from({ length: 5 }, () => pick(idCharacters)).join('');
  const cluster = name === undefined ? `lpv-${id}` : `lpv-${name}`;
  return { id, cluster, network: cluster, folder: `reports/${timestamp(now)}-${id}` };
}

/** Returns why a text cannot be the name of a cluster, without `lpv-`; undefined where it can. */
export function clusterNameProblem(name: string): string | undefined {
  if (name.length <= longestName && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return undefined;
  return `The name becomes part of host names: up to ${longestName} lower-case letters, digits and hyphens, with a letter or digit at both ends (RFC 1123).`;
}

/** Local time as `yyyymmdd-hhmmss`. */
export function timestamp(date: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
