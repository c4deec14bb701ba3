import type * as commander from 'commander';
import { Argument, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

// Own code: the libraries for this start `lpv` at each press of the tab key, or bring a prompt of their own.

const help = {
  sentence: 'Prints a script with which bash, zsh or fish complete verbs, options and their values.',
  examples: ['lpv completion bash', 'lpv completion zsh', 'lpv completion fish'],
  statuses: { conforms: 'the script was printed', badUsage: usualStatuses.badUsage },
};

const shells = ['bash', 'zsh', 'fish'] as const;

const command = verbCommand('completion', help)
  .addArgument(new Argument('<SHELL>', 'the shell that reads the script').choices(shells))
  .addHelpText(
    'after',
    '\nSet up:\n  bash: source <(lpv completion bash)\n  zsh:  source <(lpv completion zsh)\n  fish: lpv completion fish | source',
  );

/** `lpv completion`: prints a completion script, made from the options that the verbs declare. */
export const completion = verb(command, help, async (shell) => {
  const program = command.parent as unknown as commander.Command;
  process.stdout.write(completionScript(shell, program.commands));
  return 'conforms';
});

/** Returns the script for a shell that completes these verbs. */
export function completionScript(shell: (typeof shells)[number], verbs: readonly commander.Command[]): string {
  if (shell === 'fish') return fish(verbs);
  if (shell === 'bash') return bash(verbs);
  // Zsh reads the completions of bash; its own compinit must have been loaded for that.
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(verbs)}`;
}

/** Words that can follow an option or stand alone; `file` where paths can. */
type Values = readonly string[] | 'file' | 'none';

function valuesOf({ argChoices, name }: { argChoices?: string[] | undefined; name: string }): Values {
  if (argChoices !== undefined) return argChoices;
  if (/\b(DIR|FILE|REPORT)\b/.test(name)) return 'file';
  const words = name.split('|').filter((word) => /^[a-z]+$/.test(word));
  return words.length > 0 ? words : 'none';
}

const placeholder = (option: commander.Option): string => /<(.+)>/.exec(option.flags)?.[1] ?? '';
const flagsOf = ({ short, long }: commander.Option): string[] => [short, long].filter((flag) => flag !== undefined);
const optionsOf = (of: commander.Command): commander.Option[] => [...of.createHelp().visibleOptions(of)];
const argumentValues = (of: commander.Command): Values => {
  const [first] = of.registeredArguments;
  return first === undefined ? 'none' : valuesOf({ argChoices: first.argChoices, name: first.name() });
};

function bash(verbs: readonly commander.Command[]): string {
  const reply = (values: Values): string =>
    values === 'file'
      ? 'compopt -o default 2>/dev/null; COMPREPLY=()'
      : values === 'none'
        ? 'COMPREPLY=()'
        : `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$word"))`;
  const cases = verbs.flatMap((each) => {
    const options = optionsOf(each);
    // Options with the same values share a line.
    const byReply = new Map<string, string[]>();
    for (const option of options.filter(({ required }) => required)) {
      const answer = reply(valuesOf({ argChoices: option.argChoices, name: placeholder(option) }));
      byReply.set(answer, [...(byReply.get(answer) ?? []), ...flagsOf(option)]);
    }
    const values = [...byReply].map(([answer, flags]) => `        ${flags.join('|')}) ${answer}; return ;;`);
    return [
      `    ${each.name()})`,
      ...(values.length > 0 ? ['      case "$previous" in', ...values, '      esac'] : []),
      `      case "$word" in -*) ${reply(options.flatMap(flagsOf))} ;; *) ${reply(argumentValues(each))} ;; esac`,
      '      ;;',
    ];
  });
  return `_lpv() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  # Bash makes = a word of its own.
  if [ "$word" = = ]; then word=; elif [ "$previous" = = ]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  if [ "$COMP_CWORD" -eq 1 ]; then ${reply([...verbs.map((each) => each.name()), '--help', '--version'])}; return; fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -F _lpv lpv
`;
}

function fish(verbs: readonly commander.Command[]): string {
  const quoted = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
  const values = (of: Values): string =>
    of === 'file' ? ' -r -F' : of === 'none' ? ' -x' : ` -x -a ${quoted(of.join(' '))}`;
  return [
    'complete -c lpv -f',
    ...verbs.flatMap((each) => {
      const when = `-n ${quoted(`__fish_seen_subcommand_from ${each.name()}`)}`;
      const argument = argumentValues(each);
      return [
        `complete -c lpv -n __fish_use_subcommand -a ${each.name()} -d ${quoted(each.description())}`,
        ...(argument === 'none'
          ? []
          : [`complete -c lpv ${when}${argument === 'file' ? ' -F' : ` -a ${quoted(argument.join(' '))}`}`]),
        ...optionsOf(each).map((option) => {
          const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
          const taken = option.required
            ? values(valuesOf({ argChoices: option.argChoices, name: placeholder(option) }))
            : '';
          return `complete -c lpv ${when}${short} -l ${(option.long ?? '').slice(2)}${taken} -d ${quoted(option.description)}`;
        }),
      ];
    }),
    '',
  ].join('\n');
}
