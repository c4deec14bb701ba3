import { join } from 'node:path';
import { writeAtomically } from '../../../../clusters/host/write-atomically.ts';
import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { redact } from '../../../../clusters/text/redact.ts';
import { traceStyle } from '../../../trace/svg/style.ts';
import { cleanTrace, type NamedTrace } from '../../../trace/write-trace.ts';
import type { LocalVolumeConformanceReport } from '../../model/report.ts';
import { chaptersSection } from './chapters.ts';
import { durationsSection } from './durations.ts';
import { environmentSection } from './environment.ts';
import { type EvidenceFile, readEvidence } from './evidence-files.ts';
import type { Material } from './evidence-list.ts';
import { failuresSection, knownIssuesSection } from './failures.ts';
import { fitted } from './inline.ts';
import { type PageParts, readPageParts, renderPage } from './page.ts';
import { requirementsSection } from './requirements.ts';
import { runSection } from './run-section.ts';
import { tracesSection } from './traces.ts';
import { verdictSection } from './verdict.ts';
import { moment, toneOf } from './words.ts';

/** What the page has beside the report. */
export interface PageSources {
  files: ReadonlyMap<string, EvidenceFile>;
  traces: readonly NamedTrace[];
  parts: PageParts;
}

/**
 * Less than the three million bytes that the page must not exceed: what is smaller opens faster, on phones above all.
 */
const mostBytes = 2_400_000;

/** Returns the report as one HTML document. Pure. */
export function reportPage(
  unredacted: LocalVolumeConformanceReport,
  { files, traces: drawn, parts }: PageSources,
): string {
  const report = redact(unredacted) as LocalVolumeConformanceReport;
  const traces = drawn.map(({ name, trace }) => ({ name, trace: cleanTrace(trace) }));
  const { environment, implementation, harness } = report;
  return fitted(mostBytes, (inline) => {
    const material: Material = { files, inline };
    const sections: [id: string, title: string, content: Markup | undefined][] = [
      ['failures', 'Failures', failuresSection(report, material)],
      ['known-issues', 'Known issues', knownIssuesSection(report, material)],
      ['environment', 'Environment', environmentSection(report)],
      ['chapters', 'Chapters', chaptersSection(report)],
      ['requirements', 'Requirements', requirementsSection(report, material)],
      ['traces', 'Traces', tracesSection(traces)],
      ['durations', 'Durations', durationsSection(report)],
      ['run', 'Run', runSection(report)],
    ];
    return renderPage(
      {
        title: `${implementation.project} ${environment.kubernetes ?? implementation.version}: ${report.verdict}`,
        sections: sections.filter(([, , content]) => content).map(([id, title]) => ({ id, title })),
        content: html`${verdictSection(report)}${sections.map(([, , content]) => content)}`,
        mark: toneOf(report.result),
        styles: traces.length > 0 ? [traceStyle] : [],
        maker: `Made by local-pv-conformance ${harness.version} from report.yaml of run ${report.run}, begun ${moment(report.date)}. This page loads nothing.`,
      },
      parts,
    );
  });
}

/**
 * Writes `report.html` into the report's folder: the whole report in one file that loads nothing, under 3 MB. Evidence
 * is read from the folder, and shown without secrets as far as there is room.
 */
export async function writeHtmlReport(
  folder: string,
  report: LocalVolumeConformanceReport,
  traces: readonly NamedTrace[],
): Promise<void> {
  const paths = report.requirements.flatMap(({ evidence }) => evidence);
  const [files, parts] = await Promise.all([readEvidence(folder, paths), readPageParts()]);
  writeAtomically(join(folder, 'report.html'), reportPage(report, { files, traces, parts }));
}
