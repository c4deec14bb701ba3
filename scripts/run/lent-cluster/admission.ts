import type { ClusterClient } from '../../../clusters/api/client.ts';
import type { KubernetesManifest } from '../../../clusters/api/kinds.ts';
import { ApiRefusal, isQuotaUncounted } from '../../../clusters/api/refusal.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { pollUntil } from '../../../clusters/host/poll-until.ts';
import { ownershipLabels } from '../../../fixtures/isolate-names.ts';
import { loadManifests } from '../../../fixtures/load.ts';
import type { ManifestOf } from '../../../fixtures/schema.ts';
import { admissible, manifests, useImage } from '../../../specs/harness/manifests.ts';
import type { Action } from '../actions.ts';

/** What a namespace lacks for a while after it was made, beside what its quotas count. */
const noAccount = /serviceaccount "default" not found|error looking up service account/;

interface AdmissionRequest {
  client: ClusterClient;
  run: string;
  /** The only namespace that the run may use; where not given, one is created for the question. */
  namespace?: string | undefined;
  podImage: string;
}

/**
 * Returns the step that asks whether the cluster admits a pod as specs on the API alone create it: by a dry run in a
 * namespace of the run, so that a policy of the cluster ends the run with its own words before the first spec.
 */
export function admissionStep(of: AdmissionRequest): Action {
  return {
    name: 'admission',
    title: 'Asking whether pods are admitted',
    deadline: 60_000,
    perform: ({ signal }) => assertAdmitted(of, signal),
  };
}

/** @throws DomainError with the words of the policy that refuses the pod */
export async function assertAdmitted(
  { client, run, namespace, podImage }: AdmissionRequest,
  signal: AbortSignal,
): Promise<void> {
  const name = `lpv-${run}-admission`;
  const place = namespace ?? name;
  const labels = { [ownershipLabels.run]: run };
  if (namespace === undefined)
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }, { signal });
  const [pod] = (await loadManifests(manifests.pod)) as ManifestOf<'Pod'>[];
  if (!pod) throw new Error(`${manifests.pod} is empty`);
  useImage(pod.spec, podImage);
  admissible(pod.spec, { restricted: true });
  const manifest = { ...pod, metadata: { name, namespace: place, labels } } as unknown as KubernetesManifest;
  const ask = async () => {
    try {
      await client.create(manifest, { dryRun: true, signal });
      return { answer: true };
    } catch (error) {
      if (isQuotaUncounted(error) || (error instanceof ApiRefusal && noAccount.test(error.refusal)))
        return { notYet: error };
      throw refused(error, place);
    }
  };
  const end = await pollUntil(ask, { within: 30_000, every: 200, signal });
  if ('notYet' in end) throw refused(end.notYet, place);
  if (namespace === undefined) await client.remove({ kind: 'Namespace', name }, { absentIsFine: true, signal });
}

function refused(error: unknown, namespace: string): unknown {
  if (!(error instanceof ApiRefusal)) return error;
  return new DomainError(
    {
      attempted: 'asking whether the cluster admits the pods of specs',
      on: `namespace ${namespace}`,
      seen: error.refusal,
      why: 'they run as no root, without capabilities, with seccomp, requests and limits: Pod Security restricted',
      remedy: 'let the cluster’s policies admit such pods in namespaces with the label local-pv-conformance/run',
    },
    { exit: 'environment', cause: error },
  );
}
