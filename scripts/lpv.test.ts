import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const launcher = fileURLToPath(new URL('lpv.js', import.meta.url));

function lpv(args: readonly string[], nodeOptions: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, launcher, ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return { status, stdout, stderr };
}

/** Returns options of Node that make a process see another version of Node. */
function pretending(version: string): string[] {
  const code = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

describe('lpv', function () {
  this.timeout(30_000);

  it('prints the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(lpv(['--version'])).to.deep.equal({ status: 0, stdout: `lpv ${version}\n`, stderr: '' });
  });

  it('ends with status 2 and a suggestion for a wrong verb', () => {
    const { status, stdout, stderr } = lpv(['rnu']);
    expect({ status, stdout }).to.deep.equal({ status: 2, stdout: '' });
    expect(stderr).to.contain('Did you mean run?');
  });

  it('loads nothing for help but the command line', () => {
    const { stderr } = spawnSync(process.execPath, [launcher, '--help'], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', NODE_DEBUG: 'esm' },
    });
    const packages = [...stderr.matchAll(/node_modules\/((?:@[^/]+\/)?[^/'\s]+)/g)].map(([, name]) => name);
    expect([...new Set(packages)]).to.deep.equal(['commander']);
  });

  it('writes all of what is longer than a pipe takes at once', () => {
    // The reader begins late, so that the pipe is full by then.
    const command = `'${process.execPath}' '${launcher}' list --json | (sleep 2; cat)`;
    const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
    expect(stdout.length).to.be.greaterThan(2 ** 16);
    expect(JSON.parse(stdout)).to.be.an('array');
  });

  for (const version of ['18.20.4', '20.18.3', '21.7.3', '22.11.0']) {
    it(`says what it needs on Node ${version}`, () => {
      const { status, stderr } = lpv(['--version'], pretending(version));
      expect(status).to.equal(3);
      expect(stderr).to.contain(`lpv needs Node 20.19 or later, or 22.12 or later; this is Node ${version}.`);
    });
  }
});
