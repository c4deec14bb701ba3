import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';

/** A registry on this machine's loopback. Disposing it ends it. */
export interface LoopbackRegistry extends AsyncDisposable {
  /** Such as 127.0.0.1:40123. */
  address: string;
}

const registryPackage = 'docker-registry';

/**
 * Finds Debian's docker-registry: the one on PATH, else its package unpacked below `folder`. It is not installed, so
 * no service of it is ever started and nothing has to be removed.
 */
export async function registryProgram(folder: string, signal?: AbortSignal): Promise<string> {
  const installed = await host.attempt({ argv: [registryPackage, '--version'], deadline: 10_000, signal });
  if (installed.status === 0) return registryPackage;
  const unpacked = join(folder, 'unpacked', 'usr', 'bin', registryPackage);
  if (existsSync(unpacked)) return unpacked;
  await mkdir(folder, { recursive: true });
  const argv = ['apt-get', '-o', 'APT::Sandbox::User=root', 'download', registryPackage] as const;
  const download = await host.attempt({ argv, directory: folder, deadline: 120_000, signal });
  const archive = (await readdir(folder)).find(
    (name) => name.startsWith(`${registryPackage}_`) && name.endsWith('.deb'),
  );
  if (download.status !== 0 || archive === undefined) {
    throw new DomainError({
      attempted: 'getting a registry to prove the pull path with',
      seen: download.stderr.trim() || 'apt-get downloaded nothing',
      remedy: `install the package ${registryPackage}, or run this on Debian after apt-get update`,
    });
  }
  await run(host, {
    argv: ['dpkg-deb', '--extract', join(folder, archive), join(folder, 'unpacked')],
    deadline: 60_000,
    signal,
  });
  return unpacked;
}

/** Starts a registry with its storage below `folder`, on a free port of the loopback that the kernel chooses. */
export async function startRegistry(program: string, folder: string): Promise<LoopbackRegistry> {
  const storage = join(folder, 'storage');
  const configuration = join(folder, 'registry.yaml');
  await mkdir(storage, { recursive: true });
  const settings = { version: 0.1, storage: { filesystem: { rootdirectory: storage } }, http: { addr: '127.0.0.1:0' } };
  // JSON is YAML.
  await writeFile(configuration, JSON.stringify(settings));
  const child = spawn(program, ['serve', configuration], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    return { address: await listeningAddress(child), [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** The registry logs where it listens. The log is read to its end, because the registry stalls when its pipe is full. */
function listeningAddress(child: ChildProcess & { stderr: NodeJS.ReadableStream }): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new DomainError({ attempted: 'starting a registry on loopback', seen: [...said, why].join('\n') }));
    };
    const timer = setTimeout(() => fail('it does not listen after 15 s'), 15_000);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (status) => fail(`it ended with status ${status}`));
    createInterface(child.stderr).on('line', (line) => {
      said.splice(0, said.length - 5);
      said.push(line);
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
