/** Receives what a step is doing. The run turns it into events; a unit test may collect it. */
export interface Progress {
  /** One line about the step under way, such as "compiling Kubernetes v1.37.2". */
  note(text: string): void;
  /** An infrastructure step failed and is tried again; every retry is counted in the report. */
  retried(step: string, attempt: number, reason: string): void;
}

/** Progress that is not shown. */
export const silent: Progress = { note: () => {}, retried: () => {} };
