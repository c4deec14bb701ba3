import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { fileName, keepEvidence } from './evidence.ts';

describe('evidence of a spec', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lpv-evidence-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const contentOf = (path: string): string => readFileSync(join(folder, path), 'utf8');

  it('is numbered in the order it is kept, each kind in its format', () => {
    const pod = { kind: 'Pod', metadata: { name: 'p', managedFields: [] }, spec: { nodeName: 'node2' } };
    const spec = { id: 'SEED-9', evidence: [] };
    const paths = [
      keepEvidence(folder, spec, 'mountinfo of node2', '24 1 7:3 / /mnt'),
      keepEvidence(folder, spec, 'pod', pod),
      keepEvidence(folder, spec, 'pods', [pod]),
      keepEvidence(folder, spec, 'figures', { bytes: 7 }),
    ];
    expect(paths).to.deep.equal([
      'evidence/SEED-9/01-mountinfo-of-node2.txt',
      'evidence/SEED-9/02-pod.yaml',
      'evidence/SEED-9/03-pods.yaml',
      'evidence/SEED-9/04-figures.json',
    ]);
    expect(paths.map(contentOf)).to.deep.equal([
      '24 1 7:3 / /mnt\n',
      'kind: Pod\nmetadata:\n  name: p\nspec:\n  nodeName: node2\n',
      '- kind: Pod\n  metadata:\n    name: p\n  spec:\n    nodeName: node2\n',
      '{\n  "bytes": 7\n}\n',
    ]);
    expect(spec.evidence).to.deep.equal(paths);
  });

  it('is scrubbed', () => {
    const path = keepEvidence(folder, { id: 'SEED-1', evidence: [] }, 'log', 'Authorization: Bearer planted-token');
    expect(contentOf(path)).to.not.include('planted');
  });

  it('of one requirement is apart from that of others, and a repeated spec goes on numbering', () => {
    const first = { id: 'SEED-1', evidence: [] };
    const again = { id: 'SEED-1', evidence: [] };
    keepEvidence(folder, first, 'a', 'x');
    expect(keepEvidence(folder, { id: 'SEED-10', evidence: [] }, 'a', 'x')).to.equal('evidence/SEED-10/01-a.txt');
    keepEvidence(folder, again, 'a', 'x');
    expect([first, again].flatMap(({ evidence }) => evidence)).to.deep.equal([
      'evidence/SEED-1/01-a.txt',
      'evidence/SEED-1/02-a.txt',
    ]);
  });
});

describe('the file name of evidence', () => {
  for (const [name, safe] of [
    ['claim', 'claim'],
    ['events of demo/claim', 'events-of-demo-claim'],
    ['../../etc/passwd', 'etc-passwd'],
    ['..', 'unnamed'],
    ['', 'unnamed'],
    ['a\0b\nc', 'a-b-c'],
    ['x'.repeat(300), 'x'.repeat(80)],
  ] as const) {
    it(`of ${JSON.stringify(name.slice(0, 20))} is ${safe.slice(0, 20)}`, () => {
      expect(fileName(name)).to.equal(safe);
    });
  }
});
