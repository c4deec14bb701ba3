import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailed, type CommandRequest } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';

/** A program that can be run, or why it cannot be had here. */
export type Tool = { argv: CommandRequest['argv'] } | { missing: string };

const actionlint = { module: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' };
const requirements = fileURLToPath(new URL('zizmor-requirements.txt', import.meta.url));

/**
 * actionlint, built from its Go module into the harness's cache at first use; Go's checksum database vouches for it.
 */
export async function findActionlint(cache: string, signal: AbortSignal): Promise<Tool> {
  const folder = join(cache, `actionlint-${actionlint.version}`);
  const program = join(folder, 'actionlint');
  // Other linters on PATH would make the verdict depend on the machine.
  const tool: Tool = { argv: [program, '-no-color', '-shellcheck=', '-pyflakes='] };
  if (await runs([program, '-version'], signal)) return tool;
  if (!(await runs(['go', 'version'], signal))) return { missing: 'no go command on PATH to build actionlint with' };
  await mkdir(folder, { recursive: true });
  const refusal = await attempt({
    argv: ['go', 'install', `${actionlint.module}@${actionlint.version}`],
    env: { GOBIN: folder, GOFLAGS: '', CGO_ENABLED: '0' },
    deadline: 300_000,
    signal,
  });
  return refusal === undefined ? tool : { missing: `actionlint cannot be built: ${refusal}` };
}

/** zizmor, from Python's package index into a virtual environment of the harness's cache, by the pinned checksums. */
export async function findZizmor(cache: string, signal: AbortSignal): Promise<Tool> {
  const sum = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const folder = join(cache, `zizmor-${sum.slice(0, 12)}`);
  const tool: Tool = { argv: [join(folder, 'bin', 'zizmor')] };
  if (await runs([...tool.argv, '--version'], signal)) return tool;
  if (!(await runs(['python3', '--version'], signal))) return { missing: 'no python3 on PATH to install zizmor with' };
  // Made in the place where it stays: a virtual environment knows its own path.
  await rm(folder, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  const steps: CommandRequest['argv'][] = [
    ['python3', '-m', 'venv', folder],
    [
      join(folder, 'bin', 'pip'),
      'install',
      '--quiet',
      '--no-input',
      '--only-binary=:all:',
      '--require-hashes',
      '-r',
      requirements,
    ],
  ];
  for (const argv of steps) {
    const refusal = await attempt({ argv, deadline: 300_000, signal });
    if (refusal !== undefined) return { missing: `zizmor cannot be installed: ${refusal}` };
  }
  return tool;
}

async function runs(argv: CommandRequest['argv'], signal: AbortSignal): Promise<boolean> {
  return (await host.attempt({ argv, deadline: 30_000, signal })).status === 0;
}

/** Why a command failed, in a line; undefined where it went well. */
async function attempt(request: CommandRequest): Promise<string | undefined> {
  try {
    const { status, stdout, stderr } = await host.attempt(request);
    if (status === 0) return undefined;
    const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
    return lines.findLast((line) => /error|fail|no such|cannot/i.test(line)) ?? lines.at(-1) ?? `exit status ${status}`;
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof CommandFailed) return error.details.attempted;
    throw error;
  }
}
