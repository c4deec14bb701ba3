import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { obtainLayers } from '../../clusters/agent/image/build-layers.ts';
import { type Layer, writeDockerArchive } from '../../clusters/agent/image/docker-archive.ts';
import type { Versions } from '../../clusters/configuration/versions.ts';
import { run } from '../../clusters/host/command/commander.ts';
import { host } from '../../clusters/host/command/host.ts';
import { lpv } from '../../clusters/project-root.ts';
import { cacheFolder } from '../run/cluster/plan.ts';
import { listenForSignals } from '../run/signals.ts';
import { bundleHarness, digestOfHarness, entryPoint, imageRoot } from './bundle.ts';

/** Returns the name of the image; its tag changes with anything that is in it. */
export async function runnerImage(registry = 'localhost/local-pv-conformance'): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return `${registry}/runner:${version}-${(await digestOfHarness()).slice(0, 12)}`;
}

/** How containers of the image start: as nobody, and with nothing to write to but what they are given. */
const imageConfig = {
  Env: ['PATH=/usr/local/bin:/bin', 'HOME=/tmp', 'LPV_INSTALL=off', 'NO_COLOR=1', 'CI=true'],
  User: '65534:65534',
  WorkingDir: '/',
  Entrypoint: ['/usr/local/bin/node', join(imageRoot, `${entryPoint}.js`)],
};

/**
 * Writes the image into an archive for `docker load` or `ctr images import`. Its Node.js is the one that runs here, with
 * the libraries of this machine: what has been tested here is what runs there, and no registry is asked. Below it is the
 * busybox of the specs' pods, because hydrophone wants a shell.
 */
export async function saveRunnerImage(request: {
  name: string;
  versions: Versions;
  file: string;
  mayInstall: boolean;
}): Promise<void> {
  const { name, versions, mayInstall } = request;
  const file = resolve(request.file);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  using signals = listenForSignals({ interrupted: () => {}, say, cleanCommand: () => lpv('clean') });
  const { signal } = signals;
  const progress = { note: (note: string) => say(` • ${note}`), retried: () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'lpv-runner-'));
  try {
    const { pod } = await obtainLayers({
      debianSuite: versions.nodeImage.debianSuite,
      cacheFolder: cacheFolder(process.env),
      mayInstall,
      progress,
      signal,
    });
    progress.note('bundling the harness');
    await bundleHarness(join(folder, 'harness', imageRoot));
    await copyNode(join(folder, 'node'), signal);
    const layers = [pod, await layerOf(folder, 'node', signal), await layerOf(folder, 'harness', signal)];
    await writeDockerArchive([{ name, layers, config: imageConfig }], file, signal);
    say(` ✓ ${file}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Copies the program of this process and the shared libraries that the loader finds for it. */
async function copyNode(folder: string, signal: AbortSignal): Promise<void> {
  const { stdout } = await run(host, { argv: ['ldd', process.execPath], deadline: 30_000, signal });
  const files = new Map([['/usr/local/bin/node', process.execPath]]);
  for (const library of librariesIn(stdout)) files.set(library, library);
  for (const [to, from] of files) {
    const target = join(folder, to);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(from, target);
    await chmod(target, 0o755);
  }
}

/** Returns the absolute paths in what ldd prints: of libraries, and of the loader itself. */
export function librariesIn(printed: string): string[] {
  return printed.split('\n').flatMap((line) => /(?:=> |^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Returns a folder of that name as a layer; the same files make the same bytes. */
async function layerOf(folder: string, name: string, signal: AbortSignal): Promise<Layer> {
  const file = join(folder, `${name}.tar`);
  const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=a+rX,go-w'];
  await run(host, { argv: ['tar', '-C', join(folder, name), ...plain, '-cf', file, '.'], deadline: 120_000, signal });
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file, sha256: hash.digest('hex') };
}
