import { expect } from 'chai';
import { type Commander, CommandFailed, type CommandRequest } from '../command/commander.ts';
import { EngineNode, nodeMounts, onNode, scriptOnNode } from './node.ts';

/** A machine that notes what it is asked to run. */
function machine(status = 0, stdout = '', stderr = '') {
  const requests: CommandRequest[] = [];
  const commander: Commander = {
    place: 'this machine',
    async attempt(request) {
      requests.push(request);
      return { argv: request.argv, status, stdout, stderr, milliseconds: 1 };
    },
  };
  return { requests, node: new EngineNode('node2', 'lpv-a-worker', commander) };
}

describe('a node', () => {
  it('runs programs through the engine, arguments as they are', async () => {
    const { requests, node } = machine(0, 'out');
    expect(await onNode(node, ['stat', '-c', '%d', "/mnt/a b'$(c)"])).to.equal('out');
    expect(requests).to.deep.equal([
      { deadline: 30_000, argv: ['docker', 'exec', 'lpv-a-worker', 'stat', '-c', '%d', "/mnt/a b'$(c)"] },
    ]);
  });

  it('passes on input, environment, folder and limits', async () => {
    const { requests, node } = machine();
    const { signal } = new AbortController();
    await node.attempt({
      argv: ['env'],
      stdin: 'text',
      env: { A: '1', B: 'x y' },
      directory: '/mnt',
      deadline: 7,
      signal,
    });
    expect(requests).to.deep.equal([
      {
        argv: [
          'docker',
          'exec',
          '--interactive',
          '--env',
          'A=1',
          '--env',
          'B=x y',
          '--workdir',
          '/mnt',
          'lpv-a-worker',
          'env',
        ],
        stdin: 'text',
        deadline: 7,
        signal,
      },
    ]);
  });

  it('gets a script on standard input, and its arguments apart', async () => {
    const { requests, node } = machine();
    await scriptOnNode(node, { name: 'make.sh', text: 'echo "$1"' }, ['-n', 'a b'], { deadline: 9 });
    expect(requests[0]).to.deep.include({
      argv: ['docker', 'exec', '--interactive', 'lpv-a-worker', 'sh', '-s', '--', '-n', 'a b'],
      stdin: 'echo "$1"',
      deadline: 9,
    });
  });

  it('tells of a failure with node, command, status and both outputs', async () => {
    const { node } = machine(94, 'said', 'complained');
    const command = await onNode(node, ['false', 'a b']).catch((e) => e);
    const script = await scriptOnNode(node, { name: 'make.sh', text: 'exit 94' }, ['x']).catch((e) => e);
    for (const error of [command, script]) {
      expect(error).to.be.instanceOf(CommandFailed);
      expect(error.status).to.equal(94);
      expect(error.message)
        .to.contain('node2 (container lpv-a-worker): exit status 94')
        .and.contain('complained\n')
        .and.contain('said');
    }
    expect(command.account.on).to.equal("false 'a b'");
    expect(script.account.on).to.equal('make.sh x');
  });

  it('has its mounts as its first process sees them', async () => {
    const { requests, node } = machine(0, '24 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n');
    expect(await nodeMounts(node)).to.have.length(1);
    expect(requests[0]?.argv.slice(3)).to.deep.equal(['cat', '/proc/1/mountinfo']);
  });
});
