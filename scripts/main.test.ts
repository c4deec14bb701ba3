import { expect } from 'chai';
import { DomainError } from '../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../clusters/errors/exit-status.ts';
import { main, verbs } from './main.ts';
import { readRunOptions } from './verbs/run.ts';

/** Runs a command line whose verbs all do what is given, and notes what acted and what was printed. */
async function run(line: string, act: () => Promise<ExitStatus> = async () => 'conforms') {
  const seen = { acted: [] as string[], arguments: [] as unknown[], out: '', err: '' };
  const standIns = verbs.map(({ command, help }) => ({
    command,
    help,
    act: (...args: unknown[]) => {
      seen.acted.push(command.name());
      seen.arguments = args.slice(0, -1);
      return act();
    },
  }));
  const output = {
    out: (text: string) => {
      seen.out += text;
    },
    err: (text: string) => {
      seen.err += text;
    },
  };
  return { status: await main(line === '' ? [] : line.split(' '), output, standIns), ...seen };
}

const rejecting = (error: unknown) => async (): Promise<ExitStatus> => {
  throw error;
};

/** Returns what a command line gives its verb: its arguments, then its options. */
async function given(line: string): Promise<unknown[]> {
  const { status, err, arguments: all } = await run(line);
  expect({ status, err }).to.deep.equal({ status: 'conforms', err: '' });
  return all;
}

/** Returns the options that a command line gives its verb. */
const options = async (line: string): Promise<unknown> => (await given(line)).at(-1);

describe('the command line', () => {
  it('gives a verb its options with their defaults, and numbers as numbers', async () => {
    expect(await options('run')).to.deep.equal({
      image: 'auto',
      repeat: 1,
      keep: 'never',
      report: 'reports',
      agent: true,
      install: true,
    });
    expect(await options('run --jobs 6 --repeat=3 --seed 42')).to.include({ jobs: 6, repeat: 3, seed: 42 });
  });

  it('splits what has commas, once', async () => {
    expect(await options('run --kubernetes 1.36,1.37 --chapter binding,block')).to.deep.include({
      kubernetes: ['1.36', '1.37'],
      chapter: ['binding', 'block'],
    });
    expect(await options('list --chapter a,b')).to.deep.include({ chapter: ['a', 'b'] });
  });

  it('reads values after a space and after an equals sign, short options and switches', async () => {
    const line = 'run -g SEED-6 --keep=failure --no-install --dry-run --debug';
    expect(await options(line)).to.include({
      grep: 'SEED-6',
      keep: 'failure',
      install: false,
      dryRun: true,
      debug: true,
    });
  });

  it('reads every option and argument of every other verb', async () => {
    expect(await options('doctor --json --image published')).to.include({ json: true, image: 'published' });
    expect(await options('image --rebuild --kubernetes-source ../kubernetes --kubernetes 1.36')).to.include({
      rebuild: true,
      kubernetes: '1.36',
      kubernetesSource: '../kubernetes',
    });
    expect(await options('up --name dev')).to.include({ name: 'dev' });
    expect(await given('down dev')).to.deep.equal(['dev', {}]);
    expect(await given('down --all')).to.deep.equal([undefined, { all: true }]);
    expect(await given('clean')).to.deep.equal([{}]);
    expect(await given('clusters')).to.deep.equal([{}]);
    expect(await given('completion zsh')).to.deep.equal(['zsh', {}]);
    expect(await given('diff a b/report.yaml c --html x.html')).to.deep.equal([
      ['a', 'b/report.yaml', 'c'],
      { html: 'x.html' },
    ]);
    expect(await given('merge a b/report.yaml --report all')).to.deep.equal([
      ['a', 'b/report.yaml'],
      { report: 'all' },
    ]);
    expect(await given('runner --job --shards 3 -- --level core')).to.deep.include(['--level', 'core']);
    expect(await options('run --shard 2/4')).to.deep.include({ shard: { index: 2, of: 4 } });
    expect(await options('trace --pod demo/db-0 --use dev')).to.include({ pod: 'demo/db-0', use: 'dev' });
    expect(await options('list --chapter binding --row B14 --json')).to.include({ row: 'B14', json: true });
    expect(await options('list --grep=-1')).to.include({ grep: '-1' });
  });

  for (const reference of [
    'kindest/node:v1.37.0',
    `kindest/node:v1.37.0@sha256:${'a'.repeat(64)}`,
    'localhost:5000/kindest/node:v1.37.0',
    'lpv-node:1.37',
  ]) {
    it(`takes ${reference} for an image`, async () =>
      expect(await options(`run --image=${reference}`)).to.include({ image: reference }));
  }

  describe('LPV_INSTALL', () => {
    const { LPV_INSTALL: before } = process.env;
    afterEach(() => {
      if (before === undefined) delete process.env.LPV_INSTALL;
      else process.env.LPV_INSTALL = before;
    });

    for (const [value, install] of [
      ['off', false],
      ['on', true],
      ['', true],
    ] as const) {
      it(`means, where it is ${value || 'empty'}, install: ${install}`, async () => {
        process.env.LPV_INSTALL = value;
        expect(await options('doctor')).to.include({ install });
      });
    }

    it('is refused where it is something else', async () => {
      process.env.LPV_INSTALL = 'no';
      const { status, err } = await run('doctor');
      expect(status).to.equal('badUsage');
      expect(err).to.contain('LPV_INSTALL=no is not known; write LPV_INSTALL=off or LPV_INSTALL=on');
    });
  });

  it('is read the same way for code that only wants the options of a run', () => {
    expect(readRunOptions(['--kubernetes', '1.36,1.37', '--jobs=2'])).to.deep.include({
      kubernetes: ['1.36', '1.37'],
      jobs: 2,
    });
    expect(() => readRunOptions(['--kep']))
      .to.throw(DomainError, /run --kep\n.*unknown option '--kep'/)
      .with.property('exit', 'badUsage');
  });

  const invalid = (flags: string, value: string): string => `option '${flags}' argument '${value}' is invalid.`;
  const image = '--image <auto|published|built|REF>';
  const noImage = 'It is none of auto, published, built, and no image reference;';
  const needsTag = `${noImage} write it with its tag or digest, such as kindest/node:v1.37.0`;
  const clusterName = 'up to 40 lower-case letters, digits and hyphens';
  const table: readonly [string, ...string[]][] = [
    ['', `a verb is missing; known: ${verbs.map(({ command }) => command.name()).join(', ')}`],
    ['rnu', "unknown command 'rnu'", 'Did you mean run?'],
    ['docotr --json', "unknown command 'docotr'", 'Did you mean doctor?'],
    ['teardown', "unknown command 'teardown'"],
    ['constructor', "unknown command 'constructor'"],
    ['--debug run', "unknown option '--debug'"],
    ['run --kep=never', "unknown option '--kep=never'"],
    ['run --kep never', "unknown option '--kep'", 'Did you mean --keep?'],
    ['run -x', "unknown option '-x'"],
    ['run --rebuild', "unknown option '--rebuild'"],
    ['run --install', "unknown option '--install'", 'Did you mean --no-install?'],
    ['run --keep=falure', invalid('--keep <WHEN>', 'falure'), 'never, failure, always'],
    ['run --keep=', invalid('--keep <WHEN>', '')],
    ['run --keep', "option '--keep <WHEN>' argument missing"],
    ['run --grep --list', "option '-g, --grep <TEXT>' needs a value, and --list follows; write --grep=VALUE"],
    ['run --grep=', invalid('-g, --grep <TEXT>', ''), 'An empty text stands here.'],
    ['run --chapter a,', invalid('--chapter <NAME[,NAME]>', 'a,')],
    ['run --seed tomorrow', invalid('--seed <NUMBER>', 'tomorrow'), 'whole number from 0 to 999999'],
    ['run --jobs 0', invalid('--jobs <NUMBER>', '0'), 'whole number from 1 to 64'],
    ['run --shard 5/4', invalid('--shard <I/N>', '5/4'), 'Write I/N, such as 2/4'],
    ['run --shard 0/4', invalid('--shard <I/N>', '0/4')],
    ['list --level basic', invalid('--level <LEVEL>', 'basic'), 'core, extended'],
    ['run --list=yes', "unknown option '--list=yes'"],
    ['run --keep=never --keep=always', "option '--keep' is written twice"],
    ['run -g a --grep=b', "option '--grep' is written twice"],
    ['run --image=publishd', invalid(image, 'publishd'), `${noImage} did you mean published?`],
    ['run --image=mynode', invalid(image, 'mynode'), needsTag],
    ['run --image=Kindest/Node:v1', invalid(image, 'Kindest/Node:v1'), needsTag],
    ['run --image=a/b@sha256:12', invalid(image, 'a/b@sha256:12'), needsTag],
    ['run --kubernetes=v1.37.2', "argument 'v1.37.2'", 'did you mean 1.37?'],
    ['run --kubernetes=latest', "argument 'latest'", 'write one such as 1.37'],
    ['run --kubernetes=1.36,1.36', '--kubernetes', '1.36 stands there twice'],
    ['run --kubernetes=1.36,', '--kubernetes', 'write one such as 1.37'],
    ['up --kubernetes=1.36,1.37', '--kubernetes <MINOR>', 'did you mean 1.36?'],
    ['run --use=dev --kubernetes=1.36', "'--use <NAME>' cannot be used with option '--kubernetes"],
    ['run --list --dry-run', "'--list' cannot be used with option '--dry-run'"],
    [
      'run --kubernetes-source=k --image=published',
      '--kubernetes-source builds an image; it cannot go with --image=published',
    ],
    ['run dev', "too many arguments for 'run'"],
    ['run -- --help', "too many arguments for 'run'"],
    ['up --name=Dev', invalid('--name <NAME>', 'Dev'), clusterName],
    [`up --name=${'a'.repeat(41)}`, '--name', clusterName],
    ['run --use=../x', '--use', clusterName],
    ['down ../x', "'../x' is invalid for argument 'NAME'", clusterName],
    ['down a b', "too many arguments for 'down'"],
    ['runner --job --sonobuoy', "'--sonobuoy' cannot be used with option '--job'"],
    ['runner --job --server 10.0.0.1', 'Write https://HOST:PORT.'],
    ['runner --job --shards 0', 'whole number from 1 to 100'],
    ['merge', "missing required argument 'REPORT'"],
    ['diff', "missing required argument 'REPORT'"],
    ['trace --pod db-0', '--pod', 'Did you mean default/db-0?'],
    ['completion tcsh', "'tcsh' is invalid for argument 'SHELL'", 'bash, zsh, fish'],
  ];
  for (const [line, ...problems] of table) {
    it(`refuses "lpv ${line.length > 60 ? `${line.slice(0, 60)}…` : line}" before a verb acts`, async () => {
      const { status, acted, out, err } = await run(line);
      expect({ status, acted, out }).to.deep.equal({ status: 'badUsage', acted: [], out: '' });
      for (const problem of problems) expect(err).to.contain(problem);
    });
  }

  it('says where help is', async () => {
    const { err } = await run('run --kep');
    expect(err).to.match(
      /^understanding the command line: lpv run --kep\n {2}seen: [\s\S]*\n {2}do: {3}see npm run lpv -- run --help\n$/,
    );
  });

  for (const [line, problem] of [
    ['down', 'the name of a cluster is missing; write it, or --all'],
    ['down dev --all', '--all cannot go with the name dev'],
    ['diff a', 'a second report is missing; write two or more, the baseline first'],
  ] as const) {
    it(`refuses "lpv ${line}", which the verb itself looks at`, async () => {
      let err = '';
      const status = await main(line.split(' '), {
        out: () => {},
        err: (text) => {
          err += text;
        },
      });
      expect(status).to.equal('badUsage');
      expect(err).to.contain(problem);
    });
  }
});

describe('help', () => {
  it('names every verb', async () => {
    const { out } = await run('--help');
    expect((await run('-h')).out).to.equal(out);
    for (const { command } of verbs) expect(out).to.match(new RegExp(`^  ${command.name()} +\\S`, 'm'));
  });

  for (const { command, help } of verbs) {
    const name = command.name();
    it(`of ${name} has its sentence, options, examples and exit statuses, and fits the page`, async () => {
      const { out: text } = await run(`${name} --help`);
      expect(text).to.contain(`\n${help.sentence}\n`);
      for (const { long } of command.options) expect(text).to.contain(long);
      expect(text).to.contain('-h, --help');
      expect(text).to.match(/^ {2}0 {4}\S.*\n(.*\n)* {2}2 {4}the command line/m);
      for (const line of text.split('\n')) expect(line.length, line).to.be.at.most(110);
    });

    it(`of ${name} shows examples that are right`, async () => {
      for (const example of help.examples) {
        const [lpv, ...argv] = example.split(' ');
        expect(lpv).to.equal('lpv');
        expect(await run(argv.join(' '))).to.deep.include({ acted: [name], err: '' });
      }
    });
  }

  it('says defaults, choices and environment variables', async () => {
    const { out } = await run('run --help');
    expect(out).to.match(/--keep <WHEN> .*"never",\s+"failure", "always", default: "never"/s);
    expect(out).to.contain('LPV_INSTALL=off');
  });
});

describe('main', () => {
  it('lets the verb act, and gives its status', async () => {
    const { status, acted, out, err } = await run('down dev', async () => 'doesNotConform');
    expect({ status, acted, out, err }).to.deep.equal({ status: 'doesNotConform', acted: ['down'], out: '', err: '' });
  });

  for (const line of ['--help', 'run --help', 'run --kep=never -h', '--version', '-V']) {
    it(`lets no verb act for ${line}`, async () => {
      const { status, acted, out, err } = await run(line);
      expect({ status, acted, err }).to.deep.equal({ status: 'conforms', acted: [], err: '' });
      expect(out).to.match(/\n$/);
    });
  }

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
