import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { beginStaticProvisioner, obtainStaticProvisioner } from './build.ts';

/** A `go` that downloads a folder as the module, with a checksum, and compiles nothing into a program. */
const go = (module: string, sum: string) => `#!/bin/sh
case $1 in
version) echo go version go1.26.8 linux/amd64 ;;
mod) echo '{"Dir": "${module}", "Sum": "${sum}"}' ;;
build)
	while [ "$1" != -o ]; do shift; done
	echo "compiled $3" >"$2"
	;;
esac
`;

describe('the programs of the static provisioner', () => {
  let place: string;
  const path = process.env.PATH ?? '';
  const pin = { module: 'example.com/provisioner', version: 'v0.1.0', sum: 'h1:right' };
  const obtain = () =>
    obtainStaticProvisioner({ pin, cacheFolder: join(place, 'cache'), signal: new AbortController().signal });

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'lpv-provisioner-'));
    mkdirSync(join(place, 'bin'));
    mkdirSync(join(place, 'module'));
    writeFileSync(join(place, 'module', 'go.mod'), 'module example.com/provisioner\n', { mode: 0o444 });
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(place, { recursive: true });
  });

  function install(sum = 'h1:right'): void {
    writeFileSync(join(place, 'bin', 'go'), go(join(place, 'module'), sum), { mode: 0o755 });
    process.env.PATH = `${join(place, 'bin')}${delimiter}${path}`;
  }

  it('are compiled once, and leave nothing but themselves', async () => {
    install();
    const first = await obtain();
    expect(first).to.have.nested.property('programs.version', 'v0.1.0');
    rmSync(join(place, 'bin', 'go'));
    expect(await obtain()).to.deep.equal(first);
    expect(readdirSync(join(place, 'cache', 'static-provisioner'))).to.deep.equal([`v0.1.0-${arch()}`]);
  });

  it('are compiled again where they have changed since', async () => {
    install();
    const first = await obtain();
    if (first.kind !== 'ready') throw new Error(first.why);
    writeFileSync(first.programs.archive, 'changed');
    expect(await obtain()).to.deep.equal(first);
  });

  it('are lacking where there is no Go, and the reason says so', async () => {
    process.env.PATH = join(place, 'bin');
    const result = await obtain();
    expect(result).to.include({ kind: 'lacking' });
    expect(result).to.have.property('why').that.includes('v0.1.0').and.includes('install Go');
  });

  it('are never compiled from a module with another checksum', async () => {
    install('h1:wrong');
    const building = beginStaticProvisioner({ pin, cacheFolder: place, signal: new AbortController().signal });
    const result = await building.result;
    expect(result).to.include({ kind: 'lacking' });
    expect(result).to.have.property('why').that.includes('h1:wrong').and.includes('h1:right');
    expect(existsSync(join(place, 'static-provisioner', `v0.1.0-${arch()}`))).to.equal(false);
  });
});
