import { expect } from 'chai';
import { engineMissing } from './engine-errors.ts';

describe('an engine that is missing', () => {
  const commands = ['apt-get update', 'systemctl start docker'];

  for (const [state, installation, seen, remedy] of [
    [{ kind: 'no client' }, [], 'no docker command on PATH', 'install Docker Engine 24 or later'],
    [
      { kind: 'no client' },
      commands,
      'no docker command on PATH',
      'leave out --no-install:\napt-get update\nsystemctl start docker',
    ],
    [{ kind: 'no daemon', message: 'Cannot connect' }, [], 'Cannot connect', 'start the Docker daemon'],
    [
      { kind: 'no daemon', message: 'Cannot connect' },
      commands,
      'Cannot connect',
      'because of --no-install):\napt-get update',
    ],
    [{ kind: 'refused', message: 'permission denied' }, commands, 'permission denied', 'run as root'],
    [{ kind: 'silent', seconds: 10 }, commands, 'did not end within 10 s', 'restart it'],
  ] as const) {
    it(`is explained as ${state.kind} ${installation.length > 0 ? 'with' : 'without'} commands to install one`, () => {
      const { details, exit } = engineMissing(state, installation);
      expect(exit).to.equal('environment');
      expect(details.attempted).to.equal('looking for a container engine (Docker)');
      expect(details.seen).to.contain(seen);
      expect(details.remedy).to.contain(remedy);
    });
  }

  it('offers no installation where an engine is there', () => {
    for (const state of [{ kind: 'refused', message: '' } as const, { kind: 'silent', seconds: 10 } as const])
      expect(engineMissing(state, commands).message).not.to.contain('apt-get');
  });
});
