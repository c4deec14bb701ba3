import { copyFileSync, linkSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { writeAtomically } from '../../../../clusters/host/write-atomically.ts';
import { duration } from '../../../../clusters/text/duration.ts';
import { redact } from '../../../../clusters/text/redact.ts';
import { minorOf } from '../../../../specs/catalogue/features.ts';
import { fileName } from '../../../../specs/runner/evidence.ts';
import { countsInWords, shareOf } from '../../model/counts.ts';
import { clusterLine } from '../../model/kind-of-cluster.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import type { Product } from './product.ts';

/** Files of the run that the folder has, too. */
const runFiles = ['e2e.log', 'junit_01.xml'] as const;

/**
 * Writes the folder that CNCF's conformance reports are made of, `conformance/v1.37/<product>/`, into the folder of the
 * run, which has e2e.log and junit_01.xml already.
 * @param kubernetes the version of Kubernetes, such as `v1.37.2` or `1.37`
 */
export function writeConformanceFolder(
  folder: string,
  report: LocalVolumeConformanceReport,
  product: Product,
  kubernetes: string,
): void {
  const place = join(folder, conformancePlace(product, kubernetes));
  mkdirSync(place, { recursive: true });
  writeAtomically(join(place, 'README.md'), readme(report, product));
  writeAtomically(join(place, 'PRODUCT.yaml'), stringify(product, { lineWidth: 0 }));
  for (const name of runFiles) sameFile(join(folder, name), join(place, name));
}

/** The folder's place in that of the run: `conformance/v1.37/some-product`. */
function conformancePlace({ name }: Product, kubernetes: string): string {
  return join('conformance', `v${minorOf(kubernetes).join('.')}`, fileName(name).toLowerCase());
}

/** One file under two names, so that what is written to a log later is in both; a copy where a link cannot be. */
function sameFile(from: string, to: string): void {
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/** Returns README.md: the result, and how the run is repeated. */
function readme(report: LocalVolumeConformanceReport, product: Product): string {
  const { statistics, requirements, catalogue, complete, environment, profiles } = report;
  const scope = complete
    ? `all ${catalogue} requirements of the catalogue`
    : `${requirements.length} of the ${catalogue} requirements of the catalogue, which is no full conformance run`;
  const lines = [
    `# Local volume conformance of ${oneLine(product.name)} ${oneLine(product.version)}`,
    '',
    `Result: **${report.result}** (${oneLine(report.verdict)}). ${countsInWords(statistics)} of ${scope}, in ${duration(report.milliseconds)}, begun ${report.date}.`,
    '',
    ...report.subjects.map((subject) => `- ${shareOf(subject)}`),
    '',
    '## To reproduce',
    '',
    'In a checkout of local-pv-conformance, on Linux with Node 20.19 or later:',
    '',
    '```',
    ...report.reproduce,
    '```',
    '',
    ...(report.harness.modified
      ? ['The checkout of this run had changes that are in no commit; the same result cannot be promised.', '']
      : []),
    '## What it ran on',
    '',
    `- Kubernetes ${environment.kubernetes ?? 'unknown'}${environment.cluster?.madeBy === 'others' ? '' : `, node image ${environment.nodeImage?.reference ?? 'unknown'}`}`,
    ...(environment.cluster ? [`- ${oneLine(clusterLine(environment.cluster))}`] : []),
    ...(environment.staticProvisioner === null ? [] : [`- static provisioner ${environment.staticProvisioner}`]),
    `- ${environment.containerRuntime ?? 'container runtime unknown'}, kernel ${environment.kernel ?? 'unknown'}, cgroup v${environment.cgroupVersion ?? '?'}`,
    '',
    '## Chapters',
    '',
    ...profiles.map(({ name, summary }) => `- ${name}: ${summary}`),
    '',
    '`junit_01.xml` has every requirement with its result; `e2e.log` has what happened, in order.',
    '',
  ];
  return redact(lines.join('\n'));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
