import { stringify } from 'yaml';
import type { KindDocument } from '../../clusters/configuration/kind-document.ts';

/** The components of Kubernetes whose logs show what becomes of a volume. */
export type LoggingComponent = 'kube-controller-manager' | 'kube-scheduler' | 'kubelet';

/** How much a component logs: for each of its source files, by name without `.go`, klog's verbosity. */
export type Verbosity = Readonly<Record<LoggingComponent, Readonly<Record<string, number>>>>;

/**
 * A copy of a kind configuration whose components log what a trace needs, file by file (klog's `vmodule`): a verbosity
 * for the whole component would make it log hundreds of lines a second that nobody asked for.
 */
export function withVerbosity(document: KindDocument, verbosity: Verbosity): KindDocument {
  const flag = (component: LoggingComponent) => ({
    extraArgs: [
      {
        name: 'vmodule',
        value: entriesOf(verbosity[component])
          .map((entry) => entry.join('='))
          .join(','),
      },
    ],
  });
  const patches = [
    {
      kind: 'ClusterConfiguration',
      controllerManager: flag('kube-controller-manager'),
      scheduler: flag('kube-scheduler'),
    },
    {
      kind: 'KubeletConfiguration',
      logging: {
        vmodule: entriesOf(verbosity.kubelet).map(([filePattern, level]) => ({ filePattern, verbosity: level })),
      },
    },
  ];
  return {
    ...document,
    kubeadmConfigPatches: [...document.kubeadmConfigPatches, ...patches.map((patch) => stringify(patch))],
  };
}

function entriesOf(files: Readonly<Record<string, number>>): [file: string, level: number][] {
  return Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
}
