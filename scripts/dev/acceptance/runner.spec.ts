/**
 * Runs the runner's image inside a cluster that the harness did not make, driven by hydrophone, by Sonobuoy and by an
 * Indexed Job, and compares each with `lpv run` from outside, requirement by requirement.
 *
 *   npm run test:runner
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { parse } from 'yaml';
import { wantedImages } from '../../../clusters/agent/image/images.ts';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { type Parsed, parsed } from '../../report/formats/junit-shape.ts';
import { readReport } from '../../report/model/report-file.ts';
import { saveImages } from '../../run/save-images.ts';
import { runnerImage, saveRunnerImage } from '../../runner-image/image.ts';
import { jobManifests, sonobuoyPlugin } from '../../runner-image/manifests.ts';
import { mergeShards } from '../../verbs/merge-shards.ts';
import { connectPods, engineProgram, sonobuoyImage } from './engines.ts';
import { ForeignCluster } from './foreign-cluster.ts';
import { slowness } from './harness-process.ts';

const signal = new AbortController().signal;

/** Some that need the API alone and some that need the nodes. E2E_FOCUS and --grep take the same pattern. */
const pattern = 'LV-BIND-(0\\d|1[0-2]) |LV-ACCESS-0[2-9] ';

/** The result of each requirement, by its id. */
type Results = Record<string, string>;

describe('the runner inside a cluster', function () {
  this.timeout(slowness * 900_000);
  let cluster: ForeignCluster;
  let image: string;
  let podImage: string;
  /** What `lpv run` shows from outside. */
  let outside: Results;

  before(async () => {
    const kubelet = 'kind: KubeletConfiguration\nfailCgroupV1: false\n';
    const workers = ['first', 'second', 'third'].map(() => ({ role: 'worker' }));
    const kind = { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', kubeadmConfigPatches: [kubelet] };
    cluster = await ForeignCluster.create(
      () => ({ ...kind, nodes: [{ role: 'control-plane' }, ...workers] }),
      {},
      signal,
    );
    await connectPods(cluster);
    const versions = await readVersions();
    const wanted = (await wantedImages(versions)).filter(({ purpose }) => purpose !== 'provisioner');
    podImage = wanted.find(({ purpose }) => purpose === 'pod')?.name ?? '';
    const archive = join(cluster.folder, 'images.tar');
    await saveImages({ wanted, versions, file: archive, mayInstall: false });
    await cluster.load(archive);
    image = await runnerImage();
    await saveRunnerImage({ name: image, versions, file: archive, mayInstall: false });
    await cluster.load(archive);
    const reports = join(cluster.folder, 'outside');
    await cluster.lpv(['--grep', `/${pattern}/`, '--report', reports]).endsWith('conforms');
    outside = await resultsBelow(reports);
    expect(Object.keys(outside).length).to.be.greaterThan(15);
  });

  after(async () => {
    await cluster?.[Symbol.asyncDispose]();
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
    expect(await cluster.left()).to.equal('');
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
    expect(await cluster.left()).to.equal('');
  });

  it('as an Indexed Job proves a share with each index, and the merged report is that of one run', async () => {
    const args = ['--grep', `/${pattern}/`];
    const manifests = await jobManifests({ image, pulled: false, args, shards: 2, tier: 'agent' });
    await cluster.kubectl(['apply', '-f', '-'], manifests);
    const job = ['--namespace', 'local-pv-conformance'];
    const complete = ['wait', ...job, '--for=condition=Complete', 'job/runner', '--timeout=170s'];
    // kubectl is given three minutes at a time.
    for (let tries = 5 * slowness; tries > 0; tries--) {
      const done = await cluster
        .kubectl(complete)
        .catch((error: unknown) => (tries > 1 ? undefined : Promise.reject(error)));
      if (done !== undefined) break;
    }
    const shards: string[] = [];
    for (const index of [0, 1]) {
      const found = await cluster.kubectl(['get', 'configmap', ...job, `runner-${index}`, '-o', 'json']);
      const { binaryData } = JSON.parse(found) as { binaryData: Record<string, string> };
      const file = join(cluster.folder, `shard-${index}.yaml`);
      await writeFile(file, gunzipSync(Buffer.from(binaryData['report.yaml.gz'] ?? '', 'base64')));
      shards.push(file);
      expect((await readReport(file)).shard).to.include({ index: index + 1, of: 2 });
    }
    const merged = join(cluster.folder, 'merged');
    expect(await mergeShards(shards, { report: merged })).to.equal('conforms');
    expect(await resultsBelow(merged)).to.deep.equal(outside);
    await cluster.kubectl(['delete', '-f', '-'], manifests);
    expect(await cluster.left()).to.equal('');
  });
});

/** Returns the results in the one report below a folder of reports. */
async function resultsBelow(reports: string): Promise<Results> {
  const names = (await readdir(reports)).filter((name) => !name.startsWith('.'));
  expect(names).to.have.length(1);
  const { requirements } = await readReport(join(reports, names[0] ?? '', 'report.yaml'));
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
