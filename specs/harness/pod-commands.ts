import type { Pod } from '../../clusters/api/objects.ts';
import { execInPod, type PodCommand, type PodCommandResult } from '../../clusters/api/pod-exec.ts';
import type { ContainerLife } from '../../clusters/api/pod-shells.ts';
import { currentSpec } from '../runner/current-spec.ts';
import { testCluster } from '../runner/test-cluster.ts';
import type { PodHandle } from './handles.ts';

interface PodCommandOptions {
  /** Name of the container; the first where not given. */
  container?: string;
  /** Milliseconds. */
  within?: number;
  stdin?: string;
  /** It only reads, so that it may be run again when the connection breaks. */
  repeatable?: boolean;
}

/** Runs a command (an argument array, no shell) in a container of a pod; it must succeed. */
export async function runInPod(
  pod: PodHandle,
  argv: readonly string[],
  options: PodCommandOptions = {},
): Promise<string> {
  return (await call(pod, argv, 'throw', options)).stdout;
}

/** Runs a command in a container of a pod; a failure is a result, for specs that expect one. */
export function tryInPod(
  pod: PodHandle,
  argv: readonly string[],
  options: PodCommandOptions = {},
): Promise<PodCommandResult> {
  return call(pod, argv, 'return', options);
}

/** Reads a file in a container of a pod. */
export function readInPod(
  pod: PodHandle,
  path: string,
  options: Pick<PodCommandOptions, 'container'> = {},
): Promise<string> {
  return runInPod(pod, ['cat', path], { ...options, repeatable: true });
}

async function call(
  pod: PodHandle,
  argv: readonly string[],
  nonZero: 'throw' | 'return',
  options: PodCommandOptions,
): Promise<PodCommandResult> {
  const { client, podShells } = await testCluster();
  const { now } = pod;
  const { container = now.spec?.containers[0]?.name ?? '', ...rest } = options;
  const namespace = now.metadata.namespace ?? 'default';
  const { signal } = currentSpec();
  const command: PodCommand = { namespace, pod: now.metadata.name, container, argv, nonZero, signal, ...rest };
  const life = lifeOf(now, container);
  return await (life ? podShells.exec(command, life) : execInPod(client, command));
}

/** The life that a container is in; undefined while it does not run, as far as is known here. */
function lifeOf({ metadata, status }: Pod, container: string): ContainerLife | undefined {
  const found = status?.containerStatuses?.find(({ name }) => name === container);
  if (!found?.state?.running || !found.containerID) return undefined;
  const { namespace = 'default', uid } = metadata;
  return { namespace, podUid: uid, container, containerId: found.containerID };
}
