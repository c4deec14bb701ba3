import { DomainError } from '../../clusters/errors/domain-error.ts';
import { onNode } from '../../clusters/nodes/node.ts';
import { currentSpec, once, testCluster } from '../harness/index.ts';

/** The node that the control plane runs on. */
const controlPlane = 'node1';

/** Milliseconds after which paused controllers go on in any case: one that does not renew its lease for 10 s ends. */
const longestPause = 8_000;

/** The controllers of the control plane, paused: `await using` lets them go on at the end. */
export interface PausedControllers extends AsyncDisposable {
  /** @throws DomainError where they have gone on by themselves */
  stillPaused(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Stops the controllers where they are, with SIGSTOP, for a few seconds: claims and volumes change only by hand and by
 * the scheduler. For specs that have the whole cluster.
 */
export async function pausedControllers(): Promise<PausedControllers> {
  const node = (await testCluster()).node(controlPlane);
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
    await onNode(node, ['kill', '-CONT', pid]);
  });
  return { stillPaused, end, [Symbol.asyncDispose]: end };
}

/** One sample of a metric, such as `pv_collector_bound_pv_count{storage_class="x"} 2`. */
export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/**
 * Reads the metrics of the controller manager, which listens on the control plane's own loopback address: on the node,
 * as the cluster's administrator. Returns the samples of one metric.
 */
export async function controllerMetric(name: string): Promise<Sample[]> {
  const { node } = await testCluster();
  const text = await onNode(
    node(controlPlane),
    [
      'kubectl',
      '--kubeconfig=/etc/kubernetes/admin.conf',
      '--server=https://127.0.0.1:10257',
      // It serves with a certificate that it signed itself at its start.
      '--insecure-skip-tls-verify',
      'get',
      '--raw=/metrics',
    ],
    { signal: currentSpec().signal },
  );
  return samplesOf(text, name);
}

/** Returns the samples of a metric in the Prometheus text format, without histograms' parts. */
export function samplesOf(text: string, name: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, metric, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (metric !== name) return [];
    const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text]);
    return [{ labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}
