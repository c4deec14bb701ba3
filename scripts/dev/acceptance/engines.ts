import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainLayers } from '../../../clusters/agent/image/build-layers.ts';
import { writeDockerArchive } from '../../../clusters/agent/image/docker-archive.ts';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { silent } from '../../../clusters/text/progress.ts';
import { cacheFolder } from '../../run/cluster/plan.ts';
import type { ForeignCluster } from './foreign-cluster.ts';

/** The programs with which people run conformance tests inside clusters. */
const engines = {
  hydrophone: 'sigs.k8s.io/hydrophone@v0.8.0',
  sonobuoy: 'github.com/vmware-tanzu/sonobuoy@v0.57.5',
} as const;

/**
 * Returns the path of an engine, compiled from its Go module at first use; Go's checksum database vouches for it. The
 * module is the main one, as `go install` of it would ask for versions that nobody needs.
 */
export async function engineProgram(name: keyof typeof engines, signal: AbortSignal): Promise<string> {
  const folder = join(cacheFolder(process.env), 'tools', engines[name].replace(/^.*\//, '').replace('@', '-'));
  const program = join(folder, name);
  if (await stat(program).catch(() => undefined)) return program;
  const work = await mkdtemp(join(tmpdir(), 'lpv-engine-'));
  try {
    const download = ['go', 'mod', 'download', '-json', engines[name]] as const;
    const { stdout } = await run(host, { argv: download, directory: '/', deadline: 300_000, signal });
    const source = join(work, 'source');
    await cp((JSON.parse(stdout) as { Dir: string }).Dir, source, { recursive: true });
    await run(host, { argv: ['chmod', '-R', 'u+w', source], deadline: 30_000, signal });
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' };
    const argv = ['go', 'build', '-trimpath', '-ldflags', '-s -w', '-o', join(work, name), '.'] as const;
    await run(host, { argv, directory: source, env, deadline: 1_800_000, signal });
    await mkdir(folder, { recursive: true });
    await rename(join(work, name), program).catch(() => cp(join(work, name), program));
    return program;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Writes the image in which Sonobuoy's aggregator and worker run into an archive, and returns its name. */
export async function sonobuoyImage(program: string, archive: string, signal: AbortSignal): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'lpv-engine-'));
  try {
    const { nodeImage } = await readVersions();
    const cache = cacheFolder(process.env);
    const wanted = { debianSuite: nodeImage.debianSuite, cacheFolder: cache, mayInstall: false };
    const { pod } = await obtainLayers({ ...wanted, progress: silent, signal });
    await mkdir(join(work, 'files'));
    await cp(program, join(work, 'files', 'sonobuoy'));
    const file = join(work, 'layer.tar');
    const argv = ['tar', '-C', join(work, 'files'), '--owner=0', '--group=0', '-cf', file, '.'] as const;
    await run(host, { argv, deadline: 60_000, signal });
    const sha256 = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    const name = 'localhost/local-pv-conformance/sonobuoy:1';
    const config = { Env: ['PATH=/bin'], WorkingDir: '/', Cmd: ['/sonobuoy', 'aggregator', '--no-exit'] };
    await writeDockerArchive([{ name, layers: [pod, { file, sha256 }], config }], archive, signal);
    return name;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Does for pods what kube-proxy and the network of a usual cluster do, and those of the node image built here do not:
 * routes between the nodes' pod networks, and the way from the Service `kubernetes` to the API server.
 */
export async function connectPods(cluster: ForeignCluster): Promise<void> {
  const fields = '{.metadata.name} {.spec.podCIDR} {.status.addresses[?(@.type=="InternalIP")].address}';
  const listed = await cluster.kubectl(['get', 'nodes', '-o', `jsonpath={range .items[*]}${fields}{"\\n"}{end}`]);
  const nodes = listed
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
  const service = await cluster.kubectl(['get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}']);
  const server = nodes.find(([name]) => name === cluster.control)?.[2];
  const inNode = (name: string, ...argv: string[]) =>
    run(host, { argv: ['docker', 'exec', name, ...argv], deadline: 60_000 });
  for (const [node = '', , address] of nodes) {
    for (const [, pods = '', other = ''] of nodes)
      if (other !== address) await inNode(node, 'ip', 'route', 'replace', pods, 'via', other);
    const match = ['-d', service, '-p', 'tcp', '--dport', '443'];
    for (const chain of ['PREROUTING', 'OUTPUT'])
      await inNode(
        node,
        'iptables',
        '-t',
        'nat',
        '-A',
        chain,
        ...match,
        '-j',
        'DNAT',
        '--to-destination',
        `${server}:6443`,
      );
  }
}
