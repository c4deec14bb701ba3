import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { broken, ended, eventsOf, failed, passed, planned, skipped, specOf, started } from '../made-up-for-tests.ts';
import { logEntry, openEventLog } from './event-log.ts';

describe('e2e.log', () => {
  it('has every event as a line with its time, and evidence, errors and causes indented under it', () => {
    const error = new DomainError({ attempted: 'creating it', seen: 'a\nb' }, { cause: new Error('exit status 1') });
    const events = eventsOf(
      started,
      { kind: 'action-started', action: 'cluster', title: 'Creating the cluster', direction: 'perform' },
      { kind: 'action-noted', action: 'cluster', text: 'starting node2' },
      { kind: 'action-retried', action: 'cluster', step: 'join', attempt: 2, reason: 'no token' },
      broken('Creating the cluster', 'perform', error),
      planned(2),
      { kind: 'spec-started', spec: specOf('SEED-1') },
      passed(specOf('SEED-1')),
      skipped(specOf('SEED-2')),
      failed(specOf('SEED-3'), 'first line\nsecond line'),
      { kind: 'interrupted', signal: 'SIGINT' },
      ended('interrupted', 'interrupted by SIGINT'),
    );
    const log = events.map(logEntry).join('');
    const lines = log.split('\n').filter((line) => !/^ {4}\s+at /.test(line));
    expect(lines).to.deep.equal([
      '2026-11-23T10:00:00.000Z  run k3x9qd: lpv run, report folder reports/x',
      '2026-11-23T10:00:01.000Z  cluster: Creating the cluster',
      '2026-11-23T10:00:02.000Z  cluster: starting node2',
      '2026-11-23T10:00:03.000Z  cluster: join failed, attempt 2 follows: no token',
      '2026-11-23T10:00:04.000Z  x: Creating the cluster: failed after 1 min',
      '    creating it',
      '      seen: a',
      '            b',
      '    caused by:',
      '    exit status 1',
      '2026-11-23T10:00:05.000Z  2 specs are to run, 6 side by side, in the order of --seed 42',
      '2026-11-23T10:00:06.000Z  SEED-1 begins: a claim is bound (binding)',
      '2026-11-23T10:00:07.000Z  SEED-1 passed after 0.9 s',
      '    evidence: evidence/SEED-1/01-claim.yaml',
      '2026-11-23T10:00:08.000Z  SEED-2 skipped after 0 s: no mkfs.xfs on the nodes',
      '2026-11-23T10:00:09.000Z  SEED-3 failed after 7.2 s',
      '    first line',
      '    second line',
      '2026-11-23T10:00:10.000Z  interrupted by SIGINT',
      '2026-11-23T10:00:11.000Z  interrupted: interrupted by SIGINT (1 min 23 s)',
      '',
    ]);
    expect(log).to.include('specs/binding/binding.spec.ts:41:7');
  });

  it('is on disk as soon as an event is read, without secrets, and closes once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lpv-log-'));
    try {
      const path = join(folder, 'e2e.log');
      const log = openEventLog(path);
      const note = { kind: 'action-noted', action: 'a', text: 'Authorization: Bearer planted-token' } as const;
      for (const event of eventsOf(note)) log.read(event);
      expect(readFileSync(path, 'utf8')).to.include('Authorization: Bearer').and.not.include('planted');
      log[Symbol.dispose]();
      log[Symbol.dispose]();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
