import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { redact } from '../../clusters/text/redact.ts';
import { type CurrentSpec, currentSpec } from './current-spec.ts';
import { clusterFacts } from './test-cluster.ts';

/** What the running spec leaves behind for the report. */
export const evidence = {
  /**
   * Keeps text, or an object (Kubernetes objects as YAML, others as JSON), as evidence of the running spec, without
   * secrets. Returns the path of the file, relative to the report folder: `evidence/SEED-4/01-claim.yaml`.
   * @example
   * evidence.keep('claim', claim.now);
   * evidence.keep('scheduler', await expect(pod).to.beUnschedulable([messages.noVolumeFits(3)]));
   */
  keep(name: string, content: string | object): string {
    return keepEvidence(clusterFacts().folder, currentSpec(), name, content);
  },
};

/** How many files a folder of evidence has: a repeated spec goes on numbering where its last run ended. */
const kept = new Map<string, number>();

/** Writes one file of a spec's evidence. Returns its path, relative to the report folder. */
export function keepEvidence(
  folder: string,
  spec: Pick<CurrentSpec, 'id' | 'evidence'>,
  name: string,
  content: string | object,
): string {
  const place = join('evidence', fileName(spec.id));
  mkdirSync(join(folder, place), { recursive: true });
  const { text, extension } = rendered(content);
  const number = (kept.get(join(folder, place)) ?? 0) + 1;
  const path = join(place, `${String(number).padStart(2, '0')}-${fileName(redact(name))}.${extension}`);
  writeFileSync(join(folder, path), text, { flag: 'wx' });
  kept.set(join(folder, place), number);
  spec.evidence.push(path);
  return path;
}

/**
 * Returns a name that is safe as a file name: letters, digits, dots, hyphens; never empty, never leading out of a
 * folder.
 */
export function fileName(name: string): string {
  const safe = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9.]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  return safe || 'unnamed';
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
