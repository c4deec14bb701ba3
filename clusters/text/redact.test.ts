import { expect } from 'chai';
import { plainText, redact, redactedText, withTexts } from './redact.ts';

const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIPlanted\n-----END EC PRIVATE KEY-----';
const certificate = '-----BEGIN CERTIFICATE-----\nMIIBharmless\n-----END CERTIFICATE-----';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const jwt = `${base64('{"alg":"RS256"}').replaceAll('=', '')}.${base64('{"sub":"system"}').replaceAll('=', '')}.c2lnbmF0dXJl`;

describe('redacted evidence', () => {
  for (const [what, text, secret] of [
    ['a bearer token', 'GET /api Authorization: Bearer planted.token-1234567', 'planted.token-1234567'],
    ['a private key', `before\n${pem}\nafter`, 'Planted'],
    ['a private key that is cut off', '-----BEGIN PRIVATE KEY-----\nMHcCPlanted', 'Planted'],
    ['a private key in base64', `x: ${base64(pem)}`, base64(pem)],
    ['the key of a kubeconfig', `    client-key-data: ${base64('planted')}`, base64('planted')],
    ['the token of a kubeconfig', '    token: plantedtoken\n', 'plantedtoken'],
    ['a token in JSON', '{"token":"planted","a":1}', 'planted'],
    ['a password option', 'login --password planted --user me', 'planted'],
    ['a bootstrap token', 'kubeadm join --token abcdef.0123456789abcdef', '0123456789abcdef'],
    ['a bootstrap token by itself', 'joining with abcdef.0123456789abcdef.', '0123456789abcdef'],
    ['the data of a Secret', `kind: Secret\ndata:\n  ca: planted\n\n  b: x\nmetadata: {}`, 'planted'],
    ['the data of a Secret in a list', `- data:\n    ca: planted\n  kind: Secret`, 'planted'],
    ['the data of a Secret in JSON', '{"kind":"Secret","data":{"ca":"planted"},"metadata":{}}', 'planted'],
    [
      'the data of a Secret in a text in JSON',
      '"{\\"kind\\":\\"Secret\\",\\"data\\":{\\"ca\\":\\"planted\\"}}"',
      'planted',
    ],
    ['a token behind terminal codes', 'Bearer \u001b[1mplanted.bearer\u001b[0m', 'planted'],
    ['the password of a proxy', 'HTTPS_PROXY=http://me:planted@proxy.example:3128', 'planted'],
    ['a password with an @', 'deb http://me:pl@nted@mirror.example/debian bookworm', 'nted'],
    ['a token before a host', 'origin https://planted@git.example/x.git (fetch)', 'planted'],
    ['the Basic scheme', `Authorization: Basic ${base64('me:planted')}`, base64('me:planted')],
    ['a variable', 'GITHUB_TOKEN=planted', 'planted'],
    ['a variable in JSON', '["A=1","CI_JOB_TOKEN=planted","B=2"]', 'planted'],
    ['a setting of npm', '//registry.example/:_authToken=planted', 'planted'],
    ['a password in the environment', 'DB_PASSWORD: planted', 'planted'],
    ['an access key', 'export AWS_SECRET_ACCESS_KEY=planted', 'planted'],
    ['a JWT', `found ${jwt} in a file`, jwt],
  ] as const) {
    it(`has ${what} removed from text`, () => {
      const clean = redact(text);
      expect(clean).to.not.include(secret);
      expect(clean).to.include('[removed]');
    });
  }

  it('keeps everything around a secret', () => {
    expect(redact(`before\n${pem}\nafter`)).to.equal('before\n[removed]\nafter');
    expect(redact('{"token":"planted","a":1}')).to.equal('{"token":"[removed]","a":1}');
  });

  for (const harmless of [
    certificate,
    base64(certificate),
    'node2   local-claim.17f2c3d4e5a6b7c8 WaitForFirstConsumer',
    'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    'path: token',
    'kind: ConfigMap\ndata:\n  ca: harmless',
    'from 127.0.0.1:6443 and v1.37.2 to registry.k8s.io/pause:3.10.2',
    '0/3 nodes are available: example-pod.17f2c3d4e5a6b7c8 of kubelet.service',
    'automountServiceAccountToken: false',
    'Basic authentication is off',
    'see https://kubernetes.io/docs/concepts/storage/volumes/#local and mail to a@b.example',
    'service_account_token: false',
    'max_token_ttl=3600',
    '24 1 7:3 / /mnt/disks/volA rw,relatime shared:5 - ext4 /dev/loop3 rw',
  ]) {
    it(`keeps ${JSON.stringify(harmless.slice(0, 50))}`, () => expect(redact(harmless)).to.equal(harmless));
  }

  it('has the data of Secrets, fields with secrets and managedFields removed from objects, at any depth', () => {
    const objects = {
      items: [
        { kind: 'Secret', metadata: { name: 's', managedFields: [{ manager: 'm' }] }, data: { key: 'cGxhbnRlZA==' } },
        { kind: 'Pod', spec: { note: `Bearer planted-token`, user: { token: 'planted' }, count: 2, none: null } },
      ],
    };
    expect(redact(objects)).to.deep.equal({
      items: [
        { kind: 'Secret', metadata: { name: 's' }, data: { key: '[removed]' } },
        { kind: 'Pod', spec: { note: 'Bearer [removed]', user: { token: '[removed]' }, count: 2, none: null } },
      ],
    });
  });

  it('does not change the object that it gets', () => {
    const given = { token: 'planted', metadata: { managedFields: [1] } };
    redact(given);
    expect(given).to.deep.equal({ token: 'planted', metadata: { managedFields: [1] } });
  });

  it('writes dates as text', () => {
    expect(redact({ at: new Date(0) })).to.deep.equal({ at: '1970-01-01T00:00:00.000Z' });
  });
});

it('plain text keeps what XML allows, and nothing else', () => {
  expect(plainText('\t\n é 💾 \ufffd')).to.equal('\t\n é 💾 \ufffd');
  expect(plainText('a\u0000b\u001b[31mred\u001b[39m \ud800 \uffff\r\nnext\rlast')).to.equal('abred  \nnext\nlast');
});

it('texts are changed at every depth, and nothing else is', () => {
  const value = { a: ['x', 1, null, { b: 'y', c: true }], d: undefined };
  expect(withTexts(value, (text) => text.toUpperCase())).to.deep.equal({
    a: ['X', 1, null, { b: 'Y', c: true }],
    d: undefined,
  });
});

it('redacted text has no secret that control characters would hide', () => {
  expect(redactedText('Bearer pla\u0000nted-token')).to.equal('Bearer [removed]');
});
