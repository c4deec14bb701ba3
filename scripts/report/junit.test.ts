import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { create } from 'xmlbuilder2';
import {
  broken,
  ended,
  eventsOf,
  failed,
  passed,
  performed,
  planned,
  skipped,
  specOf,
  started,
  summaryOf,
} from './example-run.ts';
import { junitXml, writeJunitTo, xmlText } from './junit.ts';
import type { Summary } from './summary.ts';

interface XmlNode {
  nodeType: number;
  nodeName: string;
  nodeValue: string | null;
  childNodes: Iterable<XmlNode>;
  attributes?: Iterable<{ name: string; value: string }>;
}

interface Parsed {
  name: string;
  attributes: Record<string, string>;
  text: string;
  children: Parsed[];
}

/** Reads the XML back with a parser, which refuses what is not well formed. */
function parsed(xml: string): Parsed {
  const read = ({ nodeName, attributes = [], childNodes }: XmlNode): Parsed => {
    const children = [...childNodes];
    return {
      name: nodeName,
      attributes: Object.fromEntries([...attributes].map(({ name, value }) => [name, value])),
      text: children
        .filter(({ nodeType }) => nodeType === 3)
        .map(({ nodeValue }) => nodeValue)
        .join(''),
      children: children.filter(({ nodeType }) => nodeType === 1).map(read),
    };
  };
  return read(create(xml).root().node as unknown as XmlNode);
}

const cases = (suite: Parsed | undefined): Parsed[] => suite?.children.filter(({ name }) => name === 'testcase') ?? [];
const write = (summary: Summary): Parsed => parsed(junitXml(summary, { Kubernetes: 'v1.37.2' }));

describe('junit_01.xml', () => {
  it('has the steps as cases of a suite `cluster`, a suite for each chapter, properties and evidence', () => {
    const root = write(
      summaryOf(
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
    expect(cluster?.children[0]?.children[0]?.attributes).to.deep.equal({ name: 'Kubernetes', value: 'v1.37.2' });
    expect(cases(cluster)[0]?.attributes).to.deep.equal({
      ...{ name: 'Creating the cluster', classname: 'cluster', time: '24.100' },
    });
    const [one, two] = cases(binding);
    expect(one?.attributes).to.include({
      name: 'SEED-1 a claim is bound',
      file: 'specs/binding.spec.ts',
      time: '0.900',
    });
    expect(one?.children[0]).to.include({ name: 'system-out', text: 'evidence/SEED-1/01-claim.yaml' });
    expect(two?.children[0]).to.deep.include({ name: 'skipped', attributes: { message: 'no mkfs.xfs on the nodes' } });
    const [three, four] = cases(mounting);
    expect(three?.children[0]?.name).to.equal('failure');
    expect(three?.children[0]?.text).to.match(/^expected 'Pending' to equal 'Bound'\n.*binding\.spec\.ts:41:7/);
    expect(four?.children[0]).to.deep.include({
      name: 'error',
      attributes: { message: 'undefined is no function', type: 'TypeError' },
    });
  });

  it('survives any text, without characters that XML forbids', () => {
    const odd = 'a\u0000b\u001b[31mred\u001b[39m <![CDATA[ ]]> & "q" \'s\' \ud800 \uffff 💾 é\r\nnext\ttab';
    const root = write(
      summaryOf(failed(specOf('SEED-1', odd, odd), odd, { name: 'AssertionError' }), skipped(specOf('SEED-2'), odd)),
    );
    const suite = root.children[1];
    expect(suite?.attributes.name).to.include('abred <![CDATA[ ]]> & "q" \'s\'   💾 é');
    expect(cases(suite)[0]?.children[0]?.text).to.match(/^abred <!\[CDATA\[ ]]> & "q" 's' {3}💾 é\nnext\ttab\n/);
    expect(cases(suite)[0]?.children[0]?.attributes.message).to.match(/é$/);
  });

  it('tells what went wrong outside of expectations as an error', () => {
    const kindOf = (name: string) =>
      cases(write(summaryOf(failed(specOf('SEED-1'), 'x', { name }))).children[1])[0]?.children[0]?.name;
    expect(['AssertionError', 'WaitTimedOut', 'NotQuiet'].map(kindOf)).to.deep.equal(['failure', 'failure', 'failure']);
    expect(kindOf('TypeError')).to.equal('error');
  });

  it('tells a failed step as an error of the suite `cluster`', () => {
    const root = write(summaryOf(started, broken('Creating the cluster'), ended('environment', 'not finished')));
    const [one, ...others] = cases(root.children[0]);
    expect(one?.children[0]?.attributes).to.deep.equal({
      message: 'creating the cluster lpv-k3x9qd',
      type: 'DomainError',
    });
    expect(one?.children[0]?.text).to.include('node2 is not Ready');
    expect(others).to.deep.equal([]);
  });

  it('does not let an interrupted run pass for a good one', () => {
    const interrupted = { kind: 'interrupted', signal: 'SIGTERM' } as const;
    const root = write(summaryOf(started, passed(specOf('SEED-1')), interrupted, ended('interrupted', 'interrupted')));
    expect(root.attributes.errors).to.equal('1');
    expect(cases(root.children[0])[0]?.children[0]?.attributes.message).to.equal('interrupted by SIGTERM');
  });

  it('does not let a run without results pass for a good one', () => {
    const root = write(
      summaryOf(started, performed('Creating'), ended('doesNotConform', 'proves nothing: no spec passed')),
    );
    expect(root.attributes.errors).to.equal('1');
    expect(cases(root.children[0])[1]?.children[0]?.attributes.message).to.equal('proves nothing: no spec passed');
  });

  it('keeps a chapter named cluster apart from the steps', () => {
    const root = write(summaryOf(passed(specOf('SEED-1', 'x', 'cluster'))));
    expect(root.children.map(({ attributes }) => attributes.name)).to.deep.equal(['cluster', 'cluster (specs)']);
  });

  it('is written after every step, and whole', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lpv-junit-'));
    try {
      const path = join(folder, 'junit_01.xml');
      const { read } = writeJunitTo(path, () => ({}));
      for (const event of eventsOf(started, performed('Creating'))) read(event);
      expect(parsed(readFileSync(path, 'utf8')).attributes.tests).to.equal('1');
      for (const event of eventsOf(passed(specOf('SEED-1')), ended('conforms', 'conforms'))) read(event);
      expect(parsed(readFileSync(path, 'utf8')).attributes.tests).to.equal('2');
      expect(readdirSync(folder)).to.deep.equal(['junit_01.xml']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('text for XML keeps what XML allows', () => {
  expect(xmlText('\t\n é 💾 \ufffd')).to.equal('\t\n é 💾 \ufffd');
});
