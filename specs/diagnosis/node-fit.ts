import {
  labelMismatches,
  type Mismatch,
  selectorMismatches,
  selectorText,
  volumeMismatches,
} from '../../clusters/api/node-affinity.ts';
import { conditionOf } from '../../clusters/api/object-state.ts';
import type { Node, PersistentVolume, Pod } from '../../clusters/api/objects.ts';

/** Returns the pod's own demands on a node, in one line; undefined where it has none. */
export function podDemandText(pod: Pod): string | undefined {
  const labels = Object.entries(pod.spec?.nodeSelector ?? {}).map(([name, value]) => `${name}=${value}`);
  const affinity = requiredAffinity(pod);
  const parts = [
    ...(labels.length > 0 ? [`nodeSelector ${labels.join(', ')}`] : []),
    ...(affinity ? [`node affinity ${selectorText(affinity)}`] : []),
  ];
  return parts.length > 0 ? parts.join('; ') : undefined;
}

/** Returns why the pod's own selector and required affinity do not admit the node. */
export function podMismatches(pod: Pod, node: Node): Mismatch[] {
  return [...labelMismatches(node, pod.spec?.nodeSelector), ...selectorMismatches(node, requiredAffinity(pod))];
}

/** Returns why the volume's node affinity does not admit the node. */
export function volumeNodeMismatches(volume: PersistentVolume, node: Node): Mismatch[] {
  return volumeMismatches(node, volume.spec?.nodeAffinity?.required);
}

/**
 * Returns why no pod, or not this one, may be scheduled to the node whatever its labels: cordoned, not Ready, or
 * tainted.
 */
export function nodeObstacles(node: Node, pod?: Pod): string[] {
  const ready = conditionOf(node, 'Ready');
  const taints = (node.spec?.taints ?? [])
    .filter((taint) => taint.effect !== 'PreferNoSchedule')
    // Cordoning and unreadiness have words of their own.
    .filter((taint) => taint.key !== 'node.kubernetes.io/unschedulable' && taint.key !== 'node.kubernetes.io/not-ready')
    .filter((taint) => !tolerates(pod, taint));
  return [
    ...(ready?.status === 'True' ? [] : [`not Ready${ready?.reason ? ` (${ready.reason})` : ''}`]),
    ...(node.spec?.unschedulable ? ['unschedulable'] : []),
    ...taints.map(({ key, value, effect }) => `taint ${key}${value ? `=${value}` : ''}:${effect}`),
  ];
}

function requiredAffinity(pod: Pod) {
  return pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
}

function tolerates(pod: Pod | undefined, taint: { key: string; value?: string; effect: string }): boolean {
  return (pod?.spec?.tolerations ?? []).some(({ key, operator, value, effect }) => {
    if (effect && effect !== taint.effect) return false;
    if (!key) return operator === 'Exists';
    return key === taint.key && (operator === 'Exists' || (value ?? '') === (taint.value ?? ''));
  });
}
