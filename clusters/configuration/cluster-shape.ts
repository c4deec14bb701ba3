import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { BadConfiguration, type KeyPath, type Problem } from '../yaml/bad-configuration.ts';
import { check } from '../yaml/schema-problems.ts';
import { parseStrictDocument, readSource } from '../yaml/strict-yaml.ts';
import { takeApart, type YamlDocument, type YamlSource } from '../yaml/yaml-documents.ts';
import {
  type KindDocument,
  kindDocumentSchema,
  type NodeRole,
  nodePatchSchemas,
  patchPaths,
  patchSchema,
} from './kind-document.ts';

export const threeNodeFile = fileURLToPath(new URL('../three-node.yaml', import.meta.url));

/** A node, under its name in Kubernetes. */
export interface ClusterNode {
  name: string;
  role: NodeRole;
  /** The labels of the configuration; Kubernetes adds its own. */
  labels: Readonly<Record<string, string>>;
  /** The value of the label kubernetes.io/hostname, which kubelet takes from the node's name. */
  hostnameLabel: string;
}

/** The nodes of a cluster, in the order of the file. */
export interface ClusterShape {
  nodes: readonly ClusterNode[];
}

/** A cluster's shape, and kind's own document for it. */
export interface ClusterConfiguration {
  shape: ClusterShape;
  document: KindDocument;
}

/**
 * Returns the content of a kind configuration file, by default three-node.yaml of the project. @throws BadConfiguration
 */
export async function readClusterConfiguration(path: string = threeNodeFile): Promise<ClusterConfiguration> {
  return parseClusterConfiguration(await readSource(path));
}

/** Returns a kind configuration, with the node names that its kubeadm patches set. @throws BadConfiguration */
export function parseClusterConfiguration(source: YamlSource): ClusterConfiguration {
  const { value: document, document: yaml } = parseStrictDocument(source, kindDocumentSchema);
  const paths = patchPaths(document);
  const problems: Problem[] = paths.cluster.flatMap((path) => readPatch(yaml, path).problems);
  const nodes: ClusterNode[] = [];
  const named = new Set<string>();
  for (const [index, { role, labels }] of document.nodes.entries()) {
    const { name, path, problems: found } = nodeName(yaml, role, index, paths.nodes[index] ?? []);
    problems.push(...found);
    if (name === undefined) continue;
    if (named.has(name)) problems.push(yaml.problem(path, `two nodes are called ${name}`));
    named.add(name);
    nodes.push({ name, role, labels, hostnameLabel: name });
  }
  const controlPlanes = document.nodes.filter(({ role }) => role === 'control-plane').length;
  if (controlPlanes !== 1) {
    problems.push(
      yaml.problem(['nodes'], `there are ${controlPlanes} nodes with role control-plane; there must be one`),
    );
  }
  if (problems.length > 0) throw new BadConfiguration(problems);
  return { shape: { nodes }, document };
}

interface NamedNode {
  name?: string;
  path: KeyPath;
  problems: Problem[];
}

/** Returns the name that one patch of a node sets. Also checks the node's other patches. */
function nodeName(yaml: YamlDocument, role: NodeRole, index: number, paths: readonly KeyPath[]): NamedNode {
  const schema = nodePatchSchemas[role];
  const naming = schema.shape.kind.value;
  const problems: Problem[] = [];
  let found: { name: string; path: KeyPath } | undefined;
  let failed = false;
  for (const path of paths) {
    const patch = readPatch(yaml, path);
    problems.push(...patch.problems);
    failed ||= patch.problems.length > 0;
    if (patch.kind !== naming || !patch.document) continue;
    const checked = check<{ nodeRegistration: { name: string } }>(patch.document, schema);
    problems.push(...checked.problems);
    if (!checked.value) failed = true;
    else if (found) problems.push(yaml.problem(path, `the node has a ${naming} already`));
    else found = { name: checked.value.nodeRegistration.name, path };
  }
  if (!found && !failed) {
    const text = `a ${role} has its name from a patch of kind ${naming} with nodeRegistration.name; there is none`;
    problems.push(yaml.problem(['nodes', index], text));
  }
  return found ? { ...found, problems } : { path: ['nodes', index], problems };
}

function readPatch(yaml: YamlDocument, path: KeyPath): { kind?: string; document?: YamlDocument; problems: Problem[] } {
  const { documents, problems } = takeApart(yaml.embedded(path));
  const [document, ...more] = documents;
  if (problems.length > 0) return { problems };
  if (!document || more.length > 0) return { problems: [yaml.problem(path, 'one YAML document must stand here')] };
  const checked = check<{ kind: string }>(document, patchSchema);
  return checked.value ? { kind: checked.value.kind, document, problems: [] } : { problems: checked.problems };
}

/** Returns the text for `kind create cluster --config`. */
export function renderKindConfiguration(document: KindDocument): string {
  return stringify(document);
}
