/**
 * Pulls on this machine's loopback, with the real engine and Debian's own registry: what is pulled, what is refused and
 * why, and that `--image auto` builds where no registry answers. No cluster is made.
 *
 *   npm run test:pull
 *   LPV_PULL_SERVE=on npm run test:pull     the registry then stays until Ctrl-C, for a run on the pulled image
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { Commander } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { Engine, probeEngine } from '../../../clusters/host/engine/engine.ts';
import { engineMissing } from '../../../clusters/host/engine/engine-errors.ts';
import { acquireNodeImage, type NodeImage } from '../../../clusters/host/node-image/acquire.ts';
import { type PullResult, pullImage } from '../../../clusters/host/node-image/pull.ts';
import { readRecipe } from '../../../clusters/host/node-image/recipe.ts';
import { silent } from '../../../clusters/text/progress.ts';
import { buildsFolder, cacheFolder } from '../../run/cluster/plan.ts';
import { listenForSignals } from '../../run/signals.ts';
import { registryProgram, startRegistry } from './container-registry.ts';
import { closedPort, refusingRegistry, silentRegistry, tamperingRegistry } from './faulty-registries.ts';

const repository = 'local-pv-conformance/node';
const say = (line: string) => void process.stdout.write(`${line}\n`);

describe('a node image of a registry', function () {
  this.timeout(600_000);

  let setting: Awaited<ReturnType<typeof set>>;
  /** Image names that were given to the engine. */
  const names = new Set<string>();
  /** What is undone at the end, in reverse order. */
  const resources: AsyncDisposable[] = [];
  const signals = listenForSignals({ interrupted: () => {}, say, cleanCommand: () => 'docker image ls' });
  const { signal } = signals;

  before(async () => {
    setting = await set();
  });
  // Each spec begins with none of the images.
  afterEach(() => removeNames(setting.engine));
  after(async () => {
    if (setting) {
      say(`     npm run lpv -- run --image ${setting.node}`);
      if (process.env.LPV_PULL_SERVE === 'on' && !signal.aborted) {
        say('     the registry serves it until Ctrl-C');
        await once(signal, 'abort');
      }
    }
    for (const resource of resources.reverse()) await resource[Symbol.asyncDispose]();
    signals[Symbol.dispose]();
  });

  pulls('the node image by tag and digest', () => setting.node, 'pulled', { id: () => setting.nodeId });
  // Before the right ones are pulled: the engine keeps a manifest for a moment after its image is removed.
  pulls('another manifest under the digest', () => at('changedManifest'), 'wrong digest');
  pulls('another layer under its digest', () => at('changedLayer'), 'wrong digest');
  pulls('an image that is not here, by tag and digest', () => at('good'), 'pulled', { id: () => setting.smallId });
  pulls('a tag that is not there', () => `${setting.addresses.good}/${repository}:none`, 'absent');
  pulls('a repository that is not there', () => `${setting.addresses.good}/no/none:1@${setting.smallDigest}`, 'absent');
  pulls('a digest that is not there', () => at('good', `sha256:${randomBytes(32).toString('hex')}`), 'absent');
  pulls('credentials asked for (401)', () => at('askingForCredentials'), 'refused');
  pulls('access denied (403)', () => at('denying'), 'refused');
  pulls('nothing listens', () => at('closed'), 'no registry');
  pulls('a registry that is silent', () => at('mute'), 'silent', { firstWord: 3000 });
  auto('nothing listens: builds', () => at('closed'), 'built image');
  auto('a silent registry: builds', () => at('mute'), 'built image');
  auto('access denied: nothing is built', () => at('denying'), 'error: the registry refuses this user');
  auto(
    'another manifest under the digest: nothing is built',
    () => at('changedManifest'),
    'error: what the registry serves is not what the digest names; it is not used',
  );

  /** Starts the registries, and pushes the node image and a small one whose pull brings every byte. */
  async function set() {
    const state = await probeEngine(signal);
    if (state.kind !== 'answers') throw engineMissing(state, []);
    const engine = new Engine(state.facts);
    resources.push({ [Symbol.asyncDispose]: () => removeNames(engine) });
    const versions = await readVersions();
    const minor = versions.minor();
    const recipe = await readRecipe(versions, minor);
    const nodeId = await engine.imageId(recipe.reference, signal);
    if (nodeId === undefined) {
      throw new DomainError({
        attempted: 'testing pulls of the node image',
        seen: `the engine has no ${recipe.reference} to push`,
        remedy: 'npm run lpv -- image --image built',
      });
    }
    const cache = cacheFolder(process.env);
    const program = await registryProgram(join(cache, 'registry'), signal);
    const folder = await mkdtemp(join(tmpdir(), 'lpv-pull-'));
    resources.push({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) });
    const good = await kept(startRegistry(program, folder));
    const tagged = `${good}/${repository}:${recipe.reference.slice(recipe.reference.lastIndexOf(':') + 1)}`;
    await engine.run(['tag', recipe.reference, named(tagged)], { signal });
    const node = `${tagged}@${await push(engine, tagged, signal)}`;
    const small = `${good}/${repository}:small`;
    const archive = join(folder, 'small.tar');
    await writeFile(join(folder, 'content'), randomBytes(200_000));
    await host.attempt({ argv: ['tar', '-cf', archive, '-C', folder, 'content'], deadline: 30_000, signal });
    const smallId = (await engine.run(['import', archive, named(small)], { signal })).stdout.trim();
    const smallDigest = await push(engine, small, signal);
    await removeNames(engine);
    const addresses = {
      good,
      changedManifest: await kept(tamperingRegistry(good, 'manifest', smallId)),
      changedLayer: await kept(tamperingRegistry(good, 'layer', smallId)),
      askingForCredentials: await kept(refusingRegistry(401)),
      denying: await kept(refusingRegistry(403)),
      mute: await kept(silentRegistry()),
      closed: await closedPort(),
    };
    return { engine, versions, minor, recipe, node: named(node), nodeId, smallId, smallDigest, addresses };
  }

  /** Declares a pull. A pulled image must have the id that was pushed. */
  function pulls(
    title: string,
    reference: () => string,
    expected: PullResult['kind'],
    { id, ...options }: { id?: () => string; firstWord?: number } = {},
  ): void {
    it(`${title}: ${expected}`, async () => {
      const { engine } = setting;
      const result = await pullImage(engine, reference(), silent, { ...options, signal });
      expect(result, JSON.stringify(result)).to.have.property('kind', expected);
      if (id) expect(await engine.imageId(reference())).to.equal(id());
    });
  }

  /** Declares `--image auto` where the published image cannot be pulled: what is used in the end, or why nothing is. */
  function auto(title: string, published: () => string, expected: `${NodeImage['origin']} image` | `error: ${string}`) {
    it(`auto, ${title}`, async () => {
      const { minor, versions, recipe, engine } = setting;
      const outcome = await acquireNodeImage({
        minor: { ...minor, published: published() },
        versions,
        // As on a machine that has no node image yet: else there would be no need to ask a registry.
        engine: new Engine(engine.facts, withoutAtFirst(recipe.reference)),
        buildsFolder: buildsFolder(process.env),
        mayInstall: false,
        wish: { kind: 'auto' },
        progress: silent,
        signal,
      }).then(
        ({ origin }) => `${origin} image`,
        (error: unknown) => {
          if (error instanceof DomainError) return `error: ${error.details.why}`;
          throw error;
        },
      );
      expect(outcome).to.equal(expected);
    });
  }

  function at(registry: keyof typeof setting.addresses, digest = setting.smallDigest): string {
    return named(`${setting.addresses[registry]}/${repository}:small@${digest}`);
  }

  /** Notes a name before it is used, so that it is removed. */
  function named(name: string): string {
    names.add(name);
    return name;
  }

  async function kept(starting: Promise<AsyncDisposable & { address: string }>): Promise<string> {
    const started = await starting;
    resources.push(started);
    return started.address;
  }

  /** Removes the names that the engine has, and with its last name an image. */
  async function removeNames(engine: Engine): Promise<void> {
    for (const name of names) {
      const { status, stderr } = await engine.attempt(['image', 'rm', name]);
      if (status === 0 || /no such image/i.test(stderr)) continue;
      const remedy = `docker image rm ${name}`;
      throw new DomainError({ attempted: 'removing an image of a test', on: name, seen: stderr.trim(), remedy });
    }
  }
});

/** Pushes an image; returns the digest that the registry knows it by. */
async function push(engine: Engine, name: string, signal: AbortSignal): Promise<string> {
  const { stdout } = await engine.run(['push', name], { deadline: 600_000, signal });
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(stdout)?.[1];
  if (digest !== undefined) return digest;
  throw new DomainError({ attempted: `pushing ${name}`, seen: stdout.trim(), why: 'docker push named no digest' });
}

/** Returns this machine, but for one image that seems to be absent when it is first looked for. */
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
