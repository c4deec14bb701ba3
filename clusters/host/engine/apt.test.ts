import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CommandFailed } from '../command/commander.ts';
import { argumentsOf } from '../command/modules-for-tests.ts';
import { pollUntil } from '../poll-until.ts';
import {
  type DebianArchive,
  debianKeyRing,
  installPackages,
  mainArchive,
  readIndexTargets,
  sourceEntry,
} from './apt.ts';

const bookworm: DebianArchive = { uri: 'http://deb.debian.org/debian/', codename: 'bookworm' };
const updates: DebianArchive = { uri: 'http://deb.debian.org/debian/', codename: 'bookworm-updates' };
const security: DebianArchive = { uri: 'http://deb.debian.org/debian-security/', codename: 'bookworm-security' };

describe('apt', () => {
  it("gives Debian's own archives, each once", () => {
    const printed = [
      // Security first, as a sources file may have it; one line for each component.
      'http://deb.debian.org/debian-security/|bookworm-security|Debian',
      'http://deb.debian.org/debian/|bookworm|Debian',
      'http://deb.debian.org/debian/|bookworm|Debian',
      'http://deb.debian.org/debian/|bookworm-updates|Debian',
      'https://download.example.org/linux/debian/|bookworm|Docker',
      '',
    ];
    expect(readIndexTargets(printed.join('\n'))).to.deep.equal([security, bookworm, updates]);
  });

  it('gives none on Ubuntu or without package lists', () => {
    expect(readIndexTargets('http://archive.ubuntu.com/ubuntu/|noble|Ubuntu\n')).to.deep.equal([]);
    expect(readIndexTargets('')).to.deep.equal([]);
  });

  for (const [what, archives, main] of [
    ['the release, not its updates', [security, updates, bookworm], bookworm],
    ['what there is', [security], security],
    ['nothing of nothing', [], undefined],
  ] as const) {
    it(`has as main archive ${what}`, () => {
      expect(mainArchive(archives)).to.deep.equal(main);
    });
  }

  it("makes a source entry that trusts only Debian's key ring", () => {
    expect(sourceEntry(bookworm, 'trixie')).to.equal(
      `Types: deb\nURIs: http://deb.debian.org/debian/\nSuites: trixie\nComponents: main\nSigned-By: ${debianKeyRing}\n`,
    );
  });
});

describe('an installation by apt', () => {
  let folder: string;
  const { PATH } = process.env;

  /** Puts a program in the place of apt-get that notes its arguments and does `script`. */
  const fakeApt = (script: string) =>
    writeFile(join(folder, 'apt-get'), `#!/bin/sh\necho "$*" >>${folder}/asked\n${script}\n`, { mode: 0o755 });
  const asked = async () => (await readFile(join(folder, 'asked'), 'utf8')).trimEnd().split('\n');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-fake-apt-'));
    process.env.PATH = `${folder}:${PATH}`;
  });

  afterEach(async () => {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true });
  });

  it('downloads first; it waits for another apt, and removes nothing', async () => {
    await fakeApt('exit 0');
    await installPackages(['docker.io']);
    const install = '-o DPkg::Lock::Timeout=120 install --yes --no-remove --no-install-recommends docker.io';
    expect(await asked()).to.deep.equal([`${install} --download-only`, install]);
  });

  it('tells all that apt wrote where it fails', async () => {
    await fakeApt('case "$*" in *--download-only) exit 0 ;; esac; echo unpacking; echo "E: it broke" >&2; exit 100');
    const error = await installPackages(['docker.io']).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(CommandFailed);
    expect(String(error)).to.include('exit status 100').and.include('unpacking').and.include('E: it broke');
  });

  it('is not begun once the run was interrupted, and comes to its end where it was begun before', async () => {
    await fakeApt('exit 0');
    expect(await installPackages(['x'], AbortSignal.abort('stop')).catch((e: unknown) => e)).to.equal('stop');
    const controller = new AbortController();
    await fakeApt(`case "$*" in *--download-only) exit 0 ;; esac; sleep 0.5; echo done >${folder}/configured`);
    const installing = installPackages(['x'], controller.signal).catch((e: unknown) => e);
    await pollUntil(async () => ((await asked().catch(() => [])).length === 2 ? { answer: true } : { notYet: false }), {
      within: 5000,
      every: 10,
    });
    controller.abort('stop');
    expect(await installing).to.equal('stop');
    expect(await readFile(join(folder, 'configured'), 'utf8')).to.equal('done\n');
  });

  it('comes to its end where the harness is killed, though it writes more than a pipe takes', async () => {
    const write = 'i=0; while [ $i -lt 3000 ]; do echo "unpacking package number $i"; i=$((i+1)); done';
    await fakeApt(
      `case "$*" in *--download-only) exit 0 ;; esac; echo begun >${folder}/begun; sleep 0.5; ${write}; echo done >${folder}/configured`,
    );
    const script = `import { installPackages } from ${JSON.stringify(new URL('./apt.ts', import.meta.url).href)};
      await installPackages(['x']);`;
    const child = spawn(process.execPath, argumentsOf(script));
    const written = async (name: string) => {
      const look = async () => {
        const text = await readFile(join(folder, name), 'utf8').catch(() => '');
        return text === '' ? { notYet: text } : { answer: text };
      };
      return await pollUntil(look, { within: 15_000, every: 20 });
    };
    expect(await written('begun')).to.have.property('answer');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await written('configured')).to.deep.equal({ answer: 'done\n' });
  }).timeout(40_000);
});
