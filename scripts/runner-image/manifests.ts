import { stringify } from 'yaml';
import { rolesFor, type Tier } from '../../clusters/rbac/roles.ts';

/** The folder that a pod of the image may write to, also under hydrophone, which looks for results there. */
export const resultsFolder = '/tmp/results';

/** The file that Sonobuoy reads of a plugin with `result-format: manual`. */
export const resultsFile = 'sonobuoy_results.yaml';

/** What the manifests of a runner say beside the usual. */
export interface RunnerWish {
  image: string;
  /** Whether nodes pull the image; else it must be there. */
  pulled: boolean;
  /** Options of `lpv run`. */
  args: readonly string[];
  /** The address of the API server for a cluster whose Service `kubernetes` leads nowhere, without kube-proxy. */
  server?: URL | undefined;
}

const namespace = 'local-pv-conformance';
const name = 'runner';

/** Pod Security `restricted`, and nothing that can be written to but the volume of the results. */
const securityContext = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

function container({ image, pulled, args, server }: RunnerWish, env: readonly object[]) {
  const address = server && {
    KUBERNETES_SERVICE_HOST: server.hostname.replace(/^\[|\]$/g, ''),
    KUBERNETES_SERVICE_PORT: server.port || '443',
  };
  const all = [
    // A disruptive run leaves the node of its own pod alone.
    { name: 'LPV_NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    ...env,
    ...Object.entries(address ?? {}).map(([key, value]) => ({ name: key, value })),
  ];
  return {
    image,
    imagePullPolicy: pulled ? 'IfNotPresent' : 'Never',
    ...(args.length > 0 && { args: [...args] }),
    env: all,
    resources: { requests: { cpu: '500m', memory: '512Mi' } },
    securityContext,
  };
}

/** Returns the definition of the plugin for `sonobuoy run --plugin`, as YAML. */
export function sonobuoyPlugin(wish: RunnerWish): string {
  return stringify(
    {
      'sonobuoy-config': {
        driver: 'Job',
        'plugin-name': 'local-pv-conformance',
        description: 'What Kubernetes promises about Local PersistentVolumes',
        'result-format': 'manual',
        // Without it, Sonobuoy would read every YAML file of the evidence.
        'result-files': [resultsFile],
      },
      spec: {
        name: 'plugin',
        ...container(wish, []),
        volumeMounts: [{ name: 'results', mountPath: '/tmp/sonobuoy/results' }],
      },
    },
    { lineWidth: 0 },
  );
}

/**
 * Returns a Job with all that it needs, as YAML for `kubectl apply`: one pod; or with several shards an Indexed Job, one
 * index for each. Its indexes follow each other, because a cluster has one run at a time.
 */
export async function jobManifests(wish: RunnerWish & { shards: number; tier: Tier }): Promise<string> {
  const { shards, tier } = wish;
  const indexed = shards > 1;
  const label = (key: string) => ({
    valueFrom: { fieldRef: { fieldPath: `metadata.labels['batch.kubernetes.io/${key}']` } },
  });
  const env = [
    { name: 'LPV_JOB', ...label('job-name') },
    { name: 'LPV_JOB_UID', ...label('controller-uid') },
    ...(indexed ? [{ name: 'LPV_SHARDS', value: String(shards) }] : []),
  ];
  const account = { kind: 'ServiceAccount', namespace, name } as const;
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name },
    spec: {
      ...(indexed
        ? { completionMode: 'Indexed', completions: shards, parallelism: 1, backoffLimitPerIndex: 2 }
        : { backoffLimit: 2 }),
      // The exit statuses of `lpv run`: a refuted requirement and bad usage stay what they are; a lost pod is nobody's
      // fault; a fault of the environment may be gone at the next try.
      podFailurePolicy: {
        rules: [
          {
            action: indexed ? 'FailIndex' : 'FailJob',
            onExitCodes: { containerName: name, operator: 'In', values: [1, 2] },
          },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'Count', onExitCodes: { containerName: name, operator: 'In', values: [3, 130] } },
        ],
      },
      template: {
        spec: {
          serviceAccountName: name,
          restartPolicy: 'Never',
          // To undo what was begun.
          terminationGracePeriodSeconds: 300,
          containers: [
            {
              name,
              ...container(wish, env),
              volumeMounts: [{ name: 'results', mountPath: resultsFolder }],
            },
          ],
          volumes: [{ name: 'results', emptyDir: {} }],
        },
      },
    },
  };
  const plain = (object: object) => stringify(object, { lineWidth: 0 });
  const level = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return [
    plain({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: level } }),
    plain({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } }),
    await rolesFor(tier, account),
    plain(job),
  ].join('---\n');
}
