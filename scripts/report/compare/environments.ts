import { implementationName } from '../model/environment.ts';
import type { LocalVolumeConformanceReport } from '../model/report.ts';

/** A fact of the environment, as each report has it; null where it could not be found out. */
export interface EnvironmentRow {
  name: string;
  values: readonly (string | null)[];
  differs: boolean;
}

const facts: readonly [name: string, of: (report: LocalVolumeConformanceReport) => string | null][] = [
  ['Kubernetes', ({ environment }) => environment.kubernetes],
  ['implementation', ({ implementation }) => implementationName(implementation)],
  ['node image', ({ environment }) => environment.nodeImage?.reference ?? null],
  ['image digest or id', ({ environment }) => environment.nodeImage?.digest ?? environment.nodeImage?.id ?? null],
  ['container runtime', ({ environment }) => environment.containerRuntime],
  ['kernel', ({ environment }) => environment.kernel],
  ['cgroup version', ({ environment }) => environment.cgroupVersion?.toString() ?? null],
  ['engine', ({ environment }) => environment.engine],
  ['static provisioner', ({ environment }) => environment.staticProvisioner],
  ['kind', ({ environment }) => environment.kind],
  ['operating system', ({ environment: { host } }) => `${host.operatingSystem}, ${host.architecture}`],
  ['processors', ({ environment: { host } }) => String(host.cpus)],
  ['memory', ({ environment: { host } }) => `${(host.memoryBytes / 2 ** 30).toFixed(1)} GiB`],
  ['Node.js', ({ environment }) => environment.node],
  ['harness', ({ harness }) => harness.version],
  [
    'harness commit',
    ({ harness: { commit, modified } }) =>
      commit === null ? null : `${commit.slice(0, 12)}${modified ? ' changed' : ''}`,
  ],
  ['specs side by side', ({ jobs }) => jobs?.toString() ?? null],
];

/** Returns what the runs ran on, a row for each fact. Unknown differs from known. */
export function environmentRows(reports: readonly LocalVolumeConformanceReport[]): EnvironmentRow[] {
  return facts.map(([name, of]) => {
    const values = reports.map(of);
    return { name, values, differs: new Set(values).size > 1 };
  });
}
