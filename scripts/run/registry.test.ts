import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Liveness } from './process-identity.ts';
import { entryOf, Registry, type RegistryEntry, registryFolder, whichToClean } from './registry.ts';

const entry = (run: string, pid: number, kept = false): RegistryEntry => ({
  version: 1,
  run,
  journal: `/work/reports/${run}/run.json`,
  process: { pid },
  cluster: `lpv-${run}`,
  network: `lpv-${run}`,
  kubeconfig: `/work/reports/${run}/kubeconfig`,
  kept,
});

const states: Readonly<Record<number, Liveness>> = { 1: 'alive', 2: 'dead', 3: 'unknown' };
const probe = ({ pid }: { pid: number }): Liveness => states[pid] ?? 'dead';

describe('deciding which runs to clean', () => {
  const cases: [string, RegistryEntry, boolean, RegExp][] = [
    ['a run whose process is gone is cleaned', entry('a', 2), true, /gone/],
    ['a run under way is left', entry('a', 1), false, /running it/],
    ['a kept run is left', entry('a', 2, true), false, /kept/],
    ['a kept run that is still under way is left', entry('a', 1, true), false, /running it/],
    ['a run of another pid namespace is left', entry('a', 3), false, /namespace/],
  ];
  for (const [title, given, clean, because] of cases) {
    it(title, () => {
      const [decision] = whichToClean([given], probe);
      expect(decision).to.include({ entry: given, clean });
      expect(decision?.because).to.match(because);
    });
  }
});

describe('the registry of runs', () => {
  let state: string;
  let registry: Registry;

  beforeEach(async () => {
    state = await mkdtemp(join(tmpdir(), 'lpv-state-'));
    registry = new Registry(registryFolder({ LPV_STATE_HOME: state }), probe);
  });

  afterEach(() => rm(state, { recursive: true }));

  it('knows no run on a fresh machine', async () => {
    expect(await registry.entries()).to.deep.equal([]);
  });

  it('distinguishes dead, kept and live runs, and forgets removed ones', async () => {
    for (const one of [entry('live', 1), entry('dead', 2), entry('kept', 2, true), entry('away', 3)]) {
      await registry.put(one);
    }
    const found = (await registry.decisions()).map((one) => `${one.entry.run}: ${one.clean ? 'dead' : one.state}`);
    expect(found.sort()).to.deep.equal(['away: live', 'dead: dead', 'kept: kept', 'live: live']);
    expect((await registry.deadRuns()).map(({ run }) => run)).to.deep.equal(['dead']);
    await registry.remove('dead');
    await registry.remove('dead');
    expect(await registry.deadRuns()).to.deep.equal([]);
    expect((await readdir(registry.folder)).sort()).to.deep.equal(['away.json', 'kept.json', 'live.json']);
  });

  it('replaces the entry of a run', async () => {
    await registry.put(entry('a', 2));
    await registry.put(entry('a', 2, true));
    expect(await registry.entries()).to.deep.equal([entry('a', 2, true)]);
  });

  it('gives a name to one run only, and says how to get it back', async () => {
    const wanted = { ...entry('b', 1), cluster: 'lpv-a', network: 'lpv-a' };
    await registry.reserve(entry('a', 2, true));
    const refusal = async () => String(await registry.reserve(wanted).catch((error: unknown) => error));
    expect(await refusal()).to.match(/run a of the harness has a cluster of that name: it was kept/);
    expect(await refusal()).to.match(/lpv -- down a$/);
    expect((await registry.entries()).map(({ run }) => run)).to.deep.equal(['a']);
    await registry.put(entry('a', 2));
    expect(await refusal()).to.match(/process 2 is gone.*lpv -- clean$/s);
    await registry.remove('a');
    await registry.reserve(wanted);
    await registry.reserve(wanted);
    expect((await registry.entries()).map(({ run }) => run)).to.deep.equal(['b']);
  });

  it('gives a name to at most one of two runs that ask at once', async () => {
    const both = ['a', 'b'].map((run) =>
      registry.reserve({ ...entry(run, 1), cluster: 'lpv-same', network: 'lpv-same' }),
    );
    const given = (await Promise.allSettled(both)).filter(({ status }) => status === 'fulfilled').length;
    expect(given).to.be.at.most(1);
    expect(await registry.entries()).to.have.length(given);
  });

  it('refuses a run id that leads out of its folder', async () => {
    expect(await registry.put({ ...entry('a', 1), run: '../a' }).catch((error: unknown) => error)).to.be.an('error');
  });

  it('knows which cluster a run uses that another has made, which is no second cluster of that name', async () => {
    await registry.put(entry('dev', 2, true));
    const use = {
      ...entry('use', 2),
      cluster: 'lpv-dev',
      network: 'lpv-dev',
      kubeconfig: '/work/reports/dev/kubeconfig',
    };
    const found = { node1: { container: 'lpv-dev-worker', labels: { diskType: 'ssd' } } };
    await registry.put({ ...use, found });
    expect(await registry.deadRuns()).to.deep.equal([{ ...use, found }]);
    await registry.remove('dev');
    await registry.refuseTaken('lpv-dev');
  });

  const broken: [string, string, RegExp][] = [
    ['an empty file, as a power cut leaves it', '', /JSON/],
    ['no entry', '{}', /version/],
    ['the entry of another run', JSON.stringify(entry('b', 2)), /another run: b/],
    ['a cluster that is not ours', JSON.stringify({ ...entry('a', 2), cluster: 'kind' }), /cluster/],
    ['a network that is not of its cluster', JSON.stringify({ ...entry('a', 2), network: 'lpv-b' }), /network/],
    ['a kubeconfig elsewhere', JSON.stringify({ ...entry('a', 2), kubeconfig: '/root/.kube/config' }), /kubeconfig/],
    [
      'a path through ..',
      JSON.stringify({ ...entry('a', 2), kubeconfig: '/work/reports/a/../kubeconfig' }),
      /kubeconfig/,
    ],
    ['a journal of another name', JSON.stringify({ ...entry('a', 2), journal: '/work/x/y.json' }), /journal/],
  ];
  for (const [title, text, says] of broken) {
    it(`trusts no ${title}; the other runs are found`, async () => {
      await registry.put(entry('dead', 2));
      await writeFile(join(registry.folder, 'a.json'), text);
      expect((await registry.deadRuns()).map(({ run }) => run)).to.deep.equal(['dead']);
      const [problem, ...more] = await registry.unreadable();
      expect(more).to.deep.equal([]);
      expect(problem?.message).to.match(says).and.include('a.json');
    });
  }
});

it('the entry of a run points at its journal', () => {
  const journal = {
    version: 1,
    run: 'k3x9qd',
    verb: 'up',
    process: { pid: 7 },
    started: '2026-11-23T10:00:00.000Z',
    cluster: 'lpv-demo',
    network: 'lpv-demo',
    folder: '/work/reports/x',
    kubeconfig: '/work/reports/x/kubeconfig',
    kept: true,
    actions: [],
  } as const;
  expect(entryOf({ ...journal, actions: [] })).to.deep.equal({
    version: 1,
    run: 'k3x9qd',
    journal: '/work/reports/x/run.json',
    process: { pid: 7 },
    cluster: 'lpv-demo',
    network: 'lpv-demo',
    kubeconfig: '/work/reports/x/kubeconfig',
    kept: true,
  });
});

describe('the place of the registry', () => {
  const below = 'local-pv-conformance/runs';
  for (const [title, environment, folder] of [
    ['is LPV_STATE_HOME first', { LPV_STATE_HOME: '/own', XDG_STATE_HOME: '/xdg' }, `/own/${below}`],
    ['is XDG_STATE_HOME next', { XDG_STATE_HOME: '/xdg' }, `/xdg/${below}`],
    ['is below the home folder otherwise', {}, `/home/me/.local/state/${below}`],
    ['is never a relative path', { XDG_STATE_HOME: 'xdg' }, `/home/me/.local/state/${below}`],
  ] as const) {
    it(title, () => expect(registryFolder(environment, '/home/me')).to.equal(folder));
  }
});
