import Mocha from 'mocha';
import { skipReason } from '../../specs/support/skip.ts';
import type { FailedHook, SpecTracker } from './spec-tracker.ts';

/** A mocha reporter that prints nothing: it hands what happens to a tracker, given as the reporter option `tracker`. */
export class EventReporter extends Mocha.reporters.Base {
  static readonly description = 'turns specs into events of the run';

  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { tracker } = options.reporterOptions as { tracker: SpecTracker<Mocha.Test> };
    const { constants } = Mocha.Runner;
    runner
      .on(constants.EVENT_RUN_BEGIN, () => tracker.planned())
      .on(constants.EVENT_TEST_BEGIN, (test) => tracker.began(test))
      .on(constants.EVENT_TEST_PASS, (test) => tracker.passed(test))
      .on(constants.EVENT_TEST_PENDING, (test) => tracker.skipped(test, skipReason(test)))
      .on(constants.EVENT_TEST_END, (test) => tracker.ended(test))
      .on(constants.EVENT_TEST_FAIL, (runnable: Mocha.Test | Mocha.Hook, error: unknown) => {
        if (runnable.type === 'hook') tracker.hookFailed(failedHook(runnable, error));
        else tracker.failed(runnable as Mocha.Test, error);
      })
      // The hooks after a spec are through when a hook after all specs of a suite begins, or the suite ends.
      .on(constants.EVENT_HOOK_BEGIN, (hook) => {
        if (kindOf(hook) === 'after all') tracker.tellOpen();
      })
      .on(constants.EVENT_SUITE_END, () => tracker.tellOpen())
      .on(constants.EVENT_RUN_END, () => tracker.close());
  }
}

function failedHook(hook: Mocha.Hook, error: unknown): FailedHook<Mocha.Test> {
  const suite = hook.parent ?? { title: '' };
  return { kind: kindOf(hook), suite, test: hook.ctx?.currentTest as Mocha.Test | undefined, error };
}

/** Mocha tells a hook's kind only in its title, as `"before all" hook`, and adds what the hook runs for. */
function kindOf(hook: Mocha.Hook): FailedHook<Mocha.Test>['kind'] {
  const kind = /^"(before all|before each|after each|after all)" hook/.exec(hook.title)?.[1];
  return kind === undefined ? 'after all' : (kind as FailedHook<Mocha.Test>['kind']);
}
