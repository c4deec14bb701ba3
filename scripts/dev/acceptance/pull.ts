/**
 * Proves the pull path on this machine's loopback, with the real engine and Debian's own registry: what is pulled, what
 * is refused and why, and that `--image auto` builds where no registry answers. No cluster is made.
 *
 *   node --import tsx scripts/dev/acceptance/pull.ts [--serve]
 *
 * With --serve the registry stays until Ctrl-C, for a run on the pulled image.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import { type ExitStatus, exitStatus } from '../../../clusters/errors/exit-status.ts';
import type { Commander } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { Engine, probeEngine } from '../../../clusters/host/engine/engine.ts';
import { engineMissing } from '../../../clusters/host/engine/engine-errors.ts';
import type { PullResult } from '../../../clusters/host/node-image/pull.ts';
import { readRecipe } from '../../../clusters/host/node-image/recipe.ts';
import { duration } from '../../../clusters/text/duration.ts';
import { ignoreEpipe } from '../../command-line/ignore-epipe.ts';
import { cacheFolder } from '../../run/cluster/plan.ts';
import { listenForSignals } from '../../run/signals.ts';
import { registryProgram, startRegistry } from './container-registry.ts';
import { closedPort, refusingRegistry, silentRegistry, tamperingRegistry } from './faulty-registries.ts';
import { ImageNames } from './image-names.ts';
import { autoCase, type CaseResult, performCases, pullCase } from './pull-cases.ts';

ignoreEpipe();
const say = (line: string) => void process.stdout.write(`${line}\n`);
const repository = 'local-pv-conformance/node';

async function provePull(serve: boolean, signal: AbortSignal): Promise<ExitStatus> {
  const state = await probeEngine(signal);
  if (state.kind !== 'answers') throw engineMissing(state, []);
  const engine = new Engine(state.facts);
  const versions = await readVersions();
  const minor = versions.minor();
  const recipe = await readRecipe(versions, minor);
  const nodeImage = await engine.imageId(recipe.reference, signal);
  if (nodeImage === undefined) {
    throw new DomainError({
      attempted: 'proving the pull path',
      seen: `the engine has no ${recipe.reference} to push`,
      remedy: 'npm run lpv -- image --image built',
    });
  }
  const cache = cacheFolder(process.env);
  const program = await registryProgram(join(cache, 'registry'), signal);
  await using folder = await temporaryFolder();
  await using names = new ImageNames(engine);
  await using registry = await startRegistry(program, folder.path);

  // The node image itself, and a small one that is removed here, so that its pull brings every byte.
  const tag = recipe.reference.slice(recipe.reference.lastIndexOf(':') + 1);
  const node = `${registry.address}/${repository}:${tag}`;
  say(` • pushing ${node}`);
  await engine.run(['tag', recipe.reference, names.add(node)], { signal });
  const nodeDigest = await push(engine, node, signal);
  const small = `${registry.address}/${repository}:small`;
  const archive = join(folder.path, 'small.tar');
  await writeFile(join(folder.path, 'content'), randomBytes(200_000));
  await host.attempt({ argv: ['tar', '-cf', archive, '-C', folder.path, 'content'], deadline: 30_000, signal });
  const smallId = (await engine.run(['import', archive, names.add(small)], { signal })).stdout.trim();
  const smallDigest = await push(engine, small, signal);
  await names.removeAll();

  await using changedManifest = await tamperingRegistry(registry.address, 'manifest', smallId);
  await using changedLayer = await tamperingRegistry(registry.address, 'layer', smallId);
  await using askingForCredentials = await refusingRegistry(401);
  await using denying = await refusingRegistry(403);
  await using mute = await silentRegistry();
  const closed = await closedPort();
  const at = (address: string, digest = smallDigest) => names.add(`${address}/${repository}:small@${digest}`);
  const pull = (
    title: string,
    reference: string,
    expected: PullResult['kind'],
    more: { id?: string; firstWord?: number } = {},
  ) => pullCase(engine, title, reference, expected, { ...more, signal });
  const auto = (title: string, address: string, expected: Parameters<typeof autoCase>[2]) =>
    autoCase(
      title,
      {
        minor: { ...minor, published: at(address) },
        versions,
        // As on a machine that has no node image yet: else there would be no need to ask a registry.
        engine: new Engine(engine.facts, withoutAtFirst(recipe.reference)),
        cacheFolder: cache,
        mayInstall: false,
        signal,
      },
      expected,
    );

  const results = await performCases(
    [
      pull('the node image by tag and digest', names.add(`${node}@${nodeDigest}`), 'pulled', { id: nodeImage }),
      pull('an image that is not here, by tag and digest', at(registry.address), 'pulled', { id: smallId }),
      pull('a tag that is not there', `${registry.address}/${repository}:none`, 'absent'),
      pull('a repository that is not there', `${registry.address}/nobody/none:1@${smallDigest}`, 'absent'),
      pull('a digest that is not there', at(registry.address, unknownDigest()), 'absent'),
      pull('another manifest under the digest', at(changedManifest.address), 'wrong digest'),
      pull('another layer under its digest', at(changedLayer.address), 'wrong digest'),
      pull('credentials asked for (401)', at(askingForCredentials.address), 'refused'),
      pull('access denied (403)', at(denying.address), 'refused'),
      pull('nothing listens', at(closed), 'no registry'),
      pull('a registry that is silent', at(mute.address), 'silent', { firstWord: 3000 }),
      auto('auto, nothing listens: builds', closed, 'built image'),
      auto('auto, a silent registry: builds', mute.address, 'built image'),
      auto('auto, access denied: nothing is built', denying.address, 'error: the registry refuses this user'),
      auto(
        'auto, another manifest under the digest: nothing is built',
        changedManifest.address,
        'error: what the registry serves is not what the digest names; it is not used',
      ),
    ],
    { seen: tell, afterEach: () => names.removeAll() },
  );
  const failed = results.filter(({ held }) => !held).length;
  say(`\n   npm run lpv -- run --image ${node}@${nodeDigest}`);
  if (serve) {
    say('   the registry serves it until Ctrl-C');
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  say(`\n${results.length - failed} passed, ${failed} failed, 0 skipped`);
  return failed === 0 ? 'conforms' : 'doesNotConform';
}

/** Pushes an image and gives the digest that the registry knows it by. */
async function push(engine: Engine, name: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await engine.run(['push', name], { deadline: 600_000, signal });
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1];
  if (digest !== undefined) return digest;
  throw new DomainError({ attempted: `pushing ${name}`, seen: stdout.trim(), why: 'docker push named no digest' });
}

/** This machine, but for one image that seems to be absent when it is first looked for. */
function withoutAtFirst(reference: string): Commander {
  let hidden = true;
  return {
    place: host.place,
    async attempt(request) {
      if (!hidden || request.argv[2] !== 'inspect' || request.argv.at(-1) !== reference)
        return await host.attempt(request);
      hidden = false;
      return { argv: request.argv, status: 1, stdout: '', stderr: '', milliseconds: 0 };
    },
  };
}

function unknownDigest(): string {
  return `sha256:${randomBytes(32).toString('hex')}`;
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'lpv-pull-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function tell({ title, held, outcome, expected, said, milliseconds }: CaseResult): void {
  const result = held ? outcome : `${outcome}, expected ${expected}`;
  say(` ${held ? '✓' : '✗'} ${title}: ${result} (${duration(milliseconds)})`);
  for (const line of said.split('\n')) say(`     ${line}`);
}

const signals = listenForSignals({ interrupted: () => {}, say, cleanCommand: () => 'docker image ls' });
try {
  process.exitCode = exitStatus[await provePull(process.argv.includes('--serve'), signals.signal)];
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  const status = error instanceof DomainError ? error.exit : 'environment';
  process.exitCode = exitStatus[signals.signal.aborted ? 'interrupted' : status];
} finally {
  signals[Symbol.dispose]();
}
