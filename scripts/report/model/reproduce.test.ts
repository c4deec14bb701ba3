import { expect } from 'chai';
import { readRunOptions } from '../../verbs/run.ts';
import { reproduceCommands } from './reproduce.ts';

const harness = { version: '0.1.0', commit: 'abc123', modified: false };
const asked = { kubernetes: '1.37', image: 'auto', repeat: 1 };

describe('the commands that repeat a run', () => {
  it('name the commit, and the options that decide what a run proves', () => {
    expect(
      reproduceCommands(
        harness,
        { ...asked, grep: '/a b/', chapter: ['binding', 'block'] },
        { seed: 42, jobs: 6, imageOrigin: 'built' },
      ),
    ).to.deep.equal([
      'git checkout abc123',
      'npm ci',
      "npm run lpv -- run --kubernetes 1.37 --image built --grep '/a b/' --chapter binding,block --seed 42 --jobs 6",
    ]);
  });

  it('start with npx where the package is installed', () =>
    expect(
      reproduceCommands({ ...harness, commit: null }, asked, { seed: 42 }, '/app/node_modules/x/dist'),
    ).to.deep.equal(['npx lpv run --kubernetes 1.37 --seed 42']));

  for (const [title, change, decided, command] of [
    ['an image by reference', { image: 'x:1' }, { imageOrigin: 'given' }, '--kubernetes 1.37 --image x:1'],
    [
      'an image that was asked for',
      { image: 'published' },
      { imageOrigin: 'published' },
      '--kubernetes 1.37 --image published',
    ],
    [
      'a tree',
      { kubernetesSource: '../k' },
      { imageOrigin: 'source tree' },
      '--kubernetes 1.37 --kubernetes-source ../k',
    ],
    ['no image, where the run came to none', {}, {}, '--kubernetes 1.37'],
    ['a product', { product: 'p.yaml', repeat: 3 }, {}, '--kubernetes 1.37 --repeat 3 --product p.yaml'],
  ] as const) {
    it(`name ${title}`, () => {
      const commands = reproduceCommands({ ...harness, commit: null }, { ...asked, ...change }, decided);
      expect(commands).to.deep.equal(['npm ci', `npm run lpv -- run ${command}`]);
      expect(() => readRunOptions(command.split(' '))).not.to.throw();
    });
  }
});
