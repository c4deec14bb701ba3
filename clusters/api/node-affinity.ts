import type { V1NodeSelector, V1NodeSelectorRequirement, V1NodeSelectorTerm } from '@kubernetes/client-node';
import type { AsSent } from './objects.ts';

/** A set of terms, as in a PersistentVolume's `nodeAffinity.required` or a pod's required node affinity. */
export type NodeSelector = AsSent<V1NodeSelector>;
type NodeSelectorTerm = AsSent<V1NodeSelectorTerm>;
export type NodeSelectorRequirement = AsSent<V1NodeSelectorRequirement>;

/** The part of a node that selectors evaluate. */
export interface LabelledNode {
  metadata: { name: string; labels?: Readonly<Record<string, string>> };
}

/**
 * Returns whether the node satisfies the selector: all expressions and fields of at least one term. A term without any
 * matches no node. A selector without terms matches no node either; an absent selector matches every node.
 */
export function matchesSelector(node: LabelledNode, selector: NodeSelector | undefined): boolean {
  return selector === undefined || selector.nodeSelectorTerms.some((term) => mismatchesOfTerm(node, term).length === 0);
}

/** One requirement that a node does not meet. */
export interface Mismatch {
  /** The value of the node: `diskType=hdd`, or `no label diskType`. */
  has: string;
  /** The requirement: `In [ssd]`. */
  wanted: string;
}

/** Returns the requirements of each term that the node does not meet. Empty if the node satisfies the selector. */
export function selectorMismatches(node: LabelledNode, selector: NodeSelector | undefined): Mismatch[] {
  if (selector === undefined || matchesSelector(node, selector)) return [];
  const terms = selector.nodeSelectorTerms;
  if (terms.length === 0) return [{ has: 'no terms', wanted: 'at least one' }];
  return terms.flatMap((term) => mismatchesOfTerm(node, term));
}

/**
 * Returns why a PersistentVolume's node affinity does not admit the node. Kubernetes evaluates only labels for a
 * volume: it accepts `matchFields` and then ignores them, so a term with nothing else admits every node (seen on
 * 1.37.2; LV-SCHED-07).
 */
export function volumeMismatches(node: LabelledNode, selector: NodeSelector | undefined): Mismatch[] {
  if (
    selector?.nodeSelectorTerms.some(
      ({ matchExpressions, matchFields }) => !matchExpressions?.length && matchFields?.length,
    )
  )
    return [];
  const terms = selector?.nodeSelectorTerms.map(({ matchFields: _passedOver, ...term }) => term);
  return selectorMismatches(node, terms && { nodeSelectorTerms: terms });
}

/** Returns the selector in one line: `diskType In [ssd] and size Gt 10, or kubernetes.io/hostname In [node3]`. */
export function selectorText(selector: NodeSelector | undefined): string {
  if (selector === undefined) return 'any node';
  if (selector.nodeSelectorTerms.length === 0) return 'no node (no terms)';
  return selector.nodeSelectorTerms.map(termText).join(', or ');
}

/** Returns why the node does not satisfy a pod's `nodeSelector`, which requires the exact value of every label. */
export function labelMismatches(node: LabelledNode, wanted: Readonly<Record<string, string>> | undefined): Mismatch[] {
  return Object.entries(wanted ?? {}).flatMap(([key, value]) => {
    const has = node.metadata.labels?.[key];
    return has === value ? [] : [{ has: labelText(key, has), wanted: value }];
  });
}

function mismatchesOfTerm(node: LabelledNode, term: NodeSelectorTerm): Mismatch[] {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length + fields.length === 0) return [{ has: 'an empty term', wanted: 'one that matches a node' }];
  return [
    ...expressions.flatMap((wanted) => mismatch(wanted, node.metadata.labels?.[wanted.key])),
    // metadata.name is the only field that node selectors support.
    ...fields.flatMap((wanted) => mismatch(wanted, wanted.key === 'metadata.name' ? node.metadata.name : undefined)),
  ];
}

function mismatch(wanted: NodeSelectorRequirement, value: string | undefined): Mismatch[] {
  if (satisfies(wanted, value)) return [];
  const { operator, values } = wanted;
  return [
    {
      has: labelText(wanted.key, value),
      wanted: values?.length ? `${operator} ${listText(operator, values)}` : operator,
    },
  ];
}

function satisfies({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      // NotIn also matches a node without the label.
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return comparesTo(operator, value, values);
    default:
      return false;
  }
}

/** Returns whether the comparison holds. Both values must be whole numbers, and there must be exactly one bound. */
function comparesTo(operator: 'Gt' | 'Lt', value: string | undefined, [bound, ...more]: string[]): boolean {
  const whole = /^[+-]?\d+$/;
  if (value === undefined || bound === undefined || more.length > 0 || !whole.test(value) || !whole.test(bound))
    return false;
  return operator === 'Gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

function termText(term: NodeSelectorTerm): string {
  const wanted = [...(term.matchExpressions ?? []), ...(term.matchFields ?? [])];
  if (wanted.length === 0) return 'no node (an empty term)';
  return wanted
    .map(({ key, operator, values }) =>
      [key, operator, values?.length ? listText(operator, values) : ''].join(' ').trim(),
    )
    .join(' and ');
}

function listText(operator: string, values: readonly string[]): string {
  return operator === 'Gt' || operator === 'Lt' ? values.join(' ') : `[${values.join(', ')}]`;
}

function labelText(key: string, value: string | undefined): string {
  return value === undefined ? `no label ${key}` : `${key}=${value}`;
}
