import { z } from 'zod';
import type { LoggingLevel } from './records.ts';

/** How much a component logs by its command line: `--v=2`, `-v 2`, `--vmodule=binder=5,local=4`. */
export function levelOfArguments(argv: readonly string[]): LoggingLevel {
  const values = (name: string): string[] =>
    argv.flatMap((word, index) => {
      const [, written] = new RegExp(`^--?${name}=(.*)$`).exec(word) ?? [];
      if (written !== undefined) return [written];
      return new RegExp(`^--?${name}$`).test(word) ? [argv[index + 1] ?? ''] : [];
    });
  const files = values('vmodule')
    .flatMap((list) => list.split(','))
    .flatMap((entry) => {
      const [, file, level] = /^(.+)=(\d+)$/.exec(entry) ?? [];
      return file === undefined ? [] : [[file, Number(level)] as const];
    });
  return { verbosity: Number(values('v').at(-1) ?? 0) || 0, files: Object.fromEntries(files) };
}

const configz = z.object({
  kubeletconfig: z.object({
    logging: z.object({
      verbosity: z.number().default(0),
      vmodule: z.array(z.object({ filePattern: z.string(), verbosity: z.number() })).nullish(),
    }),
  }),
});

/** How much kubelet logs, by what it says of its configuration (`/configz`). @throws ZodError for another form */
export function levelOfKubelet(answer: unknown): LoggingLevel {
  const { verbosity, vmodule } = configz.parse(answer).kubeletconfig.logging;
  const files = (vmodule ?? []).map(({ filePattern, verbosity: level }) => [filePattern, level]);
  return { verbosity, files: Object.fromEntries(files) };
}
