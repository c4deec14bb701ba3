import { renameSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { create } from 'xmlbuilder2';
import { messageOf } from '../../clusters/domain-error.ts';
import type { RunEvent, SpecFailure } from '../run/events.ts';
import { inSeconds } from './duration.ts';
import { framesOf } from './place.ts';
import { addEvent, byChapter, emptySummary, type FinishedAction, type SpecOutcome, type Summary } from './summary.ts';

/** One case of a JUnit file. `failed`: a requirement does not hold; `error`: it could not be tried properly. */
interface Case {
  name: string;
  suite: string;
  file?: string;
  milliseconds: number;
  outcome:
    | { kind: 'passed' }
    | { kind: 'failed' | 'error'; message: string; type: string; text: string }
    | { kind: 'skipped'; message: string };
  /** Paths of evidence. */
  output: readonly string[];
}

/** Names and values for the properties of the file. */
export type Properties = Readonly<Record<string, string>>;

/**
 * Writes junit_01.xml whenever a step is finished, and at the end: a run that is killed leaves a file, too. The
 * properties are asked for each time, because most of them are known only when the cluster is there.
 */
export function writeJunitTo(path: string, properties: () => Properties): { read: (event: RunEvent) => void } {
  let summary = emptySummary;
  return {
    read: (event) => {
      summary = addEvent(summary, event);
      if (event.kind !== 'action-finished' && event.kind !== 'run-finished') return;
      writeFileSync(`${path}.new`, junitXml(summary, properties()));
      renameSync(`${path}.new`, path);
    },
  };
}

/** The run as JUnit XML: a suite `cluster` with the steps of the run as cases, then one suite for each chapter. */
export function junitXml(summary: Summary, properties: Properties): string {
  const suites = new Map<string, Case[]>([['cluster', clusterCases(summary)]]);
  for (const [chapter, outcomes] of byChapter(summary.specs)) {
    const name = chapter === 'cluster' ? 'cluster (specs)' : chapter;
    suites.set(
      name,
      outcomes.map((outcome) => specCase(name, outcome)),
    );
  }
  const all = [...suites.values()].flat();
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  const root = document.ele('testsuites', { name: 'local-pv-conformance', ...totals(all) });
  for (const [name, cases] of suites) {
    const suite = root.ele('testsuite', { name: xmlText(name), ...totals(cases) });
    if (name === 'cluster') {
      const list = suite.ele('properties');
      for (const [key, value] of Object.entries(properties)) {
        list.ele('property', { name: xmlText(key), value: xmlText(value) });
      }
    }
    for (const one of cases) addCase(suite, one);
  }
  return `${document.end({ prettyPrint: true })}\n`;
}

/** Text without what XML 1.0 cannot hold: most control characters, lone surrogates; terminal codes go as a whole. */
export function xmlText(text: string): string {
  const plain = stripVTControlCharacters(text).replace(/\r\n?/g, '\n');
  return plain.replace(/[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '');
}

function addCase(suite: ReturnType<typeof create>, one: Case): void {
  const attributes = { name: xmlText(one.name), classname: xmlText(one.suite), time: inSeconds(one.milliseconds) };
  const element = suite.ele('testcase', { ...attributes, ...(one.file && { file: xmlText(one.file) }) });
  const { outcome } = one;
  if (outcome.kind === 'skipped') element.ele('skipped', { message: firstLine(outcome.message) });
  if (outcome.kind === 'failed' || outcome.kind === 'error') {
    element
      .ele(outcome.kind === 'failed' ? 'failure' : 'error', {
        message: firstLine(outcome.message),
        type: xmlText(outcome.type),
      })
      .txt(xmlText(outcome.text));
  }
  if (one.output.length > 0) element.ele('system-out').txt(xmlText(one.output.join('\n')));
}

function totals(cases: readonly Case[]): Record<string, string> {
  const count = (kind: Case['outcome']['kind']): string =>
    String(cases.filter(({ outcome }) => outcome.kind === kind).length);
  return {
    tests: String(cases.length),
    failures: count('failed'),
    errors: count('error'),
    skipped: count('skipped'),
    time: inSeconds(cases.reduce((sum, { milliseconds }) => sum + milliseconds, 0)),
  };
}

/** The steps of the run; and the verdict, where a reader of the file alone would otherwise take the run for good. */
function clusterCases(summary: Summary): Case[] {
  const cases = summary.actions.map(actionCase);
  const { finished, interrupted } = summary;
  const told = cases.some(({ outcome }) => outcome.kind === 'error');
  const failed = summary.specs.some(({ result }) => result.outcome === 'failed');
  if (interrupted) cases.push(runError('the run is not interrupted', 'interrupted', `interrupted by ${interrupted}`));
  else if (finished && finished.verdict !== 'conforms' && !told && !failed) {
    cases.push(runError('the run proves something', finished.verdict, finished.summary));
  }
  return cases;
}

function runError(name: string, type: string, message: string): Case {
  const outcome = { kind: 'error', message, type, text: message } as const;
  return { name, suite: 'cluster', milliseconds: 0, outcome, output: [] };
}

function actionCase({ title, milliseconds, outcome, error }: FinishedAction): Case {
  const step = { name: title, suite: 'cluster', milliseconds, output: [] };
  if (outcome === 'done') return { ...step, outcome: { kind: 'passed' } };
  const message = messageOf(error);
  const type = error instanceof Error ? error.name : 'Error';
  return { ...step, outcome: { kind: 'error', message, type, text: message } };
}

function specCase(suite: string, { spec, result }: SpecOutcome): Case {
  const { id, title, file } = spec;
  const base = { name: `${id} ${title}`, suite, milliseconds: result.milliseconds, output: result.evidence };
  const step = file ? { ...base, file } : base;
  switch (result.outcome) {
    case 'passed':
      return { ...step, outcome: { kind: 'passed' } };
    case 'skipped':
      return { ...step, outcome: { kind: 'skipped', message: result.reason } };
    case 'failed':
      return { ...step, outcome: failedOutcome(result.error) };
  }
}

/** What chai, waits and quiet windows throw. */
const unmetExpectations: ReadonlySet<string> = new Set(['AssertionError', 'DomainError', 'WaitTimedOut', 'NotQuiet']);

/** An expectation that was not met is a failure of the requirement; anything else that was thrown is an error. */
function failedOutcome({ message, stack, name }: SpecFailure): Case['outcome'] {
  const unmet = name !== undefined && unmetExpectations.has(name);
  const text = [message, ...framesOf(stack)].join('\n');
  return { kind: unmet ? 'failed' : 'error', message, type: name ?? 'Error', text };
}

function firstLine(text: string): string {
  return xmlText(text).split('\n')[0] ?? '';
}
