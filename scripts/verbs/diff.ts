import { resolve } from 'node:path';
import { text } from '../command-line/values.ts';
import { Argument, BadUsage, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Compares the reports of two or more runs: what changed, what became slower, what they ran on.',
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
      'report.yaml files, or folders of runs; the first is the baseline that the others are compared with',
    ),
  )
  .option('--markdown <FILE>', 'write the comparison into this file too, as Markdown', text)
  .option('--html <FILE>', 'write the comparison into this file too, as a page that loads nothing', text);

/** `lpv diff`: compares reports; the first is what the others are compared with. */
export const diff = verb(command, help, async (paths, options) => {
  if (paths.length < 2)
    throw new BadUsage(['diff', ...paths], 'a second report is missing; write two or more, the baseline first', 'diff');
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
  for (const name of ['markdown', 'html'] as const) {
    const file = options[name];
    if (file !== undefined && paths.some((path) => resolve(path) === resolve(file)))
      throw new BadUsage(['diff', ...paths], `--${name} ${file} would replace one of the reports`, 'diff');
  }
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
