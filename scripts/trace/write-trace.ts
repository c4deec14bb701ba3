import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pc from 'picocolors';
import { redact } from '../../clusters/text/redact.ts';
import { fileName } from '../../specs/runner/evidence.ts';
import type { Trace } from '../../specs/trace/trace.ts';
import { mountsText } from './mounts-text.ts';
import { traceSvg } from './svg/document.ts';
import { type Colors, timeLineText } from './time-line-text.ts';

/** A trace and its name in the folder of a report: the id of the requirement whose pod it shows. */
export interface NamedTrace {
  name: string;
  trace: Trace;
}

const plain = pc.createColors(false);

/** Returns a trace as text: the time line, and the mounts of each volume. */
export function traceText(
  trace: Trace,
  { colors = plain, width = 100 }: { colors?: Colors; width?: number } = {},
): string {
  const mounts = trace.mounts.map((graph) => mountsText(graph, { colors, width }));
  return [timeLineText(trace, { colors, width }), ...mounts].join('\n');
}

/** Returns a copy of a trace without secrets that components may have logged: for everything that leaves this process. */
export function cleanTrace(trace: Trace): Trace {
  return redact(trace) as Trace;
}

/** Returns the path of a trace's file, relative to the report folder, such as `traces/SEED-7.svg`. */
export function tracePath(name: string, extension: string): string {
  return join('traces', `${fileName(redact(name))}.${extension}`);
}

/** Writes a trace into a report folder, as `traces/<name>.{json,txt,svg}`, without secrets. Returns the paths. */
export async function writeTrace(folder: string, { name, trace }: NamedTrace): Promise<string[]> {
  const clean = cleanTrace(trace);
  return await writeFiles(folder, name, {
    json: `${JSON.stringify(clean, null, 2)}\n`,
    txt: traceText(clean),
    svg: traceSvg(clean),
  });
}

/** Writes files of one name into the folder `traces` of a report folder. Returns their paths. */
export async function writeFiles(
  folder: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string[]> {
  await mkdir(join(folder, 'traces'), { recursive: true });
  return await Promise.all(
    Object.entries(files).map(async ([extension, text]) => {
      const path = tracePath(name, extension);
      await writeFile(join(folder, path), text);
      return path;
    }),
  );
}
