import { create } from 'xmlbuilder2';
import { grouped } from '../../../clusters/text/collections.ts';
import { inSeconds } from '../../../clusters/text/duration.ts';
import { plainText as xmlText } from '../../../clusters/text/redact.ts';
import { wholeMessage } from '../../../specs/runner/spec-failure.ts';
import { countsInWords, outcomeWords, plainCounts, shareOf } from '../model/counts.ts';
import { environmentProperties } from '../model/environment.ts';
import { leftOverLines } from '../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement, ReportedStep } from '../model/report.ts';
import { knownIssueLine } from '../model/requirements.ts';

/** One case of a JUnit file. `failed`: a requirement does not hold; `error`: it could not be tried properly. */
interface Case {
  name: string;
  suite: string;
  file?: string;
  line?: number;
  milliseconds: number;
  properties: Properties;
  outcome:
    | { kind: 'passed' }
    | { kind: 'failed' | 'error'; message: string; type: string; text: string }
    | { kind: 'skipped'; message: string };
  output: readonly string[];
}

/** Names and values, in order; a name may come several times. */
type Properties = readonly (readonly [string, string])[];

type Element = ReturnType<typeof create>;

/**
 * Returns the report as JUnit XML: a suite `cluster` with the steps of the run as cases, then one suite for each
 * chapter, and one for what failed outside of specs. A run that was not finished always has an error.
 */
export function junitXml(report: LocalVolumeConformanceReport): string {
  const suites = new Map<string, Case[]>([['cluster', clusterCases(report)]]);
  for (const [chapter, requirements] of grouped(report.requirements, ({ chapter }) => chapter)) {
    const name = chapter === 'cluster' ? 'cluster (specs)' : chapter;
    suites.set(
      name,
      requirements.map((requirement) => requirementCase(name, requirement)),
    );
  }
  const outside = 'outside of specs';
  if (report.outside.length > 0) {
    suites.set(
      outside,
      report.outside.map(({ id, title, message }) => errorCase(outside, `${id} ${title}`, 'error', message)),
    );
  }
  const all = [...suites.values()].flat();
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  const root = document.ele('testsuites', { name: 'local-pv-conformance', ...totals(all) });
  for (const [name, cases] of suites) {
    // The machine's own name stays private; the schema wants a host name, and says to write this where there is
    // none.
    const when = { timestamp: report.date.replace(/\.\d+Z$|Z$/, ''), hostname: 'localhost' };
    const suite = root.ele('testsuite', { name: xmlText(name), ...totals(cases), ...when });
    addProperties(suite, suiteProperties(report, name, cases));
    for (const one of cases) addCase(suite, one);
  }
  return `${document.end({ prettyPrint: true })}\n`;
}

function suiteProperties(report: LocalVolumeConformanceReport, name: string, cases: readonly Case[]): Properties {
  if (name === 'cluster') {
    const more = { result: report.result, verdict: report.verdict, 'steps tried again': String(report.retries.length) };
    const shares = report.subjects.map((subject) => ['holds', shareOf(subject)] as const);
    const tiers = (report.tiers ?? []).map(({ name: need, statistics }) => {
      return [`need ${need}`, countsInWords(statistics)] as const;
    });
    const properties = Object.entries({ ...environmentProperties(report), ...more });
    const left = leftOverLines(report.leftOvers).map((line) => ['left-overs', line] as const);
    return [...properties, ...shares, ...tiers, ...left];
  }
  const levels = grouped(cases, ({ properties }) => properties.find(([key]) => key === 'level')?.[1]);
  return [...levels].flatMap(([level, of]) =>
    level === undefined ? [] : [[`requirements, ${level}`, String(of.length)] as const],
  );
}

function addProperties(parent: Element, properties: Properties): void {
  if (properties.length === 0) return;
  const list = parent.ele('properties');
  for (const [name, value] of properties) list.ele('property', { name: xmlText(name), value: xmlText(value) });
}

function addCase(suite: Element, one: Case): void {
  const { outcome, file, line } = one;
  const element = suite.ele('testcase', {
    name: xmlText(one.name),
    classname: xmlText(one.suite),
    time: inSeconds(one.milliseconds),
    ...(file && { file: xmlText(file) }),
    ...(line !== undefined && { line: String(line) }),
  });
  addProperties(element, one.properties);
  if (outcome.kind === 'skipped') element.ele('skipped', { message: firstLine(outcome.message) });
  if (outcome.kind === 'failed' || outcome.kind === 'error') {
    const what = { message: firstLine(outcome.message), type: xmlText(outcome.type) };
    element.ele(outcome.kind === 'failed' ? 'failure' : 'error', what).txt(xmlText(outcome.text));
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
function clusterCases(report: LocalVolumeConformanceReport): Case[] {
  const cases = report.steps.map(stepCase);
  const { result, verdict, interruptedBy, requirements, outside } = report;
  const reported =
    cases.some(({ outcome }) => outcome.kind === 'error') ||
    outside.length > 0 ||
    requirements.some((requirement) => requirement.result === 'failed');
  if (interruptedBy !== undefined) {
    const message = `interrupted by ${interruptedBy}`;
    cases.push(errorCase('cluster', 'the run is not interrupted', 'interrupted', message));
  } else if (result === 'failure' && !reported) {
    cases.push(errorCase('cluster', 'the run proves something', 'nothing shown', verdict));
  }
  return cases;
}

function errorCase(suite: string, name: string, type: string, message: string): Case {
  const outcome = { kind: 'error', message, type, text: message } as const;
  return { name, suite, milliseconds: 0, properties: [], outcome, output: [] };
}

function stepCase({ title, milliseconds, outcome, name = 'Error', message = '' }: ReportedStep): Case {
  const step = errorCase('cluster', title, name, message);
  return { ...step, milliseconds, ...(outcome === 'done' && { outcome: { kind: 'passed' } }) };
}

function requirementCase(suite: string, requirement: ReportedRequirement): Case {
  const { id, sentence, file, line, milliseconds, level, subject, source, repetitions } = requirement;
  const { features, needs = [] } = requirement;
  return {
    name: `${id} ${sentence}`,
    suite,
    file,
    ...(line !== undefined && { line }),
    milliseconds,
    properties: [
      ['id', id],
      ['level', level],
      ['subject', subject],
      ['source', source],
      ...features.map((feature) => ['feature', feature] as const),
      ...needs.map((need) => ['need', need] as const),
      ...(repetitions ? [['repetitions', JSON.stringify(plainCounts(repetitions))] as const] : []),
    ],
    outcome: outcomeOf(requirement),
    output: outputOf(requirement),
  };
}

/** What chai, waits, quiet windows and proofs of clean-up throw. */
const unmetExpectations: ReadonlySet<string> = new Set([
  ...['AssertionError', 'DomainError', 'WaitTimedOut', 'NotConsistent', 'LeftBehind'],
]);

/** An expectation that was not met is a failure of the requirement; anything else that was thrown is an error. */
function outcomeOf(requirement: ReportedRequirement): Case['outcome'] {
  const { result, reason = '', failure } = requirement;
  if (result === 'passed') return { kind: 'passed' };
  if (result === 'skipped') return { kind: 'skipped', message: reason };
  if (result === 'notApplicable') return { kind: 'skipped', message: `not applicable: ${reason}` };
  if (result === 'knownIssue') return { kind: 'skipped', message: knownIssueLine(requirement) ?? '' };
  const { name, frames = [] } = failure ?? {};
  const message = failure === undefined ? '' : wholeMessage(failure);
  const unmet = name !== undefined && unmetExpectations.has(name);
  const text = [message, ...frames.map((frame) => `    ${frame}`)].join('\n');
  return { kind: unmet ? 'failed' : 'error', message, type: name ?? 'Error', text };
}

/** The evidence, one path a line, so that CI systems may find it; then the diagnosis. */
function outputOf(requirement: ReportedRequirement): string[] {
  const { result, evidence, reason, failure, failsIf, slowBecause } = requirement;
  const knownIssue = knownIssueLine(requirement);
  return [
    ...evidence,
    ...(reason === undefined ? [] : [`${outcomeWords[result]}: ${reason}`]),
    ...(knownIssue === undefined ? [] : [knownIssue]),
    ...(failure === undefined ? [] : [`fails if: ${failsIf}`]),
    ...(failure !== undefined && slowBecause !== undefined ? [`slow because: ${slowBecause}`] : []),
    ...(failure?.diagnosis === undefined ? [] : ['', failure.diagnosis]),
  ];
}

function firstLine(text: string): string {
  return xmlText(text).split('\n')[0] ?? '';
}
