import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseStrictDocument, readSource } from '../../clusters/yaml/strict-yaml.ts';
import type { YamlSource } from '../../clusters/yaml/yaml-documents.ts';
import type { Component } from './component-log.ts';
import type { Verbosity } from './verbosity.ts';

const components = ['kube-controller-manager', 'kube-scheduler', 'kubelet', 'containerd'] as const;

const minor = z
  .string()
  .regex(/^\d+\.\d+$/, { error: ({ input }) => `${input} is no Kubernetes minor such as "1.37"` });

const lineSchema = z.strictObject({
  step: z.string().regex(/^[a-z][a-z-]*$/),
  component: z.enum(components),
  source: z.string().min(1),
  verbosity: z.int().min(0).max(10),
  minors: z.array(minor).min(1),
  pattern: z.string().refine(isExpression, { error: ({ input }) => `${input} is no regular expression` }),
});

const tableSchema = z.strictObject({ otherMinors: minor, lines: z.array(lineSchema).min(1) });

/** A line of a component's log that shows a step. */
export interface KnownLine {
  step: string;
  component: Component;
  /** The file of Kubernetes, or the program, that logs it. */
  source: string;
  /** The klog verbosity at which it is logged. */
  verbosity: number;
  pattern: RegExp;
}

/** The lines that a Kubernetes minor logs. */
export interface KnownLines {
  /** The minor of these lines: the requested one, or the default. */
  minor: string;
  /** Whether lines of the requested minor have been recorded from a cluster. */
  recorded: boolean;
  lines: readonly KnownLine[];
}

/** Every line of log-lines.yaml, by minor. */
export interface LogLineTable {
  minors: readonly string[];
  /** Returns the lines of a version such as `v1.37.2`, or of a minor; of the default minor where it is not known. */
  of(version: string | undefined): KnownLines;
}

/**
 * Reads the project's table of log lines, or another file of that form.
 * @throws BadConfiguration
 */
export async function readLogLines(
  path: string = fileURLToPath(new URL('log-lines.yaml', import.meta.url)),
): Promise<LogLineTable> {
  return parseLogLines(await readSource(path));
}

/**
 * Parses a table of log lines.
 * @throws BadConfiguration
 */
export function parseLogLines(source: YamlSource): LogLineTable {
  const { value } = parseStrictDocument(source, tableSchema, (read) => {
    const table = tableSchema.safeParse(read);
    if (!table.success) return [];
    const { otherMinors, lines } = table.data;
    const known = lines.some(({ minors }) => minors.includes(otherMinors));
    return known ? [] : [{ path: ['otherMinors'], text: `no line is of ${otherMinors}` }];
  });
  const minors = [...new Set(value.lines.flatMap((line) => line.minors))].sort();
  return {
    minors,
    of(version) {
      const asked = /^v?(\d+\.\d+)/.exec(version ?? '')?.[1];
      const recorded = asked !== undefined && minors.includes(asked);
      const read = recorded ? asked : value.otherMinors;
      const lines = value.lines.filter((line) => line.minors.includes(read));
      return {
        minor: read,
        recorded,
        lines: lines.map(({ minors: _minors, pattern, ...line }) => ({ ...line, pattern: new RegExp(pattern) })),
      };
    },
  };
}

/** Returns the lowest verbosity at which components log these lines. */
export function verbosityFor(lines: readonly KnownLine[]): Verbosity {
  const wanted: Record<keyof Verbosity, Record<string, number>> = {
    'kube-controller-manager': {},
    'kube-scheduler': {},
    kubelet: {},
  };
  for (const { component, source, verbosity } of lines) {
    if (component === 'containerd' || verbosity === 0) continue;
    const file = basename(source, '.go');
    wanted[component][file] = Math.max(wanted[component][file] ?? 0, verbosity);
  }
  return wanted;
}

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
