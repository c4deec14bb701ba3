import type { AgentNode } from '../../../clusters/agent/agent-node.ts';
import type { AgentsRequest } from '../../../clusters/agent/agents.ts';
import type { Agents } from '../../../clusters/agent/kept-agents.ts';
import type { CommandRequest } from '../../../clusters/host/command/commander.ts';

/** What commands on a node print, by the name of a script or the first word of a program. */
type Answers = Readonly<Record<string, string | { status: number }>>;

/**
 * Returns how agents are started in a unit test: on nodes whose commands print what `answers` says, and else nothing.
 * What is done is noted in `seen`, in order, as `node1 clear-node.sh`.
 */
export function agentsForTests(
  seen: string[],
  answers: Readonly<Record<string, Answers>> = {},
  units = ['containerd', 'kubelet'],
) {
  const requests: AgentsRequest[] = [];
  const start = async (request: AgentsRequest): Promise<Agents> => {
    const { run, nodes } = request;
    requests.push(request);
    seen.push(`agents of ${run} start`);
    return {
      namespace: `lpv-${run}-agent`,
      nodes: nodes.map((name) => nodeForTests(name, seen, answers[name] ?? {}, units)),
      lastLoss: () => undefined,
      lost: () => undefined,
      [Symbol.asyncDispose]: async () => void seen.push(`agents of ${run} end`),
    };
  };
  return { start, requests };
}

function nodeForTests(name: string, seen: string[], answers: Answers, units: readonly string[]): AgentNode {
  const places = { kubelet: '/var/lib/kubelet', disks: '/mnt/disks', files: '/var/files' };
  const attempt = async ({ argv }: CommandRequest) => {
    // A script is `sh -c TEXT NAME ARGUMENTS`.
    const what = argv[0] === 'sh' ? (argv[3] ?? '') : argv[0];
    seen.push(`${name} ${what}`);
    const answer = answers[what] ?? '';
    const [status, stdout] = typeof answer === 'string' ? [0, answer] : [answer.status, ''];
    return { argv, status, stdout, stderr: '', milliseconds: 1 };
  };
  return { name, place: name, places, units, attempt } as unknown as AgentNode;
}
