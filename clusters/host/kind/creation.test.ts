import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { creationProcesses, endCreation } from './creation.ts';

const config = '/reports/a/kubeconfig';
const label = ['--label', 'io.x-k8s.kind.cluster=lpv-a'];

describe('what creates a cluster', () => {
  let proc: string;

  beforeEach(async () => {
    proc = await mkdtemp(join(tmpdir(), 'lpv-proc-'));
  });

  afterEach(() => rm(proc, { recursive: true }));

  async function processRuns(pid: number, argv: readonly string[]): Promise<void> {
    await mkdir(join(proc, String(pid)));
    await writeFile(join(proc, String(pid), 'cmdline'), [...argv, ''].join('\0'));
  }

  const cases: [string, string[], 'kind create' | 'docker run' | undefined][] = [
    ['kind', ['/cache/kind', 'create', 'cluster', '--kubeconfig', config, '--retain'], 'kind create'],
    ['kind of PATH', ['kind', 'create', 'cluster', '--name', 'lpv-a', '--kubeconfig', config], 'kind create'],
    ['kind for another cluster', ['kind', 'create', 'cluster', '--kubeconfig', `${config}2`], undefined],
    ['kind that does something else', ['kind', 'export', 'logs', '--kubeconfig', config], undefined],
    ['kind without a kubeconfig', ['kind', 'create', 'cluster'], undefined],
    ['a node that is started', ['docker', 'run', '--name', 'x', '--label', 'a=b', ...label, 'image'], 'docker run'],
    ['a node of another cluster', ['docker', 'run', '--label', 'io.x-k8s.kind.cluster=lpv-ab', 'image'], undefined],
    ['another docker command', ['docker', 'ps', ...label], undefined],
    ['another program', ['kubectl', 'create', 'cluster', '--kubeconfig', config], undefined],
    ['an editor on the file', ['vi', config], undefined],
    ['a process without arguments', [''], undefined],
  ];
  for (const [title, argv, expected] of cases) {
    it(`${expected ? 'is' : 'is not'} ${title}`, async () => {
      await processRuns(4711, argv);
      await mkdir(join(proc, 'sys'));
      const kinds = (await creationProcesses('lpv-a', config, proc)).map(({ kind }) => kind);
      expect(kinds).to.deep.equal(expected ? [expected] : []);
    });
  }

  it('cannot be known where there is no /proc', () => endCreation('lpv-a', config, join(proc, 'none')));

  it('is ended: kind is killed, a node that is started is waited for', async () => {
    const [kind, docker] = [1, 2].map(() => spawn('sleep', ['30']));
    const pids = [kind?.pid ?? 0, docker?.pid ?? 0] as const;
    try {
      await processRuns(pids[0], ['kind', 'create', 'cluster', '--kubeconfig', config]);
      await processRuns(pids[1], ['docker', 'run', ...label]);
      const killed = once(kind as NonNullable<typeof kind>, 'exit');
      let ended = false;
      const ending = endCreation('lpv-a', config, proc).then(() => {
        ended = true;
      });
      expect(await killed).to.deep.equal([null, 'SIGKILL']);
      await rm(join(proc, String(pids[0])), { recursive: true });
      expect(ended).to.equal(false);
      await rm(join(proc, String(pids[1])), { recursive: true });
      await ending;
      expect(docker?.signalCode).to.equal(null);
    } finally {
      docker?.kill();
    }
  });
});
