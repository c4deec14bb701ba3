import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../../errors/domain-error.ts';
import { type AccessOptions, findAccess } from './access.ts';

describe('finding the cluster that a user names', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-access-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Writes a kubeconfig with a context, cluster and user of each name; `more` is added to the user. */
  async function write(name: string, names: readonly string[], more: { current?: string; user?: object } = {}) {
    const of = <Value>(key: string, value: (each: string) => Value) =>
      names.map((each) => ({ name: each, [key]: value(each) }));
    await mkdir(join(at(name), '..'), { recursive: true });
    await writeFile(
      at(name),
      JSON.stringify({
        clusters: of('cluster', (each) => ({ server: `https://${each}.${name.replace('/', '-')}:6443` })),
        users: of('user', () => more.user ?? { token: name }),
        contexts: of('context', (each) => ({ cluster: each, user: each })),
        'current-context': more.current,
      }),
    );
    return at(name);
  }

  const find = (options: AccessOptions = {}, environment: NodeJS.ProcessEnv = {}) =>
    findAccess(options, { environment, home: folder, serviceAccount: at('service-account') });
  const refused = (...of: Parameters<typeof find>) =>
    find(...of).then(
      () => expect.fail('a cluster was found'),
      (error: unknown) => {
        expect(error).to.be.instanceOf(DomainError).and.to.include({ exit: 'badUsage' });
        return String(error);
      },
    );

  it('asks --kubeconfig alone, else KUBECONFIG, else ~/.kube/config', async () => {
    const home = await write('.kube/config', ['home'], { current: 'home' });
    const listed = await write('listed', ['listed'], { current: 'listed' });
    const named = await write('named', ['named'], { current: 'named' });
    expect(await find()).to.include({ name: 'home', origin: home, server: 'https://home..kube-config:6443' });
    expect(await find({}, { KUBECONFIG: listed })).to.include({ name: 'listed', origin: listed });
    expect(await find({ kubeconfig: named }, { KUBECONFIG: listed })).to.include({ name: 'named', origin: named });
    expect(await refused({ kubeconfig: at('absent') }, { KUBECONFIG: listed })).to.include(
      `such file: ${at('absent')}`,
    );
  });

  it('merges the files of KUBECONFIG: the first that has a name or a current-context counts, as a whole', async () => {
    const first = await write('first', ['red', 'green'], { user: { tokenFile: 'of-first' } });
    const second = await write('second', ['red', 'blue'], { current: 'red', user: { token: 'x', as: 'somebody' } });
    const third = await write('third', ['red'], { current: 'blue' });
    const KUBECONFIG = [first, at('absent'), '', second, third].join(':');
    const red = await find({}, { KUBECONFIG });
    expect(red).to.deep.include({ name: 'red', server: 'https://red.first:6443', impersonation: undefined });
    expect(red.user.user).to.deep.equal({ tokenFile: at('of-first') });
    expect(red.origin).to.equal([first, second, third].join(':'));
    const blue = await find({ context: 'blue' }, { KUBECONFIG });
    expect(blue.server).to.equal('https://blue.second:6443');
    expect(blue.impersonation).to.deep.equal({ user: 'somebody', groups: [], uid: undefined, extra: {} });
  });

  it('resolves paths against the folder of their file, and a command only where it has a slash', async () => {
    const exec = (command: string) => ({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command } });
    const file = await write('sub/config', ['one'], { current: 'one', user: exec('./bin/login') });
    expect((await find({ kubeconfig: file })).user.user.exec?.command).to.equal(at('sub/bin/login'));
    await write('sub/config', ['one'], { current: 'one', user: exec('login') });
    expect((await find({ kubeconfig: file })).user.user.exec?.command).to.equal('login');
  });

  it('takes the user of --as before that of the file, and refuses groups of nobody', async () => {
    const user = { as: 'filed', 'as-groups': ['ops'], 'as-uid': '7', 'as-user-extra': { reason: ['test'] } };
    const kubeconfig = await write('config', ['one'], { current: 'one', user });
    const filed = (await find({ kubeconfig })).impersonation;
    expect(filed).to.deep.equal({ user: 'filed', groups: ['ops'], uid: '7', extra: { reason: ['test'] } });
    const asked = await find({ kubeconfig, as: 'asked', asGroup: ['a', 'b'] });
    expect(asked.impersonation).to.deep.include({ user: 'asked', groups: ['a', 'b'] });
    await write('config', ['one'], { current: 'one' });
    expect(await refused({ kubeconfig, asGroup: ['a'] })).to.include('--as NAME');
  });

  it('is the service account in a pod, where there is no file and none is asked for', async () => {
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    expect(await refused({}, environment)).to.include('no such file');
    await mkdir(at('service-account'));
    await writeFile(join(at('service-account'), 'token'), 't');
    await writeFile(join(at('service-account'), 'namespace'), 'tests\n');
    const access = await find({}, environment);
    expect(access).to.include({ name: 'in-cluster', server: 'https://[fd00::1]:443', namespace: 'tests' });
    expect(access.user.user.tokenFile).to.equal(join(at('service-account'), 'token'));
    expect(await refused({ context: 'prod' }, environment)).to.include('no such file');
    const home = await write('.kube/config', ['home'], { current: 'home' });
    expect(await find({}, environment)).to.include({ origin: home });
  });

  it('names what is wrong, with file, line and key', async () => {
    const kubeconfig = await write('config', ['prod', 'staging']);
    expect(await refused({ kubeconfig })).to.match(/no current-context is set; the contexts are prod, staging/);
    expect(await refused({ kubeconfig, context: 'prd' })).to.match(/no context "prd"[\s\S]*--context prod\?/);
    const wrong = async (text: string) => {
      await writeFile(kubeconfig, text);
      return await refused({ kubeconfig });
    };
    const context = (of: object) =>
      JSON.stringify({ 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'c', ...of } }] });
    expect(await wrong('clusters:\n- name: a\n  cluster: {}\n- name: a\n  cluster: {}\n')).to.match(
      /config:4:\d+.*clusters\[1\]\.name.*a occurs twice/,
    );
    expect(await wrong('users: none\n')).to.match(/config:1:\d+.*users/);
    expect(await wrong(context({}))).to.include('names the cluster "c", which is not there');
    expect(await wrong('')).to.include('there are no contexts');
  });

  it('uses the proxy of the kubeconfig, and else that of the environment', async () => {
    const kubeconfig = await write('config', ['one'], { current: 'one' });
    const proxyOf = async (environment: NodeJS.ProcessEnv) =>
      (await find({ kubeconfig }, environment)).cluster.cluster['proxy-url'];
    expect(await proxyOf({})).to.equal(undefined);
    expect(await proxyOf({ HTTPS_PROXY: 'proxy.example:3128' })).to.equal('http://proxy.example:3128');
    expect(await proxyOf({ https_proxy: 'http://p', no_proxy: 'example.com, one.config' })).to.equal(undefined);
  });
});
