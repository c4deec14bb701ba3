import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readVersions } from '../../clusters/configuration/versions.ts';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import { type ExitStatus, exitStatus } from '../../clusters/errors/exit-status.ts';
import { outliveReaders } from '../command-line/outlive-readers.ts';
import { terminalManners } from '../report/formats/terminal.ts';
import { cacheFolder } from '../run/cluster/plan.ts';
import { checks } from './checks/checks.ts';
import { clusterStage } from './checks/cluster-stage.ts';
import { Interruptions } from './checks/interruptions.ts';
import { planTests } from './checks/plan.ts';
import { Tally } from './checks/tally.ts';

/** Runs what the command line asks for, stage by stage; the last line sums everything up. */
async function test(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<ExitStatus> {
  const plan = planTests(argv, environment, (await readVersions()).minors);
  using interruptions = new Interruptions(process);
  const tally = new Tally((text) => process.stdout.write(text), terminalManners(process.stdout, environment).color);
  const { signal } = interruptions;
  for (const check of checks(cacheFolder(environment))) {
    if (plan.checks === 'all' || plan.checks.includes(check.name)) await tally.perform(check, signal);
  }
  const launcher = fileURLToPath(new URL('../lpv.js', import.meta.url));
  for (const run of plan.runs) {
    const stage = clusterStage(run, (args) => {
      const child = spawn(process.execPath, [launcher, ...args], {
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
      });
      return interruptions.passOnTo(child);
    });
    // A cluster says little about a tree that does not even pass its own checks.
    if (tally.checksFailed) tally.skip(stage.title, 'a check failed');
    else await tally.perform(stage, signal);
  }
  return tally.finish(signal.aborted);
}

outliveReaders();
try {
  process.exitCode = exitStatus[await test(process.argv.slice(2), process.env)];
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = exitStatus[error instanceof DomainError ? error.exit : 'environment'];
}
