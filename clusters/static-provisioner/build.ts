import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, PreparationFailed } from '../errors/domain-error.ts';
import { run } from '../host/command/commander.ts';
import { host } from '../host/command/host.ts';
import { type BuildRequest, compile, downloadModule, keptBuild } from '../host/go-module.ts';
import type { BuildFolder } from '../host/node-image/build-folder.ts';
import { type Node, nodeScript, onNode, scriptOnNode } from '../nodes/node.ts';

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

/** A build that runs in parallel with other work. Its disposal ends it. */
export interface StaticProvisionerBuild extends Disposable {
  result: Promise<StaticProvisioner>;
}

/** Returns a build of the programs that has begun, while the cluster is made. The result never rejects. */
export function beginStaticProvisioner(request: BuildRequest): StaticProvisionerBuild {
  const ended = new AbortController();
  const signal = AbortSignal.any([request.signal, ended.signal]);
  const result = obtainStaticProvisioner({ ...request, signal }).catch(
    (error: unknown): StaticProvisioner => ({ kind: 'lacking', why: String(error) }),
  );
  return { result, [Symbol.dispose]: () => ended.abort() };
}

/**
 * Returns the programs. Uses those of an earlier run if they are unchanged, or compiles them now.
 * @throws DomainError if the module is not the one that versions.yaml pins, or does not compile
 */
export async function obtainStaticProvisioner(request: BuildRequest): Promise<StaticProvisioner> {
  const { pin, signal } = request;
  const built = await keptBuild(request, {
    name: 'static-provisioner',
    file: 'programs.tar',
    async make(archive, build) {
      const at = (name: string) => join(build.path, name);
      await cp(await downloadModule(pin, 'the static provisioner', signal), at('source'), {
        recursive: true,
        filter: (path) => !path.includes('/vendor/'),
      });
      await run(host, { argv: ['chmod', '-R', 'u+w', at('source')], deadline: 30_000, signal });
      await mkdir(at('programs'));
      await compilePrograms(build, signal);
      const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--mode=0755'];
      const packing = ['tar', '-C', at('programs'), ...plain, '-cf', archive, '.'] as const;
      await run(host, { argv: packing, deadline: 60_000, signal });
    },
  });
  if (built) return { kind: 'ready', programs: { version: pin.version, archive: built.path, sha256: built.sha256 } };
  return {
    kind: 'lacking',
    why: `sig-storage-local-static-provisioner ${pin.version} is compiled on this machine, and there is no go command on PATH; install Go 1.22 or later`,
  };
}

/** Compiles both programs as the project's Makefile does: statically, with the module as the main one. */
async function compilePrograms(build: BuildFolder, signal: AbortSignal): Promise<void> {
  const outputs = { 'local-provisioner': './cmd/local-volume-provisioner', 'node-cleanup': './cmd/node-cleanup' };
  for (const [name, command] of Object.entries(outputs)) {
    const argv = ['build', '-mod=mod', '-o', join(build.path, 'programs', name), command] as const;
    await compile(build, argv, { directory: join(build.path, 'source'), signal });
  }
}

const makeImage = nodeScript(import.meta.url, 'make-image.sh');

/** Milliseconds for each of its two steps: 86 MB, some 2 s where the disk has nothing else to do. */
const loadDeadline = 100_000;

/** What is under way or done, by node and image. */
const loading = new Map<string, Promise<string>>();

/**
 * Waits until a node has the container image of the static provisioner, and returns its name. The image has the files
 * of `base`, for the shell that cleans devices, and the compiled programs.
 *
 * @throws PreparationFailed where it could not be loaded, as on a machine that is too busy
 */
export function provisionerImage(node: Node, programs: StaticProvisionerPrograms, base: string): Promise<string> {
  const name = `localhost/local-pv-conformance/static-provisioner:${programs.sha256.slice(0, 12)}`;
  const key = `${node.place} ${name}`;
  // Specs that need it at the same time wait for the same load.
  const begun = loading.get(key) ?? load(node, name, programs, base).catch((error: unknown) => notLoaded(node, error));
  loading.set(key, begun);
  begun.catch(() => loading.delete(key));
  return begun;
}

function notLoaded(node: Node, cause: unknown): never {
  throw new PreparationFailed(
    { attempted: 'loading the image of the static provisioner', on: node.place, seen: messageOf(cause) },
    { cause },
  );
}

async function load(node: Node, name: string, { archive, sha256 }: StaticProvisionerPrograms, base: string) {
  const present = await onNode(node, ['ctr', '--namespace', 'k8s.io', 'images', 'list', '--quiet', `name==${name}`]);
  if (present.trim() === name) return name;
  const place = `/var/lib/lpv-${sha256.slice(0, 12)}.tar`;
  await run(node, {
    argv: ['dd', `of=${place}`, 'bs=1M', 'status=none'],
    stdin: { file: archive },
    deadline: loadDeadline,
  });
  await scriptOnNode(node, makeImage, [name, base, place], { deadline: loadDeadline });
  return name;
}
