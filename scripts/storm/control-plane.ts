import { type Node, nodeScript, scriptOnNode } from '../../clusters/nodes/node.ts';

/** The programs of the control plane that a storm keeps busy. */
export const programs = ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'] as const;

export type Program = (typeof programs)[number];

/** What a program has used until now. */
export interface ProgramUse {
  cpuSeconds: number;
  /** Resident bytes, now and at most. */
  memory: number;
  memoryPeak: number;
}

const readUse = nodeScript(import.meta.url, 'read-use.sh');

/** Ticks of the CPU time in /proc: USER_HZ, the same on every architecture that Kubernetes runs on. */
const ticksPerSecond = 100;

/**
 * Returns what each program of the control plane has used, from /proc of its node. With `reset` the kernel counts the
 * peak of their memory from now on.
 */
export async function controlPlaneUse(
  node: Node,
  { reset = false, signal }: { reset?: boolean; signal: AbortSignal },
): Promise<Partial<Record<Program, ProgramUse>>> {
  return parseUse(await scriptOnNode(node, readUse, [reset ? 'reset' : 'read', ...programs], { signal }));
}

/** Returns the use of programs from lines such as `etcd 1203 51200 60000`: ticks, KiB, KiB. Of two processes the sum. */
export function parseUse(text: string): Partial<Record<Program, ProgramUse>> {
  const uses: Partial<Record<Program, ProgramUse>> = {};
  for (const line of text.split('\n').filter(Boolean)) {
    const [name, ...figures] = line.split(' ');
    const [ticks = 0, resident = 0, peak = 0] = figures.map(Number);
    const program = programs.find((each) => each === name);
    if (program === undefined) continue;
    const before = uses[program] ?? { cpuSeconds: 0, memory: 0, memoryPeak: 0 };
    uses[program] = {
      cpuSeconds: before.cpuSeconds + ticks / ticksPerSecond,
      memory: before.memory + resident * 1024,
      memoryPeak: before.memoryPeak + peak * 1024,
    };
  }
  return uses;
}
