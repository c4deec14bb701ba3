import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { Journal, type NewRun, readJournal } from './journal.ts';

describe('the journal of a run', () => {
  let folder: string;
  let run: NewRun;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-journal-'));
    run = {
      run: 'k3x9qd',
      verb: 'run',
      process: { pid: 42, startTime: '1234', bootId: 'boot' },
      started: new Date('2026-11-23T10:00:00Z'),
      cluster: 'lpv-k3x9qd',
      network: 'lpv-k3x9qd',
      folder,
      kubeconfig: join(folder, 'kubeconfig'),
    };
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('is read back by another process with what was begun and not undone', async () => {
    const journal = await Journal.begin(run);
    await journal.recordBegun('cluster');
    await journal.recordDone('cluster');
    await journal.recordBegun('disks');
    await journal.recordUndone('cluster');
    const later = await Journal.open(journal.path);
    expect(later.begun).to.deep.equal(['disks']);
    expect(later.record).to.deep.include({ run: 'k3x9qd', started: '2026-11-23T10:00:00.000Z', kept: false });
    expect(later.record.actions).to.deep.equal([
      { name: 'cluster', state: 'undone' },
      { name: 'disks', state: 'begun' },
    ]);
  });

  it('can be read by its user only, and leaves no temporary file', async () => {
    const journal = await Journal.begin(run);
    await Promise.all([journal.recordBegun('a'), journal.recordKept(true)]);
    expect((await stat(journal.path)).mode & 0o777).to.equal(0o600);
    expect(await readdir(folder)).to.deep.equal(['run.json']);
    expect(JSON.parse(await readFile(journal.path, 'utf8'))).to.include({ kept: true });
  });

  for (const [what, content, problem] of [
    ['is cut off', '{"version": 1, "run"', 'JSON'],
    ['has an unknown field', '{"version": 1, "surprise": true}', 'surprise'],
    ['is of another version', '{"version": 2}', 'version'],
  ] as const) {
    it(`is refused when it ${what}`, async () => {
      const path = join(folder, 'run.json');
      await writeFile(path, content);
      const error = await readJournal(path).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(DomainError);
      expect(String(error)).to.include(path).and.include(problem);
    });
  }

  it('that is absent is a DomainError', async () => {
    expect(await readJournal(join(folder, 'absent.json')).catch((error: unknown) => error)).to.be.instanceOf(
      DomainError,
    );
  });
});
