import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf } from '../../../clusters/errors/domain-error.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { redactedText } from '../../../clusters/text/redact.ts';
import type { RunEvent, SpecResult } from '../../../specs/runner/events.ts';
import { framesOf } from '../../../specs/runner/place.ts';
import { wholeMessage } from '../../../specs/runner/spec-failure.ts';
import { cpuStealLine, podStartLine, scheduleLine } from '../model/figures.ts';

/** Writes every event to a file as it comes, so that the log of a run that was killed is complete up to there. */
export function openEventLog(path: string): { read: (event: RunEvent) => void } & Disposable {
  const file = openSync(path, 'a', 0o644);
  let open = true;
  return {
    read: (event) => {
      if (open) writeSync(file, redactedText(logEntry(event)));
    },
    [Symbol.dispose]: () => {
      if (open) closeSync(file);
      open = false;
    },
  };
}

/** Returns one event as a line with its time (UTC); further lines of a text are indented under it. */
export function logEntry(event: RunEvent): string {
  return `${event.at.toISOString()}  ${describe(event).trimEnd().replaceAll('\n', '\n    ')}\n`;
}

function describe(event: RunEvent): string {
  switch (event.kind) {
    case 'run-started':
      return `run ${event.run}: lpv ${event.verb}, report folder ${event.folder}`;
    case 'action-started':
      return `${event.action}: ${event.title}`;
    case 'action-noted':
      return `${event.action}: ${event.text}`;
    case 'action-retried':
      return `${event.action}: ${event.step} failed, attempt ${event.attempt} follows: ${event.reason}`;
    case 'action-finished': {
      const how = `${event.action}: ${event.title}: ${event.outcome} after ${duration(event.milliseconds)}`;
      return event.outcome === 'failed' ? `${how}\n${describeError(event.error)}` : how;
    }
    case 'specs-planned':
      return `${event.count} specs are to run, ${event.jobs} side by side, in the order of --seed ${event.seed}`;
    case 'pods-started':
      return event.starts.length > 0 ? podStartLine(event.starts) : 'no pod became Ready';
    case 'pod-traced':
      return `${event.requirement}: ${event.trace.title}: the pod ${event.trace.outcome.sentence}`;
    case 'cpu-steal-measured':
      return cpuStealLine(event.cpuSteal);
    case 'specs-measured':
      return scheduleLine(event);
    case 'spec-started':
      return `${event.spec.id} begins: ${event.spec.sentence} (${event.spec.chapter})`;
    case 'spec-finished':
      return `${event.spec.id} ${event.result.outcome} after ${duration(event.result.milliseconds)}${details(event.result)}`;
    case 'interrupted':
      return `interrupted by ${event.signal}`;
    case 'run-finished':
      return `${event.exitStatus}: ${event.verdict} (${duration(event.milliseconds)})`;
    case 'report-broken':
      return `${event.part} could not be written, which is a fault of the harness: ${describeError(event.error)}`;
  }
}

function details(result: SpecResult): string {
  const evidence = lines(result.evidence.map((path) => `evidence: ${path}`));
  if (result.outcome === 'skipped' || result.outcome === 'notApplicable') return `: ${result.reason}${evidence}`;
  if (result.outcome === 'passed') return evidence;
  const { error } = result;
  const known = result.outcome === 'knownIssue' ? `: ${result.issue.instead}: ${result.issue.url}` : '';
  const diagnosis = error.diagnosis === undefined ? '' : `\n${error.diagnosis.text}`;
  return `${known}\n${wholeMessage(error)}${lines(framesOf(error.stack))}${diagnosis}${evidence}`;
}

/** The log is for a close look: only here, the stack and all causes are written out. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = [messageOf(error), ...framesOf(error.stack)];
  if (error.cause !== undefined) lines.push('caused by:', describeError(error.cause));
  return lines.join('\n');
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `\n${text}`).join('');
}
