import { expect } from 'chai';
import type { ClusterClient } from './client.ts';
import type { OpenExec, PodCommand } from './pod-exec.ts';
import { execInPod, PodCommandFailed, PodExecFault } from './pod-exec.ts';

const command: PodCommand = { namespace: 'demo', pod: 'writer', container: 'main', argv: ['cat', '/data/a file'] };
const client = undefined as unknown as ClusterClient;
const nonZero = (status: number): object => ({
  status: 'Failure',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(status) }] },
});

interface Script {
  stdout?: string;
  stderr?: string;
  status?: object;
  close?: boolean;
  refuse?: string;
}

/** Plays one script for each connection, and records what happened on it. */
function playing(...scripts: Script[]): OpenExec & { opened: number; closed: number; stdin: string } {
  const opener = Object.assign(
    (async (_command, { stdout, stderr, stdin }, onStatus) => {
      const script = scripts[opener.opened] ?? {};
      opener.opened += 1;
      if (script.refuse) throw { message: script.refuse };
      let onClose: (event: { code: number; reason: string }) => void = () => {};
      for await (const chunk of stdin ?? []) opener.stdin += String(chunk);
      setImmediate(() => {
        stdout.write(script.stdout ?? '');
        stderr.write(script.stderr ?? '');
        if (script.status) onStatus(script.status);
        if (script.close) onClose({ code: 1006, reason: '' });
      });
      return {
        readyState: 1,
        addEventListener: (_type, listener) => {
          onClose = listener;
        },
        close: () => {
          opener.closed += 1;
        },
      };
    }) as OpenExec,
    { opened: 0, closed: 0, stdin: '' },
  );
  return opener;
}

async function caught(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: Error) => error,
  );
}

describe('execInPod', () => {
  it('returns status and both outputs, and closes the connection', async () => {
    const open = playing({ stdout: 'hello\n', stderr: 'warning\n', status: { status: 'Success' } });
    expect(await execInPod(client, command, open)).to.deep.equal({ status: 0, stdout: 'hello\n', stderr: 'warning\n' });
    expect(open.closed).to.equal(1);
  });

  it('feeds standard input', async () => {
    const open = playing({ status: { status: 'Success' } });
    await execInPod(client, { ...command, stdin: 'data' }, open);
    expect(open.stdin).to.equal('data');
  });

  it('fails on a non-zero status with command, place, status and both outputs', async () => {
    const open = playing({ stderr: 'cat: no such file\n', status: nonZero(1) });
    const thrown = await caught(execInPod(client, command, open));
    expect(thrown).to.be.instanceOf(PodCommandFailed);
    expect(thrown.message).to.equal(
      [
        "running cat '/data/a file'",
        '  on:   Pod demo/writer, container main',
        '  seen: exit status 1',
        '        stdout empty',
        '        stderr: cat: no such file',
      ].join('\n'),
    );
    expect((thrown as PodCommandFailed).result.status).to.equal(1);
  });

  it('returns a non-zero status where asked', async () => {
    const result = await execInPod(client, { ...command, nonZero: 'return' }, playing({ status: nonZero(28) }));
    expect(result.status).to.equal(28);
  });

  it('does not take a connection that closes without a status for success, nor repeats what may have had an effect', async () => {
    const open = playing({ stdout: 'half', close: true }, { status: { status: 'Success' } });
    const thrown = await caught(execInPod(client, command, open));
    expect(thrown).to.be.instanceOf(PodExecFault).and.to.include({ kind: 'no status' });
    expect(thrown.message).to.contain('closed without an exit status (code 1006)');
    expect(open.opened).to.equal(1);
  });

  it('repeats a read once when the connection closes without a status, and tells', async () => {
    const noted: string[] = [];
    const progress = {
      note: () => {},
      retried: (step: string, attempt: number) => void noted.push(`${step} ${attempt}`),
    };
    const open = playing({ stdout: 'ha', close: true }, { stdout: 'half', status: { status: 'Success' } });
    const result = await execInPod(client, { ...command, repeatable: true, progress }, open);
    expect(result.stdout).to.equal('half');
    expect(noted).to.deep.equal(['exec in Pod demo/writer, container main 1']);

    const twice = playing({ close: true }, { close: true }, { status: { status: 'Success' } });
    expect(await caught(execInPod(client, { ...command, repeatable: true }, twice))).to.include({ kind: 'no status' });
    expect(twice.opened).to.equal(2);
  });

  it('never repeats because of an exit status', async () => {
    const open = playing({ status: nonZero(1) }, { status: { status: 'Success' } });
    await caught(execInPod(client, { ...command, repeatable: true }, open));
    expect(open.opened).to.equal(1);
  });

  it('says when the command could not start', async () => {
    const missing = { status: 'Failure', reason: 'InternalError', message: 'exec: "cat": executable file not found' };
    const thrown = await caught(execInPod(client, command, playing({ status: missing })));
    expect(thrown).to.include({ kind: 'not started' });
    expect(thrown.message).to.contain('executable file not found');
    const refused = await caught(execInPod(client, command, playing({ refuse: 'Unexpected server response: 404' })));
    expect(refused.message).to.contain('Unexpected server response: 404');
  });

  it('gives up at the deadline and closes the connection', async () => {
    const open = playing({});
    const thrown = await caught(execInPod(client, { ...command, within: 20 }, open));
    expect(thrown).to.include({ kind: 'deadline' });
    expect(open.closed).to.equal(1);
  });

  it("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const running = caught(execInPod(client, { ...command, signal: controller.signal }, playing({})));
    controller.abort(reason);
    expect(await running).to.equal(reason);
  });
});
