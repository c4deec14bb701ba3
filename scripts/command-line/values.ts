import { isDnsLabel, isDnsSubdomain } from '../../clusters/text/names.ts';
import { nearest } from '../../clusters/text/nearest.ts';
import type { Shard } from '../../specs/runner/shards.ts';
import { clusterNameProblem } from '../run/run-identity.ts';
import { InvalidArgumentError, mayBeRepeated, Option } from './verb.ts';

// Each function returns the value of an option, or throws why the text is not valid and what to write instead; commander
// puts the option before that.

/** Returns a text that is not empty. */
export function text(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('An empty text stands here.');
  return value;
}

/** Returns the texts between commas. */
export function texts(value: string): string[] {
  return value.split(',').map((part) => text(part).trim());
}

/** Returns a parser of whole numbers. */
export function wholeNumber(from: number, to: number): (value: string) => number {
  return (value) => {
    if (/^\d{1,9}$/.test(value) && Number(value) >= from && Number(value) <= to) return Number(value);
    throw new InvalidArgumentError(`It is no whole number from ${from} to ${to}.`);
  };
}

/** Returns which shard of how many a text such as `2/4` is. */
export function shard(value: string): Shard {
  const [, index, of] = (/^(\d{1,3})\/(\d{1,3})$/.exec(value) ?? []).map(Number);
  if (index !== undefined && of !== undefined && index >= 1 && index <= of) return { index, of };
  throw new InvalidArgumentError('Write I/N, such as 2/4: the second of four.');
}

/** Returns the pairs so far and one more, which is written `KEY=VALUE`. */
export function keyValue(pair: string, before: Record<string, string> = {}): Record<string, string> {
  const [key = '', ...rest] = pair.split('=');
  if (key === '' || rest.length === 0) throw new InvalidArgumentError('Write KEY=VALUE.');
  return { ...before, [key]: rest.join('=') };
}

/** Returns the name of a cluster without `lpv-`. */
export function clusterName(value: string): string {
  const problem = clusterNameProblem(value);
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return value;
}

/** Returns a pod as `NAMESPACE/NAME`. */
export function pod(value: string): string {
  const [namespace = '', name = '', ...more] = value.split('/');
  if (more.length === 0 && isDnsLabel(namespace) && isDnsSubdomain(name)) return value;
  throw new InvalidArgumentError(value.includes('/') ? 'Write NAMESPACE/NAME.' : `Did you mean default/${value}?`);
}

/** Returns a folder of nodes, by its absolute path: one that agents have from their host (clusters/agent/enter-host.sh). */
export function nodeFolder(value: string): string {
  const parts = value.split('/').slice(1);
  const plain = parts.every((part) => /^[A-Za-z0-9._-]+$/.test(part) && !/^\.\.?$/.test(part));
  if (!value.startsWith('/') || !plain)
    throw new InvalidArgumentError('Write an absolute path of letters, digits, dots, hyphens and underscores.');
  if (/^(bin|sbin|lib.*|usr|etc|proc|sys|dev|run|tmp|host)$/.test(parts[0] ?? ''))
    throw new InvalidArgumentError(
      `Agents have a /${parts[0]} of their own; name a folder elsewhere, such as /var/mnt.`,
    );
  return value;
}

/** Returns a Kubernetes minor such as `1.37`. */
function minor(value: string): string {
  if (/^\d+\.\d+$/.test(value)) return value;
  const meant = /^v?(\d+\.\d+)/.exec(value)?.[1];
  throw new InvalidArgumentError(
    `It is not a Kubernetes minor; ${meant === undefined ? 'write one such as 1.37' : `did you mean ${meant}?`}`,
  );
}

/** Returns several minors, each named once. */
export function minors(value: string): string[] {
  return eachOnce(value.split(',').map(minor));
}

/** Returns the texts of a list, each of which may be named once. */
export function eachOnce(all: string[]): string[] {
  const twice = all.find((each, index) => all.indexOf(each) !== index);
  if (twice !== undefined) throw new InvalidArgumentError(`${twice} stands there twice.`);
  return all;
}

const imageWords = ['auto', 'published', 'built'];
const reference =
  /^[a-z0-9][A-Za-z0-9._/-]*(:[A-Za-z0-9._-]+)?(\/[a-z0-9._/-]+)?(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$/;

/** Returns a node image: one of the three words, or a reference with its tag or digest. */
function image(value: string): string {
  if (imageWords.includes(value) || (reference.test(value) && /[:@]/.test(value))) return value;
  const meant = nearest(value, imageWords);
  const hint =
    meant === undefined ? 'write it with its tag or digest, such as kindest/node:v1.37.0' : `did you mean ${meant}?`;
  throw new InvalidArgumentError(`It is none of ${imageWords.join(', ')}, and no image reference; ${hint}`);
}

// Options that several verbs have in common.

export const imageOption = new Option(
  '--image <auto|published|built|REF>',
  'the node image: the published one or else one built here, only one of these, or a reference',
)
  .default('auto')
  .argParser(image);

export const kubernetesOption = new Option(
  '--kubernetes <MINOR>',
  'the Kubernetes minor, such as 1.37 (default: the one that clusters/versions.yaml names)',
).argParser(minor);

export const kubernetesSourceOption = new Option(
  '--kubernetes-source <DIR>',
  'build the node image from this checked-out Kubernetes tree',
).argParser(text);

/** LPV_INSTALL is read by the verb's command: commander would ignore the value of a variable for a switch. */
export const noInstallOption = new Option(
  '--no-install',
  'print what would be installed on this machine, but install nothing (or set LPV_INSTALL=off)',
);

// How a user's own cluster is named, as for kubectl. Each verb says what else these options exclude.

export const kubeconfigOption = () =>
  new Option(
    '--kubeconfig <FILE>',
    'your cluster, by this kubeconfig (default: the files of KUBECONFIG, or ~/.kube/config)',
  ).argParser(text);

export const contextOption = () =>
  new Option('--context <NAME>', 'your cluster, by this context of the kubeconfig').argParser(text);

export const asOption = () =>
  new Option('--as <USER>', 'have your cluster take you for this user, as kubectl --as does').argParser(text);

export const asGroupOption = () =>
  mayBeRepeated(
    new Option('--as-group <GROUP>', 'have your cluster take you for a member of this group').argParser(
      (value: string, before: string[] = []) => [...before, text(value)],
    ),
  );

/** Returns a registry and a path in it, without a slash at its end. */
export function registry(value: string): string {
  if (/^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9]+([._-][a-z0-9]+)*)*$/.test(value)) return value;
  throw new InvalidArgumentError('Write a host, and a path if need be: registry.example/team/lpv.');
}

export const registryOption = () =>
  new Option('--registry <HOST/PREFIX>', 'your cluster pulls the images of `lpv images` from here').argParser(registry);

export const namespaceOption = () =>
  new Option(
    '--namespace <NAME>',
    'the only namespace of your cluster that may be used, for a user who may create none (default: one for each spec)',
  ).argParser(namespaceName);

function namespaceName(value: string): string {
  if (isDnsLabel(value)) return value;
  throw new InvalidArgumentError('Write the name of a namespace.');
}

export const agentImageOption = () =>
  new Option('--agent-image <NAME>', 'the image of the agents, where it is not the one of `lpv images`').argParser(
    text,
  );

export const grepOption = new Option(
  '-g, --grep <TEXT>',
  'only requirements with this text in id, sentence or chapter; or these ids, with commas; or /PATTERN/',
).argParser(text);

export const chapterOption = new Option(
  '--chapter <NAME[,NAME]>',
  'only requirements of these chapters, such as binding,block',
).argParser(texts);

export const levelOption = new Option('--level <LEVEL>', 'only requirements of this level').choices([
  'core',
  'extended',
] as const);

export const subjectOption = new Option(
  '--subject <SUBJECT>',
  'only requirements whose promise is of this subject: kubernetes, provisioner, harness or api',
).choices(['kubernetes', 'provisioner', 'harness', 'api'] as const);

export const featureOption = new Option(
  '--feature <NAME>',
  'only requirements that need this feature, such as block',
).argParser(text);

export const needsOption = new Option(
  '--needs <NEED>',
  'only requirements whose specs ask for this of a cluster: api (alone), agent, nodes, restart or control-plane',
).choices(['api', 'agent', 'nodes', 'restart', 'control-plane'] as const);

export const rowOption = new Option(
  '--row <ROW>',
  'only requirements that stand for this row of the inventory of upstream tests, such as B14 or 12.3',
).argParser(text);
