import { parse, stringify } from 'yaml';
import type { KindDocument } from './kind-document.ts';

/** Components of the control plane that get flags of their own, as kubeadm calls them. */
export type Component = 'controllerManager' | 'scheduler';

export interface Flag {
  name: string;
  value: string;
}

/** What is read of a patch of kubeadm's ClusterConfiguration, in either of its versions. */
type ClusterPatch = { apiVersion?: string } & Partial<
  Record<Component, { extraArgs?: Flag[] | Readonly<Record<string, string>> }>
>;

/**
 * Returns a copy of a kind configuration whose components have these flags beside those that it gives them; of flags of
 * one name the new one counts. kind writes kubeadm's configuration for Kubernetes 1.36 and later in v1beta4, where flags
 * are a list, and before in v1beta3, where they are a map: each version gets a patch of its own, and takes only that. A
 * patch replaces a list whole, so the former flags are in it again. Source: kind's pkg/cluster/internal/kubeadm/config.go.
 */
export function withFlags(document: KindDocument, flags: Readonly<Partial<Record<Component, Flag[]>>>): KindDocument {
  const patches = document.kubeadmConfigPatches.map((text) => parse(text) as ClusterPatch);
  const components = Object.entries(flags) as [Component, Flag[]][];
  const asList = components.map(([component, own]) => {
    const given = patches.flatMap((patch) => listOf(patch[component]?.extraArgs));
    const kept = given.filter(({ name }) => !own.some((flag) => flag.name === name));
    return [component, { extraArgs: [...kept, ...own] }];
  });
  const asMap = components.map(([component, own]) => [
    component,
    { extraArgs: Object.fromEntries(own.map(({ name, value }) => [name, value])) },
  ]);
  const added = [
    { apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', ...Object.fromEntries(asList) },
    { apiVersion: 'kubeadm.k8s.io/v1beta3', kind: 'ClusterConfiguration', ...Object.fromEntries(asMap) },
  ];
  return {
    ...document,
    kubeadmConfigPatches: [...document.kubeadmConfigPatches, ...added.map((patch) => stringify(patch))],
  };
}

const listOf = (given: Flag[] | Readonly<Record<string, string>> = []): Flag[] => (Array.isArray(given) ? given : []);
