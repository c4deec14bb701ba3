import { join } from 'node:path';
import type { SpecResult } from '../../../specs/runner/events.ts';

/** Lines of a failure in the terminal, below the line with the claim. */
const most = 10;
/** Longer lines would be several ones on the screen. */
const widest = 200;
/** Lines that the essence of a diagnosis may take from the message. */
const essenceAtMost = 5;

/**
 * The lines of a failure that a terminal shows, ten at most: what was seen, the object and what follows, a failed
 * clean-up, the place in the spec, and where all of it is, unless this is all. Pure.
 */
export function failureExcerpt(
  { error: { message, diagnosis }, evidence }: Pick<Extract<SpecResult, { outcome: 'failed' }>, 'error' | 'evidence'>,
  { place, folder }: { place?: string | undefined; folder?: string | undefined },
): string[] {
  const { seen, conclusion, afterwards } = partsOf(message);
  const essence = (diagnosis?.split('\n\n')[0]?.split('\n') ?? conclusion).slice(0, essenceAtMost);
  const file = evidence.find((path) => path.endsWith('-diagnosis.txt'));
  const ending = place === undefined ? [] : [`at ${place}`];
  const whole = [...message.split('\n'), ...ending];
  const fits = whole.length <= most && whole.every((line) => line.length <= widest);
  if (diagnosis === undefined && fits) return whole;
  const last = [
    ...afterwards.slice(0, 1),
    ...ending,
    ...(folder === undefined ? [] : [`all of it: ${join(folder, file ?? 'e2e.log')}`]),
  ];
  const first = firstOf(seen, most - essence.length - last.length);
  const more = essence.filter((line) => !first.some((shown) => shown.includes(line)));
  return [...first, ...more, ...last].map((line) =>
    // The last line is there to be copied.
    line.length > widest && !line.startsWith('all of it') ? `${line.slice(0, widest)}…` : line,
  );
}

/** What a message says was seen, without the diagnosis within it; the end of that; and what failed in clean-up. */
function partsOf(message: string): { seen: string[]; conclusion: string[]; afterwards: string[] } {
  const lines = message.split('\n');
  const cleanUp = lines.findIndex((line) => line.startsWith('afterwards, '));
  const own = cleanUp < 0 ? lines : lines.slice(0, cleanUp);
  const start = own.findLastIndex((line) => /^\s+So: /.test(line));
  if (start < 0) return { seen: own, conclusion: [], afterwards: cleanUp < 0 ? [] : lines.slice(cleanUp) };
  const indent = own[start]?.search(/\S/) ?? 0;
  const next = own.findIndex((line, index) => index > start && line.search(/\S/) <= indent);
  const why = own.findIndex((line) => line.startsWith('  why: '));
  return {
    seen: own.slice(0, why >= 0 && why < start ? why : start),
    conclusion: own.slice(start, next < 0 ? undefined : next).map((line) => line.slice(indent)),
    afterwards: cleanUp < 0 ? [] : lines.slice(cleanUp),
  };
}

function firstOf(lines: readonly string[], room: number): string[] {
  return lines.length <= room
    ? [...lines]
    : [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more lines`];
}
