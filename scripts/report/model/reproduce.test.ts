import { execFileSync } from 'node:child_process';
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

  const lent = {
    ...asked,
    context: "it's staging",
    as: 'system:serviceaccount:ci:lpv',
    asGroup: ['sre', 'on call'],
    nodes: ['a.example', 'b'],
    grep: '-wait',
    agent: false,
    disruptive: true,
    disks: '/var/mnt',
    registry: 'registry.example:5000/lpv',
    agentImage: 'agent@sha256:0',
    strict: true,
    needs: 'api',
    kubeconfigFiles: '/home/me/one:/home/me/my cluster',
  };
  const commandOf = (what: typeof lent & { kubeconfig?: string }): string =>
    reproduceCommands({ ...harness, commit: null }, what, { seed: 42, jobs: 6 }).at(-1) ?? '';

  it('name how a lent cluster was used, as one shell reads it, and no Kubernetes minor', () => {
    expect(commandOf(lent)).to.equal(
      "KUBECONFIG='/home/me/one:/home/me/my cluster' npm run lpv -- run --context 'it'\\''s staging' " +
        "--as system:serviceaccount:ci:lpv --as-group sre --as-group 'on call' --nodes a.example,b --no-agent " +
        '--disruptive --disks /var/mnt --registry registry.example:5000/lpv --agent-image agent@sha256:0 ' +
        '--grep=-wait --needs api --seed 42 --jobs 6 --strict',
    );
  });

  it('are read by a shell as the words that were given, and by `lpv run` as the same options', () => {
    const command = commandOf(lent).replace(/^.*? npm run lpv -- run /, "printf '%s\\0' ");
    const words = execFileSync('sh', ['-c', command], { encoding: 'utf8' }).split('\0').slice(0, -1);
    const { kubeconfigFiles: _, kubernetes: __, ...given } = lent;
    expect(readRunOptions(words)).to.deep.include({ ...given, seed: 42, jobs: 6 });
  });

  it('name a kubeconfig instead of the variable that it takes the place of', () => {
    expect(commandOf({ ...lent, kubeconfig: '~/k' })).to.match(/^npm run lpv -- run --kubeconfig '~\/k' --context /);
    expect(reproduceCommands(harness, { ...asked, kubeconfigFiles: '/k' }, {}).join()).not.to.include('KUBECONFIG');
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
    ['a shard', { shard: { index: 2, of: 4 } }, { seed: 1 }, '--kubernetes 1.37 --shard 2/4 --seed 1'],
    ['a product', { product: 'p.yaml', repeat: 3 }, {}, '--kubernetes 1.37 --repeat 3 --product p.yaml'],
  ] as const) {
    it(`name ${title}`, () => {
      const commands = reproduceCommands({ ...harness, commit: null }, { ...asked, ...change }, decided);
      expect(commands).to.deep.equal(['npm ci', `npm run lpv -- run ${command}`]);
      expect(() => readRunOptions(command.split(' '))).not.to.throw();
    });
  }
});
