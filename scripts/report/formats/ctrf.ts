import { extname } from 'node:path';
import type { CTRFReport, Test } from 'ctrf';
import { grouped } from '../../../clusters/text/collections.ts';
import { wholeMessage } from '../../../specs/runner/spec-failure.ts';
import { outcomeWords, shareOf } from '../model/counts.ts';
import { environmentProperties } from '../model/environment.ts';
import type { LocalVolumeConformanceReport, ReportedRequirement } from '../model/report.ts';
import { knownIssueLine } from '../model/requirements.ts';

/**
 * Returns the report in the Common Test Report Format (ctrf.io). Its schema has a place for what a test came to; what a
 * requirement promises is under `extra`.
 */
export function ctrfReport(report: LocalVolumeConformanceReport): CTRFReport {
  const { requirements, outside, environment, harness, statistics, milliseconds } = report;
  const start = Date.parse(report.date);
  const tests = [...requirements.map(testOf), ...outside.map(outsideTest)];
  return {
    reportFormat: 'CTRF',
    specVersion: '0.0.0',
    runId: report.run,
    timestamp: report.date,
    generatedBy: 'local-pv-conformance',
    results: {
      tool: { name: 'local-pv-conformance', version: harness.version },
      summary: {
        tests: tests.length,
        passed: statistics.passed,
        failed: statistics.failed + outside.length,
        skipped: statistics.skipped + statistics.notApplicable,
        pending: 0,
        other: statistics.knownIssue,
        suites: grouped(tests, ({ suite }) => suite?.[0]).size,
        start,
        stop: start + milliseconds,
        duration: milliseconds,
        extra: {
          result: report.result,
          verdict: report.verdict,
          interruptedBy: report.interruptedBy,
          subjects: report.subjects.map(shareOf),
        },
      },
      tests,
      environment: {
        reportName: 'Local volume conformance',
        appName: report.implementation.project,
        appVersion: report.implementation.version,
        ...(harness.commit !== null && { commit: harness.commit }),
        osPlatform: environment.host.operatingSystem,
        ...(environment.kernel !== null && { osRelease: environment.kernel }),
        // Not whether the requirements hold: whether they could be tried properly.
        healthy: report.steps.every(({ outcome }) => outcome === 'done') && report.interruptedBy === undefined,
        extra: { ...environmentProperties(report), reproduce: report.reproduce },
      },
      extra: {
        steps: report.steps,
        retries: report.retries,
        leaks: report.leaks,
        leftOvers: report.leftOvers,
        tiers: report.tiers,
      },
    },
  };
}

function testOf(requirement: ReportedRequirement): Test {
  const { id, chapter, level, subject, sentence, source, failsIf, features, file, line, result, milliseconds } =
    requirement;
  const { evidence, reason, failure, repetitions, slowBecause, knownIssue, needs } = requirement;
  const trace = [failure?.frames.join('\n'), failure?.diagnosis].filter(Boolean).join('\n\n');
  const message = [knownIssueLine(requirement), failure === undefined ? reason : wholeMessage(failure)]
    .filter((text) => text !== undefined)
    .join('\n');
  return {
    testId: id,
    name: `${id} ${sentence}`,
    status: result === 'notApplicable' ? 'skipped' : result === 'knownIssue' ? 'other' : result,
    ...((result === 'notApplicable' || result === 'knownIssue') && { rawStatus: outcomeWords[result] }),
    duration: milliseconds,
    suite: [chapter],
    ...(message !== '' && { message }),
    ...(trace !== '' && { trace }),
    ...(line !== undefined && { line }),
    tags: [level, subject, ...features],
    type: 'e2e',
    ...(file !== '' && { filePath: file }),
    attachments: evidence.map((path) => ({ name: path, contentType: contentTypeOf(path), path })),
    extra: {
      id,
      sentence,
      source,
      failsIf,
      level,
      subject,
      features,
      needs,
      slowBecause,
      knownIssue,
      repetitions,
      details: failure?.details,
    },
  };
}

function outsideTest({ id, title, message }: LocalVolumeConformanceReport['outside'][number]): Test {
  return { testId: id, name: `${id} ${title}`, status: 'failed', duration: 0, suite: ['outside of specs'], message };
}

function contentTypeOf(path: string): string {
  const types: Readonly<Record<string, string>> = { '.json': 'application/json', '.yaml': 'application/yaml' };
  return types[extname(path)] ?? 'text/plain';
}
