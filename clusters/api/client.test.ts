import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../errors/domain-error.ts';
import type { ClusterClient } from './client.ts';
import { connect } from './client.ts';
import { Connection } from './connection.ts';
import { ApiRefusal, ApiUnreachable } from './refusal.ts';

/** What the server of these tests received. */
interface Received {
  method: string;
  path: string;
  query: Record<string, string>;
  contentType: string | undefined;
  authorization: string | undefined;
  /** Only where there are such headers. */
  impersonation?: Record<string, string[] | undefined>;
  body: unknown;
}

type Answer = { status?: number; body: unknown } | 'silence' | 'break';

describe('ClusterClient', function () {
  // The first connection loads client-node, which takes seconds on a busy machine.
  this.timeout(20_000);

  const received: Received[] = [];
  let answers: Answer[] = [];
  let folder = '';
  let kubeconfig = '';
  let client: ClusterClient;

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const url = new URL(request.url ?? '/', 'http://server');
      const impersonated = Object.entries(request.headersDistinct).filter(([name]) => name.startsWith('impersonate-'));
      received.push({
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        contentType: request.headers['content-type'],
        authorization: request.headers.authorization,
        ...(impersonated.length > 0 && { impersonation: Object.fromEntries(impersonated) }),
        body,
      });
      const answer = answers.shift() ?? { body: {} };
      if (answer === 'silence') return;
      if (answer === 'break') {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-client-'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, kubeconfigOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
    client = await connect({ kubeconfig });
  });

  beforeEach(() => {
    received.length = 0;
    answers = [];
  });

  after(async () => {
    client[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'example-pv-a', note: 'unknown here' },
    spec: { local: { path: '/mnt/disks/volA', speed: 'unknown too' } },
  } as const;

  it('sends a manifest as written, unknown fields included, and asks for strict validation', async () => {
    await client.create(volume);
    expect(received[0]).to.deep.equal({
      method: 'POST',
      path: '/api/v1/persistentvolumes',
      query: { fieldValidation: 'Strict', fieldManager: 'local-pv-conformance' },
      contentType: 'application/json',
      authorization: 'Bearer let-me-in',
      body: volume,
    });
  });

  it('stores nothing on a dry run', async () => {
    await client.create(volume, { dryRun: true });
    expect(received[0]?.query).to.include({ dryRun: 'All' });
    await client.create(volume, { fieldValidation: 'Ignore' });
    expect(received[1]?.query).to.include({ fieldValidation: 'Ignore' });
    await client.create(volume, { fieldValidation: 'unset' });
    expect(received[2]?.query).to.not.have.property('fieldValidation');
  });

  it('knows where grouped and namespaced kinds live', async () => {
    const empty = { body: { metadata: { resourceVersion: '1' }, items: [] } };
    answers = [{ body: {} }, { body: {} }, empty, empty];
    await client.read({ kind: 'StorageClass', name: 'local-storage' });
    await client.read({ kind: 'PersistentVolumeClaim', namespace: 'demo', name: 'x' });
    await client.list('Event');
    await client.list('Pod', { namespace: 'demo', labelSelector: 'app=writer' });
    expect(received.map((request) => request.path)).to.deep.equal([
      '/apis/storage.k8s.io/v1/storageclasses/local-storage',
      '/api/v1/namespaces/demo/persistentvolumeclaims/x',
      '/api/v1/events',
      '/api/v1/namespaces/demo/pods',
    ]);
    expect(received[3]?.query).to.deep.equal({ labelSelector: 'app=writer' });
  });

  it('refuses a kind it has no address for before it sends anything', async () => {
    const thrown = await caught(client.create({ apiVersion: 'v2', kind: 'Pod', metadata: { name: 'x' } }));
    expect(thrown).to.be.instanceOf(DomainError).and.to.include({ exit: 'badUsage' });
    expect(received).to.deep.equal([]);
  });

  it('gives the items of a list their apiVersion and kind', async () => {
    answers = [{ body: { metadata: { resourceVersion: '42' }, items: [{ metadata: { name: 'node1' } }] } }];
    expect(await client.list('Node')).to.deep.equal({
      resourceVersion: '42',
      items: [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' } }],
    });
  });

  it('says by its content type how a patch is meant', async () => {
    const ref = { kind: 'PersistentVolume', name: 'example-pv-a' } as const;
    await client.patch(ref, { type: 'merge', change: { metadata: { labels: { a: 'b' } } } });
    await client.patch(ref, { type: 'json', operations: [{ op: 'remove', path: '/spec/claimRef' }] });
    await client.patch(ref, { type: 'strategic', change: { status: {} } }, { subresource: 'status' });
    expect(received.map(({ method, path, contentType }) => `${method} ${path} ${contentType}`)).to.deep.equal([
      'PATCH /api/v1/persistentvolumes/example-pv-a application/merge-patch+json',
      'PATCH /api/v1/persistentvolumes/example-pv-a application/json-patch+json',
      'PATCH /api/v1/persistentvolumes/example-pv-a/status application/strategic-merge-patch+json',
    ]);
    expect(received[1]?.body).to.deep.equal([{ op: 'remove', path: '/spec/claimRef' }]);
  });

  it('removes with grace period, propagation and precondition', async () => {
    const options = { gracePeriodSeconds: 0, propagationPolicy: 'Foreground', uid: 'u-1' } as const;
    expect(await client.remove({ kind: 'Pod', namespace: 'demo', name: 'x' }, options)).to.equal('requested');
    expect(received[0]?.body).to.deep.include({
      gracePeriodSeconds: 0,
      propagationPolicy: 'Foreground',
      preconditions: { uid: 'u-1' },
    });
  });

  it('takes the absence of what it removes as fine only where asked', async () => {
    const missing = { status: 404, body: { reason: 'NotFound', message: 'pods "x" not found' } };
    answers = [missing, missing];
    const ref = { kind: 'Pod', namespace: 'demo', name: 'x' } as const;
    expect(await client.remove(ref, { absentIsFine: true })).to.equal('absent');
    expect(await caught(client.remove(ref)))
      .to.be.instanceOf(ApiRefusal)
      .and.to.include({ status: 404 });
  });

  it('evicts a pod, and tells a disruption budget that forbids it by its status', async () => {
    const reason = "Cannot evict pod as it would violate the pod's disruption budget.";
    answers = [{ body: {} }, { status: 429, body: { reason: 'TooManyRequests', message: reason } }];
    const ref = { kind: 'Pod', namespace: 'demo', name: 'x' } as const;
    await client.evict(ref, { gracePeriodSeconds: 1 });
    expect(received[0]).to.deep.include({
      method: 'POST',
      path: '/api/v1/namespaces/demo/pods/x/eviction',
      body: {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name: 'x', namespace: 'demo' },
        deleteOptions: { gracePeriodSeconds: 1 },
      },
    });
    expect(await caught(client.evict(ref)))
      .to.be.instanceOf(ApiRefusal)
      .and.to.include({ status: 429 });
  });

  it('turns a refusal into its status, reason and causes by field', async () => {
    const message =
      'PersistentVolume "ok" is invalid: spec.nodeAffinity: Required value: Local volume requires node affinity';
    const cause = {
      reason: 'FieldValueRequired',
      message: 'Required value: Local volume requires node affinity',
      field: 'spec.nodeAffinity',
    };
    answers = [{ status: 422, body: { kind: 'Status', reason: 'Invalid', message, details: { causes: [cause] } } }];
    const thrown = await caught(client.create(volume));
    expect(thrown).to.be.instanceOf(ApiRefusal);
    expect(thrown).to.deep.include({
      status: 422,
      reason: 'Invalid',
      refusal: message,
      causes: [cause],
      exit: 'badUsage',
    });
    expect(String(thrown))
      .to.contain(`HTTP 422 Invalid: ${message}`)
      .and.to.contain('on:   PersistentVolume example-pv-a');
  });

  it('reads the unknown fields of strict decoding out of its message', async () => {
    const message = 'strict decoding error: unknown field "spec.local.speed", duplicate field "spec.x"';
    answers = [{ status: 400, body: { reason: 'BadRequest', message } }];
    const thrown = (await caught(client.create(volume))) as ApiRefusal;
    expect(thrown.causes.map(({ field, reason }) => `${reason} ${field}`)).to.deep.equal([
      'UnknownField spec.local.speed',
      'DuplicateField spec.x',
    ]);
  });

  it('shows an answer that is no Status', async () => {
    answers = [{ status: 502, body: '<html>bad gateway</html>' }];
    expect(await caught(client.version())).to.include({ status: 502, refusal: '<html>bad gateway</html>' });
  });

  it('takes an answer that is not JSON as no answer', async () => {
    answers = [{ body: 'OK' }];
    const thrown = await caught(client.version());
    expect(thrown).to.be.instanceOf(ApiUnreachable);
    expect(String(thrown)).to.contain('the answer is not JSON: OK');
  });

  it('gives up at the deadline, and says so', async () => {
    answers = ['silence'];
    const thrown = await caught(client.version({ within: 50 }));
    expect(thrown).to.be.instanceOf(ApiUnreachable);
    expect(String(thrown)).to.contain('no answer within 0.1 s');
  });

  it('ends with the reason of the signal that aborted it', async () => {
    answers = ['silence'];
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const call = caught(client.version({ signal: controller.signal }));
    controller.abort(reason);
    expect(await call).to.equal(reason);
  });

  it('does not retry a request whose connection broke', async () => {
    answers = ['break'];
    expect(await caught(client.create(volume))).to.be.instanceOf(ApiUnreachable);
    expect(received).to.have.length(1);
  });

  it('hands on a watch line by line', async () => {
    answers = [{ body: '{"type":"ADDED"}\n{"type":"BOOKMARK"}\n' }];
    const { signal } = new AbortController();
    const lines: string[] = [];
    for await (const line of await client.watch('Pod', { resourceVersion: '7', timeoutSeconds: 20 }, { signal })) {
      lines.push(line);
    }
    expect(lines).to.deep.equal(['{"type":"ADDED"}', '{"type":"BOOKMARK"}']);
    expect(received[0]?.query).to.deep.equal({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '7',
      timeoutSeconds: '20',
    });
  });

  it('refuses a kubeconfig that is absent, or that points to another server than the run made', async () => {
    expect(String(await caught(connect({ kubeconfig: join(folder, 'absent') })))).to.contain('no such file');
    const thrown = await caught(connect({ kubeconfig, expectedServer: 'https://127.0.0.1:1' }));
    expect(String(thrown)).to.contain("this run's cluster is https://127.0.0.1:1");
  });

  it('waits only so long for the credential plugin of a kubeconfig', async () => {
    const file = join(folder, 'plugin');
    const exec = 'exec: { apiVersion: client.authentication.k8s.io/v1, command: sleep, args: ["3"] }';
    await writeFile(file, kubeconfigOf('https://127.0.0.1:1').replace('token: let-me-in', exec));
    const thrown = await caught(Connection.open(file, { pluginDeadline: 100 }));
    expect(String(thrown)).to.match(/on: +sleep 3\n.*no end within 0\.1 s.*log in with the plugin/s);
  });

  it('asks a credential plugin once, and again when the API server refuses what it gave', async () => {
    const count = join(folder, 'count');
    const file = join(folder, 'plugin');
    const printed = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}`;
    const args = ['-c', `echo x >>${count}; printf '${printed}' "given-$(wc -l <${count})"`];
    const exec = `exec: ${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args })}`;
    await writeFile(file, kubeconfigOf(client.server).replace('token: let-me-in', exec));
    using other = await connect({ kubeconfig: file });
    answers = [{ body: {} }, { status: 401, body: {} }, { body: {} }];
    await other.version();
    await caught(other.version());
    await other.version();
    const authorizations = received.map(({ authorization }) => authorization);
    expect(authorizations).to.deep.equal(['Bearer given-1', 'Bearer given-1', 'Bearer given-2']);
  });

  it('impersonates the user and the groups of a kubeconfig', async () => {
    const file = join(folder, 'impersonating');
    const as = 'token: let-me-in, as: jane, as-groups: [ops, dev], as-uid: "7", as-user-extra: { a/b: [c] }';
    await writeFile(file, kubeconfigOf(client.server).replace('token: let-me-in', as));
    using other = await connect({ kubeconfig: file });
    await other.version();
    expect(received[0]?.impersonation).to.deep.equal({
      'impersonate-user': ['jane'],
      'impersonate-group': ['ops', 'dev'],
      'impersonate-uid': ['7'],
      'impersonate-extra-a%2fb': ['c'],
    });
  });

  it('asks before each write, and sends none that is refused', async () => {
    const asked: string[] = [];
    const beforeWrite = (attempted: string, { kind }: { kind: string }) => {
      asked.push(`${attempted}: ${kind}`);
      if (kind === 'Node') throw new DomainError({ attempted });
    };
    using guarded = await connect({ kubeconfig, beforeWrite });
    const node = { kind: 'Node', name: 'node1' } as const;
    await guarded.create(volume);
    await guarded.read(node);
    for (const write of [
      guarded.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' } }),
      guarded.patch(node, { type: 'merge', change: {} }),
      guarded.remove(node),
    ])
      expect(await caught(write)).to.be.instanceOf(DomainError);
    expect(received.map(({ method }) => method)).to.deep.equal(['POST', 'GET']);
    expect(asked).to.deep.equal([
      'creating an object: PersistentVolume',
      'creating an object: Node',
      'patching an object: Node',
      'removing an object: Node',
    ]);
  });
});

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => error,
  );
}

function kubeconfigOf(server: string): string {
  return `
apiVersion: v1
kind: Config
current-context: c
clusters: [{ name: c, cluster: { server: "${server}", insecure-skip-tls-verify: true } }]
users: [{ name: u, user: { token: let-me-in } }]
contexts: [{ name: c, context: { cluster: c, user: u } }]
`;
}
