import { reportInfrastructureTo } from '../../specs/runner/infrastructure.ts';
import type { Trace } from '../../specs/trace/trace.ts';
import type { Action } from '../run/actions.ts';
import { type BindingMode, playTraced } from './play.ts';

/** The step of `lpv trace` that plays the scenario in a binding mode and adds its trace to `traces`. */
export function playAction(mode: BindingMode, traces: Trace[]): Action {
  return {
    name: `scenario-${mode.toLowerCase()}`,
    title: `Playing the scenario, ${mode}`,
    deadline: 3 * 60_000,
    async perform({ progress, signal }) {
      using _told = reportInfrastructureTo(progress);
      const trace = await playTraced(mode, signal);
      progress.note(`the pod ${trace.outcome.sentence}`);
      traces.push(trace);
    },
  };
}
