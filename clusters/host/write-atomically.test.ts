import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeAtomically } from './write-atomically.ts';

describe('a file that is written atomically', () => {
  it('leaves nothing beside its place where it cannot be written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lpv-write-'));
    try {
      mkdirSync(join(folder, 'page', 'in-the-way'), { recursive: true });
      expect(() => writeAtomically(join(folder, 'page'), 'text')).to.throw();
      expect(readdirSync(folder)).to.deep.equal(['page']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
