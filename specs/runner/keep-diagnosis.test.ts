import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ManualClock } from '../../clusters/api/manual-clock.ts';
import type { ObjectHistory } from '../../clusters/api/object-history.ts';
import type { CommandRequest } from '../../clusters/host/command/commander.ts';
import { pod, storeOf, threeNodes } from '../diagnosis/scenario-objects.ts';
import { keepDiagnosis } from './keep-diagnosis.ts';
import { lookAt } from './last-look.ts';
import type { TestCluster } from './test-cluster.ts';

const never = new AbortController().signal;
const journal = `1795434000.100000 n kubelet[1]: I1123 11:40:00.100000 1 a.go:1] demo: token=planted1 of example-pod`;
const opened = new Date(1795434000_000);

describe('keeping the diagnosis of a failure', () => {
  let folder: string;
  let clock: ManualClock;
  let store: ObjectHistory;
  let asked: string[];
  let answer: (program: string) => Promise<string>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lpv-diagnosis-'));
    clock = new ManualClock('2026-11-23T11:40:10Z');
    store = storeOf(clock, ...threeNodes(), pod({ nodeName: 'node2' }));
    asked = [];
    answer = async (program) =>
      program === 'journalctl' ? journal : '/proc/1/mountinfo:60 24 7:2 / /mnt/disks/volB rw - ext4 /dev/loop2 rw\n';
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function testCluster(reachable = ['node1', 'node2', 'node3']): TestCluster {
    const nodes = reachable.map((name) => ({
      name,
      place: name,
      units: ['kubelet'],
      attempt: async ({ argv }: CommandRequest) => {
        asked.push(`${name} ${argv[0]}`);
        return { argv, status: 0, stdout: await answer(argv[0]), stderr: '', milliseconds: 1 };
      },
    }));
    return { store, nodes, facts: { folder } } as unknown as TestCluster;
  }

  const own = [{ kind: 'Pod', namespace: 'demo', name: 'example-pod' }] as const;
  const look = (cluster = testCluster()) => lookAt(cluster, { namespace: 'demo', opened, own });
  const keep = (last: ReturnType<typeof look>, seen = 'expected x') =>
    keepDiagnosis(
      { id: 'SEED-1', namespaces: [{ lastLook: () => last }], evidence: [] },
      { claimed: 'SEED-1 a pod runs', seen },
      never,
    );
  const kept = () => readFileSync(join(folder, 'evidence', 'SEED-1', '01-diagnosis.txt'), 'utf8');

  it('tells what was when the namespace began to end, though its pod is gone', async () => {
    const last = look();
    await clock.advance(1);
    store.record('Pod', { type: 'DELETED', observed: 'watch', object: pod({ nodeName: 'node2' }) });
    const text = (await keep(last, 'expected Bearer planted2.bearer'))?.text;
    expect(asked).to.deep.equal(['node2 sh', 'node2 journalctl']);
    expect(text)
      .to.match(/^Pod demo\/example-pod: Pending on node2/)
      .and.include('/mnt/disks/volB')
      .and.include('a.go:1  demo: token=[removed] of example-pod');
    expect(kept()).to.equal(`Claimed: SEED-1 a pod runs\n\nSeen: expected Bearer [removed]\n\n${text}\n`);
  });

  it('does, for a spec that passes, no more than one read where a pod is', () => {
    look();
    expect(asked).to.deep.equal(['node2 sh']);
  });

  it('hides nothing where nodes do not answer', async () => {
    answer = (program) => Promise.reject(new Error(`${program}: Bearer planted3.bearer`));
    const text = (await keep(look()))?.text;
    expect(text)
      .to.include('could not be read: journalctl: Bearer [removed]')
      .and.include('could not be read: sh: Bearer [removed]');
    expect(text).to.include('Ready=False ContainersNotReady');
  });

  it('leaves alone a node on which commands cannot be run, and says so', async () => {
    const text = (await keep(look(testCluster(['node1']))))?.text;
    expect(asked).to.deep.equal([]);
    expect(text).to.include('commands cannot be run on this node');
    expect(text).to.include('Ready=False ContainersNotReady');
  });

  it('says so in a line where it cannot be made, and never fails', async () => {
    const broken = () => {
      throw new Error('token: planted4');
    };
    const spec = { id: 'SEED-1', namespaces: [{ lastLook: broken }], evidence: [] };
    expect((await keepDiagnosis(spec, { claimed: '', seen: '' }, never))?.text).to.equal(
      'The diagnosis could not be made: token: [removed]',
    );
    rmSync(folder, { recursive: true });
    const cluster = { ...testCluster(), facts: { folder: '/dev/null' } } as TestCluster;
    expect((await keep({ ...look(), cluster }))?.text).to.match(
      /^Pod demo[\s\S]*The diagnosis could not be kept as evidence: /,
    );
    folder = mkdtempSync(join(tmpdir(), 'lpv-diagnosis-'));
  });

  it('is nothing for a spec without a namespace', async () => {
    expect(
      await keepDiagnosis({ id: 'SEED-1', namespaces: [], evidence: [] }, { claimed: '', seen: '' }, never),
    ).to.equal(undefined);
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});
