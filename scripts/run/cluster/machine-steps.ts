import { join } from 'node:path';
import { Engine, probeEngine } from '../../../clusters/host/engine/engine.ts';
import { engineMissing } from '../../../clusters/host/engine/engine-errors.ts';
import { describeStep, inspectEngineHost, install, planInstallation } from '../../../clusters/host/engine/install.ts';
import { judge, refusal } from '../../../clusters/host/machine/checks.ts';
import { readMachineFacts } from '../../../clusters/host/machine/facts.ts';
import type { Action } from '../actions.ts';
import type { ClusterPlan } from './plan.ts';
import type { ClusterState } from './state.ts';

const minute = 60_000;

/**
 * Returns the first step: refuses a machine on which a cluster with disks cannot run. A unit test gives facts of its
 * own.
 */
export function machineStep(state: ClusterState, look: typeof lookAround = lookAround): Action {
  return {
    name: 'machine',
    title: 'Looking at this machine',
    deadline: minute,
    async perform({ progress, signal }) {
      const facts = await look(signal);
      state.engineState = facts.engine;
      const findings = judge(facts);
      for (const { check, state: level, seen, remedy } of findings)
        if (level === 'warning') progress.note(`${check}: ${seen}; ${remedy}`);
      // A missing engine is the next step's work: it may be installed.
      const others =
        facts.engine.kind === 'answers' ? findings : findings.filter(({ check }) => check !== 'container engine');
      const refused = refusal(others);
      if (refused) throw refused;
    },
  };
}

async function lookAround(signal: AbortSignal) {
  return await readMachineFacts(await probeEngine(signal));
}

/** Uses the engine that answers; installs or starts one where that is allowed and possible. */
export function engineStep(plan: ClusterPlan, state: ClusterState): Action {
  return {
    name: 'engine',
    title: 'Finding the container engine',
    deadline: 15 * minute,
    async perform({ progress, signal }) {
      const answer = state.engineState ?? (await probeEngine(signal));
      if (answer.kind === 'answers') {
        state.engine = new Engine(answer.facts);
        return;
      }
      // Others are running already: only the user can know what ails them.
      if (answer.kind !== 'no client' && answer.kind !== 'no daemon') throw engineMissing(answer, []);
      const pins = plan.versions.engine;
      const steps = planInstallation(await inspectEngineHost(pins, signal), pins);
      if (!plan.mayInstall || steps.length === 0)
        throw engineMissing(
          answer,
          steps.flatMap(({ commands }) => commands),
        );
      progress.note(`no container engine answers; ${steps.map(describeStep).join(', then ')}`);
      state.engine = new Engine(await install(steps, join(plan.cacheFolder, 'engine'), progress, signal));
    },
  };
}

/** Returns the engine for an undo in a later process; only an engine says whether something was left. */
export async function engineForUndo(signal: AbortSignal): Promise<Engine> {
  const state = await probeEngine(signal);
  if (state.kind !== 'answers') throw engineMissing(state, []);
  return new Engine(state.facts);
}
