/** A run that makes a disk by its agent, stops kubelet, says so, and waits to be killed. */
import { startAgents } from '../../../clusters/agent/agents.ts';
import { connect } from '../../../clusters/api/client.ts';
import { onNode, outlastKubelet } from '../../../clusters/nodes/node.ts';
import { volumeTypes } from '../../../clusters/nodes/volume-types.ts';
import { silent } from '../../../clusters/text/progress.ts';

const { kubeconfig, node: name, image } = JSON.parse(process.env.LPV_ANY ?? '{}') as Record<string, string>;
const client = await connect({ kubeconfig: kubeconfig ?? '' });
const request = { client, run: 'killed', nodes: [name ?? ''], image: image ?? '', progress: silent };
const [node] = (await startAgents(request)).nodes;
if (!node) throw new Error('no agent');
await volumeTypes.LOOP.make(node, { run: 'killed', name: 'killed-disk', bytes: 2 ** 24, progress: silent });
await outlastKubelet(node);
await onNode(node, ['systemctl', 'stop', 'kubelet']);
process.send?.('kubelet is stopped');
setInterval(() => {}, 1_000);
