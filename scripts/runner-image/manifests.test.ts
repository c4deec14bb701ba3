import { expect } from 'chai';
import { parse, parseAllDocuments } from 'yaml';
import { readRunOptions } from '../verbs/run.ts';
import { jobManifests, sonobuoyPlugin } from './manifests.ts';

const wish = { image: 'localhost/local-pv-conformance/runner:1', pulled: false, args: ['--level', 'core'] };

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
  spec: {
    completions?: number;
    podFailurePolicy: { rules: { action: string; onExitCodes?: { values: number[] } }[] };
    template: { spec: { containers: Record<string, unknown>[] } };
  };
  subjects?: unknown[];
}

const manifests = async (shards: number, more: object = {}) =>
  parseAllDocuments(await jobManifests({ ...wish, ...more, shards, tier: 'agent' })).map(
    (document) => document.toJS() as Manifest,
  );
const jobOf = (all: readonly Manifest[]) => all.find(({ kind }) => kind === 'Job');

describe('the manifests of a runner', () => {
  it('are namespace, account, permissions of the tier with their bindings, and the Job', async () => {
    const all = await manifests(1);
    expect(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).to.deep.equal([
      'Namespace local-pv-conformance',
      'ServiceAccount runner',
      'ClusterRole local-pv-conformance-api',
      'ClusterRole local-pv-conformance-agent',
      'ClusterRoleBinding local-pv-conformance-api:serviceaccount:local-pv-conformance:runner',
      'ClusterRoleBinding local-pv-conformance-agent:serviceaccount:local-pv-conformance:runner',
      'Job runner',
    ]);
    for (const { subjects } of all.filter(({ kind }) => kind === 'ClusterRoleBinding'))
      expect(subjects).to.deep.equal([{ kind: 'ServiceAccount', namespace: 'local-pv-conformance', name: 'runner' }]);
  });

  it('run as nobody, with nothing to write to but the results', async () => {
    const plugin = parse(sonobuoyPlugin(wish)) as { spec: Record<string, unknown> };
    for (const container of [plugin.spec, jobOf(await manifests(1))?.spec.template.spec.containers[0]]) {
      expect(container?.securityContext).to.deep.include({
        runAsNonRoot: true,
        runAsUser: 65534,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      expect(container).to.include({ imagePullPolicy: 'Never' });
      expect(container?.env).to.deep.include({
        name: 'LPV_NODE',
        valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } },
      });
      expect(readRunOptions(container?.args as string[])).to.include({ level: 'core' });
    }
  });

  it('let a refuted requirement be, and try again what was no fault of the cluster’s', async () => {
    for (const [shards, refuted] of [
      [1, 'FailJob'],
      [3, 'FailIndex'],
    ] as const) {
      const job = jobOf(await manifests(shards));
      const rules = job?.spec.podFailurePolicy.rules.map(({ action, onExitCodes }) => [action, onExitCodes?.values]);
      expect(rules).to.deep.equal([
        [refuted, [1, 2]],
        ['Ignore', undefined],
        ['Count', [3, 130]],
      ]);
      expect(job?.spec.completions).to.equal(shards > 1 ? shards : undefined);
    }
  });

  it('of a plugin name the one file that Sonobuoy reads', () => {
    expect(parse(sonobuoyPlugin(wish)))
      .to.have.property('sonobuoy-config')
      .that.includes({ driver: 'Job', 'result-format': 'manual' });
    expect(sonobuoyPlugin(wish)).to.include('  result-files:\n    - sonobuoy_results.yaml\n');
  });

  for (const [url, host, port] of [
    ['https://10.0.0.1:6443', '10.0.0.1', '6443'],
    ['https://[fd00::1]', 'fd00::1', '443'],
  ] as const) {
    it(`lead to ${url} where that is given`, async () => {
      const env = jobOf(await manifests(2, { server: new URL(url) }))?.spec.template.spec.containers[0]?.env;
      expect(env).to.deep.include.members([
        { name: 'LPV_SHARDS', value: '2' },
        { name: 'KUBERNETES_SERVICE_HOST', value: host },
        { name: 'KUBERNETES_SERVICE_PORT', value: port },
      ]);
    });
  }
});
