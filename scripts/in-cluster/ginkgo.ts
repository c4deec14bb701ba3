import { create } from 'xmlbuilder2';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { inSeconds } from '../../clusters/text/duration.ts';
import { plainText, redactedText } from '../../clusters/text/redact.ts';
import type { Requirement } from '../../specs/catalogue/catalogue.ts';
import type { RunEvent } from '../../specs/runner/events.ts';

// What hydrophone reads of Ginkgo's output: which specs are meant, how far they are, and that they have ended.
// Source: sigs.k8s.io/hydrophone v0.8.0, pkg/conformance/client/logs.go.

type Named = Pick<Requirement, 'id' | 'sentence' | 'chapter' | 'level' | 'features'>;

/**
 * Returns a requirement as Ginkgo would name its spec: E2E_FOCUS and E2E_SKIP are patterns of this text. Core requirements
 * are marked as hydrophone's `--conformance` wants it.
 */
export function ginkgoName({ id, sentence, chapter, level, features }: Named): string {
  const marks = [
    ...(level === 'core' ? ['Conformance'] : []),
    ...features.map((feature) => (feature === 'disruptive' ? 'Disruptive' : `Feature:${feature}`)),
  ];
  return [`[local-volumes] [${chapter}] ${id} ${sentence}`, ...marks.map((mark) => `[${mark}]`)].join(' ');
}

/**
 * Returns the test that a requirement passes which `focus` matches and `skip` does not; an empty pattern decides nothing.
 * @throws DomainError (badUsage) for what is no pattern
 */
export function focusOn(focus: string, skip: string): (requirement: Named) => boolean {
  const [wanted, unwanted] = [patternOf('E2E_FOCUS', focus), patternOf('E2E_SKIP', skip)];
  return (requirement) => {
    const name = ginkgoName(requirement);
    return (wanted?.test(name) ?? true) && !unwanted?.test(name);
  };
}

function patternOf(variable: string, text: string): RegExp | undefined {
  if (text === '') return undefined;
  try {
    // Go writes that letter case does not matter in front of the pattern.
    return text.startsWith('(?i)') ? new RegExp(text.slice(4), 'i') : new RegExp(text);
  } catch (error) {
    const seen = messageOf(error);
    throw new DomainError(
      { attempted: `reading ${variable}`, on: text, seen, remedy: 'give a pattern that RE2 and JavaScript share' },
      { exit: 'badUsage' },
    );
  }
}

/** Returns the first line: hydrophone takes a log without it for broken, so nothing is written before. */
export function firstLines(run: { chosen: number; all: number }): string {
  return `Running Suite: local-pv-conformance\nWill run ${run.chosen} of ${run.all} specs\n`;
}

/** Returns what Ginkgo prints when a spec has ended; hydrophone counts the bullets. Nothing for other events. */
export function progressOf(event: RunEvent): string {
  if (event.kind !== 'spec-finished') return '';
  const { spec, result } = event;
  const seconds = `[${inSeconds(result.milliseconds)} seconds]`;
  switch (result.outcome) {
    case 'passed':
      return `• ${seconds} ${spec.id}\n`;
    case 'failed':
      return redactedText(`• [FAILED] ${seconds} ${spec.id} ${spec.sentence}\n${result.error.message}\n`);
    case 'knownIssue':
      return `• ${seconds} ${spec.id} known issue: ${result.issue.url}\n`;
    default:
      return redactedText(`S [SKIPPED] ${spec.id} ${result.reason}\n`);
  }
}

/** Returns the last lines; hydrophone follows the log until one of the last thirty says that Ginkgo ran. */
export function lastLines(end: {
  all: number;
  passed: number;
  failed: number;
  milliseconds: number;
  conforms: boolean;
}): string {
  const { all, passed, failed, milliseconds, conforms } = end;
  const ran = passed + failed;
  return [
    `Ran ${ran} of ${all} Specs in ${inSeconds(milliseconds)} seconds`,
    `${conforms ? 'SUCCESS!' : 'FAIL!'} -- ${passed} Passed | ${failed} Failed | 0 Pending | ${all - ran} Skipped`,
    `Test Suite ${conforms ? 'Passed' : 'Failed'}`,
    `Ginkgo ran 1 suite in ${inSeconds(milliseconds)}s`,
    '',
  ].join('\n');
}

/** Returns junit_01.xml of a run that was not one: every spec is skipped, or one case says what kept it from beginning. */
export function junitWithoutRun(of: { skipped: readonly Named[]; because: string } | { error: string }): string {
  const error = 'error' in of ? plainText(redactedText(of.error)) : undefined;
  const names = 'skipped' in of ? of.skipped.map(ginkgoName) : ['the run begins'];
  const errors = error === undefined ? 0 : 1;
  const counts = { tests: names.length, failures: 0, errors, skipped: names.length - errors, time: '0.000' };
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  const when = { timestamp: new Date().toISOString().slice(0, 19), hostname: 'localhost' };
  const suite = document
    .ele('testsuites', { name: 'local-pv-conformance', ...counts })
    .ele('testsuite', { name: 'local-pv-conformance', ...counts, ...when });
  for (const name of names) {
    const one = suite.ele('testcase', { name, classname: 'local-pv-conformance', time: '0.000' });
    if (error !== undefined) one.ele('error', { message: error.split('\n')[0], type: 'Error' }).txt(error);
    else one.ele('skipped', { message: 'skipped' in of ? of.because : '' });
  }
  return `${document.end({ prettyPrint: true })}\n`;
}
