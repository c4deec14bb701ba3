import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../clusters/project-root.ts';
import { harnessFacts } from './surroundings.ts';

describe('the facts of the harness', () => {
  it('have a commit in a checkout', async function () {
    if (!existsSync(join(projectRoot, '.git'))) this.skip();
    expect((await harnessFacts()).commit).to.match(/^[0-9a-f]{40}$/);
  });

  it('have none in a folder of another repository', async () =>
    expect(await harnessFacts(join(projectRoot, 'scripts'))).to.have.all.keys('version'));
});
