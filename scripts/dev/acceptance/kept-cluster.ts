import { connect } from '../../../clusters/api/client.ts';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { awaitReadiness } from '../../../clusters/readiness.ts';
import { silent } from '../../../clusters/text/progress.ts';
import { ownershipLabels } from '../../../fixtures/isolate-names.ts';
import { asSpec, CurrentSpec } from '../../../specs/runner/current-spec.ts';
import { closeTestCluster, useCluster } from '../../../specs/runner/test-cluster.ts';
import { Registry, type RegistryEntry, registryFolder } from '../../run/registry.ts';
import type { Sandbox } from './sandbox.ts';

/** The nodes of a cluster of clusters/three-node.yaml: name → the end of its container's name. */
const nodes = { node1: 'control-plane', node2: 'worker', node3: 'worker2' } as const;
type NodeName = keyof typeof nodes;

/** A cluster that `lpv up` made in a sandbox, handled from outside of the harness. */
export class KeptCluster {
  readonly #sandbox: Sandbox;
  readonly #entry: RegistryEntry;

  private constructor(sandbox: Sandbox, entry: RegistryEntry) {
    this.#sandbox = sandbox;
    this.#entry = entry;
  }

  /** Returns the cluster of a name such as `lpv-faults`. @throws Error where the sandbox's registry has no kept one */
  static async find(sandbox: Sandbox, name: string): Promise<KeptCluster> {
    const entries = await new Registry(registryFolder({ LPV_STATE_HOME: sandbox.state })).entries();
    const entry = entries.find(({ cluster, kept }) => cluster === name && kept);
    if (entry === undefined) throw new Error(`${name} is not in the registry of the sandbox`);
    return new KeptCluster(sandbox, entry);
  }

  get kubeconfig(): string {
    return this.#entry.kubeconfig;
  }

  /** Runs a program in a node's container; returns its standard output. @throws CommandFailed */
  async onNode(node: NodeName, ...argv: string[]): Promise<string> {
    const container = `${this.#entry.cluster}-${nodes[node]}`;
    return (await this.#sandbox.engine.run(['exec', container, ...argv])).stdout.trim();
  }

  /** Runs `kubectl ARGS` as the cluster's administrator; returns what it prints. @throws CommandFailed */
  kubectl(...args: string[]): Promise<string> {
    return this.onNode('node1', 'kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', ...args);
  }

  /** Kills the API server; kubelet starts it again within seconds. */
  killApiServer(): Promise<string> {
    return this.onNode('node1', 'pkill', '--signal', 'KILL', '--exact', 'kube-apiserver');
  }

  /** Does something as a spec of this process does, with all of the harness's means; then closes what that opened. */
  async asSpec(id: string, work: () => Promise<void>): Promise<void> {
    const versions = await readVersions();
    using client = await connect({ kubeconfig: this.kubeconfig });
    const expected = Object.keys(nodes).map((name) => ({ name, labels: {} }));
    const ready = await awaitReadiness(client, expected, { within: 60_000, progress: silent });
    useCluster({
      run: this.#entry.run,
      folder: this.#sandbox.work,
      stays: true,
      lacking: {},
      kubeconfig: this.kubeconfig,
      server: client.server,
      kubernetes: (await client.version()).gitVersion,
      nodes: ready.map(({ name, container }) => ({ name, hostname: name, container })),
      engine: ['docker'],
      podImage: versions.podImage.name,
      disks: [],
    });
    const over = new AbortController();
    try {
      await asSpec(new CurrentSpec({ id, signal: over.signal }), work);
    } finally {
      over.abort();
      await closeTestCluster();
    }
  }

  /** Returns what its users would find wrong with it, and what runs have left in it, a line each; none if it is as new. */
  async damage(): Promise<string[]> {
    const byRun = ['--selector', ownershipLabels.run, '--output', 'name'];
    const objects = (await this.kubectl('get', 'namespaces,persistentvolumes,storageclasses,priorityclasses', ...byRun))
      .split('\n')
      .filter(Boolean);
    const shape = '{range .items[*]}{.metadata.name}{" "}{.spec.unschedulable}{" "}{.spec.taints[*].key}{"\\n"}{end}';
    const shapes = (await this.kubectl('get', 'nodes', '--output', `jsonpath=${shape}`)).split('\n');
    const held = shapes.filter((line) => /\S+ +\S/.test(line.trim())).map((line) => `node held back: ${line.trim()}`);
    const known = shapes.map((line) => line.split(' ')[0]).filter(Boolean);
    const lost = Object.keys(nodes).filter((name) => !known.includes(name));
    const onNodes = await Promise.all(
      (Object.keys(nodes) as NodeName[]).map(async (node) =>
        (await this.onNode(node, 'sh', '-c', lookAtNode, 'sh', this.#entry.run))
          .split('\n')
          .filter(Boolean)
          .map((line) => `${node}: ${line}`),
      ),
    );
    return [...objects, ...held, ...lost.map((name) => `no Node ${name}`), ...onNodes.flat()];
  }
}

/** Prints services that do not run, and what belongs to another run than the one that made the cluster, which is `$1`. */
const lookAtNode = `
for service in containerd kubelet; do
  systemctl is-active --quiet $service || echo "$service does not run"
done
ls -d /var/local/local-pv-conformance/* 2>/dev/null | grep -vE "/($1|node)$" || true
ls -d /mnt/disks/*-lv-* /mnt/disks/*-seed-* 2>/dev/null || true
pgrep -af '[h]old-directory' || true
`;
