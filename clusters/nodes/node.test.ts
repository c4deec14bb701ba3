import { expect } from 'chai';
import { type Commander, CommandFailed, type CommandRequest } from '../host/command/commander.ts';
import { connectProcess } from '../host/command/host.ts';
import { type ShellConnection, shellArgv } from '../host/command/shell-session.ts';
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
      { deadline: 60_000, argv: ['docker', 'exec', 'lpv-a-worker', 'stat', '-c', '%d', "/mnt/a b'$(c)"] },
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

  it('gets a script as an argument, and its arguments apart', async () => {
    const { requests, node } = machine();
    await scriptOnNode(node, { name: 'make.sh', text: 'echo "$1"' }, ['-n', 'a b'], { deadline: 9 });
    expect(requests).to.deep.equal([
      { argv: ['docker', 'exec', 'lpv-a-worker', 'sh', '-c', 'echo "$1"', 'make.sh', '-n', 'a b'], deadline: 9 },
    ]);
  });

  it('reports a failure with node, command, status and both outputs', async () => {
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
    expect(command.details.on).to.equal("false 'a b'");
    expect(script.details.on).to.equal('make.sh x');
  });

  it('has its mounts as its first process sees them', async () => {
    const { requests, node } = machine(0, '24 1 254:0 / / rw shared:1 - ext4 /dev/vda rw\n');
    expect(await nodeMounts(node)).to.have.length(1);
    expect(requests[0]?.argv.slice(3)).to.deep.equal(['cat', '/proc/1/mountinfo']);
  });
});

describe('a node with open shells', () => {
  /** A node whose shells are this machine's, and which notes what went past them. */
  function nodeWith(open: () => ShellConnection = () => connectProcess(shellArgv)) {
    const past: (readonly string[])[] = [];
    const opened: string[] = [];
    const commander: Commander = {
      place: 'this machine',
      async attempt({ argv }) {
        past.push(argv);
        return { argv, status: 0, stdout: 'past', stderr: '', milliseconds: 1 };
      },
    };
    const node = new EngineNode('node2', 'lpv-a-worker', commander, (container) => {
      opened.push(container);
      return open();
    });
    return { node, past, opened };
  }

  it('runs its commands and scripts in one of them', async () => {
    const { node, past, opened } = nodeWith();
    using _ = node;
    expect(await onNode(node, ['printf', '%s|', '$HOME', "it's"])).to.equal("$HOME|it's|");
    const script = { name: 'make.sh', text: 'set -eu\necho "$0: $1"; printf "%s" "$2"\n' };
    expect(await scriptOnNode(node, script, ['-n', 'a\n\n'])).to.equal('make.sh: -n\na\n\n');
    expect({ past, opened }).to.deep.equal({ past: [], opened: ['lpv-a-worker'] });
  });

  it('reports a failure in the same way', async () => {
    const { node } = nodeWith();
    using _ = node;
    const error = await onNode(node, ['sh', '-c', 'echo broken >&2; exit 94']).catch((e) => e);
    expect(error).to.be.instanceOf(CommandFailed).and.to.include({ status: 94, stderr: 'broken\n' });
    expect(error.message).to.contain('node2 (container lpv-a-worker): exit status 94');
    expect((await node.attempt({ argv: ['no-such-program'], deadline: 4000 })).status).to.equal(127);
  });

  it('kills a command at its deadline, with its output so far', async () => {
    const { node } = nodeWith();
    using _ = node;
    const error = await onNode(node, ['sh', '-c', 'echo begun; sleep 20'], { deadline: 100 }).catch((e) => e);
    expect(error).to.be.instanceOf(CommandFailed).and.to.include({ status: undefined, stdout: 'begun\n' });
    expect(error.message).to.contain('no end within 0.1 s');
    expect(await onNode(node, ['echo', 'next'])).to.equal('next\n');
  });

  it('never runs a command again whose shell went away', async () => {
    const { node, opened } = nodeWith();
    using _ = node;
    const error = await onNode(node, ['sh', '-c', 'echo half; kill -9 $PPID']).catch((e) => e);
    expect(error.message).to.contain('the shell on the node was gone before the command had ended (killed by SIGKILL)');
    expect(error.stdout).to.equal('half\n');
    expect(await onNode(node, ['echo', 'next'])).to.equal('next\n');
    expect(opened).to.have.length(2);
  });

  it('gives what docker says where no shell opens', async () => {
    const { node } = nodeWith(() => connectProcess(['sh', '-c', 'echo not running >&2; exit 1']));
    const { status, stderr } = await node.attempt({ argv: ['true'], deadline: 4000 });
    expect({ status, stderr }).to.deep.equal({ status: 1, stderr: 'not running\n' });
    const silent = nodeWith(() => connectProcess(['true'])).node;
    expect((await onNode(silent, ['true']).catch((e) => e)).message).to.contain('gone before the command had ended');
  });

  it('leaves to docker exec what a shell cannot do, and what finds all of them at work', async () => {
    const { node, past, opened } = nodeWith();
    using _ = node;
    for (const more of [{ stdin: '' }, { env: { A: '1' } }, { directory: '/' }, { onLine: () => {} }]) {
      await node.attempt({ argv: ['cat'], deadline: 4000, ...more });
    }
    await onNode(node, ['-n']);
    expect([past.length, opened.length]).to.deep.equal([5, 0]);
    const outputs = await Promise.all([1, 2, 3, 4, 5].map(() => onNode(node, ['sh', '-c', 'sleep 0.1; echo in'])));
    expect(outputs).to.deep.equal(['in\n', 'in\n', 'in\n', 'in\n', 'past']);
    expect(opened).to.have.length(4);
  });

  it('begins nothing when it is stopped already', async () => {
    const { node, opened } = nodeWith();
    const reason = new Error('stopped');
    expect(await onNode(node, ['true'], { signal: AbortSignal.abort(reason) }).catch((e) => e)).to.equal(reason);
    expect(opened).to.deep.equal([]);
  });
});
