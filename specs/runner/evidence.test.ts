import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { evidenceOf, fileName, keepEvidence } from './evidence.ts';

describe('evidence of a spec', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lpv-evidence-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const contentOf = (path: string): string => readFileSync(join(folder, path), 'utf8');

  it('is numbered in the order it is kept, each kind in its format', () => {
    const pod = { kind: 'Pod', metadata: { name: 'p', managedFields: [] }, spec: { nodeName: 'node2' } };
    const paths = [
      keepEvidence(folder, 'SEED-9', 'mountinfo of node2', '24 1 7:3 / /mnt'),
      keepEvidence(folder, 'SEED-9', 'pod', pod),
      keepEvidence(folder, 'SEED-9', 'pods', [pod]),
      keepEvidence(folder, 'SEED-9', 'figures', { bytes: 7 }),
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
    expect(evidenceOf(folder, 'SEED-9')).to.deep.equal(paths);
  });

  it('is scrubbed', () => {
    expect(contentOf(keepEvidence(folder, 'SEED-1', 'log', 'Authorization: Bearer planted-token'))).to.not.include(
      'planted',
    );
  });

  it('of one requirement is apart from that of others', () => {
    keepEvidence(folder, 'SEED-1', 'a', 'x');
    expect(keepEvidence(folder, 'SEED-10', 'a', 'x')).to.equal('evidence/SEED-10/01-a.txt');
    expect(evidenceOf(folder, 'SEED-2')).to.deep.equal([]);
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
