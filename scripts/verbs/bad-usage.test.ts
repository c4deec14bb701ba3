import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { exitStatus } from '../../clusters/errors/exit-status.ts';
import { projectRoot } from '../../clusters/project-root.ts';
import type * as Main from '../main.ts';
import { readReport } from '../report/model/report-file.ts';
import { keepPrinted } from './printed-for-tests.ts';

/** A way to use the command that it has to refuse, in words, before it makes anything. */
interface Case {
  title: string;
  args: readonly string[];
  /** A file of the project that is changed first. */
  broken?: { file: string; change: (text: string) => string };
  /** Whether it loads the specs, which a process can do once. */
  loadsSpecs?: boolean;
  says: readonly RegExp[];
}

const disk = (mountPath: string, more = 'size: 64Mi', node = 'node3') =>
  `  - node: ${node}\n    name: ${/\w+$/.exec(mountPath)?.[0].toLowerCase()}\n    mountPath: ${mountPath}\n    fileSystem: ext4\n    ${more}\n`;
const disks = (...entries: string[]) => ({ file: 'clusters/disks.yaml', change: () => `disks:\n${entries.join('')}` });

const cases: readonly Case[] = [
  {
    title: 'an unknown Kubernetes minor',
    args: ['up', '--kubernetes=1.99'],
    says: [/known minors: 1\.37/, /write --kub/],
  },
  {
    title: 'a text that no spec has',
    args: ['run', '--grep=no-such-words'],
    loadsSpecs: true,
    says: [/none of \d+ specs/, /lpv -- list/],
  },
  {
    title: 'an id that no requirement has, beside one that is known',
    args: ['run', '--grep=SEED-1,SEDE-2'],
    says: [/no requirement has the id SEDE-2/, /did you mean SEED-2\?/],
  },
  {
    title: 'the same for a list',
    args: ['list', '--grep=SEED-1,SEED-999'],
    says: [/no requirement has the id SEED-999/],
  },
  {
    title: 'a cluster that is not ours',
    args: ['down', 'theirs'],
    says: [/no cluster of ours/, /has a record of making/, /lpv -- clusters lists them/],
  },
  {
    title: 'a folder for reports below a file',
    args: ['run', '--report=/dev/null/x'],
    says: [/on: +--report \/dev\/null\/x/, /\/dev\/null is not a folder/],
  },
  {
    title: 'a folder for reports where none can be created',
    args: ['run', '--report=/proc/x'],
    says: [/on: +--report \/proc\/x/, /nothing was created/],
  },
  {
    title: 'a folder for the traces below a file',
    args: ['trace', '--report=/dev/null/x'],
    says: [/\/dev\/null is not a folder/],
  },
  {
    title: 'a product that is not there',
    args: ['run', '--product=PRODUCT.yaml'],
    says: [/PRODUCT\.yaml:1:1: there is no such file/],
  },
  {
    title: 'a page of a comparison in place of a report',
    args: ['diff', 'a/report.yaml', 'b/report.yaml', '--html=a/../b/report.yaml'],
    says: [/--html a\/\.\.\/b\/report\.yaml would replace one of the reports/],
  },
  {
    title: 'a product that never ends',
    args: ['run', '--product=/dev/zero'],
    says: [/\/dev\/zero:1:1: it is a pipe or a device/],
  },
  {
    title: 'disks that cannot be',
    args: ['up'],
    broken: disks(
      disk('/mnt/disks/a', 'size: 64Mi', 'nod3'),
      disk('/mnt/disks/b', 'size: 0'),
      disk('/mnt/disks/c', 'size: 10 megs'),
      disk('/mnt/disks/../d'),
      disk('mnt/disks/e'),
      disk('/srv/f'),
      disk('/mnt/disks/g'),
      disk('/mnt/disks/g'),
    ),
    says: [
      /clusters\/disks\.yaml:2:11: disks\[0\]\.node: there is no node nod3; did you mean node3\?/,
      /:11:11: disks\[1\]\.size: 0 is too small/,
      /:16:11: disks\[2\]\.size: 10 megs is not a size/,
      /:19:16: disks\[3\]\.mountPath: .*has \.\. in it/,
      /:24:16: disks\[4\]\.mountPath: .*not an absolute path/,
      /:29:16: disks\[5\]\.mountPath: .*not under \/mnt\/disks/,
      /:39:16: disks\[7\]\.mountPath: disks\[6\] on node3 is mounted at \/mnt\/disks\/g too/,
      /correct the file; nothing was created/,
    ],
  },
  {
    title: 'an unknown key and a wrong type',
    args: ['image'],
    broken: disks(disk('/mnt/disks/a', 'sise: 64Mi'), disk('/mnt/disks/b', 'size: [64Mi]')),
    says: [/disks\[0\]\.sise: .*did you mean size\?/, /:11:11: disks\[1\]\.size: this is not a size/],
  },
  {
    title: 'a wrong manifest',
    args: ['run'],
    broken: { file: 'fixtures/scenario/claim.yaml', change: (text) => text.replace('name: ', 'name: My-') },
    says: [/fixtures\/scenario\/claim\.yaml:4:9: metadata\.name: .*capital letters/],
  },
];

interface Seen {
  status: number | null;
  stdout: string;
  stderr: string;
  /** What lies in the folder that it was started in, and of the engine's calls. */
  made: string[];
}

/** Returns the folder in which a command is used, and an environment with an engine that only notes that it was called. */
async function surroundings(folder: string, path?: string): Promise<{ work: string; env: NodeJS.ProcessEnv }> {
  const [work, programs] = [join(folder, 'work'), join(folder, 'programs')];
  for (const made of [work, programs]) await mkdir(made, { recursive: true });
  await writeFile(join(programs, 'docker'), `#!/bin/sh\n: >'${work}/engine-was-called'\nexit 1\n`);
  await chmod(join(programs, 'docker'), 0o755);
  const env = {
    PATH: path ?? `${programs}:${process.env.PATH}`,
    LPV_STATE_HOME: join(work, 'state'),
    LPV_CACHE_HOME: join(work, 'cache'),
    NODE_OPTIONS: '',
    GITHUB_ACTIONS: '',
  };
  return { work, env };
}

/** Uses the command in a process of its own. */
async function refuse(folder: string, { args, broken }: Pick<Case, 'args' | 'broken'>, path?: string): Promise<Seen> {
  const project = broken === undefined ? projectRoot : await copyOfProject(join(folder, 'project'));
  if (broken !== undefined) {
    const file = join(project, broken.file);
    await writeFile(file, broken.change(await readFile(file, 'utf8')));
  }
  const { work, env } = await surroundings(folder, path);
  const child = spawn(process.execPath, [join(project, 'scripts', 'lpv.js'), ...args], {
    cwd: work,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const seen = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => {
    seen.stdout += text;
  });
  child.stderr.on('data', (text) => {
    seen.stderr += text;
  });
  const [status] = await once(child, 'close');
  return { status, ...seen, made: await readdir(work) };
}

/** Uses the command in this process, which has loaded most of it already. */
async function refuseHere(folder: string, args: readonly string[], printed: () => string): Promise<Seen> {
  // Mocha requires unit tests; verbs are imported, and the errors that both know are the imported ones.
  const { main } = (await import(new URL('../main.ts', import.meta.url).href)) as typeof Main;
  const { work, env } = await surroundings(folder);
  const before = { directory: process.cwd(), env: { ...process.env } };
  let [out, stderr] = ['', ''];
  process.chdir(work);
  Object.assign(process.env, env);
  try {
    const status = await main(args, {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        stderr += text;
      },
    });
    return { status: exitStatus[status], stdout: out + printed(), stderr, made: await readdir(work) };
  } finally {
    process.chdir(before.directory);
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before.env);
  }
}

/** The files of the project, to be broken; packages are not copied. */
async function copyOfProject(folder: string): Promise<string> {
  for (const part of ['package.json', 'clusters', 'fixtures', 'scripts', 'specs'])
    await cp(join(projectRoot, part), join(folder, part), { recursive: true });
  await symlink(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe('the command refuses, with nothing made and no engine asked,', function () {
  this.timeout(60_000);
  let folder: string;
  const printed = keepPrinted();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-bad-usage-'));
  });

  afterEach(async () => await rm(folder, { recursive: true }));

  for (const one of cases) {
    it(one.title, async () => {
      const apart = one.broken !== undefined || one.loadsSpecs;
      const { status, stdout, stderr, made } = await (apart
        ? refuse(folder, one)
        : refuseHere(folder, one.args, printed));
      expect(stderr).not.to.match(/not foreseen|\n\s+at /);
      for (const text of one.says) expect(stderr).to.match(text);
      expect({ status, stdout, made }).to.deep.equal({ status: exitStatus.badUsage, stdout: '', made: [] });
    });
  }

  it('a machine without Docker, where it may not install one', async () => {
    const bare = join(folder, 'bare');
    await mkdir(bare);
    // What it needs to run programs at all; no docker, no apt.
    for (const name of ['bash', 'sh', 'which', 'env']) {
      const found = (process.env.PATH ?? '').split(':').map((place) => join(place, name));
      const program = found.find((candidate) => existsSync(candidate));
      if (program !== undefined) await symlink(program, join(bare, name));
    }
    const { status, stdout, made } = await refuse(folder, { args: ['run', '--no-install', '--grep=SEED-6'] }, bare);
    expect(stdout).to.match(/✗ Finding the container engine/);
    expect(stdout).to.match(/no docker command on PATH\s+do: .*(--no-install|install Docker Engine)/);
    expect(stdout).not.to.match(/Creating the cluster/);
    // A report says what was tried; no run is on record that would have to be cleaned.
    expect({ status, made }).to.deep.equal({ status: exitStatus.environment, made: ['reports'] });
    const reports = join(folder, 'work', 'reports');
    const [name = ''] = await readdir(reports);
    const report = await readReport(join(reports, name, 'report.yaml'));
    expect(report).to.include({ result: 'failure', verdict: 'not finished: Finding the container engine failed' });
    expect(report.requirements[0]).to.include({
      result: 'skipped',
      reason: 'not run: Finding the container engine failed',
    });
    expect(report.steps.map(({ outcome }) => outcome)).to.deep.equal(['done', 'failed']);
  });
});
