import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readEvidence } from './evidence-files.ts';

describe('files of evidence', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-evidence-'));
    await mkdir(join(folder, 'report', 'evidence', 'A'), { recursive: true });
    await writeFile(join(folder, 'outside.txt'), 'not of the report');
    await writeFile(join(folder, 'report', 'evidence', 'A', 'said.txt'), 'token: planted-secret\nfine\n');
    await symlink(join(folder, 'outside.txt'), join(folder, 'report', 'evidence', 'A', 'link.txt'));
  });

  after(() => rm(folder, { recursive: true }));

  it('reads them without secrets, with the size that the file has', async () => {
    const files = await readEvidence(join(folder, 'report'), ['evidence/A/said.txt', 'evidence/A/said.txt']);
    expect([...files.values()]).to.deep.equal([
      { path: 'evidence/A/said.txt', bytes: 27, text: 'token: [removed]\nfine\n' },
    ]);
  });

  it('leaves out what is not there, is a folder, or lies elsewhere', async () => {
    const paths = ['evidence/A/none', 'evidence/A', '../outside.txt', 'evidence/A/link.txt', '/etc/hostname', '.'];
    expect((await readEvidence(join(folder, 'report'), paths)).size).to.equal(0);
  });
});
