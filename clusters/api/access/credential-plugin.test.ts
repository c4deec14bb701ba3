import { expect } from 'chai';
import type { CommandRequest } from '../../host/command/commander.ts';
import { CredentialPlugin } from './credential-plugin.ts';
import type { KubeconfigExec } from './kubeconfig.ts';

describe('a credential plugin', () => {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const cluster = { server: 'https://api.example', 'certificate-authority-data': 'Q0E=' };
  let asked: CommandRequest[];
  let now: number;
  let status: object;
  let end: { status: number; stdout?: string; stderr: string };

  beforeEach(() => {
    asked = [];
    now = Date.parse('2026-11-27T12:00:00Z');
    status = { token: 'first' };
    end = { status: 0, stderr: '' };
  });

  const plugin = (exec: Partial<KubeconfigExec> = {}) =>
    new CredentialPlugin({ apiVersion, command: 'login', args: ['--quiet'], ...exec }, cluster, {
      deadline: 60_000,
      now: () => now,
      commander: {
        place: 'this machine',
        attempt: async (request) => {
          asked.push(request);
          const stdout = JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
          return { argv: request.argv, stdout, milliseconds: 1, ...end };
        },
      },
    });
  const failureOf = (one: CredentialPlugin) =>
    one.credential().then(
      () => expect.fail('it gave a credential'),
      (error: unknown) => String(error),
    );

  it('is run once for all requests, where its credential has no end', async () => {
    const one = plugin({ env: [{ name: 'PROFILE', value: 'prod' }] });
    const all = await Promise.all([one.credential(), one.credential()]);
    now += 24 * 3_600_000;
    expect([...all, await one.credential()].map(({ token }) => token)).to.deep.equal(['first', 'first', 'first']);
    expect(asked.map(({ argv }) => argv)).to.deep.equal([['login', '--quiet']]);
    const { KUBERNETES_EXEC_INFO = '', ...rest } = asked[0]?.env ?? {};
    expect(rest).to.deep.equal({ PROFILE: 'prod' });
    expect(JSON.parse(KUBERNETES_EXEC_INFO)).to.deep.equal({
      apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
  });

  it('is run again shortly before its credential ends, and after the API server has refused it', async () => {
    status = { token: 'first', expirationTimestamp: '2026-11-27T12:10:00Z' };
    const one = plugin();
    await one.credential();
    now = Date.parse('2026-11-27T12:09:49Z');
    expect(await one.credential()).to.include({ token: 'first' });
    status = { token: 'second' };
    now += 2_000;
    expect(await one.credential()).to.include({ token: 'second' });
    status = { token: 'third' };
    one.refused();
    expect(await one.credential()).to.include({ token: 'third' });
    expect(asked).to.have.lengthOf(3);
  });

  it('is told of the cluster where it asks for that', async () => {
    await plugin({ provideClusterInfo: true }).credential();
    const info = JSON.parse(asked[0]?.env?.KUBERNETES_EXEC_INFO ?? '');
    expect(info.spec.cluster).to.deep.equal(cluster);
  });

  it('that gives none is an error without secrets, and is asked again at the next request', async () => {
    end = { status: 1, stderr: 'you are logged out\n' };
    const one = plugin();
    expect(await failureOf(one)).to.match(
      /on: +login --quiet\n.*exit status 1\n.*you are logged out[\s\S]*log in with/,
    );
    end = { status: 0, stderr: '', stdout: '{"token":"planted"}' };
    expect(await failureOf(one))
      .to.include('no ExecCredential')
      .and.not.include('planted');
    end = { status: 0, stderr: '' };
    status = {};
    expect(await failureOf(one)).to.include('neither a token nor a certificate');
    status = { token: 'late' };
    expect(await one.credential()).to.include({ token: 'late' });
  });

  it('is not run where it must talk to a person, or speaks another version', async () => {
    expect(await failureOf(plugin({ interactiveMode: 'Always' }))).to.include('must talk to a person');
    expect(await failureOf(plugin({ apiVersion: 'client.authentication.k8s.io/v1alpha1' }))).to.include('v1alpha1');
    expect(asked).to.deep.equal([]);
  });
});
