import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ClusterConfiguration } from '../../clusters/configuration/cluster-shape.ts';
import { type Component, type Flag, withFlags } from '../../clusters/configuration/component-flags.ts';
import { obtainKwok } from '../../clusters/kwok/build.ts';
import { type RunningKwok, startKwok } from '../../clusters/kwok/kwok.ts';
import type { Action } from '../run/actions.ts';
import type { ClusterPlan } from '../run/cluster/plan.ts';
import type { ClusterTarget } from '../run/cluster/state.ts';
import { clientLimits, type Limits } from './cells.ts';

/** Returns the configuration of a cluster for a storm: that of specs, and what many nodes and these limits need. */
export function stormConfiguration({ shape, document }: ClusterConfiguration, limits: Limits): ClusterConfiguration {
  const limitsOf = (component: Component): Flag[] => {
    const { qps, burst } = clientLimits[limits][component];
    return [
      { name: 'kube-api-qps', value: `${qps}` },
      { name: 'kube-api-burst', value: `${burst}` },
    ];
  };
  const { kubeadmConfigPatches, ...rest } = withFlags(document, {
    // kwok renews a node's Lease every 50 s; after the default of 50 s a node would count as lost.
    controllerManager: [{ name: 'node-monitor-grace-period', value: '300s' }, ...limitsOf('controllerManager')],
    scheduler: limitsOf('scheduler'),
  });
  // Each node gets 256 addresses for its pods: kind's own range is enough for 256 nodes.
  const patch = stringify({ kind: 'ClusterConfiguration', networking: { podSubnet: '10.128.0.0/9' } });
  return { shape, document: { ...rest, kubeadmConfigPatches: [...kubeadmConfigPatches, patch] } };
}

/** kwok of a storm, which is compiled while the cluster is made. Its disposal ends the build. */
export interface StormKwok extends Disposable {
  /** Starts it on the cluster; ends it. */
  step: Action;
  /** Aborted where it has ended by itself. */
  lost(): AbortSignal;
}

/** Returns kwok for a storm; its build has begun. */
export function beginKwok(
  plan: ClusterPlan,
  { folder, kubeconfig }: ClusterTarget,
  interrupted: AbortSignal,
): StormKwok {
  const ended = new AbortController();
  const signal = AbortSignal.any([interrupted, ended.signal]);
  const program = obtainKwok({ pin: plan.versions.kwok, cacheFolder: plan.cacheFolder, signal });
  // The step reports its error.
  program.catch(() => {});
  let running: RunningKwok | undefined;
  return {
    step: {
      name: 'kwok',
      title: 'Starting kwok',
      deadline: 30 * 60_000,
      async perform({ progress }) {
        progress.note('kwok is compiled once');
        running = startKwok({ program: await program, kubeconfig, log: join(folder, 'kwok.log') });
      },
      undoTitle: 'Ending kwok',
      // One that a killed run has started has ended with it.
      undo: async () => await running?.[Symbol.asyncDispose](),
    },
    lost: () => running?.lost ?? ended.signal,
    [Symbol.dispose]: () => ended.abort(),
  };
}
