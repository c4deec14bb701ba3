import { readFile } from 'node:fs/promises';

/** How the time of all processors of a machine was spent since its start, in ticks of the kernel. */
export interface CpuTime {
  all: number;
  /** What the host of a virtual machine gave to others while something was to be done here. */
  steal: number;
}

/** Reads the clock of the processors; undefined where there is no /proc/stat. */
export async function readCpuTime(): Promise<CpuTime | undefined> {
  return parseCpuTime(await readFile('/proc/stat', 'utf8').catch(() => ''));
}

/** Source: proc(5), /proc/stat; the time of guests, behind `steal`, is in that of users already. */
export function parseCpuTime(stat: string): CpuTime | undefined {
  const fields = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number).slice(0, 8);
  const steal = fields?.[7];
  if (!fields || steal === undefined || fields.some(Number.isNaN)) return undefined;
  return { all: fields.reduce((sum, field) => sum + field, 0), steal };
}

/**
 * Returns the share of the processors' time between two readings that was steal, from 0 to 1; undefined where it is not
 * known.
 */
export function cpuStealBetween(before: CpuTime | undefined, after: CpuTime | undefined): number | undefined {
  if (!before || !after || after.all <= before.all) return undefined;
  return (after.steal - before.steal) / (after.all - before.all);
}
