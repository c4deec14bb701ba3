import { expect } from 'chai';
import type { EngineFacts } from '../engine/engine.ts';
import { judge, needs, refusal } from './checks.ts';
import type { MachineFacts } from './facts.ts';

const gibibyte = 2 ** 30;
const engineFacts: EngineFacts = {
  name: 'docker',
  serverVersion: '26.1.5',
  storageDriver: 'overlay2',
  cgroupVersion: '2',
  rootless: false,
  confinedBy: [],
  kernel: '6.12.8',
  operatingSystem: 'Debian GNU/Linux 13',
  architecture: 'x86_64',
  cpus: 2,
  memoryBytes: 8 * gibibyte,
  dataRoot: '/var/lib/docker',
};
const answering = (differences: Partial<EngineFacts> = {}): MachineFacts['engine'] => ({
  kind: 'answers',
  facts: { ...engineFacts, ...differences },
});
const good: MachineFacts = {
  engine: answering(),
  cpus: 2,
  availableMemory: 4 * gibibyte,
  totalMemory: 8 * gibibyte,
  freeDisk: { path: '/var/lib/docker', bytes: 6 * gibibyte },
  loopDevices: 'present',
  inotify: { instances: needs.inotifyInstances, watches: needs.inotifyWatches },
  flock: true,
};

/** What is not fine, as `check: state`. */
function trouble(differences: Partial<MachineFacts>): string[] {
  const findings = judge({ ...good, ...differences });
  return findings.filter(({ state }) => state !== 'fine').map(({ check, state }) => `${check}: ${state}`);
}

describe('the checks of the machine', () => {
  const table: [string, Partial<MachineFacts>, string[]][] = [
    ['exactly what is needed', {}, []],
    ['a byte less than 4 GiB of memory', { availableMemory: 4 * gibibyte - 1 }, ['memory: problem']],
    ['a byte less than 6 GiB of disk', { freeDisk: { path: '/', bytes: 6 * gibibyte - 1 } }, ['disk space: problem']],
    ['a disk that cannot be seen from here', { freeDisk: undefined }, []],
    ['no loop devices', { loopDevices: 'absent' }, ['loop devices: problem']],
    ['loop devices that cannot be seen from here', { loopDevices: 'unknown' }, []],
    ['a rootless engine', { engine: answering({ rootless: true }) }, ['container engine: problem']],
    ['an old engine', { engine: answering({ serverVersion: '20.10.24' }) }, ['container engine: warning']],
    ['no docker', { engine: { kind: 'no client' } }, ['container engine: problem']],
    ['no daemon', { engine: { kind: 'no daemon', message: '' } }, ['container engine: problem']],
    ['a refusing daemon', { engine: { kind: 'refused', message: '' } }, ['container engine: problem']],
    ['a silent daemon', { engine: { kind: 'silent', seconds: 10 } }, ['container engine: problem']],
    ['few inotify instances', { inotify: { instances: 127, watches: 1e6 } }, ['inotify: warning']],
    ['few inotify instances left', { inotify: { instances: 128, used: 69, watches: 1e6 } }, ['inotify: warning']],
    ['just enough inotify instances left', { inotify: { instances: 128, used: 68, watches: 1e6 } }, []],
    ['too few for a node more', { inotify: { instances: 128, used: 79, watches: 1e6 } }, ['inotify: problem']],
    ['two clusters that run', { inotify: { instances: 128, used: 104, watches: 1e6 } }, ['inotify: problem']],
    ['few inotify watches', { inotify: { instances: 1e3, watches: 65_535 } }, ['inotify: warning']],
    ['inotify limits that cannot be seen', { inotify: undefined }, []],
    ['no flock', { flock: false }, ['flock: warning']],
  ];
  for (const [what, differences, expected] of table) {
    it(`find ${expected.join(', ') || 'nothing wrong'} with ${what}`, () => {
      expect(trouble(differences)).to.deep.equal(expected);
    });
  }

  it('say why AppArmor and SELinux are in no way of the nodes', () => {
    const found = judge({ ...good, engine: answering({ confinedBy: ['SELinux'] }) });
    expect(found.find(({ check }) => check === 'security modules')).to.deep.equal({
      check: 'security modules',
      state: 'fine',
      seen: 'SELinux, which does not confine the nodes: they are privileged, and have no folder of this machine mounted',
    });
    expect(judge(good).find(({ check }) => check === 'security modules')).to.equal(undefined);
  });

  it('say what was seen, and what to do about everything that is not fine', () => {
    for (const { seen, state, remedy } of judge({ ...good, loopDevices: 'absent', availableMemory: gibibyte })) {
      expect(seen).not.to.equal('');
      expect(remedy === undefined).to.equal(state === 'fine');
    }
  });

  it('refuse with every problem at once, and not for warnings', () => {
    const bad: MachineFacts = {
      ...good,
      engine: answering({ rootless: true }),
      availableMemory: gibibyte,
      freeDisk: { path: '/var/lib/docker', bytes: gibibyte },
      loopDevices: 'absent',
      inotify: { instances: 1, watches: 1 },
    };
    const error = refusal(judge(bad));
    expect(error?.exit).to.equal('environment');
    expect(error?.details.seen?.split('\n')).to.deep.equal([
      'container engine: Docker 26.1.5, overlay2, rootless',
      'memory: 1.0 GiB available of 8.0 GiB',
      'disk space: 1.0 GiB free at /var/lib/docker',
      'loop devices: neither /dev/loop-control nor /dev/loop0',
    ]);
    expect(error?.details.remedy?.split('\n')).to.have.length(4);
    expect(refusal(judge({ ...good, inotify: { instances: 1, watches: 1 } }))).to.equal(undefined);
    expect(refusal(judge(good))).to.equal(undefined);
  });
});
