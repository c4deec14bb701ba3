import { expect } from 'chai';
import { BadUsage, parseCommandLine } from './parse.ts';
import { verbNames } from './verbs.ts';

const parse = (line: string, environment = {}) => parseCommandLine(line === '' ? [] : line.split(' '), environment);

function problemsOf(line: string, environment = {}): string {
  try {
    parse(line, environment);
  } catch (error) {
    if (error instanceof BadUsage) return error.details.seen ?? '';
    throw error;
  }
  return 'no problem';
}

describe('command line', () => {
  it('gives a verb all its options, with their defaults', () => {
    expect(parse('run')).to.deep.equal({
      kind: 'verb',
      verb: 'run',
      options: {
        image: 'auto',
        kubernetes: undefined,
        kubernetesSource: undefined,
        use: undefined,
        grep: undefined,
        chapter: undefined,
        level: undefined,
        feature: undefined,
        row: undefined,
        seed: undefined,
        jobs: undefined,
        repeat: '1',
        keep: 'never',
        list: false,
        dryRun: false,
        report: 'reports',
        product: undefined,
        install: true,
        debug: false,
      },
    });
  });

  it('reads values after a space and after an equals sign, short options and switches', () => {
    const command = parse('run -g SEED-6 --keep=failure --kubernetes 1.36 --no-install --dry-run --debug');
    expect(command).to.have.property('options').that.includes({
      grep: 'SEED-6',
      keep: 'failure',
      kubernetes: '1.36',
      install: false,
      dryRun: true,
      debug: true,
    });
  });

  it('reads every option of every other verb', () => {
    expect(parse('doctor --json --image published'))
      .to.have.property('options')
      .that.includes({ json: true, image: 'published' });
    expect(parse('image --rebuild --kubernetes-source ../kubernetes'))
      .to.have.property('options')
      .that.includes({ rebuild: true, kubernetesSource: '../kubernetes' });
    expect(parse('up --name dev')).to.have.property('options').that.includes({ name: 'dev' });
    expect(parse('down dev')).to.have.property('options').that.deep.equals({ all: false, debug: false, name: 'dev' });
    expect(parse('down --all'))
      .to.have.property('options')
      .that.deep.equals({ all: true, debug: false, name: undefined });
    expect(parse('clean')).to.have.property('options').that.deep.equals({ debug: false });
    expect(parse('clusters')).to.have.property('options').that.deep.equals({ debug: false });
    expect(parse('diff a b/report.yaml c --html x.html'))
      .to.have.property('options')
      .that.deep.equals({ reports: ['a', 'b/report.yaml', 'c'], markdown: undefined, html: 'x.html', debug: false });
    expect(parse('list --chapter binding --row B14 --json'))
      .to.have.property('options')
      .that.includes({ chapter: 'binding', row: 'B14', json: true });
  });

  for (const reference of [
    'kindest/node:v1.37.0',
    `kindest/node:v1.37.0@sha256:${'a'.repeat(64)}`,
    'localhost:5000/kindest/node:v1.37.0',
    'lpv-node:1.37',
  ]) {
    it(`takes ${reference} for an image`, () =>
      expect(parse(`run --image=${reference}`)).to.have.nested.property('options.image', reference));
  }

  it('takes LPV_INSTALL=off for --no-install', () => {
    expect(parse('doctor', { LPV_INSTALL: 'off' })).to.have.nested.property('options.install', false);
    expect(parse('doctor', { LPV_INSTALL: 'on' })).to.have.nested.property('options.install', true);
    expect(problemsOf('doctor', { LPV_INSTALL: 'no' })).to.equal(
      'LPV_INSTALL=no is not known; write LPV_INSTALL=off or LPV_INSTALL=on',
    );
  });

  it('knows help and version, also beside mistakes', () => {
    expect(parse('--help')).to.deep.equal({ kind: 'help' });
    expect(parse('-h')).to.deep.equal({ kind: 'help' });
    expect(parse('--version')).to.deep.equal({ kind: 'version' });
    for (const verb of verbNames) expect(parse(`${verb} --help`)).to.deep.equal({ kind: 'help', verb });
    expect(parse('run --kep=never -h')).to.deep.equal({ kind: 'help', verb: 'run' });
    expect(problemsOf('run -- --help')).to.equal('--help is one word too many');
  });

  const table: readonly [string, string][] = [
    ['', `a verb is missing; known: ${verbNames.join(', ')}`],
    ['rnu', 'rnu is not a verb; did you mean run?'],
    ['docotr --json', 'docotr is not a verb; did you mean doctor?'],
    ['teardown', `teardown is not a verb; known: ${verbNames.join(', ')}`],
    ['constructor', `constructor is not a verb; known: ${verbNames.join(', ')}`],
    ['--debug run', `the verb comes before --debug; known: ${verbNames.join(', ')}`],
    ['run --kep=never', '--kep is not an option here; did you mean --keep?'],
    ['run -x', '-x is not an option here'],
    ['run --rebuild', '--rebuild is not an option here'],
    ['run --install', '--install is not an option here; did you mean --no-install?'],
    ['run --keep=falure', '--keep: falure is not one of never, failure, always; did you mean failure?'],
    ['run --keep=', '--keep: an empty text is not one of never, failure, always; known: never, failure, always'],
    ['run --keep', '--keep needs a value: --keep=never|failure|always'],
    ['run --grep --list', '--grep needs a value: --grep=TEXT'],
    ['run --grep=', '--grep: an empty text stands here'],
    ['run --seed tomorrow', '--seed: tomorrow is no whole number from 0 to 999999'],
    ['run --jobs 0', '--jobs: 0 is no whole number from 1 to 64'],
    ['list --level basic', '--level: basic is no level; write core or extended'],
    ['run --list=yes', '--list takes no value'],
    ['run --keep=never --keep=always', '--keep is written twice'],
    [
      'run --image=publishd',
      '--image: publishd is none of auto, published, built, and no image reference; did you mean published?',
    ],
    [
      'run --image=mynode',
      '--image: mynode is none of auto, published, built, and no image reference; write it with its tag or digest, such as kindest/node:v1.37.0',
    ],
    [
      'run --image=Kindest/Node:v1',
      '--image: Kindest/Node:v1 is none of auto, published, built, and no image reference; write it with its tag or digest, such as kindest/node:v1.37.0',
    ],
    [
      'run --image=a/b@sha256:12',
      '--image: a/b@sha256:12 is none of auto, published, built, and no image reference; write it with its tag or digest, such as kindest/node:v1.37.0',
    ],
    ['run --kubernetes=v1.37.2', '--kubernetes: v1.37.2 is not a Kubernetes minor; did you mean 1.37?'],
    ['run --kubernetes=latest', '--kubernetes: latest is not a Kubernetes minor; write one such as 1.37'],
    ['run --kubernetes=1.36,1.36', '--kubernetes: 1.36 stands there twice'],
    ['run --kubernetes=1.36,', '--kubernetes:  is not a Kubernetes minor; write one such as 1.37'],
    ['up --kubernetes=1.36,1.37', '--kubernetes: 1.36,1.37 is not a Kubernetes minor; did you mean 1.36?'],
    ['run --use=dev --kubernetes=1.36', '--use cannot go with --kubernetes'],
    ['run --list --dry-run', '--list cannot go with --dry-run'],
    [
      'run --kubernetes-source=k --image=published',
      '--kubernetes-source builds an image; it cannot go with --image=published',
    ],
    ['run dev', 'dev is one word too many'],
    ['up --name=Dev', '--name: Dev is no cluster name; use up to 40 lower-case letters, digits and hyphens'],
    [
      `up --name=${'a'.repeat(41)}`,
      `--name: ${'a'.repeat(41)} is no cluster name; use up to 40 lower-case letters, digits and hyphens`,
    ],
    ['down', 'the name of a cluster is missing; write it, or --all'],
    ['down dev --all', '--all cannot go with the name dev'],
    ['down ../x', '../x is no cluster name; use up to 40 lower-case letters, digits and hyphens'],
    ['diff', 'reports are missing; write two or more, the baseline first'],
    ['diff a', 'a second report is missing; write two or more, the baseline first'],
    ['down a b', 'b is one word too many'],
    [
      'run --kep=never --image publishd extra',
      '--kep is not an option here; did you mean --keep?\n--image: publishd is none of auto, published, built, and no image reference; did you mean published?\nextra is one word too many',
    ],
  ];
  for (const [line, expected] of table) {
    it(`refuses "lpv ${line}"`, () => expect(problemsOf(line)).to.equal(expected));
  }

  it('refuses with the status for bad usage, and says where help is', () => {
    expect(() => parse('run --kep'))
      .to.throw(
        BadUsage,
        /^understanding the command line: lpv run --kep\n {2}seen: .*\n {2}do: {3}see lpv run --help$/,
      )
      .with.property('exit', 'badUsage');
  });
});
