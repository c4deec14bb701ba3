import { DomainError } from '../../../clusters/errors/domain-error.ts';
import type { ExitStatus } from '../../../clusters/errors/exit-status.ts';
import { headlineOf, statisticsOf } from './counts.ts';
import type { ReportedRequirement } from './report.ts';
import type { Summary } from './summary.ts';

/** How a run ended: for the process that asked for it, and as the sentence that a person reads. */
export interface Ending {
  exitStatus: ExitStatus;
  verdict: string;
}

/** What specs have shown; a verb without specs has no such value. */
interface Shown {
  requirements: readonly ReportedRequirement[];
  outside: readonly unknown[];
}

/**
 * Returns how a run ended. An interruption comes first; then a step that failed, because what follows it says
 * nothing about the requirements; then the specs, which never conform where one of them gave no result or none has
 * shown anything. Something left behind is a fault of the environment. `judged` is what a verb without specs has shown.
 */
export function endingOf(summary: Summary, shown: Shown | undefined, judged?: Ending): Ending {
  const { interrupted, actions } = summary;
  const broken = actions.find(({ direction, outcome }) => direction === 'perform' && outcome === 'failed');
  const leftBehind = actions.find(({ direction, outcome }) => direction === 'undo' && outcome === 'failed');
  if (interrupted) return { exitStatus: 'interrupted', verdict: `interrupted by ${interrupted}` };
  if (broken) return { exitStatus: statusOfError(broken.error), verdict: `not finished: ${broken.title} failed` };
  const refuted = shown && refutationOf(summary, shown);
  if (refuted !== undefined) return { exitStatus: 'doesNotConform', verdict: refuted };
  if (judged && judged.exitStatus !== 'conforms') return judged;
  if (leftBehind)
    return { exitStatus: 'environment', verdict: `something was left behind: ${leftBehind.title} failed` };
  if (summary.strict && shown?.requirements.some(({ result }) => result === 'skipped'))
    return { exitStatus: 'environment', verdict: `not all was shown: ${headlineOf(shown.requirements)}` };
  return judged ?? { exitStatus: 'conforms', verdict: shown ? `conforms: ${headlineOf(shown.requirements)}` : 'done' };
}

/** Returns why what was shown does not conform; undefined where it does. */
function refutationOf({ planned = 0, specs }: Summary, { requirements, outside }: Shown): string | undefined {
  const { passed, failed, knownIssue } = statisticsOf(requirements);
  if (failed + outside.length > 0) {
    const beside = outside.length > 0 ? [`${outside.length} failed outside of requirements`] : [];
    return `does not conform: ${[headlineOf(requirements), ...beside].join('; ')}`;
  }
  const missing = planned - specs.length;
  if (missing > 0) return `proves nothing: ${missing} specs gave no result`;
  return passed + knownIssue === 0 ? 'proves nothing: no spec passed' : undefined;
}

/** Returns the exit status of a failed step: its error may name one, but it cannot make a run conform. */
function statusOfError(error: unknown): ExitStatus {
  return error instanceof DomainError && error.exit !== 'conforms' ? error.exit : 'environment';
}
