import { expect } from 'chai';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { planTests } from './plan.ts';

const published = `kindest/node:v1@sha256:${'a'.repeat(64)}`;
const built = { kubernetes: 'v1.0.0', etcd: '3.0.0-0' };
const minors = [
  { name: '1.37', published, built },
  { name: '1.36', published, built },
  { name: '1.35', published },
];
const plan = (...argv: string[]) => planTests(argv, {}, minors);

describe('the command line of a test run', () => {
  it('means all checks and one run, with the options of lpv run', () => {
    const { checks, runs } = plan('--kubernetes', '1.36', '--report=out');
    expect(checks).to.equal('all');
    expect(runs.map(({ title, argv }) => [title, argv])).to.deep.equal([
      ['specs on a cluster of Kubernetes 1.36', ['run', '--kubernetes', '1.36', '--report=out']],
    ]);
    expect(runs[0]?.options.report).to.equal('out');
    expect(plan().runs[0]).to.deep.include({ title: 'specs on a cluster', argv: ['run'] });
  });

  it('means, with matrix, one run on all minors that can be built, the oldest first', () => {
    const { checks, runs } = plan('matrix', '--image', 'built');
    expect(checks).to.equal('all');
    expect(runs.map(({ title, argv }) => [title, argv.join(' ')])).to.deep.equal([
      ['specs on a cluster of Kubernetes 1.36 and 1.37', 'run --image built --kubernetes 1.36,1.37'],
    ]);
  });

  it('means, with check, no run', () => {
    expect(plan('check')).to.deep.equal({ checks: 'all', runs: [] });
    expect(plan('check', 'types', 'unit')).to.deep.equal({ checks: ['types', 'unit'], runs: [] });
  });

  for (const [argv, said] of [
    [['check', 'typse'], 'typse is no check; did you mean types?'],
    [['--kuberntes', '1.36'], '--kubernetes'],
    [['all'], 'all is one word too many'],
    [['matrix', '--kubernetes', '1.36'], '--kubernetes'],
    [['--list'], 'npm run lpv --'],
    [['--dry-run'], 'npm run lpv --'],
    [['--help'], 'npm run lpv --'],
  ] as const) {
    it(`refuses ${argv.join(' ')}`, () => {
      expect(() => plan(...argv))
        .to.throw(DomainError, said)
        .with.property('exit', 'badUsage');
    });
  }
});
