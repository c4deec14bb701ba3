import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import Mocha from 'mocha';
import { $, type Shell } from 'zx';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { innerShell } from '../../clusters/host/command/host.ts';
import { installPackages, refreshPackageLists } from '../../clusters/host/engine/apt.ts';
import { projectRoot } from '../../clusters/project-root.ts';
import { findChromium, noChromium } from '../report/formats/html/browser.ts';
import type { Counts } from '../report/model/counts.ts';
import { cacheFolder } from '../run/cluster/plan.ts';
import { compiler, tryPackage } from './package.ts';

/** The outcome of a part. A part without counts counts as one. */
export type Outcome =
  | { kind: 'passed'; counts?: Counts }
  | { kind: 'failed'; counts?: Counts; exit?: ExitStatus; output: string }
  | { kind: 'skipped'; reason: string };

/** A check that needs no cluster. The signal ends everything that the shell runs. */
interface Check {
  title: string;
  run: (shell: Shell, signal: AbortSignal) => Promise<Outcome>;
}

const tools = join(cacheFolder(process.env), 'tools');
const actionlint = { module: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' };
const zizmorRequirements = join(import.meta.dirname, 'zizmor-requirements.txt');
const browserTests = '**/browser.test.ts';

/**
 * Every check by its name for `npm run check -- NAME`, in the order in which they begin: what tells most in a second or
 * two, then the longest, then what fits beside these.
 */
export const checks: Readonly<Record<string, Check>> = {
  types: { title: 'types (tsc)', run: (shell) => program(shell, ...compiler, '--noEmit') },
  style: { title: 'style (biome)', run: (shell) => program(shell, 'biome', 'check', '--error-on-warnings', '.') },
  unit: {
    title: 'unit tests (mocha)',
    run: (shell) => tests(shell, '--ignore', browserTests, '{clusters,fixtures,specs,scripts}/**/*.test.ts'),
  },
  browser: {
    title: 'reports in a browser (chromium)',
    async run(shell, signal) {
      const absent = findChromium() === undefined ? await installPackage('chromium', noChromium, signal) : undefined;
      return absent ?? (await tests(shell, `scripts/${browserTests}`));
    },
  },
  package: {
    title: 'package (npm pack)',
    async run(shell) {
      await tryPackage(shell);
      return { kind: 'passed' };
    },
  },
  house: {
    title: 'rules of the house (dependency-cruiser)',
    run: (shell) => program(shell, process.execPath, '--import', './scripts/typescript.js', 'scripts/dev/house.ts'),
  },
  'dead-code': { title: 'dead code (knip)', run: (shell) => program(shell, 'knip', '--no-progress') },
  shell: {
    title: 'shell scripts (shellcheck)',
    async run(shell, signal) {
      const has = await works(shell, 'shellcheck', '--version');
      const absent = has ? undefined : await installPackage('shellcheck', 'shellcheck is not on PATH', signal);
      if (absent !== undefined) return absent;
      const scripts = (await shellScripts()).map((path) => relative(projectRoot, path));
      return await program(shell, 'shellcheck', '--shell=sh', '--severity=warning', ...scripts);
    },
  },
  'workflow-syntax': { title: 'workflow syntax (actionlint)', run: runActionlint },
  'workflow-security': { title: 'workflow security (zizmor)', run: runZizmor },
};

/** Runs a check. Its programs have process groups of their own: a signal reaches this process, which ends them. */
export async function runCheck({ run }: Check, signal: AbortSignal): Promise<Outcome> {
  const quiet = { quiet: true, verbose: false, nothrow: true };
  const env = { ...process.env, ...innerShell };
  const ends = { signal, timeout: 300_000, timeoutSignal: 'SIGKILL', killSignal: 'SIGTERM' } as const;
  const place = { cwd: projectRoot, preferLocal: projectRoot, env };
  const shell = $({ ...place, detached: true, prefix: 'exec ', ...quiet, ...ends });
  return await run(shell, signal);
}

/** Returns absolute paths of the POSIX shell scripts that nodes and node images are made with. */
export async function shellScripts(): Promise<string[]> {
  const folders = ['clusters', 'specs'].map((name) => join(projectRoot, name));
  const entries = await Promise.all(folders.map((path) => readdir(path, { withFileTypes: true, recursive: true })));
  return entries
    .flat()
    .filter((entry) => entry.isFile() && (entry.name.endsWith('.sh') || entry.parentPath.endsWith('/sbin')))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

const skipped = (reason: string): Outcome => ({ kind: 'skipped', reason });

/** Returns the outcome of a check whose tool is missing: a failure in CI, where a skipped check would go unnoticed. */
export function missing(reason: string, environment: NodeJS.ProcessEnv = process.env): Outcome {
  if (environment.CI !== 'true') return skipped(reason);
  return { kind: 'failed', exit: 'environment', output: `${reason}; in CI every check has to run` };
}

/** Returns the line of a program's output that says best why it failed. */
function reasonIn(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => /error|fail|no such|cannot/i.test(line)) ?? lines.at(-1) ?? 'no output';
}

async function works(shell: Shell, ...argv: string[]): Promise<boolean> {
  return (await shell`${argv}`).exitCode === 0;
}

/** Runs a program that ends with status 0 where all is well. */
async function program(shell: Shell, ...argv: string[]): Promise<Outcome> {
  const { exitCode, signal, stdout, stderr } = await shell`${argv}`;
  if (exitCode === 0) return { kind: 'passed' };
  const killed = signal ? `it was ended by ${signal}` : '';
  return { kind: 'failed', output: [stdout, stderr, killed].filter(Boolean).join('\n') };
}

/** Runs unit tests with the options of .mocharc.json. */
async function tests(shell: Shell, ...files: string[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'lpv-unit-'));
  try {
    const report = join(folder, 'report.json');
    const ended = await shell`mocha --reporter json --reporter-option ${`output=${report}`} ${files}`;
    const text = await readFile(report, 'utf8').catch(() => undefined);
    if (text !== undefined) return outcomeOfTests(text, ended.exitCode, ended.stderr);
    return { kind: 'failed', output: `no report was written\n${ended.stdout}\n${ended.stderr}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is read of mocha's JSON report. */
interface MochaReport {
  stats: { passes: number; failures: number; pending: number };
  failures: { fullTitle: string; err: { message?: string; stack?: string; actual?: unknown; expected?: unknown } }[];
}

/** Returns the outcome of unit tests from mocha's JSON report. No test at all, or a bad end of mocha, is a failure. */
export function outcomeOfTests(text: string, status: number | null, stderr: string): Outcome {
  const { stats, failures } = JSON.parse(text) as MochaReport;
  const counts = { passed: stats.passes, failed: stats.failures, skipped: stats.pending };
  if (status === 0 && counts.failed === 0 && counts.passed > 0) return { kind: 'passed', counts };
  const output = failures.map(({ fullTitle, err: { stack, message, actual, expected } }) => {
    const compared = typeof actual === 'string' && typeof expected === 'string';
    const difference = compared ? Mocha.reporters.Base.generateDiff(actual, expected) : '';
    return [`${fullTitle}:`, stack ?? message, difference].filter(Boolean).join('\n');
  });
  if (counts.failed === 0)
    output.push(counts.passed === 0 ? 'no test passed' : `mocha ended with status ${status}`, stderr);
  return { kind: 'failed', output: output.join('\n\n'), counts: { ...counts, failed: Math.max(counts.failed, 1) } };
}

/** apt refreshes its lists for one at a time, and checks run side by side. */
let installing: Promise<unknown> = Promise.resolve();

/** Installs a package as root on Debian, unless the user wants nothing installed; returns why it could not. */
async function installPackage(name: string, absent: string, signal: AbortSignal): Promise<Outcome | undefined> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const may = process.getuid?.() === 0 && /^ID=debian$/m.test(release) && process.env.LPV_INSTALL !== 'off';
  if (!may) return missing(absent);
  const before = installing.catch(() => {});
  const install = async () => {
    await before;
    process.stdout.write(`   installing ${name} with apt\n`);
    await refreshPackageLists(signal);
    await installPackages([name], signal);
  };
  try {
    installing = install();
    await installing;
    return undefined;
  } catch (error) {
    return missing(`${name} cannot be installed: ${messageOf(error).split('\n')[0]}`);
  }
}

/** actionlint, built from its Go module at first use; Go's checksum database vouches for it. */
async function runActionlint(shell: Shell): Promise<Outcome> {
  const folder = join(tools, `actionlint-${actionlint.version}`);
  const path = join(folder, 'actionlint');
  if (!(await works(shell, path, '-version'))) {
    if (!(await works(shell, 'go', 'version'))) return missing('no go command on PATH to build actionlint with');
    await mkdir(folder, { recursive: true });
    const env = { ...process.env, GOBIN: folder, GOFLAGS: '', CGO_ENABLED: '0' };
    const built = await shell({ env })`go install ${actionlint.module}@${actionlint.version}`;
    if (built.exitCode !== 0) return missing(`actionlint cannot be built: ${reasonIn(`${built}`)}`);
  }
  // Other linters on PATH would make the result depend on the machine.
  return await program(shell, path, '-no-color', '-shellcheck=', '-pyflakes=');
}

/** zizmor, from Python's package index into a virtual environment at first use, by the pinned checksums. */
async function runZizmor(shell: Shell): Promise<Outcome> {
  const sum = createHash('sha256').update(await readFile(zizmorRequirements));
  const folder = join(tools, `zizmor-${sum.digest('hex').slice(0, 12)}`);
  const path = join(folder, 'bin', 'zizmor');
  if (!(await works(shell, path, '--version'))) {
    if (!(await works(shell, 'python3', '--version'))) return missing('no python3 on PATH to install zizmor with');
    // Made in the place where it stays: a virtual environment knows its own path.
    await rm(folder, { recursive: true, force: true });
    await mkdir(tools, { recursive: true });
    const pinned = ['--quiet', '--no-input', '--only-binary=:all:', '--require-hashes', '-r', zizmorRequirements];
    for (const argv of [
      ['python3', '-m', 'venv', folder],
      [join(folder, 'bin', 'pip'), 'install', ...pinned],
    ]) {
      const ended = await shell`${argv}`;
      if (ended.exitCode !== 0) return missing(`zizmor cannot be installed: ${reasonIn(`${ended}`)}`);
    }
  }
  const quiet = ['--offline', '--no-progress', '--color=never'];
  return await program(shell, path, ...quiet, '.github/workflows', '.github/dependabot.yml', 'action.yml');
}
