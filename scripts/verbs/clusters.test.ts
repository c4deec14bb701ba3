import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BuildFolder } from '../../clusters/host/node-image/build-folder.ts';
import { main } from '../main.ts';

it('lpv clusters lists what a killed build of a node image left, and no build under way', async () => {
  const { LPV_STATE_HOME, LPV_CACHE_HOME } = process.env;
  const { write } = process.stdout;
  const folder = await mkdtemp(join(tmpdir(), 'lpv-clusters-'));
  const builds = join(folder, 'local-pv-conformance', 'node-image');
  const killed = join(builds, 'build-0123456789ab');
  let said = '';
  try {
    Object.assign(process.env, { LPV_STATE_HOME: folder, LPV_CACHE_HOME: folder });
    await mkdir(killed, { recursive: true });
    await using underWay = await BuildFolder.create(builds);
    process.stdout.write = (text: string | Uint8Array) => {
      said += text;
      return true;
    };
    const status = await main(['clusters'], { out: () => {}, err: () => {} });
    process.stdout.write = write;
    expect(status).to.equal('conforms');
    expect(said)
      .to.match(/^no clusters of this project$/m)
      .and.not.include(underWay.path);
    expect(said).to.match(new RegExp(`^${killed} .*killed build.* lpv -- clean removes it$`, 'm'));
  } finally {
    process.stdout.write = write;
    for (const [name, value] of Object.entries({ LPV_STATE_HOME, LPV_CACHE_HOME })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(folder, { recursive: true });
  }
});
