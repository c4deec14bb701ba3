import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findKind, type KindPin } from './kind.ts';

describe('the private copy of kind', () => {
  let folder: string;
  const { PATH } = process.env;
  // Without a checksum of this platform's release, so that nothing is asked for over the network.
  const pin: KindPin = { version: '0.33.0', sha256: {}, module: `h1:${'a'.repeat(43)}=` };
  const progress = { note: () => {}, retried: () => {} };
  const find = () => findKind(pin, join(folder, 'cache'), progress);
  const cached = async () => (await readdir(join(folder, 'cache', 'kind-v0.33.0'))).sort();
  const builds = async () => (await readFile(join(folder, 'builds'), 'utf8').catch(() => '')).split('\n').length - 1;

  /** Puts a program in the place of go that builds a kind, and a kind on PATH that is too old. */
  async function fakeGo({ sum = pin.module, version = '0.33.0' } = {}) {
    const kind = `printf '#!/bin/sh\\necho "kind v${version} go1.26.8 linux/amd64"\\n' >$GOBIN/kind; chmod 755 $GOBIN/kind`;
    const go = `#!/bin/sh\ncase $1 in mod) echo '{"Sum":"${sum}"}' ;; install) echo built >>${folder}/builds; ${kind} ;; esac\n`;
    await writeFile(join(folder, 'go'), go, { mode: 0o755 });
    await writeFile(join(folder, 'kind'), '#!/bin/sh\necho kind v0.1.0\n', { mode: 0o755 });
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-kind-'));
    process.env.PATH = `${folder}:${PATH}`;
    await fakeGo();
  });

  afterEach(async () => {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true });
  });

  it('is built once, and is alone in its folder', async () => {
    const first = await find();
    expect(first).to.include({ version: 'v0.33.0', origin: 'private copy' });
    expect(first.path).to.match(/\/kind-v0\.33\.0\/kind-[0-9a-f]{64}$/);
    expect(await find()).to.deep.equal(first);
    expect(await builds()).to.equal(1);
    expect(await cached()).to.have.length(1);
  });

  it('is not used once it has another content than its name tells', async () => {
    const { path } = await find();
    await appendFile(path, `touch ${folder}/executed\n`);
    await writeFile(join(folder, 'cache', 'kind-v0.33.0', 'kind-planted'), '#!/bin/sh\necho kind v0.33.0\n', {
      mode: 0o755,
    });
    expect((await find()).path).to.equal(path);
    expect(await builds()).to.equal(2);
    expect(await cached()).to.have.length(1);
    expect(await readdir(folder)).not.to.include('executed');
  });

  it('is whole for each of several runs that get it at once', async () => {
    const found = await Promise.all([1, 2, 3, 4].map(find));
    expect(new Set(found.map(({ path }) => path)).size).to.equal(1);
    expect(await cached()).to.have.length(1);
  });

  for (const [what, fake, seen] of [
    ['of another module', { sum: `h1:${'b'.repeat(43)}=` }, 'of the module is not the pinned'],
    ['of another version', { version: '0.34.0' }, 'the program reports another version'],
  ] as const) {
    it(`is refused ${what}, and nothing stays`, async () => {
      await fakeGo(fake);
      expect(String(await find().catch((error: unknown) => error))).to.include(seen);
      expect(await cached()).to.deep.equal([]);
    });
  }

  it('gives way to the one on PATH that has the pinned minor version', async () => {
    await writeFile(join(folder, 'kind'), '#!/bin/sh\necho kind v0.33.7\n', { mode: 0o755 });
    expect(await find()).to.deep.equal({ path: 'kind', version: 'v0.33.7', origin: 'PATH' });
    expect(await builds()).to.equal(0);
  });
});
