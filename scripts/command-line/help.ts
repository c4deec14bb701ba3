import { type ExitStatus, exitStatus } from '../../clusters/errors/exit-status.ts';
import { type Option, optionsOf, written } from './options.ts';
import { shownValue } from './parse.ts';
import { describeVerb, type Verb, verbNames } from './verbs.ts';

const pageWidth = 110;

/** Rows of two columns: the first as wide as it must be, the second broken between words where the page ends. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.flatMap(([left, right]) =>
    wrapped(right, pageWidth - width - 4).map((line, index) => `  ${(index === 0 ? left : '').padEnd(width)}  ${line}`),
  );
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** What `lpv --help` prints. */
export function generalHelp(): string {
  return [
    'lpv proves what Kubernetes promises about Local PersistentVolumes, on real three-node clusters.',
    '',
    'usage: lpv VERB [options]',
    '',
    'verbs:',
    ...columns(verbNames.map((verb) => [verb, describeVerb(verb).sentence])),
    '',
    'Each verb has --help. lpv --version prints the version.',
    '',
  ].join('\n');
}

/** What `lpv VERB --help` prints: a sentence, the options, examples, the exit statuses in words. */
export function verbHelp(verb: Verb): string {
  const { sentence, argument, examples, statuses } = describeVerb(verb);
  const rows: [string, string][] = argument ? [[`    ${argument.valueName}`, argument.description]] : [];
  rows.push(...optionsOf(verb).map((option): [string, string] => [leftOf(option), rightOf(option)]));
  rows.push(['-h, --help', 'print this text']);
  return [
    sentence,
    '',
    `usage: lpv ${verb}${argument ? ` ${argument.optional ? `[${argument.valueName}]` : argument.valueName}` : ''} [options]`,
    '',
    'options:',
    ...columns(rows),
    '',
    examples.length > 1 ? 'examples:' : 'example:',
    ...examples.map((example) => `  ${example}`),
    '',
    'exit status:',
    ...columns((Object.keys(exitStatus) as ExitStatus[]).flatMap((name) => statusRow(name, statuses[name]))),
    '',
  ].join('\n');
}

function statusRow(name: ExitStatus, words: string | undefined): [string, string][] {
  return words === undefined ? [] : [[String(exitStatus[name]), words]];
}

function leftOf(option: Option): string {
  const value = shownValue(option);
  return `${option.short === undefined ? '   ' : `-${option.short},`} ${written(option)}${value === '' ? '' : `=${value}`}`;
}

function rightOf(option: Option): string {
  if (option.type === 'negation')
    return `${option.description} (or set ${option.variable.name}=${option.variable.off})`;
  const byDefault = 'default' in option ? option.default : undefined;
  return byDefault === undefined ? option.description : `${option.description} (default: ${byDefault})`;
}
