import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { CommandRequest } from '../../clusters/host/command/commander.ts';
import type { Node } from '../../clusters/nodes/node.ts';
import { BadConfiguration } from '../../clusters/yaml/bad-configuration.ts';
import { chosenProvisioner, configurationFiles, ProgramProvisioner, parseProvisioner } from './program.ts';

/** A node that notes what it is asked to run, and fails where a program's name is given. */
function nodeThat(fails?: string) {
  const requests: CommandRequest[] = [];
  const node: Node = {
    name: 'node2',
    place: 'node2',
    async attempt(request) {
      requests.push(request);
      const status = request.argv[0] === fails ? 1 : 0;
      return { argv: request.argv, status, stdout: 'found it\n', stderr: '', milliseconds: 1 };
    },
  };
  return { requests, node };
}

describe('a provisioner that is a program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lpv-program-'));
  const path = join(folder, 'program');
  writeFileSync(path, 'binary');
  after(() => rmSync(folder, { recursive: true }));
  const options = {
    path,
    kubeconfig: 'kubeconfig',
    id: 'x1',
    classes: [{ storageClass: 'fast', directory: '/mnt/fast' }],
  };

  it('gets its classes, labels and taint in files of its own format', () => {
    const files = configurationFiles({
      classes: [{ storageClass: 'fast', directory: '/mnt/fast', volumeMode: 'Block' }],
      labels: { run: 'r' },
      startupTaint: 'not/ready',
    });
    const read = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, parse(text)]));
    expect(read.storageClassMap.fast).to.include({ hostDir: '/mnt/fast', mountDir: '/mnt/fast', volumeMode: 'Block' });
    expect(read.storageClassMap.fast.blockCleanerCommand.slice(0, 2)).to.deep.equal(['/bin/sh', '-c']);
    expect(read).to.deep.include({
      labelsForPV: { run: 'r' },
      useNodeNameOnly: true,
      removeNodeNotReadyTaint: true,
      provisionerNotReadyNodeTaintKey: 'not/ready',
    });
  });

  it('runs as a service of the node with its own configuration, and is stopped and removed at the end', async () => {
    const { requests, node } = nodeThat();
    const started = await ProgramProvisioner.start({ ...options, node });
    expect(started.name).to.equal('local-volume-provisioner-node2');
    const service = requests.find(({ argv }) => argv[0] === 'systemd-run')?.argv;
    expect(service).to.include.members([
      '--setenv=MY_NODE_NAME=node2',
      '--property=BindReadOnlyPaths=/run/local-volume-provisioner-x1/config:/etc/provisioner/config',
      '/run/local-volume-provisioner-x1/program',
    ]);
    expect(await started.said()).to.deep.equal(['found it']);
    await started[Symbol.asyncDispose]();
    expect(requests.slice(-2).map(({ argv }) => argv)).to.deep.equal([
      ['systemctl', 'stop', 'local-volume-provisioner-x1'],
      ['rm', '-rf', '/run/local-volume-provisioner-x1'],
    ]);
  });

  it('leaves nothing when it cannot be started', async () => {
    const { requests, node } = nodeThat('systemd-run');
    const failure = await ProgramProvisioner.start({ ...options, node }).catch((error: unknown) => error);
    expect(String(failure)).to.include('systemd-run');
    expect(requests.at(-1)?.argv).to.deep.equal(['rm', '-rf', '/run/local-volume-provisioner-x1']);
  });
});

const choose = (text: string) => parseProvisioner({ file: 'provisioner.yaml', text });

describe('the choice of a provisioner', () => {
  it('is the reference, or a program by its path', () => {
    expect(choose('provisioner: reference')).to.deep.equal({ kind: 'reference' });
    expect(choose('provisioner: /opt/provisioner')).to.deep.equal({ kind: 'program', path: '/opt/provisioner' });
  });

  it('is refused where it is neither', () => {
    for (const text of ['provisioner: real', 'provisioner: ./provisioner', '{}'])
      expect(() => choose(text), text).to.throw(BadConfiguration);
  });

  it('of the project can be read', async () => {
    expect((await chosenProvisioner()).kind).to.be.oneOf(['reference', 'program']);
  });
});
