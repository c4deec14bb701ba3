import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { redact } from '../../clusters/text/redact.ts';
import { currentSpec } from './current-spec.ts';
import { runContext } from './run-context.ts';

/** What the running spec leaves behind for the report. */
export const evidence = {
  /**
   * Keeps text, or an object (Kubernetes objects as YAML, others as JSON), as evidence of the running spec, without
   * secrets. Returns the path of the file, relative to the report folder: `evidence/SEED-4/01-claim.yaml`.
   */
  keep(name: string, content: string | object): string {
    return keepEvidence(runContext().folder, currentSpec().id, name, content);
  },
};

/** Writes one file of evidence for a requirement. Returns its path, relative to the report folder. */
export function keepEvidence(folder: string, id: string, name: string, content: string | object): string {
  const place = evidencePlace(id);
  mkdirSync(join(folder, place), { recursive: true });
  const { text, extension } = rendered(content);
  const number = String(nextNumber(readdirSync(join(folder, place)))).padStart(2, '0');
  const path = join(place, `${number}-${fileName(redact(name))}.${extension}`);
  writeFileSync(join(folder, path), text, { flag: 'wx' });
  return path;
}

/** Paths of the evidence of a requirement, relative to the report folder, in order. */
export function evidenceOf(folder: string, id: string): string[] {
  const place = evidencePlace(id);
  try {
    return readdirSync(join(folder, place))
      .sort()
      .map((name) => join(place, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A name that is safe as a file name: letters, digits, dots, hyphens; never empty, never leading out of a folder. */
export function fileName(name: string): string {
  const safe = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  return safe || 'unnamed';
}

function evidencePlace(id: string): string {
  return join('evidence', fileName(id));
}

function nextNumber(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => Number.parseInt(name, 10)).filter(Number.isFinite)) + 1;
}

function rendered(content: string | object): { text: string; extension: 'txt' | 'json' | 'yaml' } {
  if (typeof content === 'string') return { text: withNewline(redact(content)), extension: 'txt' };
  const clean = redact(content);
  return isKubernetes(content)
    ? { text: stringify(clean, { lineWidth: 0 }), extension: 'yaml' }
    : { text: `${JSON.stringify(clean, null, 2)}\n`, extension: 'json' };
}

function isKubernetes(content: object): boolean {
  if (Array.isArray(content))
    return content.length > 0 && content.every((item) => isObject(item) && isKubernetes(item));
  return 'metadata' in content && ('kind' in content || 'spec' in content || 'status' in content);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function withNewline(text: string): string {
  return text.endsWith('\n') || text === '' ? text : `${text}\n`;
}
