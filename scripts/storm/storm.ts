import { cpus, release, totalmem } from 'node:os';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { EngineNode, onNode } from '../../clusters/nodes/node.ts';
import { duration } from '../../clusters/text/duration.ts';
import type { Ending } from '../report/model/ending.ts';
import { type Action, performAll, undoAll } from '../run/actions.ts';
import type { ClusterPlan } from '../run/cluster/plan.ts';
import { ClusterState } from '../run/cluster/state.ts';
import { clusterSteps } from '../run/cluster/steps.ts';
import { beginSession } from '../run/session.ts';
import { harnessFacts } from '../run/surroundings.ts';
import { measureCell, stormDeadline } from './cell.ts';
import { clientLimits, type Limits, loadText, type PlannedCell } from './cells.ts';
import { beginKwok, stormConfiguration } from './cluster.ts';
import { playedNames, providePlayedNodes } from './nodes.ts';
import { volumePath } from './objects.ts';
import { writeStormPage } from './report/page.ts';
import { measuredCells, type Storm, type StormCell, stormVersion, writeStorm } from './report/storm-file.ts';
import { cellLine } from './report/table.ts';

/** What a storm measures, and on which cluster. All of it is read and checked; nothing is created yet. */
export interface StormPlan {
  plan: ClusterPlan;
  limits: Limits;
  cells: readonly PlannedCell[];
  /** After so many milliseconds no further cell is begun. */
  time: number;
  /** Milliseconds that the claims of a cell may take; undefined: as many as {@link stormDeadline} says. */
  within?: number | undefined;
}

/** How a storm ended. */
export interface StormOutcome {
  exitStatus: ExitStatus;
  storm: Storm;
  folder: string;
}

/** Measures the cells one after the other on one cluster, and writes storm.yaml and storm.html into a new folder. */
export async function runStorm(
  { plan, limits, cells, time, within }: StormPlan,
  reports: string,
): Promise<StormOutcome> {
  const begun = performance.now();
  const date = new Date().toISOString();
  const [state, harness] = [new ClusterState(), await harnessFacts()];
  const measured: StormCell[] = [];
  await using session = await beginSession({ verb: 'storm', reports, judged: () => judge(measured) });
  const { target, events, journal, signal } = session;
  signal.addEventListener('abort', () => state.forgoLogs());
  using kwok = beginKwok(plan, target, signal);
  const configured = { ...plan, configuration: stormConfiguration(plan.configuration, limits), disks: [] };
  const steps = [...clusterSteps(configured, target, state), kwok.step];
  const report = (): Storm => ({
    ...stormVersion,
    run: target.run,
    date,
    milliseconds: Math.round(performance.now() - begun),
    verdict: session.ending().verdict,
    environment: {
      kubernetes: state.kubernetes ?? plan.minor.name,
      limits,
      kwok: plan.versions.kwok.version,
      harness: [harness.version, ...(harness.commit ? [harness.commit.slice(0, 12)] : [])].join(' '),
      node: process.version,
      kernel: state.engine?.facts.kernel ?? release(),
      cpus: state.engine?.facts.cpus || cpus().length,
      memoryBytes: state.engine?.facts.memoryBytes || totalmem(),
    },
    cells: measured,
  });
  const performed = await performAll(steps, { events, journal, signal });
  const actions: Action[] = [];
  const until = performance.now() + time;
  let over = performed.outcome === 'done' ? undefined : 'the storm had ended';
  for (const [index, cell] of cells.entries()) {
    if (performance.now() > until) over ??= `the time of the storm, ${duration(time)}, was over`;
    if (over !== undefined) {
      measured.push(skipped(cell, over));
      continue;
    }
    const [number, last] = [index + 1, index === cells.length - 1];
    const action = cellAction(cell, { number, last, plan, limits, within, state, lost: kwok.lost(), measured });
    actions.push(action);
    const { outcome } = await performAll([action], { events, journal, signal, keep: () => true });
    if (outcome !== 'done') {
      over = 'the storm had ended';
      measured.push(skipped(cell, 'it was not measured to its end'));
    }
    // A storm that is killed later has what it measured.
    writeStorm(target.folder, report());
  }
  state.logsWanted = session.ending().exitStatus !== 'conforms' && !signal.aborted;
  await undoAll([...steps, ...actions], { events, journal });
  const storm = report();
  await session.attempt('Writing the report', () => writeReport(target.folder, storm));
  return { exitStatus: await session.finish(), storm, folder: target.folder };
}

async function writeReport(folder: string, storm: Storm): Promise<void> {
  writeStorm(folder, storm);
  await writeStormPage(folder, storm);
}

/** Returns the step that measures one cell, and adds what it came to. */
function cellAction(
  cell: PlannedCell,
  on: {
    number: number;
    last: boolean;
    plan: ClusterPlan;
    limits: Limits;
    within: number | undefined;
    state: ClusterState;
    lost: AbortSignal;
    measured: StormCell[];
  },
): Action {
  const { number, last, plan, limits, within = stormDeadline(cell.claims), state, lost, measured } = on;
  const { qps, burst } = clientLimits[limits].controllerManager;
  return {
    name: `cell-${number}`,
    title: loadText(cell),
    // Volumes to become Available, the storm, and everything to be gone; each has a deadline of its own.
    deadline: 600_000 + 3 * stormDeadline(cell.claims) + 500 * cell.nodes,
    async perform({ progress, signal: ofStep }) {
      const signal = AbortSignal.any([ofStep, lost]);
      const client = state.need('client');
      const real = state.nodes.map(({ name, container }) => new EngineNode(name, container));
      try {
        await providePlayedNodes(client, cell.nodes, { progress, signal });
        if (cell.nodes === 0)
          await Promise.all(real.map((node) => onNode(node, ['mkdir', '-p', volumePath], { signal })));
        const control = plan.configuration.shape.nodes.find(({ role }) => role === 'control-plane');
        const controlPlane = real.find(({ name }) => name === control?.name);
        if (controlPlane === undefined) throw new Error('no node has the control plane');
        const result = await measureCell(cell, {
          client,
          controlPlane,
          nodes: cell.nodes === 0 ? real.map(({ name }) => name) : playedNames(cell.nodes),
          image: plan.versions.podImage.name,
          number,
          refill: (1_000 * burst) / qps,
          within,
          last,
          progress,
          signal,
        });
        measured.push(result);
        progress.note(cellLine(result));
      } finally {
        for (const node of real) node[Symbol.dispose]();
      }
    },
  };
}

function skipped(cell: PlannedCell, reason: string): StormCell {
  return { ...cell, outcome: 'skipped', reason, violations: [], unfinished: { count: 0, some: [] } };
}

/**
 * Returns what the cells of a storm have shown. An invariant that did not hold is held against Kubernetes. Claims that
 * were not finished in time are not: the machine may be too slow for them, and nothing was shown.
 */
export function judge(cells: readonly StormCell[]): Ending {
  const of = (outcome: StormCell['outcome']) => cells.filter((cell) => cell.outcome === outcome);
  const measured = measuredCells({ cells });
  const [violated, unfinished, left] = [of('violated'), of('unfinished'), of('skipped').length];
  const all = `${measured.length} ${measured.length === 1 ? 'cell' : 'cells'}`;
  const [first] = violated;
  if (first)
    return {
      exitStatus: 'doesNotConform',
      verdict: `does not conform: in ${violated.length} of ${all} an invariant did not hold: ${first.violations[0]}`,
    };
  const [slow] = unfinished;
  if (slow)
    return {
      exitStatus: 'environment',
      verdict: `not all was shown: in ${unfinished.length} of ${all} claims were not bound and scheduled in time, ${slow.unfinished.count} of ${slow.claims}: ${slow.unfinished.some.slice(0, 3).join(', ')}`,
    };
  if (measured.length === 0) return { exitStatus: 'doesNotConform', verdict: 'proves nothing: no cell was measured' };
  const claims = measured.reduce((sum, cell) => sum + cell.claims, 0);
  const rest = left === 0 ? '' : `; ${left} ${left === 1 ? 'cell was' : 'cells were'} not begun`;
  return {
    exitStatus: 'conforms',
    verdict: `conforms: ${claims} claims in ${all} were bound and scheduled, and every invariant held${rest}`,
  };
}
