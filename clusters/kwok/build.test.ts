import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { obtainKwok } from './build.ts';

/** A `go` that knows the checksum of a module, and installs a text as the program. */
const go = `#!/bin/sh
case $1 in
version) echo go version go1.26.8 linux/amd64 ;;
mod) echo '{"Dir": "/none", "Sum": "h1:right"}' ;;
install) for last; do :; done; echo "installed $last" >"$GOBIN/kwok" ;;
esac
`;

describe('the program kwok', () => {
  let place: string;
  const path = process.env.PATH ?? '';
  const obtain = (sum = 'h1:right') =>
    obtainKwok({
      pin: { module: 'example.com/kwok', version: 'v0.1.0', sum },
      cacheFolder: join(place, 'cache'),
      signal: new AbortController().signal,
    });

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'lpv-kwok-build-'));
    mkdirSync(join(place, 'bin'));
    writeFileSync(join(place, 'bin', 'go'), go, { mode: 0o755 });
    process.env.PATH = `${join(place, 'bin')}${delimiter}${path}`;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(place, { recursive: true });
  });

  it('is compiled once, in the version that is pinned', async () => {
    const program = await obtain();
    expect(readFileSync(program, 'utf8')).to.equal('installed example.com/kwok/cmd/kwok@v0.1.0\n');
    process.env.PATH = path;
    rmSync(join(place, 'bin'), { recursive: true });
    expect(await obtain()).to.equal(program);
  });

  it('is not compiled from a module with another checksum, nor without Go', async () => {
    expect(await obtain('h1:other').catch((error: Error) => error.message)).to.contain(
      'clusters/versions.yaml pins h1:other',
    );
    process.env.PATH = join(place, 'none');
    expect(await obtain().catch((error: Error) => error.message)).to.contain('install Go');
  });
});
