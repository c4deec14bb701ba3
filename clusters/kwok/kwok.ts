import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubernetesManifest } from '../api/kinds.ts';
import { DomainError } from '../errors/domain-error.ts';

const stages = fileURLToPath(new URL('stages.yaml', import.meta.url));
const guard = readFileSync(new URL('end-with-parent.sh', import.meta.url), 'utf8');

/** The label of the nodes that kwok plays. */
const played = { key: 'local-pv-conformance/played-by', value: 'kwok' };

/** Selects these nodes. */
export const playedNodes = `${played.key}=${played.value}`;

/** The taint of these nodes: pods of the cluster, whose containers would never run, stay away from them. */
export const kwokTaint = { key: 'kwok.x-k8s.io/node', value: 'fake', effect: 'NoSchedule' } as const;

/**
 * Seconds that a played node's Lease is valid; kwok renews it at a quarter of that. A kubelet's are 40 s: a thousand
 * nodes would cost the API server a hundred writes a second. The controller manager's `node-monitor-grace-period` must
 * be longer than the quarter.
 */
const leaseSeconds = 200;

/** Returns a node that exists only as an object, and is Ready as soon as kwok has seen it. */
export function kwokNode(name: string): KubernetesManifest & { kind: 'Node' } {
  const resources = { cpu: '64', memory: '256Gi', pods: '10000' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      // VolumeBinding compares a volume's affinity with the hostname label, which a kubelet would set.
      labels: { [played.key]: played.value, 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' },
    },
    spec: { providerID: `kwok://${name}`, taints: [kwokTaint] },
    status: { allocatable: resources, capacity: resources },
  };
}

/** kwok while it runs. Its disposal ends it. */
export interface RunningKwok extends AsyncDisposable {
  /** Aborted where kwok ends by itself, with the error that says so. */
  lost: AbortSignal;
}

/**
 * Starts kwok on this machine for the played nodes of a cluster. It ends with this process, however that ends.
 * @param log the file for what it prints; the folder of it is kwok's own, so that it reads nothing of the user's
 */
export function startKwok({ program, kubeconfig, log }: { program: string; kubeconfig: string; log: string }) {
  const args = [
    `--kubeconfig=${kubeconfig}`,
    `--config=${stages}`,
    '--manage-all-nodes=false',
    `--manage-nodes-with-label-selector=${playedNodes}`,
    `--node-lease-duration-seconds=${leaseSeconds}`,
  ];
  const output = openSync(log, 'a');
  const child = spawn('sh', ['-c', guard, 'end-with-parent.sh', program, ...args], {
    stdio: ['pipe', output, output],
    // A process group of its own: Ctrl-C reaches only the harness, which then ends it in order.
    detached: true,
    env: { ...process.env, KWOK_WORKDIR: dirname(log) },
  });
  const lost = new AbortController();
  let asked = false;
  child.stdin?.on('error', () => {});
  const end = (how: string) => {
    if (!asked) lost.abort(endedEarly(how, log));
  };
  child.on('error', ({ message }) => end(message));
  child.on('exit', (status, signal) => end(status === null ? `killed by ${signal}` : `exit status ${status}`));
  return {
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      asked = true;
      const { pid } = child;
      const gone = once(child, 'exit');
      child.stdin?.end();
      if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), 10_000);
      await gone;
      clearTimeout(timer);
    },
  } satisfies RunningKwok;
}

function endedEarly(how: string, log: string): DomainError {
  return new DomainError({
    attempted: 'playing kubelet on the nodes that exist only as objects',
    on: 'kwok',
    seen: `it ended: ${how}\n${readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5).join('\n')}`,
    why: 'without it these nodes are not Ready, and their pods do not go',
    remedy: `read its log: ${log}`,
  });
}
