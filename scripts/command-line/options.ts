import { isDnsLabel, isDnsSubdomain } from '../../clusters/text/names.ts';
import { nearest } from '../../clusters/text/nearest.ts';
import { seedLimit } from '../../specs/runner/spec-order.ts';
import { type Verb, verbNames } from './verbs.ts';

/** An option of the command line. Parsing, types and `--help` all come from this. */
export type Option = {
  /** Without dashes; also the name of the property that a verb gets, in camel case. */
  name: string;
  short?: string;
  description: string;
  verbs: readonly Verb[];
  /** Options that contradict this one. */
  notWith?: readonly string[];
} & (
  | { type: 'boolean' }
  /** Written `--no-NAME`; true unless written so, or unless the environment variable has the value. */
  | { type: 'negation'; variable: { name: string; off: string; on: string } }
  | { type: 'choice'; choices: readonly string[]; default: string }
  | {
      type: 'string';
      valueName: string;
      default?: string;
      /** Why a value cannot be used, with what to write instead. */
      problem?: (value: string) => string | undefined;
    }
);

const imageWords = ['auto', 'published', 'built'] as const;

function imageProblem(value: string): string | undefined {
  if (imageWords.some((word) => word === value)) return undefined;
  if (
    /^[a-z0-9][A-Za-z0-9._/-]*(:[A-Za-z0-9._-]+)?(\/[a-z0-9._/-]+)?(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?$/.test(
      value,
    ) &&
    /[:@]/.test(value)
  ) {
    return undefined;
  }
  const meant = nearest(value, imageWords);
  const hint =
    meant === undefined ? 'write it with its tag or digest, such as kindest/node:v1.37.0' : `did you mean ${meant}?`;
  return `${value} is none of ${imageWords.join(', ')}, and no image reference; ${hint}`;
}

function minorProblem(value: string): string | undefined {
  if (/^\d+\.\d+$/.test(value)) return undefined;
  const minor = /^v?(\d+\.\d+)/.exec(value)?.[1];
  return `${value} is not a Kubernetes minor; ${minor === undefined ? 'write one such as 1.37' : `did you mean ${minor}?`}`;
}

/** Several minors, each named once. */
function minorsProblem(value: string): string | undefined {
  const minors = value.split(',');
  const twice = minors.find((minor, index) => minors.indexOf(minor) !== index);
  const unusable = minors.map(minorProblem).find((problem) => problem !== undefined);
  return unusable ?? (twice === undefined ? undefined : `${twice} stands there twice`);
}

// The longest name that leaves room for kind's "-control-plane" in the host name of a node.
const longestClusterName = 40;

/** Why a text cannot be the name of a cluster, or undefined where it can. */
export function clusterNameProblem(value: string): string | undefined {
  if (isDnsLabel(value) && value.length <= longestClusterName) return undefined;
  return `${value === '' ? 'an empty text' : value} is no cluster name; use up to ${longestClusterName} lower-case letters, digits and hyphens`;
}

function podProblem(value: string): string | undefined {
  const [namespace = '', name = '', ...more] = value.split('/');
  if (more.length === 0 && isDnsLabel(namespace) && isDnsSubdomain(name)) return undefined;
  const hint = value.includes('/') ? 'write NAMESPACE/NAME' : `did you mean default/${value}?`;
  return `${value === '' ? 'an empty text' : value} names no pod; ${hint}`;
}

function emptyProblem(value: string): string | undefined {
  return value.trim() === '' ? 'an empty text stands here' : undefined;
}

const selecting = ['run', 'list'] as const;

function wholeNumberProblem(from: number, to: number): (value: string) => string | undefined {
  return (value) =>
    /^\d{1,9}$/.test(value) && Number(value) >= from && Number(value) <= to
      ? undefined
      : `${value} is no whole number from ${from} to ${to}`;
}

const creating = ['doctor', 'image', 'up', 'run', 'trace'] as const;

const options = [
  {
    name: 'image',
    type: 'string',
    valueName: 'auto|published|built|REF',
    default: 'auto',
    description: 'the node image: what can be had, the published one, one built here, or a reference',
    problem: imageProblem,
    verbs: creating,
  },
  {
    name: 'kubernetes',
    type: 'string',
    valueName: 'MINOR',
    description: 'the Kubernetes minor, such as 1.37 (default: the one that clusters/versions.yaml names)',
    problem: minorProblem,
    verbs: ['doctor', 'image', 'up', 'trace'],
  },
  {
    name: 'kubernetes',
    type: 'string',
    valueName: 'MINOR[,MINOR…]',
    description:
      'the Kubernetes minor, such as 1.37 (default: the one that clusters/versions.yaml names); or several, which are run one after the other and compared with the first',
    problem: minorsProblem,
    verbs: ['run'],
  },
  {
    name: 'kubernetes-source',
    type: 'string',
    valueName: 'DIR',
    description: 'build the node image from this checked-out Kubernetes tree',
    problem: emptyProblem,
    verbs: ['image', 'up', 'run', 'trace'],
  },
  {
    name: 'rebuild',
    type: 'boolean',
    description: 'build the node image even where it is there already',
    verbs: ['image'],
  },
  {
    name: 'name',
    type: 'string',
    valueName: 'NAME',
    description: 'the name of the cluster (default: a name that is free)',
    problem: clusterNameProblem,
    verbs: ['up'],
  },
  {
    name: 'use',
    type: 'string',
    valueName: 'NAME',
    description: 'run on this cluster, made by `lpv up`, and leave it running',
    problem: clusterNameProblem,
    notWith: ['image', 'kubernetes', 'kubernetes-source', 'keep'],
    verbs: ['run'],
  },
  {
    name: 'pod',
    type: 'string',
    valueName: 'NAMESPACE/NAME',
    description: 'explain this pod, as it is now, instead of playing the scenario; the cluster is only read',
    problem: podProblem,
    notWith: ['image', 'kubernetes', 'kubernetes-source'],
    verbs: ['trace'],
  },
  {
    name: 'use',
    type: 'string',
    valueName: 'NAME',
    description: 'take this cluster of `lpv clusters`, and leave it running',
    problem: clusterNameProblem,
    notWith: ['image', 'kubernetes', 'kubernetes-source'],
    verbs: ['trace'],
  },
  {
    name: 'kubeconfig',
    type: 'string',
    valueName: 'FILE',
    description: 'with --pod: the cluster of this file’s current context (default: KUBECONFIG, or ~/.kube/config)',
    problem: emptyProblem,
    notWith: ['use', 'image', 'kubernetes', 'kubernetes-source'],
    verbs: ['trace'],
  },
  {
    name: 'context',
    type: 'string',
    valueName: 'NAME',
    description: 'with --pod: the cluster of this context of the kubeconfig, instead of the current one',
    problem: emptyProblem,
    notWith: ['use', 'image', 'kubernetes', 'kubernetes-source'],
    verbs: ['trace'],
  },
  {
    name: 'grep',
    short: 'g',
    type: 'string',
    valueName: 'TEXT',
    description: 'only requirements with this text in id, sentence or chapter; or these ids, with commas; or /PATTERN/',
    problem: emptyProblem,
    verbs: selecting,
  },
  {
    name: 'chapter',
    type: 'string',
    valueName: 'NAME',
    description: 'only requirements of this chapter, such as binding',
    problem: emptyProblem,
    verbs: selecting,
  },
  {
    name: 'level',
    type: 'string',
    valueName: 'core|extended',
    description: 'only requirements of this level',
    problem: (value) =>
      ['core', 'extended'].includes(value) ? undefined : `${value} is no level; write core or extended`,
    verbs: selecting,
  },
  {
    name: 'feature',
    type: 'string',
    valueName: 'NAME',
    description: 'only requirements that need this feature, such as block',
    problem: emptyProblem,
    verbs: selecting,
  },
  {
    name: 'row',
    type: 'string',
    valueName: 'ROW',
    description: 'only requirements that stand for this row of the inventory of upstream tests, such as B14 or 12.3',
    problem: emptyProblem,
    verbs: selecting,
  },
  {
    name: 'seed',
    type: 'string',
    valueName: 'NUMBER',
    description: 'run the specs in the order that follows from this number (default: a new one, which is printed)',
    problem: wholeNumberProblem(0, seedLimit - 1),
    verbs: ['run'],
  },
  {
    name: 'jobs',
    type: 'string',
    valueName: 'NUMBER',
    description: 'how many specs run side by side (default: four for each processor)',
    problem: wholeNumberProblem(1, 64),
    verbs: ['run'],
  },
  {
    name: 'repeat',
    type: 'string',
    valueName: 'TIMES',
    default: '1',
    description: 'run all of it so many times in a row on the same cluster, each time in another order',
    problem: wholeNumberProblem(1, 100),
    verbs: ['run'],
  },
  {
    name: 'keep',
    type: 'choice',
    choices: ['never', 'failure', 'always'],
    default: 'never',
    description: 'when to leave the cluster running after the run',
    verbs: ['run'],
  },
  {
    name: 'list',
    type: 'boolean',
    description: 'print the requirements that would be run, and do nothing',
    notWith: ['dry-run'],
    verbs: ['run'],
  },
  {
    name: 'dry-run',
    type: 'boolean',
    description: 'print the steps that would be taken, and do nothing',
    verbs: ['run'],
  },
  {
    name: 'report',
    type: 'string',
    valueName: 'DIR',
    description:
      'the folder in which the folder of the trace is made (default: reports; with --pod nothing is written without it)',
    problem: emptyProblem,
    verbs: ['trace'],
  },
  {
    name: 'report',
    type: 'string',
    valueName: 'DIR',
    default: 'reports',
    description: 'the folder in which the folder of the run is made',
    problem: emptyProblem,
    verbs: ['run'],
  },
  {
    name: 'product',
    type: 'string',
    valueName: 'FILE',
    description:
      'what is tested, for the conformance report: PRODUCT.yaml as CNCF has it (default: the cluster itself)',
    problem: emptyProblem,
    verbs: ['run'],
  },
  {
    name: 'markdown',
    type: 'string',
    valueName: 'FILE',
    description: 'write the comparison into this file too, as Markdown',
    problem: emptyProblem,
    verbs: ['diff'],
  },
  {
    name: 'html',
    type: 'string',
    valueName: 'FILE',
    description: 'write the comparison into this file too, as a page that loads nothing',
    problem: emptyProblem,
    verbs: ['diff'],
  },
  {
    name: 'all',
    type: 'boolean',
    description: 'every cluster of this project on this machine',
    verbs: ['down'],
  },
  {
    name: 'json',
    type: 'boolean',
    description: 'print JSON',
    verbs: ['doctor', 'list', 'trace'],
  },
  {
    name: 'install',
    type: 'negation',
    variable: { name: 'LPV_INSTALL', off: 'off', on: 'on' },
    description: 'print what would be installed on this machine, but install nothing',
    verbs: creating,
  },
  {
    name: 'debug',
    type: 'boolean',
    description: 'show the stack of an error and its causes',
    verbs: verbNames,
  },
] as const satisfies readonly Option[];

/** The options of a verb, in the order of `--help`. */
export function optionsOf(verb: Verb): readonly Option[] {
  return (options as readonly Option[]).filter((option) => option.verbs.includes(verb));
}

/** An option as it is written, such as `--no-install`. */
export function written(option: Option): string {
  return `--${option.type === 'negation' ? 'no-' : ''}${option.name}`;
}

/** The name of the property that a verb gets: `kubernetes-source` is `kubernetesSource`. */
export function propertyOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type ValueOf<O> = O extends { type: 'boolean' | 'negation' }
  ? boolean
  : O extends { type: 'choice'; choices: readonly (infer Choice)[] }
    ? Choice
    : O extends { default: string }
      ? string
      : string | undefined;

type OptionFor<V extends Verb, O = (typeof options)[number]> = O extends { verbs: readonly Verb[] }
  ? V extends O['verbs'][number]
    ? O
    : never
  : never;

/** What a verb is given: each of its options with its value, or its default. */
export type OptionsOf<V extends Verb> = {
  [O in OptionFor<V> as CamelCase<O['name']>]: ValueOf<O>;
} & (V extends 'down' ? DownTarget : V extends 'diff' ? ReportsToCompare : unknown);

/** What `lpv down` is told to remove: the parser sees to it that it is either one cluster or all. */
interface DownTarget {
  name: string | undefined;
}

/** What `lpv diff` is told to compare: the parser sees to it that there are two or more. */
interface ReportsToCompare {
  reports: readonly string[];
}

export type DoctorOptions = OptionsOf<'doctor'>;
export type ImageOptions = OptionsOf<'image'>;
export type UpOptions = OptionsOf<'up'>;
export type RunOptions = OptionsOf<'run'>;
export type DownOptions = OptionsOf<'down'>;
export type CleanOptions = OptionsOf<'clean'>;
export type ListOptions = OptionsOf<'list'>;
export type ClustersOptions = OptionsOf<'clusters'>;
export type DiffOptions = OptionsOf<'diff'>;
export type TraceOptions = OptionsOf<'trace'>;
