import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ownProduct } from '../report/formats/conformance/product.ts';
import { failed, passed, planned, reportOf, specOf, started } from '../report/made-up-for-tests.ts';
import { performAll, undoAll } from './actions.ts';
import { Registry } from './registry.ts';
import { beginSession, type Session } from './session.ts';

describe('a session', function () {
  this.timeout(20_000);
  let folder: string;
  const { LPV_STATE_HOME: state } = process.env;
  // Mocha, which runs this test, listens too; and a session writes to the terminal.
  const strays = ['unhandledRejection', 'uncaughtException'] as const;
  const listeners = strays.map((event) => [event, process.listeners(event as 'beforeExit')] as const);
  const { write } = process.stdout;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-session-'));
    process.env.LPV_STATE_HOME = join(folder, 'state');
    for (const event of strays) process.removeAllListeners(event);
    process.stdout.write = () => true;
  });

  afterEach(async () => {
    process.stdout.write = write;
    for (const [event, each] of listeners) for (const listener of each) process.on(event, listener);
    if (state === undefined) delete process.env.LPV_STATE_HOME;
    else process.env.LPV_STATE_HOME = state;
    await rm(folder, { recursive: true });
  });

  const begin = () => beginSession({ verb: 'up', reports: join(folder, 'reports') });
  const cluster = (session: Session, log: string[]) => ({
    name: 'cluster',
    title: 'Creating the cluster',
    deadline: 1_000,
    perform: () => session.target.reserve(),
    undo: async () => {
      log.push('undone');
    },
  });

  it('that nothing happened in ends well, and leaves no record', async () => {
    const session = await begin();
    expect(await session.finish()).to.equal('conforms');
    await session[Symbol.asyncDispose]();
    expect(await new Registry().entries()).to.deep.equal([]);
  });

  it('ends as a failure of the environment after an error that nothing caught', async () => {
    await using session = await begin();
    await new Promise<void>((resolve) => {
      void Promise.reject(new Error('stray'));
      setTimeout(resolve, 20);
    });
    expect(await session.finish()).to.equal('environment');
  });

  it('goes on to its end, and undoes, where work between cluster and undo throws', async () => {
    await using session = await begin();
    const { events, journal, signal } = session;
    const log: string[] = [];
    const steps = [cluster(session, log)];
    await performAll(steps, { events, journal, signal });
    await session.attempt('Running the specs', () => Promise.reject(new Error('ENOSPC')));
    await undoAll(steps, { events, journal });
    expect(log).to.deep.equal(['undone']);
    expect(await session.finish()).to.equal('environment');
  });

  for (const [title, prove, lost, status] of [
    ['conforms where its report shows that', passed, false, 'conforms'],
    ['ends as a failure of the environment where report.yaml is lost', passed, true, 'environment'],
    ['does not conform, also where the report.yaml that shows it is lost', failed, true, 'doesNotConform'],
  ] as const) {
    it(title, async () => {
      const specs = [planned(1), prove(specOf('SEED-1'))];
      const report = reportOf(started, ...specs);
      const made = { report, product: ownProduct('v1.37.2'), traces: [], kubernetes: 'v1.37.2' };
      await using session = await beginSession({ verb: 'run', reports: join(folder, 'reports'), report: () => made });
      // No file can be written where a folder is.
      if (lost) await mkdir(join(session.target.folder, 'report.yaml'));
      for (const event of specs) session.events.emit(event);
      expect(await session.finish()).to.equal(status);
    });
  }

  it('deletes the cluster that it cannot record as kept', async () => {
    const session = await begin();
    const { events, journal, signal, keepStep } = session;
    const log: string[] = [];
    journal.recordKept = () => Promise.reject(new Error('ENOSPC'));
    await performAll([cluster(session, log), keepStep], { events, journal, signal });
    expect(log).to.deep.equal(['undone']);
    expect(await session.finish()).to.equal('environment');
    await session[Symbol.asyncDispose]();
    expect(await readdir(new Registry().folder)).to.deep.equal([]);
  });

  it('keeps the record of a cluster that stays', async () => {
    const session = await begin();
    const { events, journal, signal, keepStep, target } = session;
    await performAll([cluster(session, []), keepStep], { events, journal, signal });
    expect(await session.finish()).to.equal('conforms');
    await session[Symbol.asyncDispose]();
    expect((await new Registry().entries()).map(({ run, kept }) => ({ run, kept }))).to.deep.equal([
      { run: target.run, kept: true },
    ]);
  });
});
