import { pasteable } from '../../../clusters/host/command/commander.ts';
import { isCheckout, lpvCommand, projectRoot } from '../../../clusters/project-root.ts';
import type { Shard } from '../../../specs/runner/shards.ts';
import type { EnvironmentRecord } from './environment.ts';

/** What a run was asked for, as far as it decides what a run proves. */
export interface Asked {
  /** The Kubernetes minor, such as `1.37`. */
  kubernetes: string;
  /** How a cluster that the user has lent is named, and as whom it is used. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  as?: string | undefined;
  asGroup?: readonly string[] | undefined;
  /** The variable KUBECONFIG, where it says in which files the context is. */
  kubeconfigFiles?: string | undefined;
  /** Which namespace and which of its nodes are used, and what is done there. */
  namespace?: string | undefined;
  nodes?: readonly string[] | undefined;
  agent?: boolean | undefined;
  disruptive?: boolean | undefined;
  disks?: string | undefined;
  registry?: string | undefined;
  agentImage?: string | undefined;
  /** As `--image` has it. */
  image: string;
  kubernetesSource?: string | undefined;
  grep?: string | undefined;
  chapter?: readonly string[] | undefined;
  level?: string | undefined;
  subject?: string | undefined;
  feature?: string | undefined;
  needs?: string | undefined;
  row?: string | undefined;
  shard?: Shard | undefined;
  repeat: number;
  /** Whether a skipped spec is not tolerated. */
  strict?: boolean | undefined;
  product?: string | undefined;
}

/** What a run decided by itself, once it is decided. */
export interface Decided {
  seed?: number | undefined;
  jobs?: number | undefined;
  /** Where the node image came from: what `auto` has become. */
  imageOrigin?: 'published' | 'built' | 'given' | 'source tree' | undefined;
}

/** Returns whether a run was asked for on a cluster that the user has lent. */
export function isLent({ kubeconfig, context }: Pick<Asked, 'kubeconfig' | 'context'>): boolean {
  return kubeconfig !== undefined || context !== undefined;
}

/**
 * Returns the commands that repeat a run, in order, for a shell where the harness is checked out or installed. A run on a
 * cluster that a user has lent asks for consent again: `--yes` is not among them.
 */
export function reproduceCommands(
  harness: EnvironmentRecord['harness'],
  asked: Asked,
  decided: Decided,
  root: string = projectRoot,
): string[] {
  const { kubernetesSource, grep, chapter, level, subject, feature, needs, row, shard, repeat, product } = asked;
  const resolved = decided.imageOrigin === 'published' || decided.imageOrigin === 'built';
  const lent = isLent(asked);
  const options: [string, string | number | true | undefined][] = [
    ['kubeconfig', asked.kubeconfig],
    ['context', asked.context],
    ['as', asked.as],
    ...(asked.asGroup ?? []).map((group): [string, string] => ['as-group', group]),
    ['namespace', asked.namespace],
    ['nodes', asked.nodes?.join(',')],
    ['no-agent', asked.agent === false || undefined],
    ['disruptive', asked.disruptive || undefined],
    ['disks', asked.disks],
    ['registry', asked.registry],
    ['agent-image', asked.agentImage],
    ['kubernetes', lent ? undefined : asked.kubernetes],
    // The tree decides where the image comes from.
    ['image', kubernetesSource === undefined && asked.image === 'auto' && resolved ? decided.imageOrigin : undefined],
    ['image', kubernetesSource === undefined && asked.image !== 'auto' ? asked.image : undefined],
    ['kubernetes-source', kubernetesSource],
    ['grep', grep],
    ['chapter', chapter?.join(',')],
    ['level', level],
    ['subject', subject],
    ['feature', feature],
    ['needs', needs],
    ['row', row],
    ['shard', shard && `${shard.index}/${shard.of}`],
    ['seed', decided.seed],
    ['jobs', decided.jobs],
    ['repeat', repeat === 1 ? undefined : repeat],
    ['strict', asked.strict || undefined],
    ['product', product],
  ];
  const words = options.flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (value === true) return [`--${name}`];
    // What begins like an option is taken for a value only behind an equals sign.
    return String(value).startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, String(value)];
  });
  const { kubeconfigFiles } = asked;
  const found = lent && asked.kubeconfig === undefined && kubeconfigFiles;
  return [
    ...(harness.commit === null ? [] : [pasteable(['git', 'checkout', harness.commit])]),
    ...(isCheckout(root) ? ['npm ci'] : []),
    `${found ? `KUBECONFIG=${pasteable([found])} ` : ''}${pasteable([...lpvCommand(root), 'run', ...words])}`,
  ];
}
