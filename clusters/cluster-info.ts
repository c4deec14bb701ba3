import { createHmac } from 'node:crypto';
import { type Node, onNode } from './nodes/node.ts';

/** The token with which nodes join, the same in every cluster of kind (its pkg/cluster/internal/kubeadm/const.go). */
const token = { id: 'abcdef', secret: '0123456789abcdef' };

/**
 * Signs the information that workers ask the API server for as they join, once kubeadm has made it. The controller
 * manager writes the same signature, but some seconds later, as it has just started; kubeadm asks again only after five
 * seconds. `node` is the control plane.
 */
export async function signClusterInfo(node: Node, signal?: AbortSignal): Promise<void> {
  const kubectl = ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', '--namespace=kube-public'] as const;
  const read = [...kubectl, 'get', 'configmap', 'cluster-info', '--output=jsonpath={.data.kubeconfig}'] as const;
  const kubeconfig = await onNode(node, read, { signal });
  const signed = { data: { [`jws-kubeconfig-${token.id}`]: detachedSignature(kubeconfig, token) } };
  const patch = ['patch', 'configmap', 'cluster-info', '--type=merge', '--patch', JSON.stringify(signed)] as const;
  await onNode(node, [...kubectl, ...patch], { signal });
}

/**
 * Returns a JSON Web Signature without the text that it is of, as kubeadm compares it, letter by letter (RFC 7515,
 * appendix F).
 */
export function detachedSignature(text: string, { id, secret }: typeof token): string {
  const encoded = (part: string) => Buffer.from(part).toString('base64url');
  const header = encoded(JSON.stringify({ alg: 'HS256', kid: id }));
  const signature = createHmac('sha256', secret)
    .update(`${header}.${encoded(text)}`)
    .digest('base64url');
  return `${header}..${signature}`;
}
