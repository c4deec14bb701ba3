import type { ObjectRef } from '../../clusters/api/kinds.ts';
import { selectorText } from '../../clusters/api/node-affinity.ts';
import { eventCount, eventTime, type StoreView } from '../../clusters/api/object-history.ts';
import { stateOf } from '../../clusters/api/object-state.ts';
import type { PersistentVolume, Pod } from '../../clusters/api/objects.ts';
import { duration } from '../../clusters/text/duration.ts';
import type { ClaimFacts, NodeFacts } from './facts.ts';
import { podDemandText } from './node-fit.ts';
import { aligned, firstOf, fits, wrapped } from './text.ts';
import { sizeText } from './volume-fit.ts';

const noEvents = '  no events';

/** Returns a pod: its state, what it asks of a node, its untrue conditions, its waiting containers, its events. */
export function podSection(store: StoreView, pod: Pod): string[] {
  const demand = podDemandText(pod);
  const lines = [
    `Pod ${pod.metadata.namespace}/${pod.metadata.name}: ${stateOf(pod)}, created ${ageOf(store, pod)} ago`,
  ];
  if (demand) lines.push(...wrapped('  asks for ', demand));
  const untrue = (pod.status?.conditions ?? []).filter(
    // ContainersReady says no more than Ready does, and PodReadyToStartContainers no more than the events.
    ({ type, status }) => status !== 'True' && (type === 'PodScheduled' || type === 'Ready' || type === 'Initialized'),
  );
  for (const { type, status, reason, message } of untrue) {
    lines.push(...wrapped('  ', `${type}=${status}${reason ? ` ${reason}` : ''}${message ? `: ${message}` : ''}`));
  }
  lines.push(...containerLines(pod));
  return [...lines, ...eventLines(store, { kind: 'Pod', ...nameOf(pod) }, lines.join(' '))];
}

/**
 * Returns a claim: its state, what it asks for, how its class binds, the volumes of the class where it is unbound, its
 * events.
 */
export function claimSection(store: StoreView, facts: ClaimFacts): string[] {
  const { claim, title, volume, candidates, namespace, name } = facts;
  if (!claim) return [`Claim ${title}: does not exist`];
  const lines = [
    `Claim ${title}: ${stateOf(claim)}`,
    ...wrapped('  asks for ', `${sizeText(claim.spec)}, ${classText(facts)}`),
  ];
  if (claim.spec?.volumeName && !volume) lines.push(`  volume ${claim.spec.volumeName} does not exist`);
  if (!claim.spec?.volumeName) {
    const judged = candidates.map(({ volume: candidate, mismatches }) => [
      `  ${mismatches.length === 0 ? '✓' : '✗'} volume ${candidate.metadata.name}`,
      sizeText(candidate.spec),
      mismatches.length === 0 ? 'fits' : mismatches.join(', '),
    ]);
    lines.push(...firstOf(aligned(judged), 6, (count) => `    and ${count} more volumes of the class`));
    if (judged.length === 0)
      lines.push(`  no volume ${facts.className ? `of class ${facts.className}` : 'without a class'} exists`);
  }
  return [...lines, ...eventLines(store, { kind: 'PersistentVolumeClaim', namespace, name }, lines.join(' '))];
}

/** Returns a volume: its state, what it offers, where, and its events. */
export function volumeSection(store: StoreView, volume: PersistentVolume): string[] {
  const { spec, status, metadata } = volume;
  const place = spec?.local
    ? `local ${spec.local.path}`
    : spec?.hostPath
      ? `hostPath ${spec.hostPath.path}`
      : 'not local';
  const lines = [
    `Volume ${metadata.name}: ${stateOf(volume)}`,
    ...wrapped('  offers ', `${sizeText(spec)}, class ${spec?.storageClassName || 'none'}, ${place}`),
    ...wrapped('  for nodes with ', selectorText(spec?.nodeAffinity?.required)),
  ];
  if (status?.message) lines.push(...wrapped('  ', `${status.reason ? `${status.reason}: ` : ''}${status.message}`));
  const events = eventLines(store, { kind: 'PersistentVolume', name: metadata.name }, lines.join(' '));
  // Volumes rarely have events: their absence says nothing.
  return events[0] === noEvents ? lines : [...lines, ...events];
}

/** Returns the nodes as a table: each held against the pod and each volume. A row without a cross can run the pod. */
export function nodeSection(
  nodes: readonly NodeFacts[],
  withPod: boolean,
  volumes: readonly PersistentVolume[],
): string[] {
  if (nodes.length === 0) return ['Nodes: none'];
  const shown = volumes.slice(0, 4).map((volume) => volume.metadata.name);
  const header = ['Nodes', '', ...(withPod ? ['pod asks for'] : []), ...shown];
  const table = (wanted: boolean): string[] =>
    aligned([
      header,
      ...nodes.map((facts) => [
        `  ${facts.name}`,
        facts.obstacles.length === 0 ? 'Ready' : `✗ ${facts.obstacles.join(', ')}`,
        ...(withPod ? [cell(facts.pod, wanted)] : []),
        ...shown.map((name) => cell(facts.volumes.get(name) ?? [], wanted)),
      ]),
    ]);
  const full = table(true);
  return fits(full) ? full : table(false);
}

/** Returns the events about an object, oldest first, with age and count; what `known` has already is not repeated. */
export function eventLines(store: StoreView, ref: ObjectRef, known = ''): string[] {
  const events = store.eventsOf(ref);
  const now = store.clock.now().getTime();
  const flat = known.replace(/\s+/g, ' ');
  const earlier = events.length > 5 ? [`  (${events.length - 5} earlier events)`] : [];
  const lines = events.slice(-5).flatMap((event) => {
    const count = eventCount(event);
    const message = event.message?.trim() ?? '';
    const known = message !== '' && flat.includes(message.replace(/\s+/g, ' '));
    const head = `${event.type} ${event.reason}${count > 1 ? ` ×${count}` : ''}`;
    return wrapped(`  ${duration(now - eventTime(event))} ago  `, `${head}: ${known ? 'as above' : message}`);
  });
  return events.length === 0 ? [noEvents] : [...earlier, ...lines];
}

function containerLines(pod: Pod): string[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.flatMap(({ name, state, lastState, restartCount }) => {
    const ended = state?.terminated ?? lastState?.terminated;
    const last =
      ended && ended.exitCode !== 0 ? `, ended with status ${ended.exitCode} (${ended.reason ?? 'no reason'})` : '';
    const restarts = restartCount > 0 ? `, ${restartCount} restarts` : '';
    const waiting = state?.waiting;
    if (!waiting) return last ? wrapped('  ', `container ${name}${last.replace(',', ':')}${restarts}`) : [];
    const message = waiting.message ? `: ${waiting.message}` : '';
    return wrapped('  ', `container ${name}: waiting, ${waiting.reason ?? 'no reason'}${last}${restarts}${message}`);
  });
}

function classText({ className, binding }: ClaimFacts): string {
  if (binding === 'no class') return 'no class (treated as Immediate)';
  if (binding === 'class missing')
    return `class ${className}: StorageClass ${className} does not exist (treated as Immediate)`;
  return `class ${className} (${binding})`;
}

function cell(mismatches: NodeFacts['pod'], wanted: boolean): string {
  if (mismatches.length === 0) return '✓';
  return `✗ ${mismatches.map((mismatch) => (wanted ? `${mismatch.has}, wanted ${mismatch.wanted}` : mismatch.has)).join('; ')}`;
}

function ageOf(store: StoreView, { metadata }: Pod): string {
  return duration(store.clock.now().getTime() - Date.parse(metadata.creationTimestamp));
}

function nameOf({ metadata }: Pod): { namespace: string | undefined; name: string } {
  return { namespace: metadata.namespace, name: metadata.name };
}
