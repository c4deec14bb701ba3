import { DomainError } from '../../errors/domain-error.ts';
import type { Engine } from '../engine/engine.ts';

/** The settings with which this machine runs several clusters at once. */
export const inotifyRemedy = 'sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288';

/** How far back a node's journal is read: longer than a cluster takes to start, or a spec to fail. */
const recently = '-10min';

/**
 * Checks that no node had a program lately that could not start because the machine had no inotify instance left. All
 * nodes of all clusters share the limit of one user, and a kubelet that is started again takes new instances. Nodes that
 * cannot be asked are passed over.
 * @throws DomainError with the node's own words and the settings that help; `cause` is what failed because of it
 */
export async function assertInotifyInstances(
  engine: Engine,
  containers: readonly string[],
  { signal, cause }: { signal?: AbortSignal; cause?: unknown } = {},
): Promise<void> {
  const words = (...args: string[]) =>
    engine.attempt(args, { signal, deadline: 20_000 }).then(
      ({ stdout, stderr }) => /^.*too many open files.*$/im.exec(`${stdout}\n${stderr}`)?.[0].trim(),
      () => undefined,
    );
  const journal = ['journalctl', '--unit=kubelet', '--unit=containerd', '--since', recently, '--output=cat'];
  const grep = ['--grep=too many open files', '--case-sensitive=no', '--lines=1', '--no-pager'];
  for (const container of containers) {
    // The first process of a node that could not start has written to the container's output.
    const seen = (await words('exec', container, ...journal, ...grep)) ?? (await words('logs', '--tail=50', container));
    signal?.throwIfAborted();
    if (seen === undefined) continue;
    throw new DomainError(
      {
        attempted: 'running the programs of a node',
        on: `container ${container}`,
        seen,
        why: 'this machine has no inotify instance left (fs.inotify.max_user_instances): all clusters on it share them, and one takes some 55',
        remedy: `${inotifyRemedy}; or remove other clusters`,
      },
      { cause },
    );
  }
}
