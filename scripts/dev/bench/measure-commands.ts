import { execInPod } from '../../../clusters/api/pod-exec.ts';
import { run } from '../../../clusters/host/command/commander.ts';
import { host } from '../../../clusters/host/command/host.ts';
import { onNode } from '../../../clusters/nodes/node.ts';
import { median } from '../../../clusters/text/collections.ts';
import { secondNode } from '../../../specs/harness/nodes.ts';
import { runInPod } from '../../../specs/harness/pod-commands.ts';
import { SpecNamespace } from '../../../specs/harness/spec-namespace.ts';
import { asSpec, CurrentSpec } from '../../../specs/runner/current-spec.ts';
import { testCluster } from '../../../specs/runner/test-cluster.ts';
import { applyPod, applySeed } from '../../../specs/scenario/seed.ts';
import type { Figure } from './figures.ts';
import { becomesReady } from './measure.ts';

/** A short program, as most of those that specs run. */
const argv = ['cat', '/proc/self/mountinfo'] as const;

/** Commands that follow in an open shell, for each that opens one. */
const following = 10;

/**
 * Measures a command on a node and one in a pod: in a process or over a connection of its own, the first in a shell,
 * which opens it, and those that follow in that shell.
 */
export async function measureCommands(rounds: number): Promise<Figure[]> {
  const { facts, client, nodes, closeShells } = await testCluster();
  const node = nodes.find(({ name }) => name === secondNode());
  const machine = facts.nodes.find(({ name }) => name === secondNode())?.container;
  if (!node || machine === undefined) throw new Error('the cluster has no second node');
  return await asSpec(new CurrentSpec({ id: 'BENCH', signal: AbortSignal.timeout(600_000) }), async () => {
    await using namespace = await SpecNamespace.open();
    await applySeed(namespace);
    const pod = await applyPod(namespace, 'selector');
    await becomesReady(pod);
    const container = pod.now.spec?.containers[0]?.name ?? '';
    const onNode2 = await measureShell(rounds, 'on a node', closeShells, {
      inShell: () => onNode(node, argv),
      alone: () => run(host, { argv: ['docker', 'exec', machine, ...argv], deadline: 30_000 }),
    });
    const inPod = await measureShell(rounds, 'in a pod', closeShells, {
      inShell: () => runInPod(pod, argv),
      alone: () => execInPod(client, { namespace: namespace.name, pod: pod.name, container, argv }),
    });
    return [...onNode2, ...inPod];
  });
}

/** The figures of one place; `close` ends its shells, so that the command after it is a first one. */
async function measureShell(
  rounds: number,
  where: string,
  close: () => void,
  command: { inShell: () => Promise<unknown>; alone: () => Promise<unknown> },
): Promise<Figure[]> {
  const alone: number[] = [];
  const first: number[] = [];
  const next: number[] = [];
  for (let round = 0; round < rounds; round++) {
    alone.push(await secondsOf(command.alone));
    close();
    first.push(await secondsOf(command.inShell));
    for (let count = 0; count < following; count++) next.push(await secondsOf(command.inShell));
  }
  const ratio = (median(alone) / median(next)).toFixed(0);
  return [
    { what: `command ${where}, an exec of its own`, seconds: alone },
    { what: `command ${where}, first in a shell`, seconds: first },
    { what: `command ${where}, following (1/${ratio} of an exec)`, seconds: next },
  ];
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}
