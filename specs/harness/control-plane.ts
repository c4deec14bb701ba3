import { DomainError } from '../../clusters/errors/domain-error.ts';
import { onNode } from '../../clusters/nodes/node.ts';
import { testCluster } from '../runner/test-cluster.ts';
import { once } from './promises.ts';

/**
 * Milliseconds after which paused controllers continue by themselves; a busy machine needs some of them. The controllers
 * keep their lease: a renewal that begins later has 10 s of its own. Only a pause that begins within a renewal ends them.
 */
const longestPause = 60_000;

/** The paused controllers of the control plane: `await using` continues them at the end. */
export interface PausedControllers extends AsyncDisposable {
  /** @throws DomainError where they have continued by themselves */
  stillPaused(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Pauses the controllers with SIGSTOP, for at most a minute. Only the spec and the scheduler change claims and volumes then.
 * For specs that have the whole cluster.
 */
export async function pausedControllers(): Promise<PausedControllers> {
  const node = (await testCluster()).controlPlane();
  const pause = `
pid=$(pgrep --exact --full 'kube-controller-manager .*')
kill -STOP "$pid"
(sleep "$1"; kill -CONT "$pid") </dev/null >/dev/null 2>&1 &
echo "$pid"`;
  const pid = (await onNode(node, ['sh', '-ceu', pause, 'sh', String(longestPause / 1000)])).trim();
  const stillPaused = async (): Promise<void> => {
    const state = (await onNode(node, ['ps', '--no-headers', '--format', 'state', '--pid', pid])).trim();
    if (state === 'T') return;
    throw new DomainError({
      attempted: 'keeping the controllers paused',
      on: node.place,
      seen: `kube-controller-manager (process ${pid}) is in the state ${state}, not T: ${longestPause / 1000} s are over`,
      remedy: 'run the spec again, alone: the machine was too busy for it',
    });
  };
  const end = once(async () => {
    // A spec may have killed the process.
    await onNode(node, ['sh', '-c', 'kill -CONT "$1" || test ! -e "/proc/$1"', 'sh', pid]);
  });
  return { stillPaused, end, [Symbol.asyncDispose]: end };
}

/**
 * Kills components of the control plane, such as `kube-scheduler`; kubelet starts them again. Their leases are deleted,
 * so that the new processes do not wait until the leases expire. For specs that have the whole cluster.
 */
export async function killedControlPlane(...components: readonly string[]): Promise<void> {
  const node = (await testCluster()).controlPlane();
  const kill = `
for component; do
  pid=$(pgrep --exact --full "$component .*")
  kill -KILL "$pid"
  while [ -e "/proc/$pid" ]; do sleep 0.05; done
  kubectl --kubeconfig=/etc/kubernetes/admin.conf --namespace kube-system delete lease "$component"
done`;
  await onNode(node, ['sh', '-ceu', kill, 'sh', ...components]);
}
