import { expect } from 'chai';
import {
  broken,
  diagnosisOf,
  ended,
  exampleIssue,
  failed,
  failedOutside,
  interrupted,
  knownIssue,
  lentReport,
  notApplicable,
  passed,
  performed,
  planned,
  reportAbout,
  reportOf,
  skipped,
  sourcesOf,
  specOf,
  started,
} from '../made-up-for-tests.ts';
import { buildReport } from '../model/build-report.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';
import { junitXml } from './junit.ts';
import { type Parsed, parsed, shapeProblems } from './junit-shape.ts';

const only = (element: Parsed | undefined, name: string): Parsed[] =>
  element?.children.filter((child) => child.name === name) ?? [];
const cases = (suite: Parsed | undefined): Parsed[] => only(suite, 'testcase');
/** What a case contains besides its properties. */
const ending = (one: Parsed | undefined): Parsed | undefined => one?.children.find(({ name }) => name !== 'properties');
const propertiesOf = (element: Parsed | undefined): string[][] =>
  only(only(element, 'properties')[0], 'property').map(({ attributes: { name = '', value = '' } }) => [name, value]);

/** The file, read back; every file of these tests has the shape that readers of JUnit rely on. */
function write(report: LocalVolumeConformanceReport): Parsed {
  const root = parsed(junitXml(report));
  expect(shapeProblems(root)).to.deep.equal([]);
  return root;
}

describe('junit_01.xml', () => {
  it('has the steps as cases of a suite `cluster`, a suite for each chapter, properties and evidence', () => {
    const root = write(
      reportOf(
        started,
        performed('Creating the cluster'),
        planned(4),
        passed(specOf('SEED-1')),
        skipped(specOf('SEED-2')),
        failed(specOf('SEED-3', 'a pod runs', 'mounting')),
        failed(specOf('SEED-4', 'a pod stops', 'mounting'), 'undefined is no function', { name: 'TypeError' }),
        ended('doesNotConform', 'does not conform'),
      ),
    );
    expect(root.attributes).to.deep.equal({
      ...{ name: 'local-pv-conformance', tests: '5', failures: '1', errors: '1', skipped: '1', time: '39.400' },
    });
    expect(root.children.map(({ attributes: { name, tests } }) => `${name} ${tests}`)).to.deep.equal([
      'cluster 1',
      'binding 2',
      'mounting 2',
    ]);
    const [cluster, binding, mounting] = root.children;
    expect(propertiesOf(cluster)).to.deep.include(['Kubernetes', 'v1.37.2']).and.deep.include(['result', 'failure']);
    expect(cases(cluster)[0]?.attributes).to.deep.equal({
      ...{ name: 'Creating the cluster', classname: 'cluster', time: '24.100' },
    });
    const [one, two] = cases(binding);
    expect(one?.attributes).to.include({
      name: 'SEED-1 a claim is bound',
      file: 'specs/binding/binding.spec.ts',
      time: '0.900',
    });
    expect(ending(one)).to.include({ name: 'system-out', text: 'evidence/SEED-1/01-claim.yaml' });
    expect(ending(two)).to.deep.include({ name: 'skipped', attributes: { message: 'no mkfs.xfs on the nodes' } });
    const [three, four] = cases(mounting);
    expect(ending(three)?.name).to.equal('failure');
    expect(ending(three)?.text).to.match(/^expected 'Pending' to equal 'Bound'\n.*binding\.spec\.ts:41:7/);
    expect(ending(four)).to.deep.include({
      name: 'error',
      attributes: { message: 'undefined is no function', type: 'TypeError' },
    });
  });

  it('survives any text, without characters that XML forbids', () => {
    const odd = 'a\u0000b\u001b[31mred\u001b[39m <![CDATA[ ]]> & "q" \'s\' \ud800 \uffff 💾 é\r\nnext\ttab';
    const root = write(
      reportOf(failed(specOf('SEED-1', odd, odd), odd, { name: 'AssertionError' }), skipped(specOf('SEED-2'), odd)),
    );
    const suite = root.children[1];
    expect(suite?.attributes.name).to.include('abred <![CDATA[ ]]> & "q" \'s\'   💾 é');
    expect(ending(cases(suite)[0])?.text).to.match(/^abred <!\[CDATA\[ ]]> & "q" 's' {3}💾 é\nnext\ttab\n/);
    expect(ending(cases(suite)[0])?.attributes.message).to.match(/é$/);
    // Also where the report is not one of ours.
    expect(write({ ...reportOf(passed(specOf('SEED-1'))), verdict: odd }).attributes.errors).to.equal('1');
  });

  it('has what went wrong outside of expectations as an error', () => {
    const kindOf = (name: string) =>
      ending(cases(write(reportOf(failed(specOf('SEED-1'), 'x', { name }))).children[1])[0])?.name;
    const expectations = ['AssertionError', 'DomainError', 'WaitTimedOut', 'NotConsistent', 'LeftBehind'];
    expect(new Set(expectations.map(kindOf))).to.deep.equal(new Set(['failure']));
    expect(kindOf('TypeError')).to.equal('error');
  });

  it('has a failed step as an error of the suite `cluster`', () => {
    const root = write(reportOf(started, broken('Creating the cluster'), ended('environment', 'not finished')));
    const [one, ...others] = cases(root.children[0]);
    expect(ending(one)?.attributes).to.deep.equal({
      message: 'creating the cluster lpv-k3x9qd',
      type: 'DomainError',
    });
    expect(ending(one)?.text).to.include('node2 is not Ready');
    expect(others).to.deep.equal([]);
  });

  it('does not let an interrupted run pass for a good one', () => {
    const root = write(reportOf(started, passed(specOf('SEED-1')), interrupted, ended('interrupted', 'interrupted')));
    expect(root.attributes.errors).to.equal('1');
    expect(cases(root.children[0])[0]?.children[0]?.attributes.message).to.equal('interrupted by SIGTERM');
  });

  it('does not let a run without results pass for a good one', () => {
    const root = write(
      reportOf(started, performed('Creating'), ended('doesNotConform', 'proves nothing: no spec passed')),
    );
    expect(root.attributes.errors).to.equal('1');
    expect(cases(root.children[0])[1]?.children[0]?.attributes.message).to.equal('proves nothing: no spec passed');
  });

  it('keeps a chapter named cluster apart from the steps', () => {
    const root = write(reportOf(passed(specOf('SEED-1', 'x', 'cluster'))));
    expect(root.children.map(({ attributes }) => attributes.name)).to.deep.equal(['cluster', 'cluster (specs)']);
  });

  it('does not let a run that was killed pass for a good one', () => {
    const sources = sourcesOf(started, performed('Creating'), passed(specOf('SEED-1')));
    const root = write(buildReport({ ...sources, summary: { ...sources.summary, specs: [] } }));
    expect(root.attributes).to.include({ tests: '3', errors: '1', skipped: '1' });
    expect(cases(root.children[0])[1]?.children[0]?.attributes.message).to.include('went on when this was written');
  });

  it('has a known issue as skipped, with its link, and says where it no longer shows', () => {
    const differing = { 'SEED-2': { knownIssue: exampleIssue } };
    const root = write(
      reportAbout(differing, started, knownIssue(specOf('SEED-1')), passed(specOf('SEED-2')), ended('conforms', '')),
    );
    expect(root.attributes).to.include({ tests: '2', failures: '0', errors: '0', skipped: '1' });
    const [shows, gone] = cases(root.children[1]);
    expect(ending(shows)?.attributes.message).to.equal(
      `known issue of Kubernetes 1.36, 1.37: one of two claims is bound: ${exampleIssue.url}`,
    );
    expect(gone?.children.at(-1)?.text).to.include(`this known issue no longer shows here: ${exampleIssue.url}`);
  });

  it('has a suite for what failed outside of specs', () => {
    const root = write(reportOf(started, passed(specOf('SEED-1')), failedOutside('CLOSE', 'node2: left: /x\nmore')));
    expect(root.attributes).to.include({ errors: '1', failures: '0' });
    expect(root.children.map(({ attributes }) => attributes.name)).to.deep.equal([
      'cluster',
      'binding',
      'outside of specs',
    ]);
    expect(cases(root.children[2])[0]?.children[0]?.text).to.include('node2: left: /x\nmore');
  });

  it('says what a requirement promises, and gives the diagnosis of a failure', () => {
    const spec = specOf('SEED-1');
    const report = reportAbout(
      { 'SEED-1': { level: 'extended', features: ['block', 'xfs'], source: 'KEP-1' } },
      started,
      failed(spec, 'no', { name: 'AssertionError', diagnosis: diagnosisOf('Pod p: Pending\n  why') }),
    );
    const suite = write(report).children[1];
    expect(propertiesOf(suite)).to.deep.equal([['requirements, extended', '1']]);
    const [one] = cases(suite);
    expect(one?.attributes).to.include({ file: 'specs/binding/binding.spec.ts', line: '12' });
    expect(propertiesOf(one)).to.deep.equal([
      ['id', 'SEED-1'],
      ['level', 'extended'],
      ['subject', 'kubernetes'],
      ['source', 'KEP-1'],
      ['feature', 'block'],
      ['feature', 'xfs'],
      ['need', 'api'],
    ]);
    expect(only(one, 'system-out')[0]?.text).to.include('fails if: it is not').and.include('Pod p: Pending\n  why');
  });

  it('has what does not apply as skipped, with the versions that it is for', () => {
    const root = write(
      reportOf(started, passed(specOf('SEED-1')), notApplicable(specOf('SEED-2')), ended('conforms', '')),
    );
    expect(root.attributes).to.include({ tests: '2', failures: '0', errors: '0', skipped: '1' });
    expect(ending(cases(root.children[1])[1])?.attributes).to.deep.equal({
      message: 'not applicable: Kubernetes before 1.37 only',
    });
  });

  it('has the kind of the cluster, what specs asked of it, and where it was looked for left-overs', () => {
    const properties = propertiesOf(write(lentReport()).children[0]);
    expect(properties).to.deep.include.members([
      ['distribution', 'k3s'],
      ['feature gates of kubelet', 'not known: this user may not read it'],
      ['need agent', '0 passed, 0 failed, 122 skipped'],
      ['left-overs', 'not looked at agent-1, agent-2: no agent was wanted (--no-agent)'],
    ]);
  });

  it('says how often a repeated spec ended how', () => {
    const spec = specOf('SEED-1');
    const root = write(reportOf(started, passed(spec), failed(spec), passed(spec)));
    expect(root.attributes).to.include({ tests: '1', failures: '1' });
    expect(propertiesOf(cases(root.children[1])[0]).at(-1)).to.deep.equal([
      'repetitions',
      '{"passed":2,"failed":1,"skipped":0}',
    ]);
  });
});

describe('the shape of a JUnit file', () => {
  const good = junitXml(reportOf(started, performed('Creating'), failed(specOf('SEED-1'))));
  for (const [title, change] of [
    ['counts that do not add up', (xml: string) => xml.replace('tests="1"', 'tests="2"')],
    ['a missing attribute', (xml: string) => xml.replace(' classname="binding"', '')],
    ['another order', (xml: string) => xml.replace(/(<failure.*<\/failure>)([\s\S]*)(<\/testcase>)/s, '$2$1$3')],
    ['an element that is not known', (xml: string) => xml.replaceAll('system-out', 'system-log')],
    ['another form of time', (xml: string) => xml.replace(/time="[^"]*"/, 'time="1 s"')],
  ] as const) {
    it(`is refused for ${title}`, () => expect(shapeProblems(parsed(change(good)))).to.not.deep.equal([]));
  }
});
