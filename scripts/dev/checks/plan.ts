import type { KubernetesMinor } from '../../../clusters/configuration/versions.ts';
import { DomainError } from '../../../clusters/errors/domain-error.ts';
import { nearest } from '../../../clusters/text/nearest.ts';
import type { RunOptions } from '../../command-line/options.ts';
import { BadUsage, parseCommandLine } from '../../command-line/parse.ts';
import { checkNames } from './checks.ts';

/** A run of the specs: the arguments of `lpv`, and the same understood. */
export interface SpecRun {
  title: string;
  argv: readonly string[];
  options: RunOptions;
}

/** What a command line of the test run asks for. */
export interface TestPlan {
  checks: 'all' | readonly string[];
  runs: readonly SpecRun[];
}

/**
 * Understands `[OPTION…]` (all checks, then the specs), `matrix [OPTION…]` (then the specs on every minor that can be
 * built, and a comparison with the oldest), and `check [NAME…]` (checks only). Options are those of `lpv run`.
 * @throws DomainError (badUsage)
 */
export function planTests(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  minors: readonly KubernetesMinor[],
): TestPlan {
  const [first, ...rest] = argv;
  if (first === 'check') return { checks: rest.length === 0 ? 'all' : rest.map(knownCheck), runs: [] };
  if (first === 'matrix') {
    const names = minors.filter(({ built }) => built !== undefined).map(({ name }) => name);
    const all = names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).join(',');
    return { checks: 'all', runs: [specRun([...rest, '--kubernetes', all], environment)] };
  }
  return { checks: 'all', runs: [specRun(argv, environment)] };
}

function specRun(args: readonly string[], environment: NodeJS.ProcessEnv): SpecRun {
  const argv = ['run', ...args];
  const command = parseCommandLine(argv, environment);
  if (command.kind !== 'verb' || command.verb !== 'run' || command.options.list || command.options.dryRun)
    throw new BadUsage(argv, ['a test run proves something; for this, use npm run lpv --'], 'run');
  const { options } = command;
  const minors = options.kubernetes?.split(',') ?? [];
  const of = minors.length > 0 ? ` of Kubernetes ${minors.join(' and ')}` : '';
  return { title: `specs on a cluster${of}`, argv, options };
}

function knownCheck(name: string): string {
  if (checkNames.includes(name)) return name;
  const meant = nearest(name, checkNames);
  const hint = meant === undefined ? `checks are ${checkNames.join(', ')}` : `did you mean ${meant}?`;
  throw new DomainError(
    { attempted: `understanding the command line: check ${name}`, seen: `${name} is no check; ${hint}` },
    { exit: 'badUsage' },
  );
}
