import { stringify } from 'yaml';
import { z } from 'zod';
import { withFlags } from '../../clusters/configuration/component-flags.ts';
import type { KindDocument } from '../../clusters/configuration/kind-document.ts';

/** The verbosity of a component, where it is known. */
export interface LoggingLevel {
  verbosity: number;
  /** By source file without `.go`. */
  files: Readonly<Record<string, number>>;
}

/** The components of Kubernetes whose logs show what happens to a volume. */
export type LoggingComponent = 'kube-controller-manager' | 'kube-scheduler' | 'kubelet';

/** The verbosity of a component: klog's, for each of its source files, by name without `.go`. */
export type Verbosity = Readonly<Record<LoggingComponent, Readonly<Record<string, number>>>>;

/**
 * Returns a copy of a kind configuration whose components log what a trace needs, file by file (klog's `vmodule`). A
 * verbosity for a whole component would make it log hundreds of unneeded lines a second.
 */
export function withVerbosity(document: KindDocument, verbosity: Verbosity): KindDocument {
  const flags = (component: LoggingComponent) => {
    const files = entriesOf(verbosity[component]).map((entry) => entry.join('='));
    return [{ name: 'vmodule', value: files.join(',') }];
  };
  const logging = {
    vmodule: entriesOf(verbosity.kubelet).map(([filePattern, level]) => ({ filePattern, verbosity: level })),
  };
  const traced = withFlags(document, {
    controllerManager: flags('kube-controller-manager'),
    scheduler: flags('kube-scheduler'),
  });
  const patch = stringify({ kind: 'KubeletConfiguration', logging });
  return { ...traced, kubeadmConfigPatches: [...traced.kubeadmConfigPatches, patch] };
}

function entriesOf(files: Readonly<Record<string, number>>): [file: string, level: number][] {
  return Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Returns the verbosity in a component's command line: `--v=2`, `-v 2`, `--vmodule=binder=5,local=4`. */
export function levelOfArguments(argv: readonly string[]): LoggingLevel {
  const values = (name: string): string[] =>
    argv.flatMap((word, index) => {
      const [, written] = new RegExp(`^--?${name}=(.*)$`).exec(word) ?? [];
      if (written !== undefined) return [written];
      return new RegExp(`^--?${name}$`).test(word) ? [argv[index + 1] ?? ''] : [];
    });
  const files = values('vmodule')
    .flatMap((list) => list.split(','))
    .flatMap((entry) => {
      const [, file, level] = /^(.+)=(\d+)$/.exec(entry) ?? [];
      return file === undefined ? [] : [[file, Number(level)] as const];
    });
  return { verbosity: Number(values('v').at(-1) ?? 0) || 0, files: Object.fromEntries(files) };
}

const configz = z.object({
  kubeletconfig: z.object({
    logging: z.object({
      verbosity: z.number().default(0),
      vmodule: z.array(z.object({ filePattern: z.string(), verbosity: z.number() })).nullish(),
    }),
  }),
});

/**
 * Returns kubelet's verbosity from its configuration (`/configz`).
 * @throws ZodError for another form
 */
export function levelOfKubelet(answer: unknown): LoggingLevel {
  const { verbosity, vmodule } = configz.parse(answer).kubeletconfig.logging;
  const files = (vmodule ?? []).map(({ filePattern, verbosity: level }) => [filePattern, level]);
  return { verbosity, files: Object.fromEntries(files) };
}
