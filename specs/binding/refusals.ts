import type { ObjectRef } from '../../clusters/api/kinds.ts';
import { ApiRefusal } from '../../clusters/api/refusal.ts';
import { pollUntil } from '../../clusters/host/poll-until.ts';
import { DomainError, type SpecNamespace } from '../harness/index.ts';

/** What is refused: requests for a resource whose CEL expression, of `request` and `object`, is true. */
interface Refused {
  operation: 'CREATE' | 'UPDATE';
  /** Such as `pods/binding`. */
  resource: string;
  when: string;
}

/** Milliseconds until the API server heeds a policy. */
const patience = 60_000;

/** What the API server says of a request that is refused. */
export const refusal = 'refused for a spec';

/**
 * Makes the API server refuse some requests, from any client, until it is disposed of; resolves when it does. For
 * objects of the spec alone: `when` has to name them.
 */
export async function refusing(
  namespace: SpecNamespace,
  { operation, resource, when }: Refused,
): Promise<AsyncDisposable> {
  const { client } = namespace.cluster;
  const { name } = namespace;
  const probe = `(request.resource.resource == 'configmaps' && request.namespace == '${name}')`;
  const rule = (operations: string, resources: string) => ({
    apiGroups: [''],
    apiVersions: ['v1'],
    operations: [operations],
    resources: [resources],
  });
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name, labels: namespace.ownLabels };
  const made: ObjectRef[] = [];
  const end = async (): Promise<void> => {
    for (const ref of made.splice(0).toReversed()) await client.remove(ref, { absentIsFine: true });
  };
  try {
    await client.create({
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [rule(operation, resource), rule('CREATE', 'configmaps')] },
        matchConditions: [{ name: 'of-the-spec', expression: `${probe} || (${when})` }],
        validations: [{ expression: 'false', message: refusal }],
      },
    });
    made.push({ kind: 'ValidatingAdmissionPolicy', name });
    await client.create({
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: name, validationActions: ['Deny'] },
    });
    made.push({ kind: 'ValidatingAdmissionPolicyBinding', name });
    await inForce(namespace);
  } catch (error) {
    await end();
    throw error;
  }
  return { [Symbol.asyncDispose]: end };
}

/** Waits until the API server heeds the policy, which it reports nowhere: until it refuses a ConfigMap, which is not stored. */
async function inForce({ cluster, name: namespace, signal }: SpecNamespace): Promise<void> {
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe', namespace } };
  const seen = await pollUntil(
    async () => {
      try {
        await cluster.client.create(probe, { dryRun: true });
        return { notYet: 'a ConfigMap is accepted' };
      } catch (error) {
        if (error instanceof ApiRefusal && error.message.includes(refusal)) return { answer: true };
        throw error;
      }
    },
    { within: patience, every: 100, signal },
  );
  if ('answer' in seen) return;
  throw new DomainError({ attempted: 'having the API server refuse requests', on: namespace, seen: seen.notYet });
}
