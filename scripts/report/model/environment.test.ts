import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { sourcesOf } from '../made-up-for-tests.ts';
import { buildReport } from './build-report.ts';
import { type EnvironmentFacts, environmentProperties, environmentRecord, writeEnvironment } from './environment.ts';

const facts: EnvironmentFacts = {
  harness: { version: '0.1.0', commit: 'abc', modified: true },
  node: 'v20.20.2',
  image: { reference: 'lpv-node:v1.37.2', id: 'sha256:1' },
  kubernetes: 'v1.37.2',
  cgroupVersion: 2,
  engine: { name: 'docker', version: '28.0.0' },
  host: { operatingSystem: 'Debian 13', architecture: 'x64', cpus: 2, memoryBytes: 8 * 2 ** 30 },
};

describe('the environment of a run', () => {
  const record = environmentRecord('k3x9qd', new Date('2026-11-23T10:00:00Z'), facts);

  it('has a place for every fact, null where it is not known', () => {
    expect(record).to.deep.equal({
      version: 1,
      run: 'k3x9qd',
      recorded: '2026-11-23T10:00:00.000Z',
      harness: { version: '0.1.0', commit: 'abc', modified: true },
      node: 'v20.20.2',
      kind: null,
      image: { reference: 'lpv-node:v1.37.2', digest: null, id: 'sha256:1', pin: null },
      kubernetes: 'v1.37.2',
      kernel: null,
      cgroupVersion: 2,
      containerRuntime: null,
      staticProvisioner: null,
      cluster: null,
      engine: { name: 'docker', version: '28.0.0' },
      host: { operatingSystem: 'Debian 13', architecture: 'x64', cpus: 2, memoryBytes: 8_589_934_592 },
    });
  });

  it('is put in words, without what is not known', () => {
    const properties = environmentProperties(buildReport({ ...sourcesOf(), environment: record }));
    expect(properties).to.include({
      'harness commit': 'abc (modified)',
      'cgroup version': '2',
      engine: 'docker 28.0.0',
      host: 'Debian 13, x64, 2 CPUs, 8.0 GiB',
    });
    expect(properties).to.not.have.any.keys('kind', 'kernel', 'seed', 'node image digest');
  });

  it('is written as environment.json', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv-environment-'));
    await writeEnvironment(folder, record);
    expect(JSON.parse(await readFile(join(folder, 'environment.json'), 'utf8'))).to.deep.equal(record);
    await rm(folder, { recursive: true });
  });
});
