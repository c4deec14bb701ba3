import type { PersistentVolume, Pod } from '../../clusters/api/objects.ts';
import type { ClaimFacts, NodeFacts } from './facts.ts';
import { podDemandText } from './node-fit.ts';
import { sizeText } from './volume-fit.ts';

/**
 * Names the contradiction that keeps an unscheduled pod from a node, and what ends it; undefined where none is found.
 */
export function schedulingConclusion(
  pod: Pod,
  claims: readonly ClaimFacts[],
  nodes: readonly NodeFacts[],
): string | undefined {
  for (const facts of claims) {
    const unusable = claimConclusion(facts);
    if (unusable) return unusable;
  }
  const admitted = nodes.filter((node) => node.pod.length === 0);
  if (admitted.length === 0)
    return `no node has what the pod asks for (${podDemandText(pod)}): change that, or label a node.`;
  let common = admitted;
  for (const facts of claims) {
    const volumes = facts.volume ? [facts.volume] : fitting(facts);
    const reachable = nodes.filter((node) => volumes.some((volume) => reaches(node, volume)));
    const both = common.filter((node) => reachable.includes(node));
    if (both.length === 0) return disjoint(pod, facts, volumes, reachable, admitted, common);
    common = both;
  }
  const open = common.filter((node) => node.obstacles.length === 0);
  if (open.length > 0) return claims.map(unhurried).find((text) => text !== undefined);
  const blocked = common.map((node) => `${node.name} (${node.obstacles.join(', ')})`).join(' and ');
  return `only ${blocked} could run the pod, and may not: end that, or let the pod tolerate it.`;
}

/** Returns what keeps a claim from ever being usable, whatever the pod; undefined where nothing does. */
export function claimConclusion(facts: ClaimFacts): string | undefined {
  const { claim, title, volume } = facts;
  if (!claim) return `claim ${title} does not exist: create it.`;
  const named = claim.spec?.volumeName;
  if (claim.status?.phase === 'Lost')
    return `claim ${title} lost its volume ${named}: its data is gone; delete the claim and make a new one.`;
  if (named && claim.status?.phase !== 'Bound') {
    if (!volume) return `claim ${title} names the volume ${named}, which does not exist: create it, or name another.`;
    const mismatches = facts.candidates.find((candidate) => candidate.volume === volume)?.mismatches;
    const why = mismatches ? mismatches.join(' and ') : `has the class ${volume.spec?.storageClassName || 'none'}`;
    return why ? `claim ${title} names the volume ${named}, which ${why}: name another.` : undefined;
  }
  if (named || fitting(facts).length > 0) return undefined;
  return nothingFits(facts);
}

/**
 * Returns a claim that is bound at once has a volume that fits, and is not bound yet: the volume came later, or was
 * taken.
 */
export function unhurried(facts: ClaimFacts): string | undefined {
  const [volume] = fitting(facts);
  if (!volume || facts.claim?.spec?.volumeName || facts.binding === 'WaitForFirstConsumer') return undefined;
  return `${volume.metadata.name} fits claim ${facts.title}: the PersistentVolumeController looks again every 15 s, and binds it then.`;
}

/** Returns why a mount fails, from kubelet's message; undefined where the message is not known. */
export function mountConclusion(message: string, pod: Pod, volumes: readonly PersistentVolume[]): string | undefined {
  const node = pod.spec?.nodeName ?? 'the node';
  const [, volumeName = '', path = ''] = /volume "([^"]+)" : (?:path "([^"]+)" does not exist)?/.exec(message) ?? [];
  if (path) {
    return `the path ${path} of ${volumeName} does not exist on ${node}: mount the disk there. kubelet tries again by itself, at longest after 2 min 2 s.`;
  }
  const place = volumes.find((volume) => volume.metadata.name === volumeName)?.spec?.local?.path ?? 'the path';
  if (message.includes('lstat'))
    return `${place} of ${volumeName} does not exist on ${node}: make the block device there.`;
  if (message.includes('only directory and block device are supported')) {
    return `${place} of ${volumeName} is neither a directory nor a block device on ${node}: a Local PersistentVolume needs one of them.`;
  }
  if (message.includes('NodeAffinity check failed')) {
    return `the pod was put on ${node} without the scheduler (spec.nodeName), and ${volumeName} does not belong to ${node}: use a nodeSelector, or the volume's node.`;
  }
  if (message.includes('PVC is not bound')) {
    return `the pod was put on ${node} without the scheduler (spec.nodeName), so nothing binds its WaitForFirstConsumer claim: use a nodeSelector instead.`;
  }
  return undefined;
}

function disjoint(
  pod: Pod,
  facts: ClaimFacts,
  volumes: readonly PersistentVolume[],
  reachable: readonly NodeFacts[],
  admitted: readonly NodeFacts[],
  common: readonly NodeFacts[],
): string {
  const names = volumes.map((volume) => volume.metadata.name).join(' and ');
  const belongs = `${volumes.length > 1 ? 'belong' : 'belongs'} to ${reachable.length > 0 ? namesOf(reachable) : 'no node of this cluster'}`;
  const held = facts.volume
    ? `claim ${facts.title} is bound to ${names}, which ${belongs}`
    : `for claim ${facts.title} only ${names} ${volumes.length > 1 ? 'fit' : 'fits'}, which ${belongs}`;
  if (reachable.length === 0) return `${held}: correct the volume's node affinity, or label a node.`;
  const needs =
    common === admitted || common.length === admitted.length
      ? `${podDemandText(pod) ? 'the pod must run on' : 'the pod may run on'} ${namesOf(admitted)}`
      : `its other claims need ${namesOf(common)}`;
  return `${held}; ${needs}: no node satisfies both. ${healing(facts)}`;
}

/** Whether a bound claim in the wrong place can come right, by how its class binds. */
function healing(facts: ClaimFacts): string {
  if (!facts.volume) return 'Add a volume there, or change what the pod asks for.';
  if (facts.binding === 'WaitForFirstConsumer') {
    return 'A bound claim stays bound: change what the pod asks for, or delete the claim so that it is bound again for this pod.';
  }
  const mode =
    facts.binding === 'Immediate'
      ? 'volumeBindingMode Immediate'
      : `${facts.binding === 'no class' ? 'no class' : 'a missing class'} (treated as Immediate)`;
  return `With ${mode} the claim was bound before the pod was known, and this cannot heal: delete the claim, or use WaitForFirstConsumer.`;
}

function nothingFits({ claim, title, className, binding, candidates, elsewhere }: ClaimFacts): string {
  const kind = className ? `volume of class ${className}` : 'volume without a class';
  const reasons = candidates
    .slice(0, 4)
    .map(({ volume, mismatches }) => `${volume.metadata.name} ${mismatches.join(' and ')}`);
  const more = candidates.length > 4 ? [`${candidates.length - 4} more do not fit either`] : [];
  const near = elsewhere
    .slice(0, 2)
    .map((volume) => `${volume.metadata.name} would fit, but its class is ${volume.spec?.storageClassName || 'none'}`);
  const wanted = `wanted ${sizeText(claim?.spec)}`;
  const found =
    candidates.length > 0
      ? `no available ${kind} fits claim ${title}: ${[wanted, ...reasons, ...more, ...near].join('; ')}.`
      : `there is no ${kind} for claim ${title}: ${[wanted, ...near].join('; ')}.`;
  return binding === 'class missing'
    ? `StorageClass ${className} does not exist, so nothing can provision, and ${found}`
    : found;
}

function fitting({ candidates }: ClaimFacts): PersistentVolume[] {
  return candidates.filter(({ mismatches }) => mismatches.length === 0).map(({ volume }) => volume);
}

function reaches(node: NodeFacts, volume: PersistentVolume): boolean {
  return node.volumes.get(volume.metadata.name)?.length === 0;
}

function namesOf(nodes: readonly NodeFacts[]): string {
  return nodes.map((node) => node.name).join(' or ');
}
