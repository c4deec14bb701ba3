import { text } from '../command-line/values.ts';
import { Argument, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Merges the reports of all shards (`lpv run --shard`) into the one that a single run would have made.',
  examples: ['lpv merge reports/*/', 'lpv merge shard-1/report.yaml shard-2/report.yaml --report merged'],
  statuses: {
    conforms: 'every requirement that was run holds, in all shards',
    doesNotConform: 'a requirement does not hold, or none was run',
    badUsage: 'the command line or a report is wrong, or the reports are not those of all shards of one selection',
    environment: 'in a shard, the machine, the container engine or the cluster was at fault',
    interrupted: usualStatuses.interrupted,
  },
};

const command = verbCommand('merge', help)
  .addArgument(new Argument('<REPORT...>', 'report.yaml files, or folders of runs: one of each shard, in any order'))
  .option('--report <DIR>', 'the folder in which the folder of the merged report is made', text, 'reports');

/** `lpv merge`: one report out of those of all shards. */
export const merge = verb(command, help, async (paths, options) =>
  (await import('./merge-shards.ts')).mergeShards(paths, options),
);
