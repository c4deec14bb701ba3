/**
 * Runs the catalogue with agents on a cluster of five nodes that others have made, as a user with exactly the roles that
 * `lpv rbac` prints; evicts an agent, lets a policy refuse privileged pods, and gives a user one namespace. What others
 * have on the cluster must be as before, after each run.
 *
 *   npm run test:any -- --grep 'five nodes'
 *   LPV_WHOLE_RUN=on npm run test:any -- --grep 'whole'     also the whole catalogue, as every night: 15 minutes
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { agentLabel } from '../../../clusters/agent/agent-pod.ts';
import { selectorOf } from '../../../clusters/agent/agents-of-runs.ts';
import { wantedImages } from '../../../clusters/agent/image/images.ts';
import { type ClusterClient, connect } from '../../../clusters/api/client.ts';
import { ObjectStore } from '../../../clusters/api/object-store.ts';
import { readVersions } from '../../../clusters/configuration/versions.ts';
import { EngineNode, onNode } from '../../../clusters/nodes/node.ts';
import { saveImages } from '../../run/save-images.ts';
import { ForeignCluster } from './foreign-cluster.ts';
import { slowness } from './harness-process.ts';

const signal = new AbortController().signal;

/** The only namespace that one of the users may use. */
const team = 'team';

/** A policy as Kyverno's or Gatekeeper's, for one user: no privileged pods, in any namespace. */
const noPrivilegedPods = (user: string) => [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'no-privileged-pods' },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      matchConditions: [
        { name: 'of-the-user', expression: `request.userInfo.username == 'system:serviceaccount:default:${user}'` },
      ],
      validations: [
        {
          expression:
            'object.spec.containers.all(c, !(has(c.securityContext) && c.securityContext.?privileged.orValue(false)))',
          message: 'no privileged pods here',
        },
      ],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'no-privileged-pods' },
    spec: { policyName: 'no-privileged-pods', validationActions: ['Deny'] },
  },
];

/** The line of the first spec that has passed: their order is shuffled. */
const aSpec = /✓ (LV|SEED)-/;
/** Some minutes of specs with disks and pods on every node. */
const some = ['--chapter=access,stateful-set', '--jobs=3'];

describe('a cluster of others with five nodes', function () {
  this.timeout(slowness * 900_000);
  let cluster: ForeignCluster;
  let owner: ClusterClient;
  /** Kubeconfigs of users with exactly the permissions of a tier. */
  let users: { nodes: string; withoutPrivileged: string; ofTeam: string };

  before(async () => {
    const configuration = parse(await readFile(new URL('five-nodes.yaml', import.meta.url), 'utf8')) as object;
    cluster = await ForeignCluster.create(() => configuration, {}, signal);
    const versions = await readVersions();
    const file = join(cluster.folder, 'images.tar');
    await saveImages({ wanted: await wantedImages(versions), versions, file, mayInstall: false });
    await cluster.load(file);
    await cluster.kubectl(['label', 'node', `${cluster.name}-worker2`, 'kubernetes.io/hostname=rack-7', '--overwrite']);
    await cluster.kubectl(['create', 'namespace', team]);
    users = {
      nodes: await cluster.kubeconfigOf('nodes', 'of-nodes'),
      withoutPrivileged: await cluster.kubeconfigOf('nodes', 'without-privileged'),
      ofTeam: await cluster.kubeconfigOf({ namespace: team }, 'of-team'),
    };
    await cluster.apply(...noPrivilegedPods('without-privileged'));
    owner = await connect({ kubeconfig: cluster.kubeconfig });
  });

  after(async () => {
    owner?.[Symbol.dispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  /** Declares what is done to the cluster, after which all of it must be as before, and nothing of a run is left. */
  const leavesAlone = (title: string, work: () => Promise<void>): void => {
    it(title, () => cluster.leftAlone(work));
  };

  leavesAlone('a user of one namespace proves there what the API alone proves', async () => {
    const run = cluster.lpv([`--namespace=${team}`], users.ofTeam);
    await run.endsWith('conforms', [/0 failed/, /the only one that may be used/], 900_000);
    expect(passedIn(run.output)).to.be.at.least(125);
  });

  leavesAlone('a user who may create no privileged pods proves what needs no agent', async () => {
    const run = cluster.lpv([], users.withoutPrivileged);
    await run.endsWith('conforms', [/no agent could be started: .*no privileged pods here/, /0 failed/], 900_000);
    expect(passedIn(run.output)).to.be.at.least(125);
  });

  leavesAlone('its owner deletes an agent in mid-run: there is one new agent, and no spec fails for that', async () => {
    await using store = new ObjectStore({
      client: owner,
      kinds: ['Pod'],
      own: { kinds: ['Pod'], labelSelector: selectorOf(agentLabel) },
    });
    await store.start();
    const run = cluster.lpv(some, users.nodes);
    await run.says(aSpec);
    const [second] = store.list('Pod', { where: ({ metadata }) => metadata.name === 'agent-2' });
    const { namespace = '', name = '' } = second?.metadata ?? {};
    await cluster.kubectl(['delete', 'pod', name, '--namespace', namespace]);
    await run.endsWith(['conforms', 'environment'], [/the agent on .* failed, attempt 1 follows/, /0 failed/], 900_000);
    const made = store.changes('Pod').map(({ object }) => object.metadata.name);
    const others = new Set(made.filter((each) => each.startsWith('agent-') && !['agent-1', 'agent-3'].includes(each)));
    expect([...others]).to.deep.equal(['agent-2', 'agent-2.1']);
  });

  leavesAlone('disks are in a folder of choice, and nothing is left there', async () => {
    const folder = '/var/our-disks';
    const run = cluster.lpv(['--chapter=block,provisioner,access', `--disks=${folder}`], users.nodes);
    await run.endsWith('conforms', [/0 failed/], 900_000);
    for (const name of ['worker', 'worker2', 'worker3'].map((each) => `${cluster.name}-${each}`)) {
      using node = new EngineNode(name, name);
      expect(await onNode(node, ['sh', '-c', `ls -A ${folder} /mnt/disks 2>/dev/null || true`])).to.equal('');
    }
  });

  if (process.env.LPV_WHOLE_RUN === 'on')
    leavesAlone('a user of tier nodes proves at least 280 requirements in a whole run', async () => {
      const run = cluster.lpv([], users.nodes);
      await run.endsWith('conforms', [/0 failed/], 1_800_000);
      expect(passedIn(run.output)).to.be.at.least(280);
    });
});

/** Returns how many requirements have passed, by the line of the verdict. */
function passedIn(output: string): number {
  return Number(/(\d+) passed, \d+ failed/.exec(output)?.[1]);
}
