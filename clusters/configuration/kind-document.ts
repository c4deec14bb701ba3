import { z } from 'zod';
import { isDnsSubdomain, isLabelValue } from '../text/names.ts';
import type { KeyPath } from '../yaml/bad-configuration.ts';

const roles = ['control-plane', 'worker'] as const;

const labels = z.record(
  z.string(),
  z.string().refine(isLabelValue, { error: ({ input }) => `${input} cannot be the value of a label` }),
);

/** The keys of kind's `v1alpha4` configuration that this project uses. Source: kind's pkg/apis/config/v1alpha4. */
export const kindDocumentSchema = z.strictObject({
  kind: z.literal('Cluster'),
  apiVersion: z.literal('kind.x-k8s.io/v1alpha4'),
  networking: z.strictObject({
    apiServerAddress: z.literal('127.0.0.1', {
      error: ({ input }) =>
        `${input === undefined ? 'is missing' : `${input} is not this machine`}; the API server must listen on 127.0.0.1 only`,
    }),
    kubeProxyMode: z.enum(['none', 'iptables', 'nftables', 'ipvs']),
  }),
  kubeadmConfigPatches: z.array(z.string()).default([]),
  nodes: z
    .array(
      z.strictObject({
        role: z.enum(roles),
        labels: labels.default({}),
        kubeadmConfigPatches: z.array(z.string()).default([]),
      }),
    )
    .min(1),
});

export type KindDocument = z.infer<typeof kindDocumentSchema>;
export type NodeRole = (typeof roles)[number];

const nodeRegistration = z.strictObject({
  name: z.string().refine(isDnsSubdomain, {
    error: ({ input }) => `${input} is no node name; use lower-case letters, digits and hyphens`,
  }),
  taints: z.array(z.unknown()).optional(),
});
const skipPhases = z.array(z.string()).optional();

/** The kubeadm patches that give a node its name. Strict, because a slip would give the node another name. */
export const nodePatchSchemas = {
  'control-plane': z.strictObject({ kind: z.literal('InitConfiguration'), nodeRegistration, skipPhases }),
  worker: z.strictObject({ kind: z.literal('JoinConfiguration'), nodeRegistration, skipPhases }),
} as const satisfies Record<NodeRole, z.ZodType>;

/** Any other patch: an object of kubeadm or kubelet. kubeadm checks its other fields. */
export const patchSchema = z.looseObject({
  kind: z.enum([
    'ClusterConfiguration',
    'InitConfiguration',
    'JoinConfiguration',
    'KubeletConfiguration',
    'KubeProxyConfiguration',
  ]),
  apiVersion: z
    .enum(['kubeadm.k8s.io/v1beta3', 'kubeadm.k8s.io/v1beta4'], {
      error:
        'leave it out, but for the two of kubeadm: kind applies a patch that has one to objects of that version only',
    })
    .optional(),
});

/** Returns the key paths of all patches in a kind document. */
export function patchPaths(document: KindDocument): { cluster: KeyPath[]; nodes: KeyPath[][] } {
  return {
    cluster: document.kubeadmConfigPatches.map((_, patch) => ['kubeadmConfigPatches', patch]),
    nodes: document.nodes.map(({ kubeadmConfigPatches }, node) =>
      kubeadmConfigPatches.map((_, patch) => ['nodes', node, 'kubeadmConfigPatches', patch]),
    ),
  };
}
