import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readVersions } from '../../clusters/configuration/versions.ts';
import { definitionsFile, kinds } from '../../fixtures/schema.ts';

// Writes what fixtures need of Kubernetes' OpenAPI. After a new Kubernetes in versions.yaml: `npm run fix:openapi`.

interface Definition {
  properties?: Record<string, unknown>;
  'x-kubernetes-group-version-kind'?: [{ group: string; version: string; kind: string }];
}

const { built } = (await readVersions()).minor();
if (!built) throw new Error('the default minor has no Go module version');
const module = execFileSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@${built.kubernetes}`], { cwd: '/' });
const { Dir: folder } = JSON.parse(module.toString()) as { Dir: string };
const source = readFileSync(join(folder, 'api', 'openapi-spec', 'swagger.json'), 'utf8');
const all = (JSON.parse(source) as { definitions: Record<string, Definition> }).definitions;

// `io.k8s.api.core.v1.PodSpec` becomes `PodSpec`.
const shortName = (name: string) => name.slice(name.lastIndexOf('.') + 1);
const pruned = new Map<string, { from: string; definition: unknown }>();
const isTopLevel = (name: string) =>
  (kinds as readonly string[]).includes(shortName(name)) &&
  /^io\.k8s\.api\.(core|apps|storage|scheduling|rbac)\.v1\./.test(name);
for (const name of Object.keys(all).filter(isTopLevel)) add(name);
const lines = [...pruned]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, { definition }]) => `${JSON.stringify(name)}: ${JSON.stringify(definition)}`);
writeFileSync(definitionsFile, `{\n"$comment": "Kubernetes ${built.kubernetes}",\n${lines.join(',\n')}\n}\n`);

/** Adds a definition and those that it refers to. */
function add(name: string): void {
  const definition = all[name];
  const short = shortName(name);
  const known = pruned.get(short);
  if (known?.from === name) return;
  if (known || !definition)
    throw new Error(`${name}: ${known ? `${known.from} has the same short name` : 'not defined'}`);
  const entry = { from: name, definition: {} as unknown };
  pruned.set(short, entry);
  const { status: _, managedFields: __, ...properties } = definition.properties ?? {};
  const [gvk] = definition['x-kubernetes-group-version-kind'] ?? [];
  if (gvk && isTopLevel(name)) {
    properties.apiVersion = { enum: [gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`] };
    properties.kind = { enum: [gvk.kind] };
  }
  // The API server refuses unknown fields, and the OpenAPI leaves that unsaid.
  const closed = definition.properties && { properties, additionalProperties: false };
  entry.definition = prune({ ...definition, ...closed });
}

/** Returns the part of a schema that validates: no descriptions, no extensions. */
function prune(schema: unknown): unknown {
  if (Array.isArray(schema) || typeof schema !== 'object' || schema === null) return schema;
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$ref') {
      add(String(value).replace('#/definitions/', ''));
      kept.$ref = `#/definitions/${shortName(String(value))}`;
    } else if (key === 'properties') {
      kept.properties = Object.fromEntries(
        Object.entries(value as object).map(([name, inner]) => [name, prune(inner)]),
      );
    } else if (key !== 'description' && key !== 'default' && !key.startsWith('x-')) kept[key] = prune(value);
  }
  if (kept.format === 'int-or-string') return { type: ['integer', 'string'] };
  return kept;
}
