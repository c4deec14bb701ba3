import { type ObjectRef, titleOf } from '../../clusters/api/kinds.ts';
import type { StoreView } from '../../clusters/api/object-history.ts';
import { stateOf } from '../../clusters/api/object-state.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../clusters/api/objects.ts';
import { claimConclusion, mountConclusion, schedulingConclusion, unhurried } from './conclusion.ts';
import { claimFacts, claimsOfPod, nodeFacts, podsOfClaim, volumesOf } from './facts.ts';
import { podDemandText } from './node-fit.ts';
import { claimSection, eventLines, nodeSection, podSection, volumeSection } from './sections.ts';
import { wrapped } from './text.ts';

/** Why an object is not in the state that is wanted. */
export interface Diagnosis {
  /** The object, the objects related to it, and the nodes, each as it was seen last; without line breaks. */
  lines: string[];
  /** The contradiction, and what ends it, in one or two sentences. Absent where none can be derived. */
  conclusion?: string | undefined;
}

/**
 * Returns why a pod, a claim or a volume is not in the state that is wanted: the object and the objects related to it
 * as the store has seen them, the nodes compared with pod and volumes, and a conclusion where one can be derived. Of
 * objects of other kinds it returns state and events. It asks the cluster nothing.
 */
export function diagnose(store: StoreView, ref: ObjectRef): Diagnosis {
  const object = store.get(ref);
  if (!object) return absent(store, ref);
  if (ref.kind === 'Pod') return aboutPod(store, object as Pod);
  if (ref.kind === 'PersistentVolumeClaim') return aboutClaim(store, object as PersistentVolumeClaim);
  if (ref.kind === 'PersistentVolume') return aboutVolume(store, object as PersistentVolume);
  return { lines: [`${titleOf(ref)}: ${stateOf(object)}`, ...eventLines(store, ref)] };
}

/** Returns a diagnosis as one text, whose last lines are the conclusion. */
export function diagnosisText({ lines, conclusion }: Diagnosis): string {
  return [...lines, ...conclusionLines(conclusion)].join('\n');
}

/** Returns a conclusion as lines that begin with `So: `; none without a conclusion. */
export function conclusionLines(conclusion: string | undefined): string[] {
  return conclusion === undefined ? [] : wrapped(lead, conclusion);
}

/** Returns a diagnosis as the parts of an error. */
export function explanationBy({ lines, conclusion }: Diagnosis): { why: string; conclusion?: string } {
  const text = conclusionLines(conclusion).map((line) => line.slice(lead.length));
  return { why: lines.join('\n'), ...(text.length > 0 && { conclusion: text.join('\n') }) };
}

const lead = 'So: ';

function absent(store: StoreView, ref: ObjectRef): Diagnosis {
  const last = store.history(ref).at(-1);
  const was = last
    ? `was deleted; its last state: ${stateOf(last.object)}`
    : 'was never seen: it was not created, or under another name';
  return { lines: [`${titleOf(ref)} ${was}`, ...eventLines(store, ref)] };
}

function aboutPod(store: StoreView, pod: Pod): Diagnosis {
  const claims = claimsOfPod(store, pod);
  const volumes = volumesOf(claims);
  const nodes = nodeFacts(store, pod, volumes);
  const lines = [
    ...podSection(store, pod),
    ...claims.flatMap((facts) => claimSection(store, facts)),
    ...volumes.flatMap((volume) => volumeSection(store, volume)),
    ...nodeSection(nodes, podDemandText(pod) !== undefined, volumes),
  ];
  return { lines, conclusion: podConclusion(store, pod) };
}

function aboutClaim(store: StoreView, claim: PersistentVolumeClaim): Diagnosis {
  const { namespace = 'default', name } = claim.metadata;
  const facts = claimFacts(store, namespace, name);
  const volumes = volumesOf([facts]);
  const pods = podsOfClaim(store, namespace, name);
  const [pod] = pods;
  const users =
    pods.length === 0
      ? ['  no pod uses it']
      : pods.map((user) => `  used by pod ${user.metadata.name}: ${stateOf(user)}`);
  const unusable = claim.status?.phase === 'Bound' ? undefined : claimConclusion(facts);
  const waits = facts.binding === 'WaitForFirstConsumer' && claim.status?.phase === 'Pending' && !pod;
  const lines = [
    ...claimSection(store, facts),
    ...users,
    ...(pod && !pod.spec?.nodeName ? podSection(store, pod) : []),
    ...volumes.flatMap((volume) => volumeSection(store, volume)),
    ...(volumes.length > 0 || pod ? nodeSection(nodeFacts(store, pod, volumes), pod !== undefined, volumes) : []),
  ];
  const named = pods.map((user) => `pod ${user.metadata.name}`);
  const waiting = waits
    ? `class ${facts.className} waits for the first consumer, and no pod uses claim ${facts.title}: create the pod.`
    : undefined;
  const other = pod ? podConclusion(store, pod) : unhurried(facts);
  return { lines, conclusion: deletionConclusion(claim, named) ?? unusable ?? waiting ?? other };
}

function aboutVolume(store: StoreView, volume: PersistentVolume): Diagnosis {
  const { claimRef, persistentVolumeReclaimPolicy } = volume.spec ?? {};
  const facts = claimRef ? claimFacts(store, claimRef.namespace ?? 'default', claimRef.name ?? '') : undefined;
  const phase = volume.status?.phase;
  const owner = facts?.claim?.metadata.uid === claimRef?.uid ? facts : undefined;
  const released =
    phase === 'Released'
      ? `the claim ${facts?.title} is gone and the policy is ${persistentVolumeReclaimPolicy}: no other claim gets ${volume.metadata.name} until its claimRef is removed.`
      : undefined;
  const failed =
    phase === 'Failed'
      ? `reclaiming failed and is not tried again: delete ${volume.metadata.name} and clean the disk.`
      : undefined;
  const waiting = store.list('PersistentVolumeClaim', {
    where: ({ spec, status }) =>
      status?.phase === 'Pending' && (spec?.storageClassName ?? '') === (volume.spec?.storageClassName ?? ''),
  });
  const lines = [
    ...volumeSection(store, volume),
    ...(owner ? claimSection(store, owner) : claimRef ? [`Claim ${facts?.title}: gone`] : []),
    ...waiting
      .flatMap(({ metadata }) => claimSection(store, claimFacts(store, metadata.namespace ?? 'default', metadata.name)))
      .slice(0, 8),
    ...nodeSection(nodeFacts(store, undefined, [volume]), false, [volume]),
  ];
  const deletion = deletionConclusion(volume, owner ? [`claim ${owner.title}`] : []);
  return { lines, conclusion: deletion ?? released ?? failed };
}

function podConclusion(store: StoreView, pod: Pod): string | undefined {
  const claims = claimsOfPod(store, pod);
  const volumes = volumesOf(claims);
  if (pod.metadata.deletionTimestamp) return deletionConclusion(pod, []);
  if (!pod.spec?.nodeName) return schedulingConclusion(pod, claims, nodeFacts(store, pod, volumes));
  if (pod.status?.phase === 'Running') return undefined;
  const failures = store
    .eventsOf({ uid: pod.metadata.uid })
    .filter(({ reason }) => reason === 'FailedMount' || reason === 'FailedMapVolume');
  return mountConclusion(failures.at(-1)?.message ?? '', pod, volumes);
}

/** What holds an object that is being deleted. */
function deletionConclusion(
  { kind, metadata }: Pod | PersistentVolumeClaim | PersistentVolume,
  users: string[],
): string | undefined {
  if (!metadata.deletionTimestamp) return undefined;
  const finalizers = metadata.finalizers ?? [];
  const held =
    finalizers.length > 0 ? `is held by ${finalizers.join(', ')}` : 'waits for its grace period and for kubelet';
  const user = users.length > 0 ? `, because ${users.join(' and ')} still uses it: delete that first` : '';
  return `the deletion of ${kind} ${metadata.name} ${held}${user}.`;
}
