import { expect } from 'chai';
import { parsed, shapeProblems } from '../report/formats/junit-shape.ts';
import {
  eventsOf,
  failed,
  knownIssue,
  passed,
  requirementOf,
  skipped,
  specOf,
  started,
} from '../report/made-up-for-tests.ts';
import { firstLines, focusOn, ginkgoName, junitWithoutRun, lastLines, progressOf } from './ginkgo.ts';

const core = requirementOf(specOf('LV-BIND-01'));
const disruptive = requirementOf(specOf('LV-FAULT-13', 'kubelet starts again', 'fault'), {
  level: 'extended',
  features: ['disruptive', 'xfs'],
});

// The patterns are those of hydrophone v0.8.
describe('what hydrophone reads', () => {
  it('is a spec’s name with its marks', () => {
    expect(ginkgoName(core)).to.equal('[local-volumes] [binding] LV-BIND-01 a claim is bound [Conformance]');
    expect(ginkgoName(disruptive)).to.match(/^\[local-volumes\] \[fault\] .* \[Disruptive\] \[Feature:xfs\]$/);
  });

  for (const [focus, skip, ids] of [
    ['\\[Conformance\\]', '', ['LV-BIND-01']],
    ['', '\\[Disruptive\\]', ['LV-BIND-01']],
    ['LV-', '', ['LV-BIND-01', 'LV-FAULT-13']],
    ['(?i)KUBELET', '', ['LV-FAULT-13']],
    ['LV-', 'LV-', []],
    ['', '', ['LV-BIND-01', 'LV-FAULT-13']],
  ] as const) {
    it(`focuses on "${focus}" without "${skip}"`, () =>
      expect([core, disruptive].filter(focusOn(focus, skip)).map(({ id }) => id)).to.deep.equal(ids));
  }

  it('is refused where it is no pattern, by its variable', () => {
    expect(() => focusOn('LV', '(')).to.throw(/reading E2E_SKIP\n.*\(/);
  });

  it('is how many run, one bullet for each that ran, and at last that Ginkgo ran', () => {
    const events = eventsOf(
      started,
      passed(specOf('LV-1')),
      failed(specOf('LV-2'), 'it is • not'),
      knownIssue(specOf('LV-3')),
      skipped(specOf('LV-4')),
    );
    const log = firstLines({ chosen: 4, all: 358 }) + events.map(progressOf).join('');
    expect(/Will run (0|[1-9]\d{0,3}|10000) of (0|[1-9]\d{0,3}|10000) specs/.exec(log)?.slice(1)).to.deep.equal([
      '4',
      '358',
    ]);
    expect(log.match(/^•/gm)).to.have.length(3);
    const last = lastLines({ all: 358, passed: 1, failed: 1, milliseconds: 61_000, conforms: false });
    expect(last.trimEnd().split('\n').at(-1)).to.match(/Ginkgo ran (00|[1-9]\d{0,2}) suite in 61\.000s$/);
    expect(last).to.include('FAIL! -- 1 Passed | 1 Failed | 0 Pending | 356 Skipped');
  });

  it('is a JUnit file also where nothing ran', () => {
    for (const [of, text] of [
      [{ skipped: [core, disruptive], because: 'dry run' }, '<skipped message="dry run"'],
      [{ error: 'finding your kubeconfig\nBearer planted.secret-0123456789' }, 'message="finding your kubeconfig"'],
    ] as const) {
      const xml = junitWithoutRun(of);
      expect(xml).to.include(text).and.not.include('planted');
      expect(shapeProblems(parsed(xml))).to.deep.equal([]);
    }
  });
});
