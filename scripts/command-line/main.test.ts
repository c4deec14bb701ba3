import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { main, type VerbModules } from './main.ts';
import type { Verb } from './verbs.ts';

/** Runs a command line whose verbs all do what is given, and notes what was loaded and printed. */
async function run(line: string, act: (options: unknown) => Promise<ExitStatus> = async () => 'conforms') {
  const seen = { loaded: [] as Verb[], out: '', err: '', options: undefined as unknown };
  const module = (verb: Verb) => async () => {
    seen.loaded.push(verb);
    return {
      default: (options: unknown) => {
        seen.options = options;
        return act(options);
      },
    };
  };
  const modules: VerbModules = {
    doctor: module('doctor'),
    image: module('image'),
    up: module('up'),
    run: module('run'),
    down: module('down'),
    clean: module('clean'),
    clusters: module('clusters'),
    list: module('list'),
    diff: module('diff'),
    trace: module('trace'),
  };
  const status = await main(line.split(' '), {
    environment: {},
    out: (text) => {
      seen.out += text;
    },
    err: (text) => {
      seen.err += text;
    },
    version: async () => '1.2.3',
    modules,
  });
  return { status, ...seen };
}

const rejecting = (error: unknown) => async (): Promise<ExitStatus> => {
  throw error;
};

describe('main', () => {
  it('loads the verb that is wanted, with its options, and gives its status', async () => {
    const result = await run('down dev', async () => 'doesNotConform');
    expect(result).to.deep.include({
      status: 'doesNotConform',
      loaded: ['down'],
      options: { all: false, debug: false, name: 'dev' },
    });
    expect(result.out + result.err).to.equal('');
  });

  for (const line of ['--help', 'run --help', '--version']) {
    it(`loads no verb for ${line}`, async () => {
      const { status, loaded, out, err } = await run(line);
      expect({ status, loaded, err }).to.deep.equal({ status: 'conforms', loaded: [], err: '' });
      expect(out).to.match(/\n$/);
    });
  }

  it('prints the version', async () => expect((await run('--version')).out).to.equal('lpv 1.2.3\n'));

  it('loads no verb for a wrong command line', async () => {
    const { status, loaded, out, err } = await run('run --kep');
    expect({ status, loaded, out }).to.deep.equal({ status: 'badUsage', loaded: [], out: '' });
    expect(err).to.contain('did you mean --keep?');
  });

  it('prints the text of a domain error, no stack, and ends with its status', async () => {
    const error = new DomainError(
      { attempted: 'creating a cluster', remedy: 'start Docker' },
      { cause: new Error('the cause') },
    );
    const { status, err } = await run('run', rejecting(error));
    expect(status).to.equal('environment');
    expect(err).to.equal('creating a cluster\n  do:   start Docker\n');
  });

  it('shows stacks and causes with --debug', async () => {
    const error = new DomainError(
      { attempted: 'creating a cluster' },
      { exit: 'badUsage', cause: new TypeError('the cause') },
    );
    const { status, err } = await run('run --debug', rejecting(error));
    expect(status).to.equal('badUsage');
    expect(err).to.match(/^creating a cluster\n\nDomainError\n\s+at .*main\.test\.ts/);
    expect(err).to.match(/caused by TypeError: the cause\n\s+at /);
  });

  it('says that an error was not foreseen, and how to see more of it', async () => {
    const { status, err } = await run('run', rejecting(new TypeError('x is not a function')));
    expect(status).to.equal('environment');
    expect(err).to.equal(
      'an error that was not foreseen: x is not a function\n  do:   run the same with --debug, and report what it prints\n',
    );
  });

  it('reports the first error, then those of cleaning up', async () => {
    const first = new DomainError({ attempted: 'filling a disk' }, { exit: 'doesNotConform' });
    const later = new DomainError({ attempted: 'removing a namespace' });
    const both = Object.assign(new Error('suppressed'), { name: 'SuppressedError', error: later, suppressed: first });
    const { status, err } = await run('run', rejecting(both));
    expect(status).to.equal('doesNotConform');
    expect(err).to.equal('filling a disk\n\nand then:\nremoving a namespace\n');
  });
});
