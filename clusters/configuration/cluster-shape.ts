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
import { dataFiles } from './places.ts';

/** A node as Kubernetes will know it. */
export interface ClusterNode {
  name: string;
  role: NodeRole;
  /** The labels of the configuration; Kubernetes adds its own. */
  labels: Readonly<Record<string, string>>;
  /** The value of the label kubernetes.io/hostname, which kubelet takes from the node's name. */
  hostnameLabel: string;
}

/** What a cluster is made of, in the order of the file. */
export interface ClusterShape {
  nodes: readonly ClusterNode[];
}

/** A cluster's shape, with kind's own document that makes it. */
export interface ClusterConfiguration {
  shape: ClusterShape;
  document: KindDocument;
}

/** Reads a kind configuration file; the project's own where none is given. @throws BadConfiguration */
export async function readClusterConfiguration(path: string = dataFiles.threeNode): Promise<ClusterConfiguration> {
  return parseClusterConfiguration(await readSource(path));
}

/** Reads a kind configuration, with the names that its kubeadm patches give to nodes. @throws BadConfiguration */
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
    problems.push(yaml.problem(['nodes'], `there are ${controlPlanes} nodes with role control-plane; one is wanted`));
  }
  if (problems.length > 0) throw new BadConfiguration(problems);
  return { shape: { nodes }, document };
}

interface NamedNode {
  name?: string;
  path: KeyPath;
  problems: Problem[];
}

/** Finds the one patch that gives a node its name, and checks the node's other patches. */
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

/** The text to give to `kind create cluster --config`. */
export function renderKindConfiguration(document: KindDocument): string {
  return stringify(document);
}
