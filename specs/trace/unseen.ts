import { basename } from 'node:path';
import type { Component } from './component-log.ts';
import type { Records } from './records.ts';
import type { StepKind } from './steps.ts';

/** Returns why there is no record of a step that has happened, or may have. */
export function whyUnseen({ id, from }: StepKind, records: Records): string {
  switch (from.kind) {
    case 'api':
      return 'the API has no record of it';
    case 'event':
      return `no Event ${from.reason} is there (the API server keeps Events for an hour)`;
    case 'log': {
      const event = from.orEvent === undefined ? '' : `, and no Event ${from.orEvent} is there`;
      return `${logged(id, from.component, records)}${event}`;
    }
  }
}

function logged(step: string, component: Component, { lines, logs, levels, kubernetes }: Records): string {
  const own = logs.filter((log) => log.component === component);
  const unread = own.find((log) => 'unread' in log);
  if (own.length === 0) return `the log of ${component} was not read`;
  if (unread && 'unread' in unread) return `the log of ${component} was not read: ${unread.unread}`;
  const known = lines.lines.filter((line) => line.step === step && line.component === component);
  const [line] = known;
  if (!line) return `no line of ${component} ${lines.minor} is known to show it`;
  const file = basename(line.source);
  const level = levels[component];
  const runs = level && Math.max(level.verbosity, level.files[basename(line.source, '.go')] ?? 0);
  if (runs !== undefined && runs < line.verbosity)
    return `${component} logs it (${file}) from verbosity ${line.verbosity} on, and runs at ${runs}`;
  const other = lines.recorded
    ? ''
    : `; its lines are not recorded for ${kubernetes ?? 'this version'}, and were read as those of ${lines.minor}`;
  const asked =
    line.verbosity === 0
      ? ''
      : runs === undefined
        ? `; it takes verbosity ${line.verbosity}, and at which ${component} runs is not known`
        : `, though it runs at verbosity ${runs}`;
  return `the line of ${component} (${file}) that shows it was not found${asked}${other}`;
}
