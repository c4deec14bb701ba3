import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { DomainError, messageOf } from '../../clusters/errors/domain-error.ts';
import type { Disk } from '../../clusters/nodes/disk.ts';

/** The environment variable that names the file with the run context. */
export const runContextVariable = 'LPV_RUN_CONTEXT';

const absolutePath = z.string().startsWith('/');

// In the shape that clusters/ gives a disk that it has read back.
const diskSchema: z.ZodType<Disk> = z.strictObject({
  /** Name of the disk in disks.yaml, such as `vol-a`. */
  name: z.string().min(1),
  node: z.string().min(1),
  mountPath: absolutePath,
  device: absolutePath,
  deviceNumber: z.string().regex(/^\d+:\d+$/),
  backingFile: absolutePath,
  fileSystem: z.enum(['ext4', 'xfs']),
  bytes: z.int().positive(),
});

const runContextSchema = z.strictObject({
  /** Run id, such as `k3x9qd`. */
  run: z.string().min(1),
  /** Report folder of the run. */
  folder: absolutePath,
  /** Name of the kind cluster. */
  cluster: z.string().min(1),
  kubeconfig: absolutePath,
  /** The API server that the run made; a client that finds another one must refuse to work. */
  server: z.url(),
  /** Whether the cluster outlives the run, so that what specs leave in it has to be gone before they end. */
  stays: z.boolean(),
  /** Features that the cluster lacks, each with the reason: `{"xfs": "mkfs.xfs is not on node2"}`. */
  lacking: z.record(z.string(), z.string()),
  /** Version of the API server, such as `v1.37.2`. */
  kubernetes: z.string().startsWith('v'),
  nodes: z.array(z.strictObject({ name: z.string().min(1), container: z.string().min(1) })).min(1),
  /** The container engine's program and its leading arguments, such as `["docker"]`. */
  engine: z.array(z.string()).min(1),
  /** Image that spec pods run; it is on every node already. */
  podImage: z.string().min(1),
  /** The disks as made and read back. */
  disks: z.array(diskSchema),
});

/** What specs are told about the cluster of their run. It is a file, so that it reaches every process alike. */
export type RunContext = z.infer<typeof runContextSchema>;

/** Writes the run context (mode 0600). The writer also sets LPV_RUN_CONTEXT to the path. */
export async function writeRunContext(path: string, context: RunContext): Promise<void> {
  await writeFile(path, `${JSON.stringify(runContextSchema.parse(context), null, 2)}\n`, { mode: 0o600 });
}

let known: { path: string; context: RunContext } | undefined;

/**
 * The context of the run. Read when it is first asked for, not when a spec file is loaded, because spec files are
 * loaded before the cluster is there. Throws a DomainError (badUsage) outside of a run.
 */
export function runContext(environment: NodeJS.ProcessEnv = process.env): RunContext {
  const path = environment[runContextVariable];
  if (!path) throw noContext('the environment variable is not set');
  if (known?.path !== path) known = { path, context: readContext(path) };
  return known.context;
}

function readContext(path: string): RunContext {
  try {
    return runContextSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw noContext(`${path}: ${error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)}`, error);
  }
}

function noContext(seen: string, cause?: unknown): DomainError {
  return new DomainError(
    {
      attempted: 'finding the cluster that the specs run on',
      on: runContextVariable,
      seen,
      why: 'Specs learn about their cluster from the file that this variable names.',
      remedy: 'Run the specs with `lpv run`, which makes the cluster and writes that file.',
    },
    { exit: 'badUsage', cause },
  );
}
