import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** Identifies a process. More than a pid, because pids are used again. */
export const processIdentitySchema = z.strictObject({
  pid: z.int().positive(),
  /** Field 22 of /proc/PID/stat: clock ticks since boot at which the process started. */
  startTime: z.string().optional(),
  bootId: z.string().optional(),
  /** The pid namespace, such as `pid:[4026531836]`: in another one, the pid means another process. */
  pidNamespace: z.string().optional(),
});

export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** Whether a process still runs; `unknown` when it belongs to another pid namespace, which we cannot see. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** Facts from the operating system; absent where there is no /proc. */
export interface ProcessFacts {
  bootId: string | undefined;
  pidNamespace: string | undefined;
  startTimeOf(pid: number): string | undefined;
  exists(pid: number): boolean;
}

/** Returns the identity of a process, by default this one. */
export function identifyProcess(facts: ProcessFacts = systemFacts(), pid: number = process.pid): ProcessIdentity {
  const startTime = facts.startTimeOf(pid);
  return {
    pid,
    ...(startTime !== undefined && { startTime }),
    ...(facts.bootId !== undefined && { bootId: facts.bootId }),
    ...(facts.pidNamespace !== undefined && { pidNamespace: facts.pidNamespace }),
  };
}

/** Returns whether the identified process is still the one with its pid. Own code: libraries compare pids only. */
export function livenessOf(identity: ProcessIdentity, facts: ProcessFacts = systemFacts()): Liveness {
  if (differ(identity.bootId, facts.bootId)) return 'dead';
  if (differ(identity.pidNamespace, facts.pidNamespace)) return 'unknown';
  if (!facts.exists(identity.pid)) return 'dead';
  return differ(identity.startTime, facts.startTimeOf(identity.pid)) ? 'dead' : 'alive';
}

/** Writes the identity of this process to a file, which {@link ownerOf} reads. */
export async function markAsOurs(file: string): Promise<void> {
  await writeFile(file, JSON.stringify({ process: identifyProcess() }));
}

/** Returns the process that a file names; undefined where the file is gone, or was not written to its end. */
export async function ownerOf(file: string): Promise<ProcessIdentity | undefined> {
  try {
    return z.strictObject({ process: processIdentitySchema }).parse(JSON.parse(await readFile(file, 'utf8'))).process;
  } catch {
    return undefined;
  }
}

/** Returns the start time in the text of /proc/PID/stat; the command in parentheses may itself hold spaces and parentheses. */
export function startTimeIn(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function differ(recorded: string | undefined, present: string | undefined): boolean {
  return recorded !== undefined && present !== undefined && recorded !== present;
}

function systemFacts(): ProcessFacts {
  return {
    bootId: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
    startTimeOf: (pid) => attempt(() => startTimeIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))),
    exists: (pid) => {
      try {
        return process.kill(pid, 0);
      } catch (error) {
        // EPERM: it exists, but belongs to another user.
        return (error as NodeJS.ErrnoException).code === 'EPERM';
      }
    },
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
