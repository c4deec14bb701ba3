import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pc from 'picocolors';
import { redact } from '../../clusters/text/redact.ts';
import { fileName } from '../../specs/runner/evidence.ts';
import type { Trace } from '../../specs/trace/trace.ts';
import { mountsText } from './mounts-text.ts';
import { traceSvg } from './svg/document.ts';
import { type Colors, timeLineText } from './time-line-text.ts';

/** A trace as text: the time line, and the mounts of each volume. */
export function traceText(trace: Trace, { colors, width = 100 }: { colors: Colors; width?: number }): string {
  const mounts = trace.mounts.map((graph) => mountsText(graph, { colors, width }));
  return [timeLineText(trace, { colors, width }), ...mounts].join('\n');
}

/** A copy of a trace without secrets that components may have logged: for everything that leaves this process. */
export function cleanTrace(trace: Trace): Trace {
  return redact(trace) as Trace;
}

/** Writes a trace into a report folder, as `traces/<name>.{json,txt,svg}`, without secrets. Returns the paths. */
export async function writeTrace(folder: string, name: string, trace: Trace): Promise<string[]> {
  const clean = cleanTrace(trace);
  const plain = pc.createColors(false);
  return await writeFiles(folder, name, {
    json: `${JSON.stringify(clean, null, 2)}\n`,
    txt: traceText(clean, { colors: plain }),
    svg: traceSvg(clean),
  });
}

/** Writes files of one name into the folder `traces` of a report folder. */
export async function writeFiles(
  folder: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string[]> {
  await mkdir(join(folder, 'traces'), { recursive: true });
  return await Promise.all(
    Object.entries(files).map(async ([extension, text]) => {
      const path = join('traces', `${fileName(name)}.${extension}`);
      await writeFile(join(folder, path), text);
      return path;
    }),
  );
}
