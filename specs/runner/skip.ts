const place = Symbol.for('local-pv-conformance.skip-reasons');
// One table per process, even where a loader gives the spec files module instances of their own.
const shared = globalThis as { [place]?: WeakMap<object, string> };
shared[place] ??= new WeakMap();
const reasons = shared[place];

/**
 * Ends the running spec as skipped, with a reason for the report, such as "mkfs.xfs is not on the nodes". Call it
 * with mocha's context (`this` of a spec or hook; so the function must not be an arrow function). Never returns.
 * From a `before` hook it skips every spec of that suite.
 * @public specs of chapters whose features a cluster may lack call it
 */
export function skip(context: Mocha.Context, reason: string): never {
  const subject = subjectOf(context);
  if (subject) reasons.set(subject, reason);
  return context.skip();
}

/** Why a spec was skipped: its own reason, or that of the nearest suite that was skipped as a whole. */
export function skipReason(test: Mocha.Test): string {
  let subject: Mocha.Test | Mocha.Suite | undefined = test;
  while (subject) {
    const reason = reasons.get(subject);
    if (reason !== undefined) return reason;
    subject = subject.parent;
  }
  return 'marked as skipped in the spec file, without a reason';
}

/** A spec skips itself, a `beforeEach` hook the spec that it runs for, a `before` hook its whole suite. */
function subjectOf(context: Mocha.Context): object | undefined {
  const runnable = context.test;
  if (runnable?.title.startsWith('"before all" hook')) return runnable.parent;
  if (runnable?.title.startsWith('"before each" hook')) return context.currentTest;
  return runnable;
}
