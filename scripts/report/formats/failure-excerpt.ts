import { join } from 'node:path';
import { detailsText } from '../../../clusters/errors/domain-error.ts';
import { conclusionLines } from '../../../specs/diagnosis/diagnosis.ts';
import { cleanUpFailed, wholeMessage } from '../../../specs/runner/spec-failure.ts';
import type { ReportedFailure } from '../model/report.ts';

/** Lines of a failure in the terminal, below the line with the claim. */
const most = 10;
/** Longer lines would be several ones on the screen. */
const widest = 200;
/** Lines that the essence of a diagnosis may take from the message. */
const essenceAtMost = 5;

/** A failure, as an event or a report has it: `essence` is what its diagnosis comes to. */
type ShownFailure = Pick<ReportedFailure, 'message' | 'details' | 'causes' | 'difference' | 'afterwards' | 'essence'>;

/**
 * Returns the lines of a failure that a terminal shows, ten at most: what was seen, what is concluded, a clean-up that
 * failed, the place in the spec, and where all of it is, unless this is all. Pure.
 */
export function failureExcerpt(
  { error, evidence }: { error: ShownFailure; evidence: readonly string[] },
  { place, folder }: { place?: string | undefined; folder?: string | undefined },
): string[] {
  const { details, essence: concluded, afterwards = [] } = error;
  const ending = place === undefined ? [] : [`at ${place}`];
  const whole = [...wholeMessage(error).split('\n'), ...ending];
  const fits = whole.length <= most && whole.every((line) => line.length <= widest);
  if (concluded === undefined && fits) return whole;
  const conclusion = concluded?.split('\n') ?? conclusionLines(details?.conclusion);
  const essence = conclusion.slice(0, essenceAtMost);
  const file = evidence.find((path) => path.endsWith('-diagnosis.txt'));
  const last = [
    ...afterwards.slice(0, 1).map((each) => cleanUpFailed(each).split('\n')[0] ?? ''),
    ...ending,
    ...(folder === undefined ? [] : [`all of it: ${join(folder, file ?? 'e2e.log')}`]),
  ];
  const first = firstOf(seenIn(error), most - essence.length - last.length);
  const more = essence.filter((line) => !first.some((shown) => shown.includes(line)));
  return [...first, ...more, ...last].map((line) =>
    // The last line is there to be copied.
    line.length > widest && !line.startsWith('all of it') ? `${line.slice(0, widest)}…` : line,
  );
}

/** Returns what an error says was seen, without the diagnosis in it: its conclusion is shown apart. */
function seenIn({ afterwards: _, details, ...error }: ShownFailure): string[] {
  if (details?.conclusion === undefined) return wholeMessage(error).split('\n');
  const { why: _why, conclusion: _conclusion, remedy: _remedy, ...seen } = details;
  return detailsText(seen).split('\n');
}

function firstOf(lines: readonly string[], room: number): string[] {
  return lines.length <= room
    ? [...lines]
    : [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more lines`];
}
