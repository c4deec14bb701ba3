import { expect } from 'chai';
import { DomainError } from '../../errors/domain-error.ts';
import type { Commander, CommandRequest, CommandResult } from '../command/commander.ts';
import { Engine, type EngineFacts, readEngineState } from './engine.ts';

/** What Docker 26.1 says of itself, as far as it is read. */
const info = {
  ServerVersion: '26.1.5+dfsg1',
  Driver: 'overlay2',
  CgroupVersion: '1',
  SecurityOptions: ['name=seccomp,profile=builtin'],
  KernelVersion: '6.12.8',
  OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  Architecture: 'x86_64',
  NCPU: 2,
  MemTotal: 25_000_000_000,
  DockerRootDir: '/var/lib/docker',
};
const noDaemon = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
const noPermission =
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock';

function answer(status: number, stdout: unknown, stderr = ''): Pick<CommandResult, 'status' | 'stdout' | 'stderr'> {
  return { status, stdout: typeof stdout === 'string' ? stdout : JSON.stringify(stdout), stderr };
}

describe('the answer of docker info', () => {
  it('gives the facts of an engine that answers', () => {
    const facts: EngineFacts = {
      name: 'docker',
      serverVersion: '26.1.5+dfsg1',
      storageDriver: 'overlay2',
      cgroupVersion: '1',
      rootless: false,
      confinedBy: [],
      kernel: '6.12.8',
      operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
      architecture: 'x86_64',
      cpus: 2,
      memoryBytes: 25_000_000_000,
      dataRoot: '/var/lib/docker',
    };
    expect(readEngineState(answer(0, info))).to.deep.equal({ kind: 'answers', facts });
  });

  it('tells a rootless engine by its security options', () => {
    const state = readEngineState(answer(0, { ...info, SecurityOptions: ['name=seccomp', 'name=rootless'] }));
    expect(state).to.have.nested.property('facts.rootless', true);
  });

  it('names the security modules that confine containers', () => {
    const options = ['name=apparmor', 'name=seccomp,profile=builtin', 'name=selinux', 'name=cgroupns'];
    const state = readEngineState(answer(0, { ...info, SecurityOptions: options }));
    expect(state).to.have.nested.property('facts.confinedBy').that.deep.equals(['AppArmor', 'SELinux']);
  });

  for (const [what, result, kind] of [
    ['no client', answer(127, '', 'docker: not found'), 'no client'],
    // The client fills what it knows of itself and puts the server's trouble into a list; old ones end with status 0.
    [
      'a client without its daemon',
      answer(1, { ID: '', ServerErrors: [noDaemon] }, 'errors pretty printing info'),
      'no daemon',
    ],
    ['an old client without its daemon', answer(0, { ServerErrors: [noDaemon] }), 'no daemon'],
    ['a socket that is not for this user', answer(1, { ServerErrors: [noPermission] }), 'refused'],
    ['a client that prints no JSON', answer(1, '', noPermission), 'refused'],
    ['a daemon that says nothing of itself', answer(0, {}), 'no daemon'],
  ] as const) {
    it(`is read as ${kind} for ${what}`, () => {
      expect(readEngineState(result).kind).to.equal(kind);
    });
  }

  it('keeps the message of the client', () => {
    expect(readEngineState(answer(1, { ServerErrors: [noDaemon] }, 'more\n'))).to.deep.equal({
      kind: 'no daemon',
      message: `${noDaemon}\nmore`,
    });
  });
});

describe('an engine', () => {
  const engineThat = (reply: (request: CommandRequest) => Partial<CommandResult>) => {
    const asked: string[] = [];
    const commander: Commander = {
      place: 'this machine',
      async attempt(request) {
        asked.push(request.argv.join(' '));
        return { argv: request.argv, status: 0, stdout: '', stderr: '', milliseconds: 1, ...reply(request) };
      },
    };
    return { asked, engine: new Engine({} as EngineFacts, commander) };
  };

  it('gives no id for an image that is not there', async () => {
    const { engine } = engineThat(() => ({ status: 1, stderr: 'Error: No such image: x:1' }));
    expect(await engine.imageId('x:1')).to.equal(undefined);
    expect(await engine.imageDigests('x:1')).to.deep.equal([]);
  });

  it('knows the image of a container, and none of a container that is not there', async () => {
    const there = engineThat(() => ({ stdout: 'kindest/node:v1.37.0\n' }));
    expect(await there.engine.imageOf('lpv-dev-worker')).to.equal('kindest/node:v1.37.0');
    expect(there.asked).to.deep.equal(['docker container inspect --format {{.Config.Image}} lpv-dev-worker']);
    const { engine } = engineThat(() => ({ status: 1, stderr: 'Error: No such container' }));
    expect(await engine.imageOf('x')).to.equal(undefined);
  });

  it('names containers in order, and none for an empty answer', async () => {
    const names = (stdout: string) => engineThat(() => ({ stdout })).engine.containersWithLabel('a=b');
    expect(await names('lpv-b\nlpv-a\n')).to.deep.equal(['lpv-a', 'lpv-b']);
    expect(await names('')).to.deep.equal([]);
  });

  it('removes containers with their volumes, and asks nothing where there are none', async () => {
    const { asked, engine } = engineThat(() => ({}));
    await engine.removeContainers([]);
    await engine.removeContainers(['a', 'b']);
    expect(asked).to.deep.equal(['docker rm --force --volumes a b']);
  });

  it('removes an image whose name it gives to another one', async () => {
    let id = 'sha256:old';
    let names = 1;
    const { asked, engine } = engineThat(({ argv }) => ({ stdout: argv.join().includes('len') ? `${names}` : id }));
    await engine.replaceImage('node:1', async () => {});
    expect(asked.join()).not.to.include(' rm ');
    const renew = async () => {
      id += 'er';
    };
    await engine.replaceImage('node:1', renew);
    expect(asked.join(), 'it has another name').not.to.include(' rm ');
    names = 0;
    id = 'sha256:old';
    await engine.replaceImage('node:1', renew);
    expect(asked.at(-1)).to.equal('docker image rm sha256:old');
  });

  it('takes a network that is gone for removed, but not one that is in use', async () => {
    const remove = (stderr: string) => engineThat(() => ({ status: 1, stderr })).engine.removeNetwork('lpv-x');
    await remove('Error response from daemon: network lpv-x not found');
    const error = await remove('error while removing network: network lpv-x has active endpoints').catch((e) => e);
    expect(error).to.be.instanceOf(DomainError);
    expect(error.message).to.contain('active endpoints').and.contain('docker network rm lpv-x');
  });

  it('leaves no privileged container, whether it could be started or not, and tells what its program said', async () => {
    const there = engineThat(() => ({ status: 1, stderr: 'no such file' }));
    expect(await there.engine.runPrivileged('node:1', 'lpv-a-look', ['cat', '/x'])).to.include({ status: 1 });
    expect(there.asked).to.deep.equal([
      'docker run --rm --privileged --network none --name lpv-a-look --entrypoint cat node:1 /x',
    ]);
    const { asked, engine } = engineThat(({ argv }) => ({ status: argv.includes('run') ? 125 : 0 }));
    await engine.runPrivileged('node:1', 'lpv-a-look', ['true']).catch((e) => e);
    expect(asked.at(-1)).to.equal('docker rm --force --volumes lpv-a-look');
  });

  it('says what privileged containers are for where they are refused', async () => {
    const { engine } = engineThat(() => ({
      status: 125,
      stderr: 'privileged mode is incompatible with user namespaces',
    }));
    const error = await engine.runPrivileged('node:1', 'lpv-a-look', ['true']).catch((e) => e);
    expect(error).to.be.instanceOf(DomainError);
    expect(error.details).to.include({ attempted: 'starting a privileged container', on: 'node:1' });
    expect(error.message).to.contain('incompatible with user namespaces').and.contain('kubelet in them mounts disks');
  });
});
