import type { ExitStatus } from '../../clusters/errors/exit-status.ts';

/** What a verb takes without an option's name. */
interface VerbArgument {
  valueName: string;
  description: string;
  /** Whether an option can stand in for it. */
  optional: boolean;
}

/** A verb as `--help` tells it. */
export interface VerbDescription {
  sentence: string;
  argument?: VerbArgument;
  examples: readonly string[];
  /** What the exit statuses mean for this verb; those left out do not occur. */
  statuses: Partial<Record<ExitStatus, string>>;
}

const badUsage = 'the command line, a configuration file or a manifest is wrong; nothing was created';
const environment = 'the machine, the container engine or the cluster is at fault';
const interrupted = 'interrupted; everything begun was undone';

const verbs = {
  doctor: {
    sentence: 'Looks whether this machine can run the specs, and says what to do where it cannot.',
    examples: ['lpv doctor', 'lpv doctor --json --no-install'],
    statuses: { conforms: 'everything needed is there', badUsage, environment: 'something is missing', interrupted },
  },
  image: {
    sentence: 'Makes the node image available: fetches the published one, or builds it.',
    examples: ['lpv image --kubernetes 1.36', 'lpv image --image built --kubernetes-source ../kubernetes'],
    statuses: { conforms: 'the image is there', badUsage, environment: 'the image cannot be had', interrupted },
  },
  up: {
    sentence: 'Creates a three-node cluster with its disks, and leaves it running.',
    examples: ['lpv up --name dev', 'lpv up --image published --kubernetes 1.36'],
    statuses: { conforms: 'the cluster is ready', badUsage, environment, interrupted },
  },
  run: {
    sentence: 'Proves the requirements on a real three-node cluster, writes a report, and removes the cluster.',
    examples: ['lpv run', 'lpv run --grep SEED-6 --keep=failure', 'lpv run --use dev --chapter binding --seed 42'],
    statuses: {
      conforms: 'every requirement that was run holds',
      doesNotConform: 'a requirement does not hold, or none was run',
      badUsage,
      environment,
      interrupted,
    },
  },
  down: {
    sentence: 'Removes a cluster that `lpv up` made or a run kept.',
    argument: { valueName: 'NAME', description: 'the cluster to remove', optional: true },
    examples: ['lpv down dev', 'lpv down --all'],
    statuses: { conforms: 'the cluster is gone', badUsage, environment, interrupted },
  },
  clean: {
    sentence: 'Undoes what interrupted or killed runs left behind; clusters that were kept stay.',
    examples: ['lpv clean'],
    statuses: { conforms: 'nothing is left', badUsage, environment: 'something could not be removed', interrupted },
  },
  clusters: {
    sentence: 'Lists the clusters of this project, and what interrupted or killed runs left behind.',
    examples: ['lpv clusters'],
    statuses: { conforms: 'the list was printed', badUsage, environment, interrupted },
  },
  list: {
    sentence: 'Lists the requirements of the catalogue: what Kubernetes promises about local volumes.',
    examples: ['lpv list --chapter binding', 'lpv list --level core --feature block', 'lpv list --row B14 --json'],
    statuses: { conforms: 'the list was printed', badUsage, interrupted },
  },
  trace: {
    sentence: 'Shows how a pod gets its local volume, from the components’ own records; also of a pod that is stuck.',
    examples: [
      'lpv trace',
      'lpv trace --pod default/reader',
      'lpv trace --pod demo/db-0 --kubeconfig ~/other.kubeconfig',
      'lpv trace --pod demo/db-0 --use dev --json',
    ],
    statuses: {
      conforms: 'the trace was made; with --pod: the pod runs, or is on its way',
      doesNotConform: 'with --pod: the pod is stuck',
      badUsage: 'the command line is wrong, or there is no such pod, or it has no local volume',
      environment,
      interrupted,
    },
  },
  diff: {
    sentence: 'Lays the reports of two or more runs side by side: what changed, what got slower, on what they ran.',
    argument: {
      valueName: 'BASELINE REPORT...',
      description: 'report.yaml files, or folders of runs; the first is what the others are compared with',
      optional: false,
    },
    examples: [
      'lpv diff reports/20261123-063051-ko7lvi reports/20261123-072926-t4uhj3',
      'lpv diff before.yaml after.yaml --markdown comparison.md --html comparison.html',
    ],
    statuses: {
      conforms: 'all that the baseline showed to hold holds in the others, as far as they can be compared',
      doesNotConform: 'something that held in the baseline does not hold, or is no longer shown',
      badUsage: 'the command line or a report is wrong',
      interrupted,
    },
  },
} as const satisfies Record<string, VerbDescription>;

export type Verb = keyof typeof verbs;

export const verbNames = Object.keys(verbs) as readonly Verb[];

/** The description of a verb, for code that treats all verbs alike. */
export function describeVerb(verb: Verb): VerbDescription {
  return verbs[verb];
}
