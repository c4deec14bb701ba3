import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { kinds } from '../../clusters/api/kinds.ts';
import type { Kind } from '../../clusters/api/objects.ts';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { openReader } from '../../specs/trace/reader.ts';
import { recordedObjects, recordedText } from '../../specs/trace/recorded-for-tests.ts';
import { traceOfPod } from './of-pod.ts';

/** Serves the recorded objects and logs of 1.36 as its API server would; `forbidden` plurals are refused. */
describe('lpv trace --pod', function () {
  // The first connection loads client-node, which takes seconds on a busy machine.
  this.timeout(30_000);

  const store = recordedObjects('1.36');
  const nowhere = async () => ({ unread: 'it is not here' });
  const methods = new Set<string>();
  let forbidden: string[] = [];
  let folder = '';
  let kubeconfig = '';

  const server = createServer((request, response) => {
    methods.add(request.method ?? '');
    const url = new URL(request.url ?? '/', 'http://server');
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    const refusal = (code: number, reason: string): void =>
      answer(code, { kind: 'Status', status: 'Failure', code, reason, message: reason });
    if (url.pathname === '/version') return answer(200, { major: '1', minor: '36', gitVersion: 'v1.36.3' });
    if (forbidden.some((plural) => url.pathname.endsWith(`/${plural}`))) return refusal(403, 'Forbidden');
    const [, component] = /\/pods\/(kube-[a-z-]+)-node1\/log$/.exec(url.pathname) ?? [];
    if (component !== undefined) return answer(200, recordedText('1.36', `${component}.log`));
    const selector = /^component=(.+)$/.exec(url.searchParams.get('labelSelector') ?? '')?.[1];
    if (selector !== undefined) {
      const metadata = { name: `${selector}-node1`, namespace: 'kube-system', uid: selector, resourceVersion: '1' };
      const containers = [{ name: selector, command: [selector, '--v=5', '--vmodule=pv_controller=4'] }];
      return answer(200, {
        metadata: { resourceVersion: '9' },
        items: [{ metadata, spec: { nodeName: 'node1', containers } }],
      });
    }
    const [, namespace, plural = ''] =
      /^\/apis?\/[^/]+(?:\/v1)?(?:\/namespaces\/([^/]+))?\/([a-z]+)$/.exec(url.pathname) ?? [];
    const kind = (Object.keys(kinds) as Kind[]).find((one) => kinds[one].plural === plural);
    if (kind === undefined) return refusal(404, 'NotFound');
    answer(200, {
      metadata: { resourceVersion: '9' },
      items: store.list(kind, namespace === undefined ? {} : { namespace }),
    });
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-trace-'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    kubeconfig = join(folder, 'config');
    await writeFile(
      kubeconfig,
      `apiVersion: v1
kind: Config
current-context: theirs
contexts: [{ name: theirs, context: { cluster: c, user: u } }, { name: edge, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: "http://127.0.0.1:${port}", insecure-skip-tls-verify: true } }]
users: [{ name: u, user: { token: not-a-real-token } }]
`,
    );
  });

  beforeEach(() => {
    forbidden = [];
    methods.clear();
  });

  after(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it('says why a pod is stuck, from the API alone, and sends nothing but GET', async () => {
    const before = await readFile(kubeconfig, 'utf8');
    using reader = await openReader(kubeconfig);
    expect(reader.context).to.equal('theirs');
    const trace = await traceOfPod(reader, { namespace: 'trace-stuck', name: 'elsewhere' });
    expect(trace.outcome.sentence).to.equal('is stuck: it has no node');
    expect(trace.outcome.diagnosis).to.include('So: claim trace-stuck/elsewhere is bound to pv-elsewhere');
    expect([...methods]).to.deep.equal(['GET']);
    expect(await readFile(kubeconfig, 'utf8')).to.equal(before);
  });

  it('says of lanes whose node is not here why they are not seen', async () => {
    using reader = await openReader(kubeconfig);
    const trace = await traceOfPod(reader, { namespace: 'trace-wait', name: 'reader' }, nowhere);
    const mounted = trace.steps.find(({ id }) => id === 'mounted')?.record;
    expect(mounted).to.include({ state: 'not seen' });
    expect(mounted?.state === 'not seen' && mounted.why).to.equal('the log of kubelet was not read: it is not here');
    expect(trace.mounts[0]?.missing[0]).to.include('the node was not looked at');
    // The API serves the scheduler's log.
    expect(trace.steps.find(({ id }) => id === 'volume-fits')?.record.state).to.equal('seen');
  });

  it('goes on without what it may not read, and says so', async () => {
    forbidden = ['nodes', 'volumeattachments'];
    using reader = await openReader(kubeconfig);
    const trace = await traceOfPod(reader, { namespace: 'trace-wait', name: 'reader' }, nowhere);
    expect(trace.attach.state).to.equal('not known');
    expect(trace.clocks.axes).to.equal('apart');
    expect(trace.notes.join('\n')).to.include('objects of kind Node were not read: the API server forbids it');
  });

  it('refuses a pod that is not there, with those that are', async () => {
    using reader = await openReader(kubeconfig);
    const error = await traceOfPod(reader, { namespace: 'trace-stuck', name: 'nix' }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(DomainError).with.property('exit', 'badUsage');
    expect(String((error as DomainError).message)).to.include('pods of namespace trace-stuck: absent, elsewhere');
  });
});
