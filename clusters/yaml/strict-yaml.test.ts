import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { BadConfiguration, renderKeyPath, renderProblem } from './bad-configuration.ts';
import { parseStrictDocument, parseStrictYaml, readSource } from './strict-yaml.ts';
import { takeApart } from './yaml-documents.ts';

const schema = z.strictObject({
  name: z.string(),
  fileSystem: z.enum(['ext4', 'xfs']).optional(),
  count: z.number().optional(),
  list: z.array(z.strictObject({ size: z.string() })).optional(),
  versions: z
    .record(z.string().regex(/^\d+\.\d+$/, { error: ({ input }) => `${input} is no minor` }), z.string())
    .optional(),
});

function problemsOf(text: string): string[] {
  try {
    parseStrictYaml({ file: 'a.yaml', text }, schema);
  } catch (error) {
    if (error instanceof BadConfiguration) return error.problems.map(renderProblem);
    throw error;
  }
  return [];
}

describe('strict YAML', () => {
  it('returns typed values of several documents and skips empty ones', () => {
    const documents = parseStrictYaml({ file: 'a.yaml', text: 'name: one\n---\n# nothing\n---\nname: two\n' }, schema);
    expect(documents.map(({ value }) => value)).to.deep.equal([{ name: 'one' }, { name: 'two' }]);
  });

  const table: readonly [string, string, string[]][] = [
    ['a missing key', 'count: 1\n', ['a.yaml:1:1: name: is missing; text must stand here']],
    [
      'a missing key in a list',
      'name: a\nlist:\n  - {}\n',
      ['a.yaml:3:5: list[0].size: is missing; text must stand here'],
    ],
    [
      'an unknown key, with the nearest',
      'nmae: a\nname: b\n',
      ['a.yaml:1:1: nmae: nmae is not a key that is known here; did you mean name?'],
    ],
    [
      'an unknown key, with the known ones',
      'name: a\nlist:\n  - size: 1Gi\n    zzz: 1\n',
      ['a.yaml:4:5: list[0].zzz: zzz is not a key that is known here; known: size'],
    ],
    ['a wrong type', 'name: [a]\n', ['a.yaml:1:7: name: a list is not text']],
    ['a number where text is wanted', 'name: 1.37\n', ['a.yaml:1:7: name: 1.37 is not text; put it in quotes: "1.37"']],
    ['text where a number is wanted', 'name: a\ncount: many\n', ['a.yaml:2:8: count: many is not a number']],
    ['nothing where text is wanted', 'name:\n', ['a.yaml:1:1: name: nothing is not text']],
    [
      'a value outside a list of values',
      'name: a\nfileSystem: ext3\n',
      ['a.yaml:2:13: fileSystem: ext3 is not one of ext4, xfs; did you mean ext4?'],
    ],
    ['a bad key of a record', 'name: a\nversions: { v1: x }\n', ['a.yaml:2:17: versions.v1: v1 is no minor']],
    ['a key written twice', 'name: a\nname: b\n', ['a.yaml:2:1: the key name is written twice']],
    ['a document that is no map', '- a\n', ['a.yaml:1:1: a list is not keys and values']],
    ['a place in a later document', 'name: a\n---\nname: b\ncount: c\n', ['a.yaml:4:8: count: c is not a number']],
    [
      'everything at once',
      'nmae: a\ncount: x\nfileSystem: zfs\n',
      [
        'a.yaml:1:1: name: is missing; text must stand here',
        'a.yaml:1:1: nmae: nmae is not a key that is known here; did you mean name?',
        'a.yaml:2:8: count: x is not a number',
        'a.yaml:3:13: fileSystem: zfs is not one of ext4, xfs; did you mean xfs?',
      ],
    ],
  ];
  for (const [what, text, expected] of table) {
    it(`reports ${what}`, () => expect(problemsOf(text)).to.have.members(expected));
  }

  it('reports broken YAML, unknown tags and other YAML versions, with their position', () => {
    expect(problemsOf('name: "a\n')[0]).to.match(/^a\.yaml:\d:\d+: not valid YAML: /);
    expect(problemsOf('name: !secret a\n')[0]).to.match(/^a\.yaml:1:7: not valid YAML: unresolved tag/);
    expect(problemsOf('%YAML 1.1\n---\nname: a\n')[0]).to.equal('a.yaml:1:1: YAML 1.1 is not read; write YAML 1.2');
  });

  it('does not unfold an alias bomb', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    expect(problemsOf(lines.join('\n')).join()).to.match(/alias/i);
  });

  it('reports findings together with the problems of the schema', () => {
    const parse = () =>
      parseStrictYaml({ file: 'a.yaml', text: 'name: 1\ncount: 2\n' }, schema, () => [
        { path: ['count'], text: 'too many' },
      ]);
    expect(parse).to.throw(BadConfiguration, /name: 1 is not text[\s\S]*a\.yaml:2:8: count: too many/);
  });

  it('refuses none or several documents where one must stand', () => {
    const parse = (text: string) => () => parseStrictDocument({ file: 'a.yaml', text }, schema);
    expect(parse('')).to.throw(BadConfiguration, 'a.yaml:1:1: the file is empty');
    expect(parse('name: a\n---\nname: b\n')).to.throw(BadConfiguration, 'holds 2 documents; one must stand here');
  });

  it('ends a verb with the status for bad usage, and says what to do', () => {
    const error = new BadConfiguration([{ file: 'a.yaml', line: 1, column: 2, key: 'k', text: 'wrong' }]);
    expect(error.exit).to.equal('badUsage');
    expect(error.message).to.equal(
      'reading a.yaml: 1 problem\n  seen: a.yaml:1:2: k: wrong\n  do:   correct the file; nothing was created',
    );
  });

  it('refuses what is nested deeper than the parser can follow', () =>
    expect(problemsOf('['.repeat(100_000))).to.deep.equal(['a.yaml:1:1: it is nested too deeply']));

  it('reads no pipe and no device: neither has to end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lpv-yaml-'));
    const pipe = join(folder, 'pipe');
    try {
      execFileSync('mkfifo', [pipe]);
      for (const path of [pipe, '/dev/zero']) {
        const error = await readSource(path).catch((thrown: unknown) => thrown);
        expect((error as Error).message).to.contain(`${path}:1:1: it is a pipe or a device`);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('says when there is no file', async () => {
    const error = await readSource('clusters/nothing.yaml').catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(BadConfiguration);
    expect((error as Error).message).to.contain('clusters/nothing.yaml:1:1: there is no such file');
  });

  it('positions keys of an embedded block by the lines of its file', () => {
    const { documents } = takeApart({ file: 'a.yaml', text: 'patches:\n  - |\n    kind: A\n    nam: b\n' });
    const embedded = documents[0]?.embedded(['patches', 0]);
    if (!embedded) throw new Error('no document');
    const inner = takeApart(embedded).documents[0]?.problem(['nam'], 'wrong', 'key');
    expect(inner).to.include({ line: 4, column: 5, key: 'nam' });
  });

  it('writes key paths as people do', () => {
    expect(renderKeyPath(['disks', 1, 'size'])).to.equal('disks[1].size');
    expect(renderKeyPath(['labels', 'a/b'])).to.equal('labels["a/b"]');
    expect(renderKeyPath(['minors', '1.37'])).to.equal('minors["1.37"]');
  });
});
