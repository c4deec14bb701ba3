import type { Node as NodeObject } from '../../clusters/api/objects.ts';
import { messageOf } from '../../clusters/errors/domain-error.ts';
import type { Commander } from '../../clusters/host/command/commander.ts';
import { host } from '../../clusters/host/command/host.ts';
import { EngineNode } from '../../clusters/nodes/node.ts';
import type { NodeAccess } from './gather.ts';

/**
 * Returns access to a node of kind whose container runs in the Docker of this machine. The container's name is in the
 * node's providerID. The container must have the machine id that the API reports for the node.
 */
export async function kindNode(node: NodeObject, commander: Commander = host): Promise<NodeAccess> {
  const { name } = node.metadata;
  const [, container] = /^kind:\/\/docker\/[^/]+\/([\w.-]+)$/.exec(node.spec?.providerID ?? '') ?? [];
  if (container === undefined) return { unread: `${name} is no node of kind in Docker: only the API can tell of it` };
  const place = new EngineNode(name, container, commander);
  try {
    const { status, stdout, stderr } = await place.attempt({ argv: ['cat', '/etc/machine-id'], deadline: 10_000 });
    if (status !== 0)
      return refused(place, `Docker here has no running container ${container} (${stderr.trim().split('\n')[0]})`);
    if (stdout.trim() !== node.status?.nodeInfo?.machineID)
      return refused(place, `the container ${container} here is another machine than the node ${name}`);
    return { node: place };
  } catch (error) {
    return refused(place, `Docker could not be asked: ${messageOf(error).split('\n')[0]}`);
  }
}

function refused(place: EngineNode, unread: string): { unread: string } {
  place[Symbol.dispose]();
  return { unread };
}
