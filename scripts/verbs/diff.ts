import { resolve } from 'node:path';
import type { ExitStatus } from '../../clusters/errors/exit-status.ts';
import { text } from '../command-line/values.ts';
import { Argument, BadUsage, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Compares the reports of two or more runs, or storms: what changed, what became slower, what they ran on.',
  examples: [
    'lpv diff reports/20261123-063051-ko7lvi reports/20261123-072926-t4uhj3',
    'lpv diff before.yaml after.yaml --markdown comparison.md --html comparison.html',
  ],
  statuses: {
    conforms: 'all that holds in the baseline holds in the others, as far as they can be compared',
    doesNotConform:
      'something that holds in the baseline does not hold, or is no longer shown; or nothing is in common',
    badUsage: 'the command line or a report is wrong',
    interrupted: usualStatuses.interrupted,
  },
};

const command = verbCommand('diff', help)
  .addArgument(
    new Argument(
      '<REPORT...>',
      'report.yaml files, or folders of runs; or storm.yaml files; the first is the baseline that the others are compared with',
    ),
  )
  .option('--markdown <FILE>', 'write the comparison into this file too, as Markdown', text)
  .option('--html <FILE>', 'write the comparison into this file too, as a page that loads nothing', text);

/** `lpv diff`: compares reports; the first is what the others are compared with. */
export const diff = verb(command, help, async (paths, options) => {
  if (paths.length < 2)
    throw new BadUsage(['diff', ...paths], 'a second report is missing; write two or more, the baseline first', 'diff');
  for (const name of ['markdown', 'html'] as const) {
    const file = options[name];
    if (file !== undefined && paths.some((path) => resolve(path) === resolve(file)))
      throw new BadUsage(['diff', ...paths], `--${name} ${file} would replace one of the reports`, 'diff');
  }
  const { stormFile } = await import('../storm/report/storm-file.ts');
  const storms = (await Promise.all(paths.map(stormFile))).flatMap((file) => file ?? []);
  if (storms.length === paths.length) return await diffStorms(storms, options);
  if (storms.length > 0)
    throw new BadUsage(['diff', ...paths], 'a storm is compared with storms, and a run with runs', 'diff');
  const [
    { compareReports },
    { comparisonForTerminal },
    { writeHtml, writeMarkdown },
    { terminalCapabilities },
    { readReport, reportFile },
  ] = await Promise.all([
    import('../report/compare/compare.ts'),
    import('../report/compare/terminal.ts'),
    import('../report/compare/write-comparison.ts'),
    import('../report/formats/terminal.ts'),
    import('../report/model/report-file.ts'),
  ]);
  // One after the other, so that the error names the first that is wrong.
  const reports = [];
  for (const path of paths) reports.push(await readReport(await reportFile(path)));
  const comparison = compareReports(reports);
  const { color } = terminalCapabilities(process.stdout, process.env);
  process.stdout.write(comparisonForTerminal(comparison, color));
  if (options.markdown !== undefined) await writeMarkdown(options.markdown, comparison);
  if (options.html !== undefined) await writeHtml(options.html, comparison);
  return comparison.worse || comparison.apart ? 'doesNotConform' : 'conforms';
});

async function diffStorms(
  files: readonly string[],
  { markdown, html }: { markdown?: string; html?: string },
): Promise<ExitStatus> {
  const [{ compareStorms, comparisonAsText, writeStormHtml, writeStormMarkdown }, { readStorm }] = await Promise.all([
    import('../storm/report/compare.ts'),
    import('../storm/report/storm-file.ts'),
  ]);
  const storms = [];
  for (const file of files) storms.push(await readStorm(file));
  const comparison = compareStorms(storms);
  process.stdout.write(comparisonAsText(comparison));
  if (markdown !== undefined) writeStormMarkdown(markdown, comparison);
  if (html !== undefined) await writeStormHtml(html, comparison);
  return comparison.worse || comparison.apart ? 'doesNotConform' : 'conforms';
}
