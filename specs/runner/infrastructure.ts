import { type Progress, silent } from '../../clusters/text/progress.ts';

// One place per process, even where a loader gives the spec files module instances of their own.
const place = Symbol.for('local-pv-conformance.infrastructure');
const shared = globalThis as { [place]?: Progress };

/** Whom the infrastructure under the specs tells of broken watches and repeated steps: the report counts them. */
export const infrastructure: Progress = {
  note: (text) => (shared[place] ?? silent).note(text),
  retried: (step, attempt, reason) => (shared[place] ?? silent).retried(step, attempt, reason),
};

/** Lets a run hear of it, until the result is disposed. */
export function reportInfrastructureTo(progress: Progress): Disposable {
  shared[place] = progress;
  return {
    [Symbol.dispose]: () => {
      delete shared[place];
    },
  };
}
