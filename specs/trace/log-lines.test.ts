import { expect } from 'chai';
import { parseJournal, parsePodLog } from './component-log.ts';
import { matchLines } from './component-records.ts';
import { parseLogLines, readLogLines, verbosityFor } from './log-lines.ts';
import { recorded, recordedText } from './recorded-for-tests.ts';
import { stepKinds } from './steps.ts';
import { subjectOf } from './subject.ts';

describe('log lines', () => {
  it('show only steps that the process has', async () => {
    const ids = new Set(stepKinds.map(({ id }) => id));
    for (const { step } of (await readLogLines()).of('1.37').lines) expect(ids).to.include(step);
  });

  // What each recording cannot show: a pod binds at once or waits, has files or a device, fails or not.
  const recordings = {
    '1.36': [
      ['wait', 'reader'],
      ['stuck', 'elsewhere'],
      ['stuck', 'absent'],
    ],
    '1.37': [
      ['wait', 'reader'],
      ['now', 'reader'],
      ['block', 'reader'],
      ['sub', 'reader'],
    ],
  } as const;
  const notRecorded = {
    '1.36': ['device-bound', 'device-mapped', 'sub-path-bound'],
    '1.37': ['mount-refused', 'volume-misfits'],
  };
  for (const minor of ['1.36', '1.37'] as const) {
    it(`of ${minor} are all found in its recorded logs`, async () => {
      const found = new Set<string>();
      for (const [recording, pod] of recordings[minor]) {
        const records = await recorded(minor, recording, pod);
        const lines = records.logs.flatMap((log) => ('lines' in log ? log.lines : []));
        for (const { step } of matchLines(lines, records.lines.lines, subjectOf(records.store, records.pod)))
          found.add(step);
      }
      const wanted = new Set((await readLogLines()).of(minor).lines.map(({ step }) => step));
      expect([...wanted].filter((step) => !found.has(step)).sort()).to.deep.equal(notRecorded[minor]);
    });
  }

  it('are of the pod traced, not of others', async () => {
    const { store, pod, lines } = await recorded('1.37', 'wait');
    const all = [
      ...parsePodLog(recordedText('1.37', 'kube-scheduler.log'), 'kube-scheduler', 'node1'),
      ...parseJournal(recordedText('1.37', 'kubelet-node2.log'), 'kubelet', 'node2'),
      ...parseJournal(recordedText('1.37', 'containerd-node2.log'), 'containerd', 'node2'),
    ];
    const matched = matchLines(all, lines.lines, subjectOf(store, pod));
    expect(matched.length).to.be.greaterThan(10);
    for (const { line } of matched) expect(line.text).not.to.match(/trace-(now|block|sub)|pv-(now|block|sub)/);
  });

  it('that are older than what they name were about another of that name', async () => {
    const { store, pod, lines, logs } = await recorded('1.37', 'wait');
    const before = logs.flatMap((log) =>
      'lines' in log ? log.lines.map((line) => ({ ...line, at: '2026-11-22T07:46:25.000000Z' })) : [],
    );
    const kept = matchLines(before, lines.lines, subjectOf(store, pod)).map(({ step }) => step);
    // What names a uid or a container is about no other.
    expect(new Set(kept)).to.deep.equal(new Set(['sandbox-run', 'container-created', 'container-started']));
  });

  it('of an unknown minor are read as another’s, and the reader says so', async () => {
    const table = await readLogLines();
    expect(table.of('v1.36.3')).to.include({ minor: '1.36', recorded: true });
    expect(table.of('v1.99.0')).to.include({ minor: '1.37', recorded: false });
    expect(table.of(undefined)).to.include({ minor: '1.37', recorded: false });
  });

  it('tell how much each file must log', async () => {
    expect(verbosityFor((await readLogLines()).of('1.37').lines)).to.deep.equal({
      'kube-controller-manager': { pv_controller: 4 },
      'kube-scheduler': { binder: 5, schedule_one: 3 },
      kubelet: {
        desired_state_of_world_populator: 5,
        mount_linux: 4,
        operation_generator: 1,
        reconciler_common: 1,
        subpath_linux: 3,
        volume_manager: 3,
      },
    });
  });

  it('are refused where the table is wrong', () => {
    const text = `otherMinors: "1.3"
lines:
  - { step: mounted, component: kubelets, source: x, verbosity: -1, minors: ["1.37"], pattern: "(" }`;
    expect(() => parseLogLines({ file: 'lines.yaml', text })).to.throw(
      /component[\s\S]*verbosity[\s\S]*regular expression/,
    );
  });
});
