import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { DomainError } from '../../clusters/errors/domain-error.ts';
import { occupy } from './occupation.ts';

describe('the occupation of a cluster that is there', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lpv-occupation-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const taken = async (liveness: 'alive' | 'dead' | 'unknown', pid = 7) =>
    occupy('lpv-dev', folder, { pid }, () => liveness);

  it('ends with the run, and leaves nothing', async () => {
    {
      await using _first = await taken('alive');
      expect(await readdir(folder)).to.have.length(1);
    }
    expect(await readdir(folder)).to.deep.equal([]);
    await using _second = await taken('alive');
  });

  for (const liveness of ['alive', 'unknown'] as const) {
    it(`refuses another run while the process of the first is ${liveness}, and says which it is`, async () => {
      await using _first = await taken(liveness);
      const refusal = await taken(liveness, 8).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(DomainError);
      expect(String((refusal as DomainError).message)).to.include('process 7 runs on it');
    });
  }

  it('is nothing once its process has died, nor where its file says nothing', async () => {
    await taken('alive');
    await using second = await taken('dead', 8);
    expect(second).to.have.property(Symbol.asyncDispose as unknown as string);
    await second[Symbol.asyncDispose]();
    await writeFile(join(folder, 'lpv-dev.used-by'), '');
    await using _third = await taken('alive', 9);
  });

  it('of one cluster does not hinder another', async () => {
    await using _dev = await taken('alive');
    await using _test = await occupy('lpv-test', folder, { pid: 8 }, () => 'alive');
  });
});
