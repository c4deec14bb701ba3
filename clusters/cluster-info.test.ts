import { expect } from 'chai';
import { detachedSignature, signClusterInfo } from './cluster-info.ts';
import type { Node } from './nodes/node.ts';

describe('the information with which workers join', () => {
  it('has the signature that kubeadm computes itself and compares', () => {
    const signature = detachedSignature('apiVersion: v1\nkind: X\n', { id: 'abcdef', secret: '0123456789abcdef' });
    const [header = '', text, code = ''] = signature.split('.');
    expect(Buffer.from(header, 'base64url').toString()).to.equal('{"alg":"HS256","kid":"abcdef"}');
    expect(text).to.equal('');
    expect(Buffer.from(code, 'base64url')).to.have.length(32);
    expect(signature).not.to.equal(detachedSignature('another', { id: 'abcdef', secret: '0123456789abcdef' }));
  });

  it('is signed as the API server has it', async () => {
    const commands: string[][] = [];
    const node = {
      name: 'node1',
      attempt: async ({ argv }: { argv: readonly string[] }) => {
        commands.push([...argv]);
        return { argv, status: 0, stdout: 'clusters: []\n', stderr: '', milliseconds: 1 };
      },
    } as unknown as Node;
    await signClusterInfo(node);
    const [read, write] = commands.map((argv) => argv.slice(3));
    expect(read?.slice(0, 3)).to.deep.equal(['get', 'configmap', 'cluster-info']);
    expect(write?.slice(0, -1)).to.deep.equal(['patch', 'configmap', 'cluster-info', '--type=merge', '--patch']);
    const expected = detachedSignature('clusters: []\n', { id: 'abcdef', secret: '0123456789abcdef' });
    expect(JSON.parse(write?.at(-1) ?? '')).to.deep.equal({ data: { 'jws-kubeconfig-abcdef': expected } });
  });
});
