import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { projectRoot } from '../../clusters/project-root.ts';
import { readRunOptions } from '../verbs/run.ts';

interface Step {
  id?: string;
  name: string;
  run?: string;
  uses?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

describe('the GitHub Action', () => {
  const text = readFileSync(join(projectRoot, 'action.yml'), 'utf8');
  const action = parse(text) as {
    inputs: Record<string, { default: string }>;
    outputs: Record<string, { value: string }>;
    runs: { steps: Step[] };
  };
  const { steps } = action.runs;
  const scripts = steps.filter((step) => step.run !== undefined);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lpv-action-'));
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'action'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Makes a program for the steps that notes its folder and its arguments, and ends with a status. */
  const standIn = (name: string, status: number): void => {
    const file = join(folder, 'bin', name);
    const notes = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n{ pwd; printf '%s\\0' "$@"; } >'${notes}'\nexit ${status}\n`);
    chmodSync(file, 0o755);
  };

  /** Runs a step's script as GitHub does, with these inputs; `status` is that of the program that it starts. */
  const run = (step: Step | undefined, inputs: Record<string, string> = {}, status = 0) => {
    const given = { ...Object.fromEntries(Object.entries(action.inputs).map(([k, v]) => [k, v.default])), ...inputs };
    const filled = Object.entries(step?.env ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ inputs\.([\w-]+) \}\}/g, (_, input: string) => given[input] ?? ''),
    ]);
    for (const noted of ['node', 'npm', 'output']) rmSync(join(folder, noted), { force: true });
    standIn('node', status);
    standIn('npm', status);
    const script = join(folder, 'script.sh');
    writeFileSync(script, step?.run ?? '');
    const ended = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...Object.fromEntries(filled),
        PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
        GITHUB_ACTION_PATH: join(folder, 'action'),
        GITHUB_OUTPUT: join(folder, 'output'),
      },
    });
    const noted = (name: string) =>
      existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined;
    const [program, verb, ...argv] = (noted('node') ?? '').replace(/^.*\n/, '').split('\0').slice(0, -1);
    return {
      status: ended.status,
      stdout: ended.stdout,
      program,
      verb,
      argv,
      npm: noted('npm'),
      output: noted('output'),
    };
  };
  const specs = steps.find(({ id }) => id === 'run');

  it('puts no input and no output into a script', () => {
    expect(scripts.length).to.be.greaterThan(0);
    for (const step of scripts) expect(step.run, step.name).not.to.include('${{');
  });

  it('uses every input, and each output is one of the step that runs the specs', () => {
    const used = JSON.stringify(steps);
    for (const input of Object.keys(action.inputs)) expect(used, input).to.include(`inputs.${input}`);
    for (const [name, { value }] of Object.entries(action.outputs))
      expect(value).to.equal(`\${{ steps.run.outputs.${name} }}`);
  });

  it('uses other actions by their commits, with the version in a comment', () => {
    const uses = text.split('\n').filter((line) => line.includes('uses:'));
    expect(uses).to.have.length(steps.filter((step) => step.uses).length);
    for (const line of uses) expect(line).to.match(/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('installs its own packages, from the lock', () => {
    const { npm, status } = run(scripts[0]);
    expect({ npm, status }).to.deep.equal({ npm: `${join(folder, 'action')}\nci\0`, status: 0 });
  });

  it('runs everything on a cluster of its own by default', () => {
    const { program, verb, argv, status, output } = run(specs);
    expect({ program, verb, argv, status }).to.deep.equal({
      program: join(folder, 'action', 'scripts', 'lpv.js'),
      verb: 'run',
      argv: ['--report=reports'],
      status: 0,
    });
    expect(output).to.equal('exit-status=0\n');
  });

  it('hands its inputs on as options that lpv understands', () => {
    const own = run(specs, {
      kubernetes: '1.36',
      grep: '/binds? /',
      level: 'core',
      report: 'x y',
      'fail-on': 'skipped',
    });
    expect(readRunOptions(own.argv)).to.deep.include({
      kubernetes: ['1.36'],
      grep: '/binds? /',
      level: 'core',
      report: 'x y',
      strict: true,
    });
    const lent = run(specs, { kubeconfig: 'a b.yaml' });
    expect(readRunOptions(lent.argv)).to.include({ kubeconfig: 'a b.yaml', yes: true });
  });

  for (const hostile of [
    '"; touch hacked; "',
    '$(touch hacked)',
    '`touch hacked`',
    "'\ntouch hacked\n'",
    '--help',
    '*',
  ]) {
    it(`takes ${JSON.stringify(hostile)} for text`, () => {
      for (const input of ['kubernetes', 'kubeconfig', 'grep', 'level', 'report']) {
        const { argv } = run(specs, { [input]: hostile });
        expect(argv.filter((word) => word === `--${input}=${hostile}`)).to.have.length(1);
      }
      expect(run(specs, { 'fail-on': hostile })).to.include({ status: 2, program: undefined });
      expect(existsSync(join(folder, 'hacked'))).to.equal(false);
    });
  }

  for (const [failOn, status, ends] of [
    ['failure', 1, 1],
    ['failure', 0, 0],
    ['skipped', 3, 3],
    ['never', 1, 0],
    ['never', 2, 2],
    ['never', 3, 3],
    ['never', 130, 130],
  ] as const) {
    it(`ends with ${ends} where lpv ends with ${status} and the step fails on ${failOn}`, () => {
      const ended = run(specs, { 'fail-on': failOn }, status);
      expect(ended).to.include({ status: ends, output: `exit-status=${status}\n` });
    });
  }
});
