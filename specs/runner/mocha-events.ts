import Mocha from 'mocha';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import type { RunEvent, SpecIdentity, SpecResult } from './events.ts';
import { wholeMessage } from './spec-failure.ts';

const {
  EVENT_RUN_BEGIN,
  EVENT_RUN_END,
  EVENT_SUITE_BEGIN,
  EVENT_SUITE_END,
  EVENT_TEST_BEGIN,
  EVENT_TEST_END,
  EVENT_TEST_FAIL,
  EVENT_TEST_PASS,
  EVENT_TEST_PENDING,
} = Mocha.Runner.constants;

type Finished = { spec: SpecIdentity; result: SpecResult };

/**
 * Returns a reporter of mocha by its name, such as `spec` or `xunit`, or by the name of its module.
 * @throws DomainError (badUsage) where there is none
 */
export async function mochaReporter(name: string): Promise<Mocha.ReporterConstructor> {
  const own = (Mocha.reporters as unknown as Record<string, Mocha.ReporterConstructor | undefined>)[name];
  if (own) return own;
  try {
    const { default: reporter } = (await import(name)) as { default?: unknown };
    if (typeof reporter === 'function') return reporter as Mocha.ReporterConstructor;
    throw new Error('its default export is no class');
  } catch (error) {
    throw new DomainError(
      {
        attempted: `loading the mocha reporter ${name}`,
        seen: messageOf(error),
        remedy: 'name one of mocha’s own, such as spec, dot, json or xunit, or install the package of that name',
      },
      { exit: 'badUsage', cause: error },
    );
  }
}

/**
 * Returns a reader of a run's events that emits mocha's own on a `Mocha.Runner`, so that any reporter of mocha works
 * beside ours. A chapter is a suite. Specs of several chapters run at the same time, so a chapter's events are emitted
 * together, once the last of its specs is finished: reporters expect suites one after the other.
 * @param planned the chapter of each spec that will run, as often as it will
 */
export function emitToMocha(
  Reporter: Mocha.ReporterConstructor,
  planned: readonly string[],
  reporterOption: Record<string, string> = {},
): (event: RunEvent) => void {
  const root = new Mocha.Suite('', new Mocha.Context());
  root.root = true;
  const runner = new Mocha.Runner(root, { delay: false });
  runner.total = planned.length;
  count(runner);
  new Reporter(runner, { reporterOption, reporterOptions: reporterOption } as Mocha.MochaOptions);

  const left = new Map<string, number>();
  for (const chapter of planned) left.set(chapter, (left.get(chapter) ?? 0) + 1);
  const finished = new Map<string, Finished[]>();

  const emitChapter = (chapter: string): void => {
    const suite = Mocha.Suite.create(root, chapter);
    runner.emit(EVENT_SUITE_BEGIN, suite);
    for (const one of finished.get(chapter) ?? []) emitSpec(runner, suite, one);
    runner.emit(EVENT_SUITE_END, suite);
    finished.delete(chapter);
  };

  return (event) => {
    if (event.kind === 'specs-planned') {
      runner.emit(EVENT_RUN_BEGIN);
      runner.emit(EVENT_SUITE_BEGIN, root);
    } else if (event.kind === 'spec-finished') {
      const { chapter } = event.spec;
      finished.set(chapter, [...(finished.get(chapter) ?? []), event]);
      left.set(chapter, (left.get(chapter) ?? 0) - 1);
      if (left.get(chapter) === 0) emitChapter(chapter);
    } else if (event.kind === 'run-finished' && runner.stats?.start) {
      for (const chapter of [...finished.keys()]) emitChapter(chapter);
      runner.emit(EVENT_SUITE_END, root);
      runner.emit(EVENT_RUN_END);
    }
  };
}

function emitSpec(runner: Mocha.Runner, suite: Mocha.Suite, { spec, result }: Finished): void {
  const test = new Mocha.Test(`${spec.id} ${spec.sentence}`, () => {});
  suite.addTest(test);
  test.file = spec.file;
  test.duration = Math.round(result.milliseconds);
  runner.emit(EVENT_TEST_BEGIN, test);
  if (result.outcome === 'passed') {
    test.state = 'passed';
    runner.emit(EVENT_TEST_PASS, test);
  } else if (result.outcome === 'failed') {
    test.state = 'failed';
    const error = new Error(wholeMessage(result.error));
    error.name = result.error.name ?? error.name;
    error.stack = result.error.stack ?? `${error.name}: ${error.message}`;
    test.err = error;
    runner.failures++;
    runner.emit(EVENT_TEST_FAIL, test, error);
  } else {
    // mocha has one word for what was skipped and for what does not apply.
    test.pending = true;
    runner.emit(EVENT_TEST_PENDING, test);
  }
  runner.emit(EVENT_TEST_END, test);
}

/** Keeps the counts that reporters read from `runner.stats`. Own code: mocha's collector is not part of its API. */
function count(runner: Mocha.Runner): void {
  const stats: Mocha.Stats = { suites: 0, tests: 0, passes: 0, pending: 0, failures: 0 };
  runner.stats = stats;
  runner.once(EVENT_RUN_BEGIN, () => {
    stats.start = new Date();
  });
  runner.on(EVENT_SUITE_BEGIN, (suite: Mocha.Suite) => {
    if (!suite.root) stats.suites++;
  });
  runner.on(EVENT_TEST_PASS, () => stats.passes++);
  runner.on(EVENT_TEST_PENDING, () => stats.pending++);
  runner.on(EVENT_TEST_FAIL, () => stats.failures++);
  runner.on(EVENT_TEST_END, () => stats.tests++);
  runner.once(EVENT_RUN_END, () => {
    stats.end = new Date();
    stats.duration = stats.end.getTime() - (stats.start ?? stats.end).getTime();
  });
}
