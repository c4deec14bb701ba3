import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Mocha from 'mocha';
import { z } from 'zod';
import { host } from '../../../clusters/host/command/host.ts';
import { projectRoot } from '../../../clusters/project-root.ts';
import type { StageOutcome } from './tally.ts';

/** What is read of mocha's JSON report. */
const reportSchema = z.object({
  stats: z.object({ passes: z.int(), failures: z.int(), pending: z.int() }),
  failures: z.array(
    z.object({
      fullTitle: z.string(),
      err: z.object({
        message: z.string().optional(),
        stack: z.string().optional(),
        actual: z.unknown().optional(),
        expected: z.unknown().optional(),
      }),
    }),
  ),
});

const inBrowser = '**/browser.test.ts';

/**
 * Arguments of mocha. Not in .mocharc.json, to which it adds what its command line names: no file could be run alone.
 */
export const unitTests = ['--ignore', inBrowser, '{clusters,fixtures,specs,scripts}/**/*.test.ts'] as const;
/** Those that need a browser; they take longer, and a machine may have none. */
export const browserTests = [`scripts/${inBrowser}`] as const;

/** Runs tests in a process of their own, with the options of .mocharc.json. */
export async function runTests(files: readonly string[], signal: AbortSignal): Promise<StageOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'lpv-unit-'));
  try {
    const report = join(folder, 'report.json');
    const mocha = join(projectRoot, 'node_modules', '.bin', 'mocha');
    const { status, stdout, stderr } = await host.attempt({
      argv: [mocha, '--reporter', 'json', '--reporter-option', `output=${report}`, ...files],
      directory: projectRoot,
      deadline: 300_000,
      signal,
    });
    const text = await readFile(report, 'utf8').catch(() => undefined);
    return text === undefined
      ? { kind: 'failed', exit: 'doesNotConform', output: `no report was written\n${stdout}\n${stderr}` }
      : readUnitReport(text, status, stderr);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Reads mocha's JSON report. No test at all, or a bad end of the process, is a failure. */
export function readUnitReport(text: string, status: number, stderr: string): StageOutcome {
  const { stats, failures } = reportSchema.parse(JSON.parse(text));
  const counts = { passed: stats.passes, failed: stats.failures, skipped: stats.pending };
  if (status === 0 && counts.failed === 0 && counts.passed > 0) return { kind: 'passed', counts };
  const output = failures.map(({ fullTitle, err }) =>
    [`${fullTitle}:`, err.stack ?? err.message ?? '', difference(err.actual, err.expected)].filter(Boolean).join('\n'),
  );
  if (counts.failed === 0) {
    output.push(counts.passed === 0 ? 'no test passed' : `mocha ended with status ${status}`, stderr);
    return { kind: 'failed', exit: 'doesNotConform', output: output.join('\n'), counts: { ...counts, failed: 1 } };
  }
  return { kind: 'failed', exit: 'doesNotConform', output: output.join('\n\n'), counts };
}

function difference(actual: unknown, expected: unknown): string {
  if (typeof actual !== 'string' || typeof expected !== 'string') return '';
  return Mocha.reporters.Base.generateDiff(actual, expected);
}
