/**
 * A moment of a trace: RFC 3339 in UTC with as many digits as its source had, such as `2026-11-23T07:46:24.967511Z`.
 */
export type Moment = string;

/**
 * Returns milliseconds since the epoch, with fractions.
 * @throws RangeError for a text that is no RFC 3339 time
 */
export function millisecondsOf(moment: Moment): number {
  const [, whole, digits = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(moment) ?? [];
  const seconds = whole === undefined ? Number.NaN : Date.parse(`${whole}${zone}`);
  if (Number.isNaN(seconds)) throw new RangeError(`${moment} is not a time as RFC 3339 has it`);
  return seconds + (digits === '' ? 0 : Number(`0.${digits}`) * 1000);
}

/** Returns a moment with three to six digits after the second, or none. */
export function momentOf(milliseconds: number, digits: 0 | 3 | 6 = 6): Moment {
  // In whole microseconds: a float of milliseconds since the epoch is exact to a quarter of one.
  const micros = Math.round(milliseconds * 1000);
  const second = new Date(Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19);
  const fraction = String(((micros % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, '0');
  return digits === 0 ? `${second}Z` : `${second}.${fraction.slice(0, digits)}Z`;
}

/**
 * Returns the moment in the head of a klog line, which has neither year nor zone (`1123 07:46:24.967511`). `takenIn`,
 * when something else received the line, supplies both: every time zone is a multiple of a quarter of an hour away.
 */
export function klogMoment(head: string, takenIn: number): number {
  const [, minutes, seconds] = /:(\d\d):(\d\d\.\d+)$/.exec(head) ?? [];
  if (minutes === undefined || seconds === undefined) return takenIn;
  const quarter = 15 * 60_000;
  const within = ((Number(minutes) * 60_000) % quarter) + Number(seconds) * 1000;
  const base = Math.floor(takenIn / quarter) * quarter + within;
  // Written before it was received; a little may be the rounding of either clock.
  return base > takenIn + 1000 ? base - quarter : base;
}
