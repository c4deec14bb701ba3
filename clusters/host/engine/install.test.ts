import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { readVersions } from '../../configuration/versions.ts';
import { silent } from '../../text/progress.ts';
import { pollUntil } from '../poll-until.ts';
import {
  describeStep,
  downloadFromSuite,
  type EngineHost,
  type EnginePins,
  engineElsewhere,
  install,
  planInstallation,
  readPrintedNames,
} from './install.ts';

const archive = { uri: 'http://deb.debian.org/debian/', codename: 'bookworm' };
const pins: EnginePins = {
  debianSuite: 'trixie',
  packages: ['docker.io', 'docker-cli'],
  minimumServerVersion: 24,
};
const bare: EngineHost = {
  root: true,
  distribution: 'debian',
  clientPresent: false,
  daemonPresent: false,
  serviceManager: false,
  candidateMajor: 20,
  archive,
};
const bothFromTrixie = {
  kind: 'install from suite',
  packages: ['docker.io', 'docker-cli'],
  suite: 'trixie',
  archive,
};
const byHand = { kind: 'start by hand' };
const byServiceManager = { kind: 'start by service manager' };
const fedora = { distribution: 'fedora', candidateMajor: undefined, archive: undefined };
const ubuntu = { distribution: 'ubuntu', candidateMajor: 27, archive: undefined };

describe('the installation of an engine', () => {
  const table: [string, Partial<EngineHost>, object[]][] = [
    ['bare bookworm, whose own is too old', {}, [bothFromTrixie, byHand]],
    ['bookworm with a service manager', { serviceManager: true }, [bothFromTrixie, byServiceManager]],
    ['bookworm with a client', { clientPresent: true }, [{ ...bothFromTrixie, packages: ['docker.io'] }, byHand]],
    ['bookworm without package lists', { candidateMajor: undefined }, [bothFromTrixie, byHand]],
    ['bookworm without an archive', { archive: undefined }, []],
    ['bare trixie', { candidateMajor: 26 }, [{ kind: 'install', packages: ['docker.io', 'docker-cli'] }, byHand]],
    [
      'trixie with a client',
      { candidateMajor: 26, clientPresent: true },
      [{ kind: 'install', packages: ['docker.io'] }, byHand],
    ],
    ['ubuntu, which has one package', ubuntu, [{ kind: 'install', packages: ['docker.io'] }, byHand]],
    ['an ubuntu that is too old', { ...ubuntu, candidateMajor: 20 }, []],
    ['a user who is not root', { root: false }, []],
    ['fedora', fedora, []],
    [
      'a stopped daemon under a service manager',
      { daemonPresent: true, clientPresent: true, serviceManager: true },
      [byServiceManager],
    ],
    ['a stopped daemon without one', { daemonPresent: true, clientPresent: true }, [byHand]],
    ['a stopped daemon on fedora', { ...fedora, daemonPresent: true, serviceManager: true }, [byServiceManager]],
    ['a machine whose DOCKER_HOST names another engine', { daemonPresent: true, elsewhere: 'DOCKER_HOST=x' }, []],
    ['a stopped daemon that this user may not start', { daemonPresent: true, root: false }, []],
  ];
  for (const [what, differences, expected] of table) {
    it(`on ${what}: ${expected.length === 0 ? 'none' : expected.map((step) => 'kind' in step && step.kind).join(', ')}`, () => {
      const steps = planInstallation({ ...bare, ...differences }, pins);
      expect(steps.map(({ commands, ...step }) => step)).to.deep.equal(expected);
      for (const { commands } of steps) expect(commands).not.to.deep.equal([]);
    });
  }

  const environments: [NodeJS.ProcessEnv, string | undefined][] = [
    [{}, undefined],
    [{ DOCKER_HOST: '', DOCKER_CONTEXT: '' }, undefined],
    [{ DOCKER_HOST: 'unix:///var/run/docker.sock' }, undefined],
    [{ DOCKER_HOST: 'unix:///run/docker.sock', DOCKER_CONTEXT: 'far' }, undefined],
    [{ DOCKER_CONTEXT: 'default' }, undefined],
    [{ DOCKER_CONTEXT: 'far' }, 'DOCKER_CONTEXT=far'],
    [{ DOCKER_HOST: 'tcp://10.0.0.1:2375' }, 'DOCKER_HOST=tcp://10.0.0.1:2375'],
    [{ DOCKER_HOST: 'unix:///home/me/docker.sock' }, 'DOCKER_HOST=unix:///home/me/docker.sock'],
  ];
  for (const [environment, expected] of environments) {
    it(`takes ${JSON.stringify(environment)} for ${expected ?? 'the engine of this machine'}`, () =>
      expect(engineElsewhere(environment)).to.equal(expected));
  }

  it('is printed by --no-install as commands that a person can run', () => {
    const commands = (machine: Partial<EngineHost>) =>
      planInstallation({ ...bare, ...machine }, pins).flatMap((step) => step.commands);
    expect(commands({ candidateMajor: 26, serviceManager: true })).to.deep.equal([
      'apt-get update',
      'apt-get install --no-install-recommends docker.io docker-cli',
      'systemctl start docker',
    ]);
    const [download, install, start] = commands({});
    expect(download).to.match(/^# .*docker\.io and docker-cli of Debian trixie.*sources stay as they are$/);
    expect(install).to.equal('apt-get install --no-install-recommends ./docker.io_*.deb ./docker-cli_*.deb');
    expect(start).to.equal('dockerd >/var/log/dockerd.log 2>&1 &');
  });

  it('names every step before it is begun', () => {
    expect(planInstallation(bare, pins).map(describeStep)).to.deep.equal([
      "installing docker.io and docker-cli of Debian trixie (this release's own is too old); apt's sources stay as they are, so security updates of it are yours to install",
      'starting the Docker daemon (no service manager is running here)',
    ]);
    expect(
      planInstallation({ ...bare, candidateMajor: 26, serviceManager: true }, pins).map(describeStep),
    ).to.deep.equal(['installing docker.io and docker-cli with apt', 'starting the Docker daemon with systemctl']);
  });

  it('follows the pins of the project', async () => {
    const [step] = planInstallation(bare, (await readVersions()).engine);
    expect(step).to.deep.include(bothFromTrixie);
  });
});

describe('a daemon that is started by hand', () => {
  const { PATH } = process.env;
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-daemon-'));
    process.env.PATH = `${folder}:${PATH}`;
  });

  afterEach(async () => {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true });
  });

  it('and does not answer in time is ended, and its last words are shown', async () => {
    const program = (name: string, script: string) =>
      writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await program('docker', 'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." >&2; exit 1');
    await program('dockerd', `echo $$ >${folder}/pid; echo 'waiting for a lock' >&2; exec sleep 600`);
    const steps = [{ kind: 'start by hand' as const, commands: [] }];
    const failure = await install(steps, folder, silent, undefined, 2_000).then(() => 'it answers', String);
    expect(failure).to.include('no answer within 2 s (no daemon)').and.include('waiting for a lock');
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
    const look = async () => (isAlive(pid) ? { notYet: '' } : { answer: true });
    expect(await pollUntil(look, { within: 5_000, every: 50 }), 'the daemon').to.have.property('answer');
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('packages of another suite', () => {
  let folder: string;
  let cache: string;
  const { PATH } = process.env;
  const step = { packages: ['docker.io', 'docker-cli'], suite: 'trixie', archive };
  const names = ['docker.io_26.1.5+dfsg1-9_amd64.deb', 'docker-cli_26.1.5+dfsg1-9_amd64.deb'];

  /** Puts a program in the place of apt-get that prints these names, and downloads files of those. */
  const fakeApt = async (printed: readonly string[], downloaded: readonly string[]) => {
    const print = printed.map((name) => `echo "'http://mirror.example/${name}' ${name} 1234 SHA256:0"`);
    const script = `case "$*" in *--print-uris) ${print.join('; ') || ':'} ;; *download*) touch ${downloaded.join(' ')} ;; esac`;
    await writeFile(join(folder, 'apt-get'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-suite-'));
    cache = join(folder, 'cache');
    await mkdir(cache, { mode: 0o755 });
    process.env.PATH = `${folder}:${PATH}`;
  });

  afterEach(async () => {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true });
  });

  it('are exactly those that apt names, in a folder of their own, whatever was there before', async () => {
    await fakeApt(names, names);
    for (const old of ['packages-old', 'apt-trixie/packages']) {
      await mkdir(join(cache, old), { recursive: true });
      await writeFile(join(cache, old, 'planted_1_all.deb'), '');
    }
    {
      await using download = await downloadFromSuite(step, cache);
      expect(download.files.map((file) => file.slice(dirname(file).length + 1))).to.deep.equal(names);
      const own = dirname(dirname(download.files[0] ?? ''));
      expect((await stat(own)).mode & 0o777).to.equal(0o700);
      expect(await readFile(join(own, 'sources', 'trixie.sources'), 'utf8')).to.include('Suites: trixie');
      expect((await stat(join(own, 'sources', 'trixie.sources'))).mode & 0o777).to.equal(0o600);
      expect(await readdir(cache)).not.to.include('packages-old');
    }
    expect(await readdir(cache)).to.deep.equal(['apt-trixie']);
  });

  for (const [what, printed, downloaded] of [
    ['one more than apt names', names, [...names, 'more_1_all.deb']],
    ['one fewer', names, names.slice(1)],
    ['of more packages than were asked for', [...names, 'more_1_all.deb'], [...names, 'more_1_all.deb']],
    ['of no name', [], names],
  ] as const) {
    it(`are refused where there is ${what}, and nothing stays`, async () => {
      await fakeApt(printed, downloaded);
      expect(String(await downloadFromSuite(step, cache).catch((e) => e))).to.include('nothing checks them any more');
      expect(await readdir(cache)).to.deep.equal([]);
    });
  }

  it('are not downloaded to where another user may write', async () => {
    await fakeApt(names, names);
    await chmod(cache, 0o777);
    expect(String(await downloadFromSuite(step, cache).catch((e) => e))).to.include('mode 777');
  });

  it('have names that lead nowhere else', () => {
    const line = (name: string) => readPrintedNames(`'http://x/y' ${name} 12 SHA256:0\n`);
    expect(line('docker.io_1%3a26.1.5~x_amd64.deb')).to.deep.equal(['docker.io_1%3a26.1.5~x_amd64.deb']);
    expect(line('../x.deb')).to.deep.equal([]);
    expect(line('x.sh')).to.deep.equal([]);
  });
});
