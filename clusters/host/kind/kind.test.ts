import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CommandFailed, type CommandRequest } from '../command/commander.ts';
import { creationFailed, Kind, matchesPin, readKindStep, readKindVersion } from './kind.ts';

describe('kind', () => {
  for (const [output, version] of [
    ['kind v0.33.0 go1.26.8 linux/amd64\n', '0.33.0'],
    ['kind v0.34.0-alpha+1a2b3c go1.26.8 darwin/arm64', '0.34.0-alpha+1a2b3c'],
    ['kind version 0.33.0', '0.33.0'],
    ['kind is a music box', undefined],
    ['', undefined],
  ] as const) {
    it(`has the version ${version} in "${output.trim()}"`, () => {
      expect(readKindVersion(output)).to.equal(version);
    });
  }

  for (const [version, matches] of [
    ['0.33.0', true],
    ['0.33.7', true],
    ['0.33.0-alpha+1a2b3c', true],
    ['0.32.9', false],
    ['0.3.0', false],
    ['1.33.0', false],
  ] as const) {
    it(`of version ${version} ${matches ? 'fits' : 'does not fit'} the pin 0.33.0`, () => {
      expect(matchesPin(version, { version: '0.33.0' })).to.equal(matches);
    });
  }

  for (const [line, step] of [
    [' • Ensuring node image (kindest/node:v1.37.0) 🖼  ...', 'Ensuring node image (kindest/node:v1.37.0)'],
    [' • Preparing nodes 📦 📦 📦   ...', 'Preparing nodes'],
    [' • Writing configuration 📜  ...', 'Writing configuration'],
    [' • Starting control-plane 🕹️  ...', 'Starting control-plane'],
    [' • Installing CNI 🔌  ...', 'Installing CNI'],
    [' • Joining worker nodes 🚜  ...', 'Joining worker nodes'],
    [' • Waiting ≤ 5m0s for control-plane = Ready ⏳  ...', 'Waiting ≤ 5m0s for control-plane = Ready'],
    [' ✓ Ensuring node image (kindest/node:v1.37.0) 🖼', undefined],
    [' ✗ Preparing nodes 📦 📦 📦 ', undefined],
    ['Creating cluster "lpv-k3x9qd" ...', undefined],
    ['Set kubectl context to "kind-lpv-k3x9qd"', undefined],
    ['', undefined],
  ] as const) {
    it(`${step ? `says "${step}"` : 'begins no step'} by "${line}"`, () => {
      expect(readKindStep(line)).to.equal(step);
    });
  }

  it('creates a cluster in the network and the kubeconfig of the run', async () => {
    const requests: CommandRequest[] = [];
    const commander = {
      place: 'this machine',
      async attempt(request: CommandRequest) {
        requests.push(request);
        return { argv: request.argv, status: 0, stdout: '', stderr: '', milliseconds: 1 };
      },
    };
    const kind = new Kind({ path: '/c/kind', version: 'v0.33.0', origin: 'private copy' }, commander);
    await kind.create({
      cluster: 'lpv-a',
      network: 'lpv-n',
      image: 'i:1',
      configuration: 'kind: Cluster',
      kubeconfig: '/r/k',
      deadline: 5,
    });
    await kind.exportLogs('lpv-a', '/r/logs');
    expect(requests[0]).to.deep.include({
      argv: '/c/kind create cluster --name lpv-a --image i:1 --config - --kubeconfig /r/k --retain'.split(' '),
      stdin: 'kind: Cluster',
      env: { KIND_EXPERIMENTAL_DOCKER_NETWORK: 'lpv-n', KUBECONFIG: '/r/k' },
      deadline: 5,
    });
    expect(requests[1]?.argv).to.deep.equal(['/c/kind', 'export', 'logs', '/r/logs', '--name', 'lpv-a']);
  });
});

describe("the nodes' logs", () => {
  it('are kept without secrets, for this user only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv-logs-'));
    const node = join(folder, 'lpv-a-worker');
    const inspect = join(node, 'inspect.json');
    const commander = {
      place: 'this machine',
      async attempt({ argv }: CommandRequest) {
        await mkdir(node);
        await writeFile(inspect, '[{"Env": ["HTTPS_PROXY=http://me:planted@proxy.example:3128", "container=docker"]}]');
        return { argv, status: 1, stdout: '', stderr: 'command "crictl images" failed', milliseconds: 1 };
      },
    };
    try {
      await new Kind({ path: 'kind', version: 'v0.33.0', origin: 'PATH' }, commander).exportLogs('lpv-a', folder);
      const text = await readFile(inspect, 'utf8');
      expect(text).to.include('container=docker').and.include('proxy.example:3128').and.not.include('planted');
      expect((await stat(inspect)).mode & 0o777).to.equal(0o600);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a creation that failed', () => {
  const failure = (stderr: string) =>
    new CommandFailed(
      'this machine',
      { argv: ['kind', 'create', 'cluster'], stdout: '', stderr, status: 1 },
      'exit status 1',
    );

  const kubeadm = [
    ' ✗ Joining worker nodes 🚜',
    'ERROR: failed to create cluster: failed to join node with kubeadm: command "docker exec …" failed with error: exit status 1',
    'I1123 02:11:07.000000  100 join.go:419] [preflight] found NodeName empty',
    'error execution phase kubelet-start: a client config must be provided',
    'k8s.io/kubernetes/cmd/kubeadm/app/cmd/phases/join.runKubeletStartJoinPhase: error somewhere',
    'runtime.goexit failed',
  ].join('\n');

  it("tells kubeadm's own words without its trace, and where the logs are", () => {
    const { details, exit } = creationFailed('lpv-a', failure(kubeadm), '/r/logs');
    expect(exit).to.equal('environment');
    expect(details.attempted).to.equal('creating the cluster lpv-a with kind');
    expect(details.seen).to.contain('failed to join node with kubeadm').and.contain('a client config must be provided');
    expect(details.seen).not.to.contain('runKubeletStartJoinPhase').and.not.contain('goexit');
    expect(details.remedy).to.equal("read kubelet's and containerd's logs in /r/logs");
  });

  it('says how to keep the nodes where no logs were taken', () => {
    expect(creationFailed('lpv-a', failure(kubeadm), undefined).details.remedy).to.contain('--keep=failure');
  });

  it('knows inotify instances that have run out', () => {
    const { details } = creationFailed(
      'lpv-a',
      failure('ERROR: failed to start: inotify_init1: too many open files'),
      '/r/logs',
    );
    expect(details.why).to.contain('inotify instances are exhausted');
    expect(details.remedy).to.match(/^sysctl fs\.inotify\.max_user_instances=\d+ /);
  });

  it('falls back on the last lines, and on the message of what is no command', () => {
    expect(creationFailed('lpv-a', failure('one\ntwo\n'), undefined).details.seen).to.equal('one\ntwo');
    expect(creationFailed('lpv-a', new Error('no end'), undefined).details.seen).to.equal('no end');
  });
});
