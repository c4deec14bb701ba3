import { startAgents } from '../../../clusters/agent/agents.ts';
import type { Agents } from '../../../clusters/agent/kept-agents.ts';
import { unusableImages } from '../../../clusters/agent/probe-images.ts';
import type { ClusterClient } from '../../../clusters/api/client.ts';
import { DomainError, messageOf } from '../../../clusters/errors/domain-error.ts';
import { lackingFeatures } from '../../../clusters/nodes/lacking.ts';
import { clearNode, volumePlaces, wakeNode } from '../../../clusters/nodes/leftovers.ts';
import { type Node, nodeScript, onNode, scriptOnNode, unitOf } from '../../../clusters/nodes/node.ts';
import { lpv } from '../../../clusters/project-root.ts';
import type { Progress } from '../../../clusters/text/progress.ts';
import type { ClusterAbilities } from '../../../specs/catalogue/features.ts';
import { levelOfKubelet } from '../../../specs/trace/verbosity.ts';
import type { Action } from '../actions.ts';
import type { Survey } from './survey.ts';

const proveMounts = nodeScript(import.meta.url, 'prove-mounts.sh');
const keptHostname = nodeScript(import.meta.url, 'kept-hostname.sh');

/** The agents of a run, once they run, and what was found out through them. */
export interface RunAgents {
  agents: Agents | undefined;
  /** What the nodes cannot do, which the API does not tell. */
  found: Pick<Required<ClusterAbilities>, 'lacking' | 'withheld'>;
}

/**
 * Returns the step that starts the agents of a run and finds out what their nodes cannot do. Where they do not start, the
 * run goes on without them: what needs nodes is skipped, with the reason.
 */
export function agentsStep(of: {
  survey: Survey;
  client: ClusterClient;
  run: string;
  removeObjects: Required<Action>['undo'];
  result: RunAgents;
  /** How agents are started and images tried; tests have their own. */
  by?: { startAgents: typeof startAgents; unusableImages: typeof unusableImages };
}): Action {
  const { survey, client, run, removeObjects, result, by = { startAgents, unusableImages } } = of;
  const { images, folders } = survey;
  const nodes = survey.nodes.map(({ name }) => name);
  /** The folders that were not there before, on each node: they go at the end, the files' before that of the disks. */
  let made: { node: Node; folder: string }[] = [];
  return {
    name: 'agents',
    title: `Starting agents on ${nodes.join(', ')}`,
    deadline: 5 * 60_000,
    async perform({ progress, signal }) {
      const begun = by.startAgents({ client, run, nodes, image: images.agent, folders, progress, signal });
      result.agents = await begun.catch((error: unknown) => {
        signal.throwIfAborted();
        const why = error instanceof DomainError ? (error.details.seen ?? error.message) : messageOf(error);
        result.found = withheldAgents(`no agent could be started: ${why.split('\n')[0]}`);
        progress.note(messageOf(error));
        return undefined;
      });
      if (!result.agents) return;
      const { nodes: reached } = result.agents;
      const wanted = reached.flatMap((node) => [folders.files, folders.disks].map((folder) => ({ node, folder })));
      const there = await Promise.all(
        wanted.map(({ node, folder }) => node.attempt({ argv: ['test', '-d', folder], deadline: 30_000, signal })),
      );
      made = wanted.filter((_, index) => there[index]?.status !== 0);
      for (const { node, folder } of made) await onNode(node, ['mkdir', '-p', folder], { signal });
      const hostnames = survey.nodes.map(({ hostname }) => hostname);
      const [mounts, hostnameLost, lacking, logs, unusable] = await Promise.all([
        Promise.all(reached.map((node) => scriptOnNode(node, proveMounts, [folders.disks, run], { signal }))),
        Promise.all(reached.map((node, at) => scriptOnNode(node, keptHostname, [hostnames[at] ?? ''], { signal }))),
        lackingFeatures(reached, signal),
        lackingLogs(client, reached, signal),
        by.unusableImages({ client, run, nodes, images: [images.pod, images.provisioner], signal }),
      ]);
      const problem = mounts.findIndex((printed) => printed !== '');
      const noDisks = problem < 0 ? unusable.get(images.pod) : `${mounts[problem]?.split('\n')[0]}: ${nodes[problem]}`;
      const unmanaged = reached.filter(({ units }) => units.length === 0).map(({ name }) => name);
      const loses = hostnameLost.findIndex((printed) => printed !== '');
      const noRestart =
        unmanaged.length > 0
          ? `kubelet is no service of systemd: ${unmanaged.join(', ')}`
          : loses >= 0 && `${hostnameLost[loses]?.trim()}: ${nodes[loses]}`;
      const provisioner = unusable.get(images.provisioner);
      result.found = {
        withheld: {
          ...(noDisks !== undefined && { agent: noDisks }),
          ...(noRestart && { restart: noRestart }),
        },
        lacking: { ...lacking, ...logs, ...(provisioner !== undefined && { provisioner }) },
      };
    },
    undoTitle: 'Removing the agents, and what specs have left on their nodes',
    undoDeadline: 6 * 60_000,
    async undo(context) {
      const { agents } = result;
      if (!agents) return;
      const { progress, signal } = context;
      await clearRun(agents.nodes, run, { removeObjects: () => removeObjects(context), progress, signal });
      for (const { node, folder } of made)
        await onNode(node, ['rmdir', '--ignore-fail-on-non-empty', folder], { signal });
      await agents[Symbol.asyncDispose]();
    },
  };
}

/** Returns what specs about kubelet's log lack, each with the reason. */
async function lackingLogs(
  client: ClusterClient,
  nodes: readonly Node[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const perNode = nodes.map(async (node) => {
    const argv = ['journalctl', '--unit', unitOf(node, 'kubelet'), '--lines', '1', '--quiet', '--no-pager'] as const;
    const { stdout } = await node.attempt({ argv, deadline: 30_000, signal });
    const level = await client.kubeletConfiguration(node.name, { signal }).then(levelOfKubelet, () => undefined);
    return { name: node.name, silent: stdout.trim() === '', level: level?.verbosity ?? 0 };
  });
  const all = await Promise.all(perNode);
  const silent = all.find((each) => each.silent);
  const terse = all.find(({ level }) => level < 1);
  return {
    ...(silent && { 'kubelet-log': `kubelet of ${silent.name} logs nothing to the journal of systemd` }),
    ...(terse && { 'verbose-kubelet': `kubelet of ${terse.name} logs at verbosity ${terse.level}` }),
  };
}

function withheldAgents(reason: string): RunAgents['found'] {
  return { lacking: {}, withheld: { agent: reason } };
}

/**
 * Removes what a run has made on nodes, and its objects: first what keeps kubelet from ending pods, and disks only when
 * their pods have gone. @throws DomainError with what is still on the nodes
 */
export async function clearRun(
  nodes: readonly Node[],
  run: string,
  of: { removeObjects: () => Promise<void>; progress: Progress; signal: AbortSignal },
): Promise<void> {
  const { removeObjects, progress, signal } = of;
  const each = async (work: (node: Node) => Promise<string[]>): Promise<string[]> =>
    (await Promise.all(nodes.map(work))).flat();
  for (const line of await each((node) => wakeNode(node, run, signal))) progress.note(line);
  await removeObjects();
  for (const line of await each((node) => clearNode(node, run, signal))) progress.note(line);
  const left = await each(async (node) => {
    const places = await volumePlaces(node);
    return places.filter((place) => place.includes(`${run}-`)).map((place) => `${node.name}: ${place}`);
  });
  if (left.length === 0) return;
  throw new DomainError({
    attempted: `removing from the nodes what run ${run} made there`,
    seen: left.join('\n'),
    remedy: `when what keeps it is gone: ${lpv('clean --context NAME')}`,
  });
}
