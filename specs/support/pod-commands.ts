import { execInPod, type PodCommandResult } from '../../clusters/api/pod-exec.ts';
import { currentSpec } from './current-spec.ts';
import type { PodHandle } from './handles.ts';
import { world } from './world.ts';

interface PodCommandOptions {
  /** Milliseconds. */
  within?: number;
  stdin?: string;
  /** It only reads, so that it may be run again when the connection breaks. */
  repeatable?: boolean;
}

/** Runs a command (an argument array, no shell) in a pod's first container; it must succeed. */
export async function runInPod(
  pod: PodHandle,
  argv: readonly string[],
  options: PodCommandOptions = {},
): Promise<string> {
  return (await call(pod, argv, 'throw', options)).stdout;
}

/** Runs a command in a pod's first container; a failure is a result, for specs that expect one. */
export function tryInPod(
  pod: PodHandle,
  argv: readonly string[],
  options: PodCommandOptions = {},
): Promise<PodCommandResult> {
  return call(pod, argv, 'return', options);
}

/** Reads a file in a pod's first container. */
export function readInPod(pod: PodHandle, path: string): Promise<string> {
  return runInPod(pod, ['cat', path], { repeatable: true });
}

async function call(
  pod: PodHandle,
  argv: readonly string[],
  nonZero: 'throw' | 'return',
  options: PodCommandOptions,
): Promise<PodCommandResult> {
  const { client } = await world();
  const { metadata, spec } = pod.now;
  const container = spec?.containers[0]?.name ?? '';
  const place = { namespace: metadata.namespace ?? 'default', pod: metadata.name, container };
  return await execInPod(client, { ...place, argv, nonZero, signal: currentSpec().signal, ...options });
}
