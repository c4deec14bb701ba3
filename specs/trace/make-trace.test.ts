import { expect } from 'chai';
import { makeTrace } from './make-trace.ts';
import { recorded } from './recorded-for-tests.ts';
import type { Step, Trace } from './trace.ts';

const seen = ({ steps }: Trace): string[] => steps.filter(({ record }) => record.state === 'seen').map(({ id }) => id);
const stepOf = (trace: Trace, id: string): Step => {
  const step = trace.steps.find((one) => one.id === id);
  if (!step) throw new Error(`the trace has no step ${id}`);
  return step;
};

describe('traces of recorded pods', () => {
  for (const minor of ['1.36', '1.37'] as const) {
    it(`have every step of WaitForFirstConsumer on ${minor}, in the order of the process`, async () => {
      const trace = makeTrace(await recorded(minor, 'wait'));
      const order = seen(trace);
      const wanted = [
        'volume-created',
        'claim-created',
        'claim-waits',
        'pod-created',
        'pod-attempted',
        'volume-fits',
        'reservation-sent',
        'volume-reserved',
        'claim-bound',
        'binding-seen',
        'pod-scheduled',
        'pod-bound',
        'claim-read',
        'volume-wanted',
        'attach-verified',
        'mount-started',
        'bind-mounted',
        'mounted',
        'volumes-ready',
        'sandbox-run',
        'container-started',
        'pod-running',
      ];
      expect(order.filter((id) => wanted.includes(id))).to.deep.equal(wanted);
      expect(trace.steps.every(({ record }) => record.state === 'seen')).to.equal(true);
      expect(stepOf(trace, 'volume-reserved').record).to.include({ by: 'kube-scheduler' });
      expect(trace.outcome).to.include({ state: 'runs' });
    });
  }

  it('of Immediate bind before the pod is there', async () => {
    const trace = makeTrace(await recorded('1.37', 'now'));
    const order = seen(trace);
    expect(order.indexOf('claim-bound')).to.be.lessThan(order.indexOf('pod-created'));
    expect(order).not.to.include.members(['claim-waits']);
    expect(stepOf(trace, 'volume-reserved').record).to.include({ by: 'kube-controller-manager' });
  });

  it('show the attach phase empty, with what shows it', async () => {
    const { attach } = makeTrace(await recorded('1.37', 'wait'));
    expect(attach.state).to.equal('empty');
    expect(attach.proofs.join('\n'))
      .to.include('no VolumeAttachment names pv-wait')
      .and.include('status.volumesAttached');
  });

  it('do not call it empty where something is attached', async () => {
    const records = await recorded('1.37', 'wait');
    const attachment = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: 'csi-1', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-11-23T07:46:26Z' },
      spec: { attacher: 'x', nodeName: 'node2', source: { persistentVolumeName: 'pv-wait' } },
    };
    (records.store as unknown as { record: (kind: string, change: object) => void }).record('VolumeAttachment', {
      type: 'ADDED',
      observed: 'watch',
      object: attachment,
    });
    expect(makeTrace(records).attach.state).to.equal('not empty');
  });

  it('of a pod that no node fits end where it is stuck', async () => {
    const trace = makeTrace(await recorded('1.36', 'stuck', 'elsewhere'));
    expect(trace.outcome).to.deep.include({ state: 'stuck', sentence: 'is stuck: it has no node' });
    expect(stepOf(trace, 'pod-unschedulable').what).to.include("didn't match PersistentVolume's node affinity");
    expect(stepOf(trace, 'pod-scheduled').record.state).to.equal('not reached');
    expect(stepOf(trace, 'claim-bound').record.state).to.equal('seen');
    const states = trace.steps.map(({ record }) => record.state);
    expect(states.slice(states.indexOf('not reached'))).to.satisfy((rest: string[]) =>
      rest.every((state) => state === 'not reached'),
    );
  });

  it('of a pod whose path is absent end at the mount', async () => {
    const trace = makeTrace(await recorded('1.36', 'stuck', 'absent'));
    expect(trace.outcome.sentence).to.equal('is stuck on node2: a volume of it is not mounted');
    const refused = stepOf(trace, 'mount-refused');
    expect(refused.what).to.equal('cannot mount: path "/mnt/disks/nothere" does not exist');
    expect(refused.record).to.have.nested.property('repeated.times', 3);
  });

  it('looked at afterwards have times to the second, in the order of the process all the same', async () => {
    const trace = makeTrace(await recorded('1.37', 'sub'));
    expect(stepOf(trace, 'pod-created').record).to.include({ resolution: 1000, clock: 'api-server' });
    expect(seen(trace).indexOf('pod-created')).to.equal(seen(trace).indexOf('pod-attempted') - 1);
    expect(trace.notes.join('\n')).to.include('has a resolution of a second');
  });
});

describe('steps that were not seen', () => {
  it('say at which verbosity they would be logged', async () => {
    const records = await recorded('1.37', 'wait');
    const logs = records.logs.map((log) => (log.component === 'kube-scheduler' ? { ...log, lines: [] } : log));
    const level = { verbosity: 2, files: {} };
    const trace = makeTrace({ ...records, logs, levels: { ...records.levels, 'kube-scheduler': level } });
    expect(stepOf(trace, 'volume-fits').record).to.deep.equal({
      state: 'not seen',
      why: 'kube-scheduler logs it (binder.go) from verbosity 5 on, and runs at 2',
    });
    expect(stepOf(trace, 'pod-bound').record).to.have.nested.property('source.reason', 'Scheduled');
  });

  it('say that a line is no longer there, where it should be', async () => {
    const records = await recorded('1.37', 'wait');
    const logs = records.logs.map((log) =>
      'lines' in log
        ? { ...log, lines: log.lines.map((line) => ({ ...line, text: line.text.replace('SetUp', 'Setup') })) }
        : log,
    );
    const lines = { ...records.lines, recorded: false };
    const { record } = stepOf(makeTrace({ ...records, kubernetes: 'v1.40.0', lines, logs }), 'mounted');
    expect(record).to.deep.equal({
      state: 'not seen',
      why: 'the line of kubelet (operation_generator.go) that shows it was not found, though it runs at verbosity 1; its lines are not recorded for v1.40.0, and were read as those of 1.37',
    });
  });

  it('say why a log was not read', async () => {
    const records = await recorded('1.37', 'wait');
    const logs = records.logs.map(({ component, node }) => ({ component, node, unread: 'the node is not here' }));
    const trace = makeTrace({ ...records, logs });
    expect(stepOf(trace, 'mounted').record).to.deep.equal({
      state: 'not seen',
      why: 'the log of kubelet was not read: the node is not here',
    });
    expect(stepOf(trace, 'container-started').record).to.have.nested.property('source.reason', 'Started');
  });
});

describe('clocks', () => {
  it('that are one kernel’s make one sequence', async () => {
    expect(makeTrace(await recorded('1.37', 'wait')).clocks).to.have.property('axes', 'one');
  });

  it('that may differ keep the API’s times and components’ apart, and it is said', async () => {
    const records = await recorded('1.37', 'wait');
    const trace = makeTrace({ ...records, boots: { ...records.boots, here: 'another' } });
    expect(trace.clocks.axes).to.equal('apart');
    expect(trace.clocks.statement).to.include('not this machine’s').and.include('two sequences');
    const clocks = trace.steps.map(({ record }) =>
      record.state === 'seen' && record.clock === 'component' ? 'c' : 'a',
    );
    expect(clocks.join('')).to.match(/^a+c+$/);
    // Without a common clock nothing of one sequence says anything about the other.
    expect(trace.steps.some(({ record }) => record.state === 'seen' && record.noLaterThan !== undefined)).to.equal(
      false,
    );
  });

  it('show by components’ records that something happened before its watch event came', async () => {
    const trace = makeTrace(await recorded('1.36', 'wait'));
    const order = seen(trace);
    expect(order.indexOf('claim-created')).to.be.lessThan(order.indexOf('claim-looked-at'));
    expect(stepOf(trace, 'claim-created').record).to.include({
      at: '2026-11-23T07:49:12.281Z',
      noLaterThan: '2026-11-23T07:49:12.258583Z',
    });
  });
});
