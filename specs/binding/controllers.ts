import { onNode } from '../../clusters/nodes/node.ts';
import { currentSpec, testCluster } from '../harness/index.ts';

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
  const cluster = await testCluster();
  const text = await onNode(
    cluster.controlPlane(),
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
