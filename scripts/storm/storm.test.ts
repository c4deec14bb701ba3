import { expect } from 'chai';
import { parse } from 'yaml';
import { ApiRefusal } from '../../clusters/api/refusal.ts';
import { readClusterConfiguration } from '../../clusters/configuration/cluster-shape.ts';
import { withFlags } from '../../clusters/configuration/component-flags.ts';
import { readVersions } from '../../clusters/configuration/versions.ts';
import { stormConfiguration } from './cluster.ts';
import { madeUpCell, skippedCell } from './made-up-for-tests.ts';
import { cellObjects, indexIn, keptClaim, keptPod, keptVolume } from './objects.ts';
import { judge } from './storm.ts';
import { Watches } from './watches.ts';

describe('a storm', () => {
  it('conforms where every cell held, and says which were not begun', () => {
    const verdict = judge([madeUpCell(), madeUpCell({ claims: 300 }), skippedCell()]);
    expect(verdict).to.deep.equal({
      exitStatus: 'conforms',
      verdict:
        'conforms: 400 claims in 2 cells were bound and scheduled, and every invariant held; 1 cell was not begun',
    });
  });

  it('does not conform where an invariant did not hold, whatever else there is', () => {
    const { exitStatus, verdict } = judge([
      madeUpCell({ outcome: 'unfinished', unfinished: { count: 1, some: ['default/x'] } }),
      madeUpCell({ outcome: 'violated', violations: ['volume v is of two claims: a and b'] }),
    ]);
    expect(exitStatus).to.equal('doesNotConform');
    expect(verdict).to.contain('in 1 of 2 cells').and.to.contain('volume v is of two claims: a and b');
  });

  it('holds nothing against Kubernetes that was not finished in time, and names it', () => {
    const slow = judge([
      madeUpCell({ outcome: 'unfinished', unfinished: { count: 7, some: ['default/x', 'default/y'] } }),
    ]);
    expect(slow.exitStatus).to.equal('environment');
    expect(slow.verdict).to.contain('7 of 100').and.to.contain('default/x, default/y');
  });

  it('proves nothing without a cell', () => {
    expect(judge([skippedCell()])).to.include({ exitStatus: 'doesNotConform' });
    expect(judge([])).to.include({ exitStatus: 'doesNotConform' });
  });

  it('has a cluster as specs have, with limits and room for many nodes', async () => {
    const { shape: ours, document: plain } = await readClusterConfiguration();
    const ofSpecs = [{ name: 'v', value: '2' }];
    const before = {
      shape: ours,
      document: withFlags(plain, { controllerManager: ofSpecs, scheduler: ofSpecs }),
    };
    for (const [limits, qps] of [
      ['default', '20'],
      ['raised', '1000'],
    ] as const) {
      const { shape, document } = stormConfiguration(before, limits);
      expect(shape).to.equal(before.shape);
      expect(document.nodes).to.equal(before.document.nodes);
      const added = document.kubeadmConfigPatches.slice(before.document.kubeadmConfigPatches.length);
      const [patch, ...others] = added.map((text) => parse(text));
      expect(patch).to.include({ kind: 'ClusterConfiguration', apiVersion: 'kubeadm.k8s.io/v1beta4' });
      expect(others.at(-1)).to.have.nested.property('networking.podSubnet');
      const flags: { name: string; value: string }[] = patch.controllerManager.extraArgs;
      expect(flags.filter(({ name }) => name === 'kube-api-qps')).to.deep.equal([{ name: 'kube-api-qps', value: qps }]);
      // kubeadm gets no flag twice, and those of specs too.
      expect(new Set(flags.map(({ name }) => name)).size).to.equal(flags.length);
      for (const component of ['controllerManager', 'scheduler'])
        expect(patch[component].extraArgs).to.deep.include.members(ofSpecs);
    }
  });

  it('runs with a kwok whose module is pinned', async () => {
    expect((await readVersions()).kwok).to.include({ module: 'sigs.k8s.io/kwok' });
  });
});

describe('the objects of a cell', () => {
  const place = { number: 3, nodes: ['k1', 'k2'], image: 'image' };

  it('are numbered, labelled, and dealt out to nodes and classes', () => {
    const objects = cellObjects({ ...madeUpCell({ layout: 'classes', classes: 2 }) }, place);
    expect(objects.labelSelector).to.equal('local-pv-conformance/storm=cell-3');
    expect(objects.classes.map(({ metadata }) => metadata.name)).to.deep.equal(['storm-3-class-0', 'storm-3-class-1']);
    const [claim, volume, pod] = [objects.claim(41), objects.volume(41), objects.pod(41)];
    for (const { metadata } of [claim, volume, pod]) {
      expect(metadata).to.deep.include({ name: 'storm-3-00041', labels: { 'local-pv-conformance/storm': 'cell-3' } });
      expect(indexIn(metadata.name)).to.equal(41);
    }
    expect(JSON.stringify(volume)).to.contain('"values":["k2"]').and.to.contain('storm-3-class-1');
    expect(JSON.stringify(pod)).not.to.contain('affinity');
  });

  it('have pods that name their node where these are pinned', () => {
    const { pod } = cellObjects(madeUpCell({ layout: 'pinned' }), place);
    expect(JSON.stringify(pod(0)))
      .to.contain('requiredDuringSchedulingIgnoredDuringExecution')
      .and.contain('["k1"]');
  });

  it('have a number only in names of their form', () => {
    expect(indexIn('storm-3-00000')).to.equal(0);
    expect(indexIn('storm-3-class')).to.be.NaN;
    expect(indexIn(undefined)).to.be.NaN;
  });

  it('are kept without what a storm does not look at', () => {
    const metadata = {
      name: 'a',
      namespace: 'default',
      uid: 'u',
      resourceVersion: '1',
      managedFields: [{}],
      labels: {},
    };
    const kept = { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '1' };
    expect(
      keptClaim({ metadata, spec: { volumeName: 'v', resources: {} } as object, status: { phase: 'Bound' } }),
    ).to.deep.equal({
      metadata: kept,
      spec: { volumeName: 'v' },
      status: { phase: 'Bound' },
    });
    expect(keptPod({ metadata, spec: { nodeName: 'k1', containers: [] } as object })).to.deep.equal({
      metadata: kept,
      spec: { nodeName: 'k1' },
    });
    const claimRef = { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '9' };
    expect(
      keptVolume({ metadata, spec: { claimRef, capacity: {} } as object, status: { phase: 'Bound' } }),
    ).to.deep.equal({
      metadata: kept,
      spec: { claimRef: { name: 'a', uid: 'u' } },
      status: { phase: 'Bound' },
    });
  });
});

describe('the watches of a storm', () => {
  interface Thing {
    metadata: { name: string; uid: string; resourceVersion: string };
    spec?: { kept: string };
  }
  const thing = (name: string, version: string) => ({
    metadata: { name, uid: name, resourceVersion: version },
    spec: { kept: 'yes', large: 'much' },
  });
  const never = new AbortController().signal;

  it('list in pages, keep what they are told to, and wait for what comes', async () => {
    const asked: (string | undefined)[] = [];
    let send = (_line: string) => {};
    const client = {
      list: async (_kind: string, options: { limit?: number; continue?: string }) => {
        asked.push(options.continue);
        if (options.continue === undefined) return { resourceVersion: '5', items: [thing('a', '1')], continue: 'more' };
        return { resourceVersion: '5', items: [thing('b', '2')] };
      },
      watch: async function* (_kind: string, _from: object, { signal }: { signal: AbortSignal }) {
        yield await new Promise<string>((resolve) => {
          send = resolve;
        });
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    };
    await using watches = new Watches({
      ...client,
      watch: async (...args: Parameters<typeof client.watch>) => client.watch(...args),
    } as never);
    const seen: string[] = [];
    watches.follow<Thing>('PersistentVolume', {
      labelSelector: 'x=y',
      keep: ({ metadata, spec }) => ({ metadata, ...(spec && { spec: { kept: spec.kept } }) }),
      changed: ({ type, object }) => seen.push(`${type} ${object.metadata.name} ${JSON.stringify(object.spec)}`),
    });
    await watches.start(never);
    expect(asked).to.deep.equal([undefined, 'more']);
    expect(await watches.until(() => seen.length > 2, { within: 20, signal: never })).to.equal(false);
    const three = watches.until(() => seen.length === 3, { within: 4_000, signal: never });
    send(JSON.stringify({ type: 'ADDED', object: thing('c', '6') }));
    expect(await three).to.equal(true);
    expect(seen).to.deep.equal(['ADDED a {"kept":"yes"}', 'ADDED b {"kept":"yes"}', 'ADDED c {"kept":"yes"}']);
    expect(watches).to.include({ faults: 0, missed: 0 });
  });

  it('end a wait with what the API refuses for good', async () => {
    const refuse = async () => {
      throw new ApiRefusal('listing', 'volumes', 403, '{"message":"forbidden"}');
    };
    await using watches = new Watches({ list: refuse, watch: refuse } as never);
    watches.follow<Thing>('PersistentVolume', { labelSelector: '', keep: (sent) => sent, changed: () => {} });
    expect(await watches.start(never).catch((error: Error) => error.message)).to.contain('forbidden');
  });
});
