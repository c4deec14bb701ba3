import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { verbs } from '../main.ts';
import { completionScript } from './completion.ts';

const commands = verbs.map(({ command }) => command);

/** Returns what bash offers for the last of these words. */
function offered(...words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _lpv; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${completionScript('bash', commands)}\n${ask}`], {
    encoding: 'utf8',
  });
  expect(stderr).to.equal('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('lpv completion', () => {
  it('completes verbs in bash', () => {
    expect(offered('lpv', 'cl')).to.deep.equal(['clean', 'clusters']);
    expect(offered('lpv', '')).to.include.members(commands.map((command) => command.name()));
  });

  it('completes options of the verb in bash', () => {
    expect(offered('lpv', 'run', '--ke')).to.deep.equal(['--keep']);
    expect(offered('lpv', 'list', '--js')).to.deep.equal(['--json']);
    expect(offered('lpv', 'run', '--js')).to.deep.equal([]);
  });

  it('completes values in bash, after a space and after an equals sign', () => {
    expect(offered('lpv', 'run', '--keep', '')).to.deep.equal(['never', 'failure', 'always']);
    expect(offered('lpv', 'run', '--keep', '=', 'f')).to.deep.equal(['failure']);
    expect(offered('lpv', 'run', '--keep', '=')).to.deep.equal(['never', 'failure', 'always']);
    expect(offered('lpv', 'up', '--image', 'b')).to.deep.equal(['built']);
    expect(offered('lpv', 'completion', '')).to.deep.equal(['bash', 'zsh', 'fish']);
    expect(offered('lpv', 'run', '--seed', '')).to.deep.equal([]);
  });

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    it(`is a script that ${shell} can read`, function () {
      const { error, status, stderr } = spawnSync(shell, ['-n', '-c', completionScript(shell, commands)], {
        encoding: 'utf8',
      });
      // Not every machine has each shell.
      if (error && 'code' in error && error.code === 'ENOENT') this.skip();
      expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    });
  }

  it('completes in fish', function () {
    const ask = `${completionScript('fish', commands)}\ncomplete -C 'lpv run --keep '`;
    const { error, stdout } = spawnSync('fish', ['-N', '-c', ask], { encoding: 'utf8' });
    if (error && 'code' in error && error.code === 'ENOENT') this.skip();
    expect(stdout.split('\n').flatMap((line) => line.split('\t')[0] || [])).to.have.members([
      'always',
      'failure',
      'never',
    ]);
  });
});
