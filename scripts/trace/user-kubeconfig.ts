import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { DomainError } from '../../clusters/errors/domain-error.ts';

/**
 * The kubeconfig file of the user's current cluster: `KUBECONFIG`, else `~/.kube/config`. It is read, never written.
 * @throws DomainError (badUsage) where there is none, or where it is spread over several files
 */
export function userKubeconfig(environment: NodeJS.ProcessEnv, home: string = homedir()): string {
  const named = (environment.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  const asked = named.length > 0 ? named : [join(home, '.kube', 'config')];
  const [only, ...others] = asked.filter((path) => existsSync(path));
  const attempted = 'finding your kubeconfig';
  const remedy = 'name a file: --kubeconfig FILE, or a cluster of `lpv clusters`: --use NAME';
  if (only === undefined) {
    const seen = `no such file: ${asked.join(', ')}`;
    throw new DomainError({ attempted, seen, remedy }, { exit: 'badUsage' });
  }
  if (others.length > 0) {
    const seen = `KUBECONFIG names ${others.length + 1} files: ${[only, ...others].join(', ')}`;
    const why = 'files are not merged here: what holds in the end would be a guess';
    throw new DomainError({ attempted, seen, why, remedy }, { exit: 'badUsage' });
  }
  return only;
}
