import { expect } from 'chai';
import { run } from './run.ts';
import { optionsOfImages, optionsOfRuns, soak } from './soak.ts';

/** The choices of requirements that a verb takes. */
const choices = ({ command }: typeof run) =>
  command.options.flatMap(({ long, description }) => (/^only requirements/.test(description) ? [long] : []));

describe('the runs of a soak', () => {
  it('can be of every choice of requirements that one run can be of', () => {
    expect(choices(soak)).to.include.members(['--grep', '--subject', '--row']).and.deep.equal(choices(run));
  });

  it('get its choice, and the other options that a run has', () => {
    const chosen = { grep: 'LV-BIND-*', subject: 'kubernetes', level: 'core', feature: 'block', row: 'B14' } as const;
    expect(
      optionsOfRuns({
        runs: 3,
        report: 'reports',
        image: 'auto',
        install: false,
        jobs: 2,
        chapter: ['a', 'b'],
        ...chosen,
      }),
    ).to.have.members([
      '--image=auto',
      '--grep=LV-BIND-*',
      '--chapter=a,b',
      '--level=core',
      '--subject=kubernetes',
      '--feature=block',
      '--row=B14',
      '--jobs=2',
      '--no-install',
    ]);
  });

  it('have the node image that they ask for, made ready before the first', () => {
    expect(optionsOfImages({ image: 'built', kubernetesSource: '/kubernetes', install: true })).to.deep.equal([
      '--image=built',
      '--kubernetes-source=/kubernetes',
    ]);
  });
});
