/**
 * Breaks what the harness uses while a run on a kept cluster goes on: the API server, the engine, disks, the wall clock,
 * the disk for the reports. One cluster serves all faults; after each it must be as new, and the machine as before.
 *
 *   npm run test:faults -- --grep 'the API server'     only the faults whose title matches
 */
import { mkdir, readdir, rename, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { connect } from '../../../clusters/api/client.ts';
import { ObjectStore } from '../../../clusters/api/object-store.ts';
import { waitFor } from '../../../clusters/api/wait.ts';
import { pollUntil } from '../../../clusters/host/poll-until.ts';
import { ownershipLabels } from '../../../fixtures/isolate-names.ts';
import { expect as expectObject, leaseVolume, SpecNamespace } from '../../../specs/harness/index.ts';
import { engineProxy } from './engine-proxy.ts';
import { slowness } from './harness-process.ts';
import { KeptCluster } from './kept-cluster.ts';
import { inSandbox, type Sandbox } from './sandbox.ts';

const use = '--use=stays';
/** The line of the first spec that has passed: their order is shuffled. */
const aSpec = /✓ (SEED|LV)-/;
const passed = [/1 passed, 0 failed, 0 skipped/];
const preload = (module: string) => `--import=${pathToFileURL(join(import.meta.dirname, module)).href}`;

describe('the harness, broken on a cluster that stays', function () {
  this.timeout(slowness * 600_000);
  let cluster: KeptCluster;
  const inSandboxWithCluster = inSandbox(async (sandbox) => {
    await sandbox.start(['up', '--name=stays', `--image=${sandbox.image}`]).endsWith('conforms', [/down stays/]);
    cluster = await KeptCluster.find(sandbox, 'lpv-stays');
  });
  const fault = (title: string, work: (sandbox: Sandbox) => Promise<void>) =>
    inSandboxWithCluster(title, async (sandbox) => {
      await work(sandbox);
      expect((await cluster.damage()).join('\n'), 'what is wrong with the cluster').to.equal('');
    });

  fault('its name is taken, and lpv clean leaves it alone', async (sandbox) => {
    const again = sandbox.start(['up', '--name=stays', `--image=${sandbox.image}`]);
    await again.endsWith('environment', [/has a cluster of that name: it was kept on purpose/, /lpv -- down stays/]);
    await sandbox.start(['clean']).endsWith('conforms', [/nothing to remove/]);
  });

  fault('it is in use: another run, lpv down and lpv down --all are refused', async (sandbox) => {
    // All specs: the run has to last until all others have been refused, on a slow machine too.
    const run = sandbox.start(['run', use]);
    await run.says(aSpec);
    const inUse = [/process \d+ \(lpv run\) has used it since/];
    await sandbox.start(['run', use, '--grep=SEED-1']).endsWith('environment', inUse);
    await sandbox.start(['down', 'stays']).endsWith('environment', inUse);
    await sandbox.start(['down', '--all']).endsWith('conforms', [/lpv-stays stays/]);
    await sandbox.start(['clean']).endsWith('conforms', [/nothing to remove/]);
    run.send('SIGINT');
    await run.endsWith('interrupted', [/interrupted by SIGINT/]);
    await sandbox.start(['run', use, '--grep=SEED-1']).endsWith('conforms', passed);
  });

  fault('SIGINT while specs change nodes: everything is undone', async (sandbox) => {
    const run = sandbox.start(['run', use, '--chapter=fault']);
    await run.says(aSpec);
    run.send('SIGINT');
    await run.endsWith('interrupted', [/interrupted by SIGINT/], 60_000);
  });

  fault('SIGKILL while specs change nodes: lpv clean undoes it', async (sandbox) => {
    const run = sandbox.start(['run', use, '--chapter=fault,block']);
    await run.says(aSpec);
    run.send('SIGKILL');
    await run.ended();
    // As specs do that add services to a node. systemd knows then what each disk requires.
    for (const node of ['node1', 'node2', 'node3'] as const) await cluster.onNode(node, 'systemctl', 'daemon-reload');
    await sandbox.start(['clean']).endsWith('conforms', [/✓ /]);
    await sandbox.start(['run', use, '--grep=SEED-1']).endsWith('conforms', passed);
  });

  fault('the API server is killed while a wait goes on: it ends on the real state', async () => {
    using client = await connect({ kubeconfig: cluster.kubeconfig });
    const broken: string[] = [];
    const progress = { note: () => {}, retried: (step: string) => void broken.push(step) };
    await using store = new ObjectStore({ client, kinds: ['Namespace'], progress });
    await store.start();
    const names = ['stays', 'goes'];
    for (const name of names) await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const [stays, goes] = names.map((name) => ({ kind: 'Namespace', name }) as const);
    if (!stays || !goes) return;
    const changed = waitFor(store, {
      what: 'one namespace to be labelled and the other one to be gone',
      on: [stays, goes],
      within: slowness * 120_000,
      until: (view) => view.get(stays)?.metadata.labels?.after === 'restart' && view.get(goes) === undefined,
    });
    await cluster.killApiServer();
    const answers = async () => ((await client.version().catch(() => undefined)) ? { answer: true } : { notYet: '' });
    await pollUntil(answers, { within: slowness * 60_000, every: 200 });
    await client.patch(stays, { type: 'merge', change: { metadata: { labels: { after: 'restart' } } } });
    await client.remove(goes);
    await changed;
    expect(broken, 'watches that were begun again').to.not.deep.equal([]);
    await client.remove(stays);
    await waitFor(store, {
      what: 'it to be gone',
      within: slowness * 30_000,
      until: (view) => view.get(stays) === undefined,
    });
  });

  fault('the API server is killed while specs run: no requirement is called refuted', async (sandbox) => {
    const run = sandbox.start(['run', use, '--chapter=scenario']);
    await run.says(aSpec);
    await cluster.killApiServer();
    const { status } = await run.ended();
    expect(run.output).to.not.include('does not conform');
    expect(status, run.output).to.be.oneOf([0, 3]);
    await sandbox.start(['run', use, '--grep=SEED-1']).endsWith('conforms', passed);
    // What that run could not remove without an API server goes now.
    await sandbox.start(['clean']).endsWith('conforms');
  });

  fault('the engine dies while specs run', async (sandbox) => {
    await using proxy = await engineProxy(join(sandbox.folder, 'dies.sock'), sandbox.socket);
    const run = sandbox.start(['run', use, '--chapter=scenario,access'], { env: { DOCKER_HOST: proxy.address } });
    await run.says(aSpec);
    await proxy.cut();
    await run.endsWith('environment', [/docker/i], 180_000);
    expect(run.output).to.not.include('does not conform');
    await sandbox.start(['clean']).endsWith('conforms');
    await sandbox.start(['run', use, '--grep=SEED-1']).endsWith('conforms', passed);
  });

  fault('a disk is dirty when a spec leases it: it is emptied first', async (sandbox) => {
    await cluster.onNode('node2', 'sh', '-c', 'echo stale >/mnt/disks/volA/stale; chgrp 4242 /mnt/disks/volA');
    await sandbox.start(['run', use, '--grep=SEED-6']).endsWith('conforms', passed);
    expect(await cluster.onNode('node2', 'ls', '/mnt/disks/volA')).to.equal('lost+found');
    expect(await cluster.onNode('node2', 'stat', '--format=%g', '/mnt/disks/volA')).to.equal('0');
  });

  fault('a disk is not mounted', async (sandbox) => {
    const device = await cluster.onNode('node2', 'findmnt', '--noheadings', '--output=SOURCE', '/mnt/disks/volA');
    await cluster.onNode(
      'node2',
      'sh',
      '-c',
      `exec 9<${device}; umount /mnt/disks/volA; sleep infinity & echo $! >/run/held`,
    );
    const run = sandbox.start(['run', use, '--grep=SEED-1']);
    await run.endsWith('environment', [/✗ Verifying the disks/, /\/mnt\/disks\/volA/]);
    await cluster.onNode('node2', 'sh', '-c', `mount ${device} /mnt/disks/volA; kill $(cat /run/held); rm /run/held`);
  });

  fault('the disk of a node is full when a volume is made on it', async () => {
    const place = '/var/local/local-pv-conformance';
    await cluster.onNode('node2', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'small', place);
    const lease = cluster.asSpec('LV-FULL', async () => {
      await using _ = await leaseVolume('node2', 'LOOP');
    });
    const failure = await lease.then(() => undefined, String);
    await cluster.onNode('node2', 'umount', place);
    expect(failure).to.match(/No space left on device/);
  });

  fault('a pod that ignores SIGTERM: it is gone after its grace period, and its volume with it', async () => {
    await cluster.asSpec('LV-DEAF', async () => {
      await using disk = await leaseVolume('node2', 'LOOP');
      await using namespace = await SpecNamespace.open();
      await namespace.storageClass();
      const { claim } = await namespace.boundVolume('data', disk);
      const pod = await namespace.pod('deaf', {
        claims: [claim],
        change: ({ spec }) => {
          spec.terminationGracePeriodSeconds = 3;
          for (const container of spec.containers)
            container.command = ['sh', '-c', 'trap "" TERM; while true; do sleep 1; done'];
        },
      });
      await expectObject(pod).to.runOn('node2');
      const begun = performance.now();
      await namespace.remove(pod);
      expect(performance.now() - begun, 'milliseconds').to.be.within(3_000, 3_000 + slowness * 5_000);
    });
  });

  fault('a namespace is stuck by a finalizer: the wait is bounded, and says what holds it', async (sandbox) => {
    using client = await connect({ kubeconfig: cluster.kubeconfig });
    await using store = new ObjectStore({ client, kinds: ['Namespace'] });
    await store.start();
    const run = sandbox.start(['run', use, '--grep=SEED-1']);
    const name = await waitFor(store, {
      what: 'the namespace of the spec',
      within: slowness * 120_000,
      until: (view) =>
        view.list('Namespace').find(({ metadata }) => metadata.labels?.[ownershipLabels.spec])?.metadata.name,
    });
    const held = ['--namespace', name, 'configmap', 'held'];
    await cluster.kubectl('create', ...held);
    await cluster.kubectl('patch', ...held, '--type=merge', '--patch={"metadata":{"finalizers":["example.org/held"]}}');
    // A minute for the namespace, two for restoring the cluster.
    await run.endsWith('environment', [/finalizers remaining: example\.org\/held/, new RegExp(name)], 240_000);
    await cluster.kubectl('patch', ...held, '--type=merge', '--patch={"metadata":{"finalizers":null}}');
    await sandbox.start(['clean']).endsWith('conforms', [/✓ Restoring the cluster lpv-stays/]);
    const ref = { kind: 'Namespace', name } as const;
    await waitFor(store, {
      what: 'it to be gone',
      within: slowness * 30_000,
      until: (view) => view.get(ref) === undefined,
    });
  });

  fault('the wall clock jumps by hours every half second', async (sandbox) => {
    const env = { NODE_OPTIONS: preload('jumping-clock.js') };
    await sandbox.start(['run', use, '--grep=SEED-1,SEED-6'], { env }).endsWith('conforms', [/2 passed, 0 failed/]);
  });

  fault('report.html cannot be written: the status of the specs stands, and the error is shown', async (sandbox) => {
    const reports = join(sandbox.work, 'reports');
    const earlier = await readdir(reports);
    const run = sandbox.start(['run', use, '--grep=SEED-1']);
    await run.says(/Waiting for the nodes/);
    const [folder = ''] = (await readdir(reports)).filter((name) => !earlier.includes(name));
    await mkdir(join(reports, folder, 'report.html', 'in-the-way'), { recursive: true });
    await run.endsWith('conforms', [/report\.html could not be written/, ...passed]);
  });

  fault('the disk for the report fills up while specs run: nothing is left, and it is no success', async (sandbox) => {
    const directory = await sandbox.smallDisk(2 ** 20);
    const run = sandbox.start(['run', use, '--grep=SEED-1'], { directory });
    await run.says(/Running 1 spec/);
    const { bavail, bsize } = await statfs(directory);
    await writeFile(join(directory, 'rest'), Buffer.alloc(bavail * bsize));
    await run.endsWith('environment', [/ENOSPC|no space left/]);
    await sandbox.start(['clean']).endsWith('conforms');
  });

  fault('its kubeconfig is lost', async (sandbox) => {
    await rename(cluster.kubeconfig, `${cluster.kubeconfig}.away`);
    await sandbox.start(['run', use, '--grep=SEED-1']).endsWith('environment', [/kubeconfig/]);
    await rename(`${cluster.kubeconfig}.away`, cluster.kubeconfig);
  });
});
