import { expect } from 'chai';
import type { EngineState } from '../../../clusters/host/engine/engine.ts';
import type { MachineFacts } from '../../../clusters/host/machine/facts.ts';
import { EventStream } from '../../../specs/runner/events.ts';
import { type Action, type ActionJournal, performAll } from '../actions.ts';
import { machineStep } from './machine-steps.ts';
import { ClusterState } from './state.ts';

const answers: EngineState = {
  kind: 'answers',
  facts: {
    name: 'docker',
    serverVersion: '26.1.5',
    storageDriver: 'overlay2',
    cgroupVersion: '2',
    rootless: false,
    confinedBy: [],
    kernel: '6.12',
    operatingSystem: 'Debian',
    architecture: 'x86_64',
    cpus: 2,
    memoryBytes: 16 * 2 ** 30,
    dataRoot: '/var/lib/docker',
  },
};
const able: MachineFacts = {
  engine: answers,
  cpus: 2,
  availableMemory: 8 * 2 ** 30,
  totalMemory: 16 * 2 ** 30,
  freeDisk: { path: '/var/lib/docker', bytes: 20 * 2 ** 30 },
  loopDevices: 'present',
  flock: true,
  inotify: { instances: 512, watches: 524_288 },
};

/** Performs the step on a machine with these facts, and then one that would make something. */
async function performOn(facts: MachineFacts) {
  const state = new ClusterState();
  const performed: string[] = [];
  const next: Action = {
    name: 'cluster',
    title: 'Creating the cluster',
    deadline: 1000,
    perform: async () => void performed.push('created'),
    undo: async () => void performed.push('deleted'),
  };
  const journal: ActionJournal = {
    begun: [],
    recordBegun: async (action) => void performed.push(`${action} begun`),
    recordDone: async () => {},
    recordUndone: async () => {},
  };
  const events = new EventStream();
  const signal = new AbortController().signal;
  const steps = [machineStep(state, async () => facts), next];
  return { performance: await performAll(steps, { events, journal, signal }), performed, state };
}

describe('looking at the machine before anything is created', () => {
  it('lets a machine that is able pass, and remembers its engine', async () => {
    const { performance, performed, state } = await performOn(able);
    expect(performance.outcome).to.equal('done');
    expect(performed).to.deep.equal(['machine begun', 'cluster begun', 'created']);
    expect(state.engineState).to.equal(answers);
  });

  const gibibytes = (amount: number) => amount * 2 ** 30;
  const rootless: EngineState = { ...answers, facts: { ...answers.facts, rootless: true } };
  const cases: [string, Partial<MachineFacts>, RegExp][] = [
    [
      'too little disk',
      { freeDisk: { path: '/var/lib', bytes: gibibytes(5.9) } },
      /5\.9 GiB free at \/var\/lib.*free 6\.0/s,
    ],
    ['too little memory', { availableMemory: gibibytes(3.9) }, /memory: 3\.9 GiB available of 16\.0.*until 4\.0 GiB/s],
    ['no loop devices', { loopDevices: 'absent' }, /neither \/dev\/loop-control nor \/dev\/loop0.*modprobe loop/s],
    ['a rootless engine', { engine: rootless }, /rootless.*runs as root/s],
  ];
  for (const [title, differences, text] of cases) {
    it(`refuses a machine with ${title}; nothing is begun after it`, async () => {
      const { performance, performed } = await performOn({ ...able, ...differences });
      expect(performance).to.include({ outcome: 'failed', action: 'machine' });
      expect(performed).to.deep.equal(['machine begun']);
      const { error } = performance as { error: unknown };
      expect(error).to.include({ exit: 'environment' });
      expect(String(error)).to.match(text);
    });
  }

  it('reports everything that is wrong at once', async () => {
    const { performance } = await performOn({ ...able, loopDevices: 'absent', availableMemory: gibibytes(1) });
    expect(String((performance as { error: unknown }).error)).to.match(/memory: 1\.0 GiB.*\n.*loop devices: neither/);
  });

  it('leaves a missing engine to the next step, which may install one', async () => {
    const { performance, state } = await performOn({ ...able, engine: { kind: 'no client' } });
    expect(performance.outcome).to.equal('done');
    expect(state.engineState).to.deep.equal({ kind: 'no client' });
  });
});
