import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { type ImagePurpose, wantedImages } from '../../../clusters/agent/image/images.ts';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { Engine, probeEngine } from '../../../clusters/host/engine/engine.ts';
import { findKind } from '../../../clusters/host/kind/kind.ts';
import { EngineNode } from '../../../clusters/nodes/node.ts';
import { projectRoot } from '../../../clusters/project-root.ts';
import { rolesFor, rolesWithin, type Subject, type Tier } from '../../../clusters/rbac/roles.ts';
import { silent } from '../../../clusters/text/progress.ts';
import { ownershipLabels } from '../../../fixtures/isolate-names.ts';
import type { LocalVolumeConformanceReport } from '../../report/model/report.ts';
import { readReport } from '../../report/model/report-file.ts';
import { cacheFolder } from '../../run/cluster/plan.ts';
import { saveImages } from '../../run/save-images.ts';
import { HarnessProcess } from './harness-process.ts';
import { presentImage } from './sandbox.ts';

/** Where reports of runs on such clusters stay: beside those of the user. */
const reports = join(projectRoot, 'reports', 'any-cluster');

/** Kinds that live on by themselves: what happened, who is alive, and where pods are reached. */
const restless = /^(events|leases|endpoints|endpointslices|componentstatuses)(\.|$)/;

/** Taints that come and go with a node's health, while its API server was away for example. */
const ofHealth = /^node\.kubernetes\.io\/(not-ready|unreachable)$/;

/**
 * A cluster that others have made, with plain `kind create cluster`. The harness gets a kubeconfig of it and nothing else;
 * its owner works on it meanwhile, with `kubectl`.
 */
export class ForeignCluster implements AsyncDisposable {
  /** Name of the cluster, by which those of its nodes begin. */
  readonly name = `any-${randomBytes(3).toString('hex')}`;
  /** For kubeconfigs and files. */
  readonly folder: string;
  readonly engine: Engine;
  readonly #kind: string;
  readonly #owner: EngineNode;

  private constructor(folder: string, engine: Engine, kind: string) {
    this.folder = folder;
    this.engine = engine;
    this.#kind = kind;
    this.#owner = new EngineNode(this.control, this.control);
  }

  /** Creates it; `files` are put into its folder, which `configuration` may mount. */
  static async create(
    configuration: (folder: string) => object,
    files: Readonly<Record<string, object>>,
    signal: AbortSignal,
  ): Promise<ForeignCluster> {
    const state = await probeEngine(signal);
    if (state.kind !== 'answers') throw new Error('no container engine answers');
    const engine = new Engine(state.facts);
    const folder = await mkdtemp(join(tmpdir(), 'lpv-foreign-'));
    const kind = (await findKind((await readVersions()).kind, cacheFolder(process.env), silent, signal)).path;
    const cluster = new ForeignCluster(folder, engine, kind);
    try {
      const all = { ...files, 'kind.yaml': configuration(folder) };
      for (const [file, content] of Object.entries(all)) await writeFile(join(folder, file), stringify(content));
      const image = await presentImage(engine, signal);
      const options = ['--config', join(folder, 'kind.yaml'), '--image', image, '--kubeconfig', cluster.kubeconfig];
      await run(host, { argv: [kind, 'create', 'cluster', '--name', cluster.name, ...options], deadline: 400_000 });
      await cluster.ready();
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Name of the node of the control plane, and of its container. */
  get control(): string {
    return `${this.name}-control-plane`;
  }

  /** Path of its owner's kubeconfig. */
  get kubeconfig(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** Returns what kubectl prints, as the owner of the cluster runs it. */
  async kubectl(argv: readonly string[], stdin?: string): Promise<string> {
    const result = await run(this.#owner, {
      argv: ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...argv],
      deadline: 180_000,
      ...(stdin !== undefined && { stdin }),
    });
    return result.stdout;
  }

  /** Drains a node, as its owner does; when the result is disposed, pods may run there again. */
  async drain(node: string): Promise<AsyncDisposable> {
    const uncordon = async () => void (await this.kubectl(['uncordon', node]));
    const options = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=60s'];
    try {
      await this.kubectl(['drain', node, ...options]);
    } catch (error) {
      await uncordon();
      throw error;
    }
    return { [Symbol.asyncDispose]: uncordon };
  }

  /** Creates objects, as their owner. */
  async apply(...objects: readonly object[]): Promise<void> {
    await this.kubectl(['apply', '-f', '-'], objects.map((object) => stringify(object)).join('---\n'));
  }

  /**
   * Returns a digest of each object of the cluster, by kind, namespace and name, without its status and version: what
   * a run must leave as it was. Objects with a run's label are not among them: a run leaves none.
   */
  async objects(): Promise<Record<string, string>> {
    const kinds = (await this.kubectl(['api-resources', '--verbs=list', '-o', 'name'])).trim().split('\n');
    const listed = kinds.filter((kind) => !restless.test(kind)).join(',');
    const { items } = JSON.parse(await this.kubectl(['get', listed, '--all-namespaces', '-o', 'json'])) as {
      items: {
        kind: string;
        metadata: Record<string, unknown>;
        spec?: { taints?: { key: string }[] };
        status?: unknown;
      }[];
    };
    return Object.fromEntries(
      // Credentials are withdrawn by the test itself.
      items
        .filter(({ kind }) => kind !== 'Secret')
        .map(({ status: _changes, metadata, spec, ...object }) => {
          const { managedFields: _who, resourceVersion: _when, generation: _count, ...kept } = metadata;
          const taints = spec?.taints?.filter(({ key }) => !ofHealth.test(key));
          const asKept = { ...object, metadata: kept, spec: { ...spec, taints: taints?.length ? taints : undefined } };
          const digest = createHash('sha256').update(JSON.stringify(asKept));
          return [`${object.kind} ${metadata.namespace ?? ''}/${metadata.name}`, digest.digest('hex')];
        }),
    );
  }

  /** Returns the names of the objects of runs that are still there. */
  async left(): Promise<string> {
    const kinds = 'namespaces,pods,persistentvolumeclaims,persistentvolumes,storageclasses,statefulsets,leases';
    const label = ownershipLabels.run;
    return await this.kubectl(['get', kinds, '--all-namespaces', '--selector', label, '-o', 'name']);
  }

  /** Does some work on the cluster, and proves that all of it is as before then, and that nothing of a run is left. */
  async leftAlone(work: () => Promise<void>): Promise<void> {
    const found = await this.objects();
    await work();
    expect(await this.left(), 'what runs have left').to.equal('');
    const now = await this.objects();
    const others = [...new Set([...Object.keys(found), ...Object.keys(now)])];
    const changed = others.filter((name) => found[name] !== now[name]);
    expect(changed, 'objects of others that are not as before').to.deep.equal([]);
  }

  /** Starts a run with a kubeconfig, as a user who has confirmed. */
  lpv(args: readonly string[], kubeconfig = this.kubeconfig): HarnessProcess {
    return this.start(['run', '--kubeconfig', kubeconfig, '--yes', '--report', reports, ...args]);
  }

  /** Starts `lpv ARGS`. No container engine answers it: it has the API only. */
  start(args: readonly string[]): HarnessProcess {
    const env = {
      ...process.env,
      DOCKER_HOST: `unix://${join(this.folder, 'no-engine')}`,
      LPV_STATE_HOME: join(this.folder, 'state'),
      LPV_CACHE_HOME: dirname(cacheFolder(process.env)),
      CI: 'true',
      NO_COLOR: '1',
      GITHUB_ACTIONS: '',
    };
    return new HarnessProcess(args, { env, directory: this.folder });
  }

  /** Returns the report of a run that has ended, and its folder. */
  async reportOf({ output }: HarnessProcess): Promise<{ report: LocalVolumeConformanceReport; folder: string }> {
    const [, written = 'no report'] = /^ +report: (.+)$/m.exec(output) ?? [];
    const folder = resolve(this.folder, written);
    return { report: await readReport(join(folder, 'report.yaml')), folder };
  }

  /** Gives all nodes the images that `lpv images --save` saves for these purposes; returns their names. */
  async loadImages(purposes: readonly ImagePurpose[]): Promise<Partial<Record<ImagePurpose, string>>> {
    const versions = await readVersions();
    const wanted = (await wantedImages(versions)).filter(({ purpose }) => purposes.includes(purpose));
    const file = join(this.folder, 'images.tar');
    await saveImages({ wanted, versions, file, mayInstall: false });
    await this.load(file);
    return Object.fromEntries(wanted.map(({ purpose, name }) => [purpose, name]));
  }

  /** Loads the images of an archive into all nodes, as `kind load` does. */
  async load(archive: string): Promise<void> {
    await run(host, { argv: [this.#kind, 'load', 'image-archive', archive, '--name', this.name], deadline: 120_000 });
  }

  /** Waits until all nodes are Ready. */
  async ready(): Promise<void> {
    await this.kubectl(['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=120s']);
  }

  /**
   * Returns the path of a kubeconfig of a ServiceAccount that has exactly the permissions of a tier, or those of a user
   * who has one namespace.
   */
  async kubeconfigOf(tier: Tier | { namespace: string }, name: string): Promise<string> {
    const subject = { kind: 'ServiceAccount', namespace: 'default', name } as const satisfies Subject;
    await this.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/service-account-token',
        metadata: { name, namespace: 'default', annotations: { 'kubernetes.io/service-account.name': name } },
      },
    );
    const text = await (typeof tier === 'string' ? rolesFor(tier, subject) : rolesWithin(tier.namespace, subject));
    await this.apply(...parseAllDocuments(text).map((document) => document.toJS() as object));
    const token = '--for=jsonpath={.data.token}';
    await this.kubectl(['wait', token, `secret/${name}`, '--timeout=30s']);
    const secret = JSON.parse(await this.kubectl(['get', 'secret', name, '-o', 'json'])) as { data: { token: string } };
    const config = parse(await readFile(this.kubeconfig, 'utf8')) as { users: { user: unknown }[] };
    for (const user of config.users) user.user = { token: Buffer.from(secret.data.token, 'base64').toString() };
    await writeFile(join(this.folder, name), stringify(config), { mode: 0o600 });
    return join(this.folder, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#owner[Symbol.dispose]();
    await run(host, { argv: [this.#kind, 'delete', 'cluster', '--name', this.name], deadline: 120_000 });
    await rm(this.folder, { recursive: true, force: true });
  }
}
