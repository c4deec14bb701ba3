import { DomainError } from '../../clusters/errors/domain-error.ts';
import { isDnsLabel, isDnsSubdomain } from '../../clusters/text/names.ts';
import { namespaceOption, text } from '../command-line/values.ts';
import { InvalidArgumentError, Option, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Prints the permissions that a user needs to run specs on a cluster of yours, as manifests.',
  examples: ['lpv rbac --tier api', 'lpv rbac --tier agent --user jane', 'lpv rbac --namespace volumes --user jane'],
  statuses: { badUsage: usualStatuses.badUsage, conforms: 'the manifests are printed' },
};

const command = verbCommand('rbac', help)
  .addOption(
    new Option('--tier <TIER>', 'api: no access to nodes; agent: privileged pods too; nodes: changes nodes too')
      .choices(['api', 'agent', 'nodes'] as const)
      .default('api' as const),
  )
  .addOption(namespaceOption())
  .addOption(
    new Option('--user <NAME>', 'bind them to this user').argParser(text).conflicts(['group', 'serviceAccount']),
  )
  .addOption(new Option('--group <NAME>', 'bind them to this group').argParser(text).conflicts('serviceAccount'))
  .addOption(
    new Option('--service-account <NAMESPACE/NAME>', 'bind them to this ServiceAccount').argParser(serviceAccount),
  );

/** `lpv rbac`: prints ClusterRoles, and their bindings for a user, a group or a ServiceAccount. */
export const rbac = verb(command, help, async ({ tier, namespace, user, group, serviceAccount: account }) => {
  if (namespace !== undefined && tier !== 'api') throw onlyApi(tier);
  const { rolesFor, rolesWithin } = await import('../../clusters/rbac/roles.ts');
  const subject =
    user !== undefined
      ? ({ kind: 'User', name: user } as const)
      : group !== undefined
        ? ({ kind: 'Group', name: group } as const)
        : account;
  process.stdout.write(namespace === undefined ? await rolesFor(tier, subject) : await rolesWithin(namespace, subject));
  return 'conforms';
});

function onlyApi(tier: string): DomainError {
  return new DomainError(
    {
      attempted: 'choosing the permissions of a user who has one namespace',
      seen: `--namespace with --tier ${tier}`,
      why: 'agents need a namespace of their own',
      remedy: 'leave out --tier, or --namespace',
    },
    { exit: 'badUsage' },
  );
}

function serviceAccount(value: string): { kind: 'ServiceAccount'; namespace: string; name: string } {
  const [namespace = '', name = '', ...more] = value.split('/');
  if (more.length === 0 && isDnsLabel(namespace) && isDnsSubdomain(name))
    return { kind: 'ServiceAccount', namespace, name };
  throw new InvalidArgumentError('Write NAMESPACE/NAME.');
}
