import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import type { Versions } from '../configuration/versions.ts';
import { DomainError } from '../errors/domain-error.ts';
import { run } from '../host/command/commander.ts';
import { host } from '../host/command/host.ts';

/** The programs of sig-storage-local-static-provisioner, compiled for the nodes. */
export interface StaticProvisionerPrograms {
  /** The version of their Go module. */
  version: string;
  /** Absolute path of a tar archive with `local-provisioner` and `node-cleanup`. */
  archive: string;
  /** Of the archive; part of the name of its container image. */
  sha256: string;
}

/** The programs, or why there are none here: their chapter is skipped with that reason. */
export type StaticProvisioner =
  | { kind: 'ready'; programs: StaticProvisionerPrograms }
  | { kind: 'lacking'; why: string };

/** A build that goes on beside other work. Its disposal ends it. */
export interface StaticProvisionerBuild extends Disposable {
  result: Promise<StaticProvisioner>;
}

export interface BuildRequest {
  pin: Versions['staticProvisioner'];
  /** Folder for what outlives a run. */
  cacheFolder: string;
  signal: AbortSignal;
}

/** Begins to get the programs, while the cluster is made. The result never rejects. */
export function beginStaticProvisioner(request: BuildRequest): StaticProvisionerBuild {
  const ended = new AbortController();
  const signal = AbortSignal.any([request.signal, ended.signal]);
  const result = obtainStaticProvisioner({ ...request, signal }).catch(
    (error: unknown): StaticProvisioner => ({ kind: 'lacking', why: String(error) }),
  );
  return { result, [Symbol.dispose]: () => ended.abort() };
}

/**
 * Returns the programs: those that an earlier run has compiled, if they are unchanged, or else compiled now.
 * @throws DomainError where the module is not the one that versions.yaml pins, or does not compile
 */
export async function obtainStaticProvisioner(request: BuildRequest): Promise<StaticProvisioner> {
  const { pin, cacheFolder, signal } = request;
  const parent = join(cacheFolder, 'static-provisioner');
  // The compiler is no part of the name: a machine from which Go was removed still has its programs.
  const folder = join(parent, `${pin.version}-${arch()}`);
  const kept = await readKept(folder);
  if (kept !== undefined) return { kind: 'ready', programs: { version: pin.version, ...kept } };

  const go = await host.attempt({ argv: ['go', 'version'], deadline: 30_000, signal }).catch(() => undefined);
  signal.throwIfAborted();
  if (go?.status !== 0)
    return {
      kind: 'lacking',
      why: `sig-storage-local-static-provisioner ${pin.version} is compiled on this machine, and there is no go command on PATH; install Go 1.22 or later`,
    };
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, 'building-'));
  try {
    const source = join(work, 'source');
    await cp(await moduleFolder(request), source, { recursive: true, filter: (path) => !path.includes('/vendor/') });
    await run(host, { argv: ['chmod', '-R', 'u+w', source], deadline: 30_000, signal });
    await mkdir(join(work, 'programs'));
    await compile(source, join(work, 'programs'), signal);
    const made = join(work, 'made');
    await mkdir(made);
    const archive = join(made, 'programs.tar');
    const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--mode=0755'];
    const argv = ['tar', '-C', join(work, 'programs'), ...plain, '-cf', archive, '.'] as const;
    await run(host, { argv, deadline: 60_000, signal });
    await writeFile(join(made, 'sha256'), await sha256Of(archive));
    await rm(folder, { recursive: true, force: true });
    // Another run may have put the same programs there meanwhile.
    await rename(made, folder).catch(async (error: unknown) => {
      if ((await readKept(folder)) === undefined) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const result = await readKept(folder);
  if (result === undefined) throw new DomainError({ attempted: 'keeping the compiled provisioner', on: folder });
  return { kind: 'ready', programs: { version: pin.version, ...result } };
}

/** Returns what an earlier build has left, where its checksum is still right. */
async function readKept(folder: string): Promise<{ archive: string; sha256: string } | undefined> {
  const archive = join(folder, 'programs.tar');
  try {
    const noted = await readFile(join(folder, 'sha256'), 'utf8');
    const sha256 = await sha256Of(archive);
    return noted === sha256 ? { archive, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

/** Downloads the module; returns its folder, which is not to be changed. */
async function moduleFolder({ pin, signal }: BuildRequest): Promise<string> {
  const wanted = `${pin.module}@${pin.version}`;
  const argv = ['go', 'mod', 'download', '-json', wanted] as const;
  const { stdout } = await run(host, { argv, directory: '/', deadline: 5 * 60_000, signal });
  const { Dir: folder, Sum: sum } = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (sum === pin.sum) return folder;
  throw new DomainError({
    attempted: 'downloading the static provisioner',
    on: wanted,
    seen: `its checksum is ${sum}`,
    why: `clusters/versions.yaml pins ${pin.sum}`,
    remedy: 'ask whoever serves this machine’s Go modules why the module differs',
  });
}

/** Compiles both programs as the project's Makefile does: statically, with the module as the main one. */
async function compile(source: string, programs: string, signal: AbortSignal): Promise<void> {
  const outputs = { 'local-provisioner': './cmd/local-volume-provisioner', 'node-cleanup': './cmd/node-cleanup' };
  for (const [name, command] of Object.entries(outputs)) {
    const flags = ['-mod=mod', '-trimpath', '-ldflags', '-s -w', '-o', join(programs, name)];
    await run(host, {
      // The cluster is made meanwhile, and comes first.
      argv: ['nice', '-n', '10', 'go', 'build', ...flags, command],
      directory: source,
      env: { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' },
      deadline: 30 * 60_000,
      signal,
    });
  }
}

async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
