import { imageOption, kubernetesOption, noInstallOption } from '../command-line/values.ts';
import { usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Examines whether this machine can run the specs, and says what to do where it cannot.',
  examples: ['lpv doctor', 'lpv doctor --json --no-install'],
  statuses: { ...usualStatuses, conforms: 'everything needed exists', environment: 'something is missing' },
};

const command = verbCommand('doctor', help)
  .addOption(imageOption)
  .addOption(kubernetesOption)
  .option('--json', 'print JSON')
  .addOption(noInstallOption);

/** `lpv doctor`: examines whether this machine can run the specs, and changes nothing. */
export const doctor = verb(command, help, async (options) =>
  (await import('./examine-machine.ts')).examineMachine(options),
);
