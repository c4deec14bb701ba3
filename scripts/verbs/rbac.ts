import { isDnsLabel, isDnsSubdomain } from '../../clusters/text/names.ts';
import { text } from '../command-line/values.ts';
import { InvalidArgumentError, Option, usualStatuses, verb, verbCommand } from '../command-line/verb.ts';

const help = {
  sentence: 'Prints the permissions that a user needs to run specs on a cluster of yours, as manifests.',
  examples: ['lpv rbac --tier api', 'lpv rbac --tier agent --user jane'],
  statuses: { badUsage: usualStatuses.badUsage, conforms: 'the manifests are printed' },
};

const command = verbCommand('rbac', help)
  .addOption(
    new Option('--tier <TIER>', 'api: no access to nodes; agent: privileged pods too; nodes: changes nodes too')
      .choices(['api', 'agent', 'nodes'] as const)
      .default('api' as const),
  )
  .addOption(
    new Option('--user <NAME>', 'bind them to this user').argParser(text).conflicts(['group', 'serviceAccount']),
  )
  .addOption(new Option('--group <NAME>', 'bind them to this group').argParser(text).conflicts('serviceAccount'))
  .addOption(
    new Option('--service-account <NAMESPACE/NAME>', 'bind them to this ServiceAccount').argParser(serviceAccount),
  );

/** `lpv rbac`: prints ClusterRoles, and their bindings for a user, a group or a ServiceAccount. */
export const rbac = verb(command, help, async ({ tier, user, group, serviceAccount: account }) => {
  const { rolesFor } = await import('../../clusters/rbac/roles.ts');
  const subject =
    user !== undefined
      ? ({ kind: 'User', name: user } as const)
      : group !== undefined
        ? ({ kind: 'Group', name: group } as const)
        : account;
  process.stdout.write(await rolesFor(tier, subject));
  return 'conforms';
});

function serviceAccount(value: string): { kind: 'ServiceAccount'; namespace: string; name: string } {
  const [namespace = '', name = '', ...more] = value.split('/');
  if (more.length === 0 && isDnsLabel(namespace) && isDnsSubdomain(name))
    return { kind: 'ServiceAccount', namespace, name };
  throw new InvalidArgumentError('Write NAMESPACE/NAME.');
}
