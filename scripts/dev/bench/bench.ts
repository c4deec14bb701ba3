import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import { exitStatus } from '../../../clusters/errors/exit-status.ts';
import type { RunEvent } from '../../../specs/runner/events.ts';
import { performAll, undoAll } from '../../run/actions.ts';
import { planCluster } from '../../run/cluster/plan.ts';
import { ClusterState } from '../../run/cluster/state.ts';
import { clusterSteps } from '../../run/cluster/steps.ts';
import { recordStep } from '../../run/record-step.ts';
import { beginSession } from '../../run/session.ts';
import { harnessFacts } from '../../run/surroundings.ts';
import { compare } from './compare.ts';
import { type Figure, renderFigures } from './figures.ts';
import { measureDisks, measurePods } from './measure.ts';
import { measureCommands } from './measure-commands.ts';
import { benchProcessors } from './processors.ts';
import { benchStart } from './start.ts';

/** How often each thing is measured; the machine is shared, so medians count, and ratios more than figures. */
const rounds = Number(process.env.LPV_BENCH_ROUNDS ?? 10);

/** Measures a cluster's start, pods with local volumes in both binding modes, and disks; prints the figures. */
async function bench(): Promise<void> {
  const plan = await planCluster({ image: 'auto', kubernetes: undefined, install: true });
  const state = new ClusterState();
  await using session = await beginSession({ verb: 'bench', reports: 'reports' });
  const { target, events, journal, signal } = session;
  const phases: Figure[] = [];
  events.subscribe(phaseReader(phases));
  const steps = clusterSteps(plan, target, state).concat(
    recordStep({ target, state, plan, harness: await harnessFacts(), stays: false }),
  );
  const performance = await performAll(steps, { events, journal, signal });
  let figures: Figure[] = [...phases];
  if (performance.outcome === 'done') {
    figures = figures.concat(await measurePods(rounds), await measureCommands(rounds), await measureDisks(rounds));
    state.logsWanted = false;
    await undoAll(steps, { events, journal });
  }
  const status = await session.finish();
  if (performance.outcome === 'done') {
    await writeFile(join(target.folder, 'bench.json'), `${JSON.stringify(figures, null, 2)}\n`);
    process.stdout.write(`\n${renderFigures(figures)}\n`);
  }
  process.exitCode = exitStatus[status];
}

/** Makes a figure of each step, and one of all of them: the time of `lpv up`. */
function phaseReader(figures: Figure[]): (event: RunEvent) => void {
  return (event) => {
    if (event.kind !== 'action-finished' || event.direction !== 'perform') return;
    figures.push({ what: event.title, seconds: [event.milliseconds / 1000] });
  };
}

try {
  const [first, ...rest] = process.argv.slice(2);
  if (first === undefined) await bench();
  else if (first === '--start') process.exitCode = exitStatus[await benchStart(rest)];
  else if (first === '--processors') process.exitCode = exitStatus[await benchProcessors(rest)];
  else process.exitCode = exitStatus[await compare([first, ...rest])];
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = exitStatus[error instanceof DomainError ? error.exit : 'environment'];
}
process.exit();
