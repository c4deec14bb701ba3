import { expect } from 'chai';
import { readVersions } from '../../configuration/versions.ts';
import { describeStep, type EngineHost, type EnginePins, engineElsewhere, planInstallation } from './install.ts';

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
      "installing docker.io and docker-cli of Debian trixie (this release's own is too old); apt's sources stay as they are",
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
