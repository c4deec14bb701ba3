import { expect } from 'chai';
import { DomainError } from '../../errors/domain-error.ts';
import type { Commander } from '../command/commander.ts';
import { Engine, type EngineFacts } from '../engine/engine.ts';
import { assertInotifyInstances } from './inotify.ts';

/** An engine whose nodes have these journals and outputs; a command on any other container fails. */
function engineWith(journals: Record<string, string>, outputs: Record<string, string> = {}) {
  const asked: string[] = [];
  const commander: Commander = {
    place: 'this machine',
    attempt: async ({ argv }) => {
      const [, verb = ''] = argv;
      const container = (verb === 'exec' ? argv[2] : argv.at(-1)) ?? '';
      asked.push(`${verb} ${container}`);
      const text = (verb === 'exec' ? journals : outputs)[container];
      const gone = {
        status: 1,
        stdout: '',
        stderr: `Error response from daemon: container ${container} is not running`,
      };
      return {
        argv,
        milliseconds: 1,
        ...(text === undefined ? gone : { status: text ? 0 : 1, stdout: text, stderr: '' }),
      };
    },
  };
  return { engine: new Engine({} as EngineFacts, commander), asked };
}

const failureOf = async (checked: Promise<void>) =>
  (await checked.then(
    () => undefined,
    (error) => error,
  )) as DomainError;

describe('inotify instances', () => {
  it('are enough where no node says otherwise, also where one cannot be asked', async () => {
    const { engine, asked } = engineWith({ one: '', two: '' }, { one: 'Startup finished', three: '' });
    await assertInotifyInstances(engine, ['one', 'two', 'three']);
    expect(asked).to.include.members(['exec one', 'exec two', 'exec three']);
  });

  it('have run out where kubelet could not get one: the environment is at fault, and the setting is named', async () => {
    const line = 'E1127 12:00:00.1 kubelet.go:1] "Failed to start cAdvisor" err="inotify_init: too many open files"';
    const { engine } = engineWith({ one: '', two: `${line}\n` });
    const cause = new Error('node2 is not Ready');
    const error = await failureOf(assertInotifyInstances(engine, ['one', 'two'], { cause }));
    expect(error).to.be.instanceOf(DomainError);
    expect(error.exit).to.equal('environment');
    expect(error.details.on).to.equal('container two');
    expect(error.details.seen).to.equal(line);
    expect(error.details.why).to.include('fs.inotify.max_user_instances');
    expect(error.details.remedy).to.match(/^sysctl fs\.inotify\.max_user_instances=\d+ /);
    expect(error.cause).to.equal(cause);
  });

  it('have run out where the first process of a node could not start', async () => {
    const { engine } = engineWith({}, { one: 'Failed to allocate manager object: Too many open files\n' });
    const error = await failureOf(assertInotifyInstances(engine, ['one']));
    expect(error.details.seen).to.equal('Failed to allocate manager object: Too many open files');
  });
});
