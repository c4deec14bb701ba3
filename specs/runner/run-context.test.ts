import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { type RunContext, runContext, writeRunContext } from './run-context.ts';

const context: RunContext = {
  run: 'k3x9qd',
  folder: '/work/reports/x',
  cluster: 'lpv-k3x9qd',
  kubeconfig: '/work/reports/x/kubeconfig',
  server: 'https://127.0.0.1:39999',
  kubernetes: 'v1.37.2',
  nodes: [{ name: 'node1', container: 'lpv-k3x9qd-control-plane' }],
  engine: ['docker'],
  stays: false,
  lacking: {},
  podImage: 'pause:1',
  disks: [
    {
      name: 'vol-a',
      node: 'node1',
      mountPath: '/mnt/disks/volA',
      device: '/dev/loop3',
      deviceNumber: '7:3',
      backingFile: '/var/lib/disks/vol-a',
      fileSystem: 'ext4',
      bytes: 1_073_741_824,
    },
  ],
};

describe('the run context', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-context-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('reaches another process through a file that only its user can read', async () => {
    const path = join(folder, 'context.json');
    await writeRunContext(path, context);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect(runContext({ LPV_RUN_CONTEXT: path })).to.deep.equal(context);
  });

  it('is of the run that the variable names now', async () => {
    const [first, second] = [join(folder, '1.json'), join(folder, '2.json')];
    await writeRunContext(first, context);
    await writeRunContext(second, { ...context, run: 'other' });
    expect(runContext({ LPV_RUN_CONTEXT: first }).run).to.equal('k3x9qd');
    expect(runContext({ LPV_RUN_CONTEXT: second }).run).to.equal('other');
  });

  it('is not written when it is wrong', async () => {
    const wrong = { ...context, kubeconfig: 'relative' };
    expect(await writeRunContext(join(folder, 'x.json'), wrong).catch((error: unknown) => error)).to.be.an('error');
  });

  it('is missing outside of a run, and says so', () => {
    expect(() => runContext({}))
      .to.throw(DomainError, 'lpv run')
      .with.property('exit', 'badUsage');
  });

  it('is refused with the place of what is wrong', async () => {
    const path = join(folder, 'context.json');
    await writeFile(path, JSON.stringify({ ...context, nodes: [{ name: 'node1', containers: 'x' }] }));
    expect(() => runContext({ LPV_RUN_CONTEXT: path })).to.throw(DomainError, 'nodes[0]');
  });
});
