import { expect } from 'chai';
import { silent } from '../../text/progress.ts';
import type { Commander, CommandRequest } from '../command/commander.ts';
import { Engine, type EngineFacts } from '../engine/engine.ts';
import { type PullFailure, pullFailed, pullImage, readPullFailure } from './pull.ts';

const digest = `sha256:${'5272'.repeat(16)}`;
const name = '127.0.0.1:46395/local-pv-conformance/node';
const daemon = 'Error response from daemon:';

describe('a pull that failed', () => {
  // What Docker 26.1 said to each registry of scripts/dev/acceptance/pull.spec.ts.
  const seen: [PullFailure['kind'], string][] = [
    ['absent', `${daemon} manifest for ${name}:none not found: manifest unknown: manifest unknown`],
    ['absent', `${daemon} manifest for ${name}@${digest} not found: manifest unknown: manifest unknown`],
    ['wrong digest', `manifest verification failed for digest ${digest}`],
    ['wrong digest', `filesystem layer verification failed for digest ${digest}`],
    [
      'refused',
      `${daemon} Get "http://127.0.0.1:39731/v2/local-pv-conformance/node/manifests/${digest}": no basic auth credentials`,
    ],
    [
      'refused',
      `${daemon} pull access denied for ${name}, repository does not exist or may require 'docker login': denied: access denied`,
    ],
    [
      'no registry',
      `${daemon} Get "http://127.0.0.1:42879/v2/": dial tcp 127.0.0.1:42879: connect: connection refused`,
    ],
    [
      'no registry',
      `${daemon} Get "https://registry.invalid/v2/": dial tcp: lookup registry.invalid on 192.0.2.53:53: no such host`,
    ],
  ];
  // Of other machines: proxies and firewalls that let nothing out, and limits.
  const known: [PullFailure['kind'], string][] = [
    ['no registry', `${daemon} Get "https://registry-1.docker.io/v2/": Forbidden`],
    ['no registry', `${daemon} Get "https://registry-1.docker.io/v2/": Proxy Authentication Required`],
    [
      'no registry',
      `${daemon} Get "https://registry-1.docker.io/v2/": proxyconnect tcp: dial tcp 192.0.2.1:3128: i/o timeout`,
    ],
    [
      'no registry',
      `${daemon} Get "https://registry-1.docker.io/v2/": read tcp 192.0.2.7:1->192.0.2.8:443: read: connection reset by peer`,
    ],
    ['no registry', `${daemon} Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout`],
    [
      'no registry',
      `${daemon} Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: server misbehaving`,
    ],
    [
      'no registry',
      `${daemon} Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`,
    ],
    ['refused', `${daemon} toomanyrequests: You have reached your unauthenticated pull rate limit.`],
    ['refused', `${daemon} unauthorized: authentication required`],
    [
      'other',
      `${daemon} Get "https://mirror.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    ],
    ['other', 'write /var/lib/docker/tmp/GetImageBlob1: no space left on device'],
    ['other', ''],
  ];
  for (const [kind, message] of [...seen, ...known]) {
    it(`is "${kind}" by: ${message.replace(`${daemon} `, '') || 'nothing'}`, () => {
      expect(readPullFailure(message)).to.deep.equal({ kind, message });
    });
  }

  it('says what it means and what to do', () => {
    for (const [kind, why, remedy] of [
      ['no registry', 'cannot be reached', '--image built'],
      ['absent', 'no such image', 'check name, tag and digest'],
      ['wrong digest', 'it is not used', 'find out who changed the image'],
      ['refused', 'refuses this user', 'docker login'],
    ] as const) {
      const { details, exit } = pullFailed('node:1', { kind, message: 'as it was said' });
      expect(details).to.include({ attempted: 'pulling the node image', on: 'node:1', seen: 'as it was said' });
      expect(details.why).to.contain(why);
      expect(details.remedy).to.contain(remedy);
      expect(exit).to.equal('environment');
    }
    expect(pullFailed('node:1', { kind: 'silent', seconds: 15 }).details.seen).to.contain('nothing within 15 s');
  });
});

describe('a pull', () => {
  const engineWith = (attempt: Commander['attempt']) =>
    new Engine({} as EngineFacts, { place: 'this machine', attempt });
  const result = (request: CommandRequest, status: number, stderr = '') => ({
    argv: request.argv,
    status,
    stdout: '',
    stderr,
    milliseconds: 1,
  });
  const untilAborted = (request: CommandRequest) =>
    new Promise<never>((_, reject) => {
      request.signal?.addEventListener('abort', () => reject(request.signal?.reason));
    });

  it('asks the engine for the reference as it is', async () => {
    const asked: string[] = [];
    const engine = engineWith(async (request) => {
      asked.push(request.argv.join(' '));
      return result(request, 0);
    });
    expect(await pullImage(engine, `${name}:1@${digest}`, silent)).to.deep.equal({ kind: 'pulled' });
    expect(asked).to.deep.equal([`docker pull ${name}:1@${digest}`]);
  });

  it('gives up a registry that says nothing', async () => {
    const pulled = await pullImage(engineWith(untilAborted), 'node:1', silent, { firstWord: 20 });
    expect(pulled).to.deep.equal({ kind: 'silent', seconds: 0.02 });
  });

  it('takes its time once the registry has said a word', async () => {
    const engine = engineWith(async (request) => {
      request.onLine?.('v1.37.0: Pulling from kindest/node');
      await new Promise((resolve) => setTimeout(resolve, 40));
      request.signal?.throwIfAborted();
      return result(request, 0);
    });
    expect(await pullImage(engine, 'node:1', silent, { firstWord: 10 })).to.deep.equal({ kind: 'pulled' });
  });

  it('is no silence when the user interrupts it', async () => {
    const controller = new AbortController();
    const pulling = pullImage(engineWith(untilAborted), 'node:1', silent, { signal: controller.signal });
    controller.abort(new Error('interrupted'));
    expect((await pulling.catch((error) => error)).message).to.equal('interrupted');
  });
});
