/**
 * Runs the runner's image inside a cluster that the harness did not make, driven by hydrophone, by Sonobuoy and as Jobs,
 * and compares each with `lpv run` from outside, requirement by requirement. The cluster breaks two of them.
 *
 *   npm run test:runner
 *   LPV_WHOLE_RUN=on npm run test:runner     also the whole catalogue, as every night: half an hour
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { connect } from '../../../clusters/api/client.ts';
import { ObjectStore } from '../../../clusters/api/object-store.ts';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import type { ExitStatus } from '../../../clusters/errors/exit-status.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { type Parsed, parsed } from '../../report/formats/junit-shape.ts';
import type { LocalVolumeConformanceReport } from '../../report/model/report.ts';
import { readReport } from '../../report/model/report-file.ts';
import { runnerImage, saveRunnerImage } from '../../runner-image/image.ts';
import { sonobuoyPlugin } from '../../runner-image/manifests.ts';
import { mergeShards } from '../../verbs/merge-shards.ts';
import { connectPods, engineProgram, sonobuoyImage } from './engines.ts';
import { ForeignCluster } from './foreign-cluster.ts';
import { slowness } from './harness-process.ts';
import { endOfJob, jobNamespace, podAtWork } from './runner-job.ts';

const signal = new AbortController().signal;

const isWhole = process.env.LPV_WHOLE_RUN === 'on';

/** Some that need the API alone and some that need the nodes. E2E_FOCUS and --grep take the same pattern. */
const pattern = 'LV-BIND-(0\\d|1[0-2]) |LV-ACCESS-0[2-9] ';

/** What the cluster does not meet: its controller manager does what minors before 1.37 did. */
const broken = ['LV-LIFE-23', 'LV-LIFE-35'];
const brokenBy = 'PersistentVolumeClaimUnusedSinceTime=false';

/** The result of each requirement, by its id. */
type Results = Record<string, string>;

describe('the runner inside a cluster', function () {
  this.timeout(slowness * (isWhole ? 2_400_000 : 900_000));
  let cluster: ForeignCluster;
  let image: string;
  let podImage: string;
  /** What `lpv run` shows from outside. */
  let outside: Results;

  before(async () => {
    const kubelet = 'kind: KubeletConfiguration\nfailCgroupV1: false\n';
    const control = `kind: ClusterConfiguration\ncontrollerManager: { extraArgs: [{ name: feature-gates, value: ${brokenBy} }] }\n`;
    // Three for specs, and one for a runner whose specs change nodes.
    const workers = ['first', 'second', 'third', 'fourth'].map(() => ({ role: 'worker' }));
    const kind = { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', kubeadmConfigPatches: [kubelet, control] };
    cluster = await ForeignCluster.create(
      () => ({ ...kind, nodes: [{ role: 'control-plane' }, ...workers] }),
      {},
      signal,
    );
    await connectPods(cluster);
    const versions = await readVersions();
    podImage = (await cluster.loadImages(['pod', 'agent', ...(isWhole ? (['provisioner'] as const) : [])])).pod ?? '';
    image = await runnerImage();
    const archive = join(cluster.folder, 'runner.tar');
    await saveRunnerImage({ name: image, versions, file: archive, mayInstall: false });
    await cluster.load(archive);
    outside = await fromOutside(['--grep', `/${pattern}/`], 'conforms');
    expect(Object.keys(outside).length).to.be.greaterThan(15);
  });

  after(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  afterEach(async () => {
    expect(await cluster.left(), 'what runs have left').to.equal('');
  });

  it('shows hydrophone what a run from outside shows, and hydrophone ends well', async () => {
    const folder = join(cluster.folder, 'hydrophone');
    await mkdir(folder);
    const options = [
      ...['--kubeconfig', cluster.kubeconfig, '--output-dir', folder, '--focus', pattern],
      ...['--conformance-image', image, '--busybox-image', podImage, '--progress-status-interval', '5s'],
    ];
    const hydrophone = await engineProgram('hydrophone', signal);
    const { stdout, stderr } = await run(host, { argv: [hydrophone, ...options], deadline: slowness * 600_000 });
    expect(stdout + stderr).to.match(/Progress: \d+\/\d+ tests completed/);
    expect(resultsOfJunit(parsed(await readFile(join(folder, 'junit_01.xml'), 'utf8')))).to.deep.equal(plain(outside));
    expect(await readFile(join(folder, 'e2e.log'), 'utf8')).to.match(/Ginkgo ran 1 suite in \S+\n$/);
  });

  it('shows Sonobuoy what a run from outside shows, as a tree, and its progress', async () => {
    const sonobuoy = await engineProgram('sonobuoy', signal);
    const archive = join(cluster.folder, 'sonobuoy.tar');
    const name = await sonobuoyImage(sonobuoy, archive, signal);
    await cluster.load(archive);
    const plugin = join(cluster.folder, 'plugin.yaml');
    await writeFile(plugin, sonobuoyPlugin({ image, pulled: false, args: ['--grep', `/${pattern}/`] }));
    const command = async (...argv: string[]): Promise<string> => {
      const all = [sonobuoy, ...argv, '--kubeconfig', cluster.kubeconfig] as const;
      return (await run(host, { argv: all, deadline: slowness * 600_000, directory: cluster.folder })).stdout;
    };
    const images = ['--sonobuoy-image', name, '--force-image-pull-policy', '--image-pull-policy', 'Never'];
    await command('run', '--plugin', plugin, ...images, '--skip-preflight=dnscheck', '--wait=10');
    const { plugins } = JSON.parse(await command('status', '--json')) as { plugins: { progress?: object }[] };
    expect(plugins[0]?.progress).to.include({ total: Object.keys(outside).length });
    const packed = join(cluster.folder, (await command('retrieve')).trim());
    const file = 'plugins/local-pv-conformance/sonobuoy_results.yaml';
    const tree = await run(host, { argv: ['tar', '-xzOf', packed, file], deadline: 60_000 });
    expect(resultsOfTree(parse(tree.stdout) as Item)).to.deep.equal(plain(outside));
    await command('delete', '--wait');
  });

  it('as an Indexed Job proves a share with each index; one whose pod is lost is run again', async () => {
    using client = await connect({ kubeconfig: cluster.kubeconfig });
    await using store = new ObjectStore({ client, kinds: ['Pod'] });
    await store.start();
    const lost: string[] = [];
    const { reports, status } = await endOfJob(
      cluster,
      'Complete',
      { image, shards: 2, args: ['--grep', `/${pattern}/`] },
      async () => {
        const evicted = await podAtWork(store, 0);
        await client.evict({ kind: 'Pod', name: evicted.metadata.name, namespace: jobNamespace });
        // Deleted without an eviction: nobody says that it was no fault of its own, so it counts.
        const deleted = await podAtWork(store, 1);
        await cluster.kubectl(['delete', 'pod', '--namespace', jobNamespace, deleted.metadata.name, '--wait=false']);
        lost.push(evicted.metadata.uid, deleted.metadata.uid);
      },
    );
    const ends = lost.map((uid) => {
      const pods = store.changes('Pod').filter(({ object }) => object.metadata.uid === uid);
      const seen = pods.map(({ object }) => object.status);
      return {
        disrupted: seen.some((each) => each?.conditions?.some(({ type }) => type === 'DisruptionTarget')),
        exitCode: seen.flatMap((each) => each?.containerStatuses?.[0]?.state?.terminated?.exitCode ?? [])[0],
      };
    });
    expect(ends).to.deep.equal([
      { disrupted: true, exitCode: 130 },
      { disrupted: false, exitCode: 130 },
    ]);
    expect(status).to.include({ succeeded: 2, failed: 1, completedIndexes: '0,1' });
    const merged = join(cluster.folder, 'merged');
    expect(await mergeShards(reports, { report: merged })).to.equal('conforms');
    expect(await resultsBelow(merged)).to.deep.equal(outside);
  });

  it('as an Indexed Job fails the index whose requirement is refuted, and does not try it again', async () => {
    const args = ['--grep', `/LV-BIND-0\\d |${broken[0]} /`];
    const refuted = await fromOutside(args, 'doesNotConform');
    const { reports, status, pods } = await endOfJob(cluster, 'Failed', { image, shards: 2, args });
    const failing = (await Promise.all(reports.map((file) => readReport(file)))).findIndex(({ requirements }) =>
      requirements.some(({ id }) => id === broken[0]),
    );
    expect(pods).to.deep.equal(['0', '1']);
    expect(status).to.include({ failed: 1, failedIndexes: `${failing}`, completedIndexes: `${1 - failing}` });
    expect(status.conditions.find(({ type }) => type === 'Failed')).to.include({ reason: 'FailedIndexes' });
    const merged = join(cluster.folder, 'merged-refuted');
    expect(await mergeShards(reports, { report: merged })).to.equal('doesNotConform');
    const results = await resultsBelow(merged);
    expect(results).to.deep.equal(refuted);
    expect(Object.keys(results).filter((id) => results[id] === 'failed')).to.deep.equal([broken[0]]);
  });

  it('as a disruptive Job leaves the node of its own pod alone, and shows what a run from outside shows', async () => {
    const args = ['--disruptive', '--grep', '/LV-SCHED-(29|30) |LV-FAULT-13 |LV-SET-06 /'];
    const disruptive = await fromOutside(args, 'conforms');
    const { reports, nodes } = await endOfJob(cluster, 'Complete', { image, shards: 1, args, tier: 'nodes' });
    const report = await readReport(reports[0] ?? '');
    expect(resultsOf(report)).to.deep.equal(disruptive);
    expect(report.statistics).to.include({ passed: 4 });
    const used = report.environment.cluster?.usedNodes.map(({ name }) => name);
    expect(used).to.have.length(3).and.not.include(nodes[0]);
  });

  if (isWhole)
    it('as a Job shows of the whole catalogue what a run from outside shows', async () => {
      const kubeconfig = await cluster.kubeconfigOf('nodes', 'of-nodes');
      const results = await fromOutside([], 'doesNotConform', kubeconfig);
      const { reports } = await endOfJob(cluster, 'Failed', { image, shards: 1, args: [], tier: 'nodes' });
      expect(resultsOf(await readReport(reports[0] ?? ''))).to.deep.equal(results);
      expect(Object.keys(results).filter((id) => results[id] === 'failed')).to.deep.equal(broken);
      expect(Object.values(results).filter((result) => result === 'passed').length).to.be.greaterThan(280);
    });

  /** Runs specs from this machine until that end, and returns what they came to. */
  async function fromOutside(args: readonly string[], end: ExitStatus, kubeconfig?: string): Promise<Results> {
    const ran = cluster.lpv(args, kubeconfig);
    await ran.endsWith(end, [], 1_200_000);
    return resultsOf((await cluster.reportOf(ran)).report);
  }
});

/** Returns the results in the one report below a folder of reports. */
async function resultsBelow(reports: string): Promise<Results> {
  const names = (await readdir(reports)).filter((name) => !name.startsWith('.'));
  expect(names).to.have.length(1);
  return resultsOf(await readReport(join(reports, names[0] ?? '', 'report.yaml')));
}

function resultsOf({ requirements }: LocalVolumeConformanceReport): Results {
  return Object.fromEntries(requirements.map(({ id, result }) => [id, result]));
}

/** Returns the results in a JUnit file; it has no more than passed, failed and skipped. */
function resultsOfJunit(element: Parsed): Results {
  if (element.name !== 'testcase') return Object.assign({}, ...element.children.map(resultsOfJunit));
  const id = element.children
    .flatMap(({ children }) => children)
    .find(({ name, attributes }) => name === 'property' && attributes.name === 'id')?.attributes.value;
  const has = (name: string) => element.children.some((child) => child.name === name);
  return id === undefined
    ? {}
    : { [id]: has('failure') || has('error') ? 'failed' : has('skipped') ? 'skipped' : 'passed' };
}

/** Returns results in the words that other formats share. */
function plain(results: Results): Results {
  const words = (result: string) => (['passed', 'failed'].includes(result) ? result : 'skipped');
  return Object.fromEntries(Object.entries(results).map(([id, result]) => [id, words(result)]));
}

/** What Sonobuoy has made of our tree. */
interface Item {
  status: string;
  meta?: Record<string, string>;
  items?: Item[];
}

function resultsOfTree({ status, meta, items }: Item): Results {
  if (items) return Object.assign({}, ...items.map(resultsOfTree));
  return meta?.id === undefined ? {} : { [meta.id]: status };
}
