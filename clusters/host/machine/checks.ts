import { DomainError } from '../../errors/domain-error.ts';
import { lpv } from '../../project-root.ts';
import { inGibibytes } from '../../text/quantity.ts';
import type { MachineFacts } from './facts.ts';
import { inotifyRemedy } from './inotify.ts';

/** One result of the doctor. */
export interface Finding {
  /** Stable name of the check, such as `loop devices`. */
  check: string;
  state: 'fine' | 'warning' | 'problem';
  /** What was observed, in words and figures. */
  seen: string;
  /** What to do; absent if all is fine. */
  remedy?: string;
}

const gibibyte = 2 ** 30;

/** The minimum that a run needs. */
export const needs = {
  freeDisk: 6 * gibibyte,
  availableMemory: 4 * gibibyte,
  engineMajor: 24,
  inotifyInstances: 128,
  /** Of a cluster of three nodes: kubelets, control plane, systemd. Measured: 52 at rest. */
  freeInotifyInstances: 60,
  /** With fewer, a node of the cluster cannot start: 13 of each worker, 26 of the control plane. */
  leastInotifyInstances: 50,
  inotifyWatches: 65_536,
};

/** Returns a finding for every fact, so that a user can correct all problems at once. */
export function judge(facts: MachineFacts): Finding[] {
  return [
    engine(facts),
    cgroup(facts),
    confinement(facts),
    memory(facts),
    disk(facts),
    loop(facts),
    inotify(facts),
    flock(facts),
  ].filter((finding) => finding !== undefined);
}

function engine({ engine }: MachineFacts): Finding {
  const check = 'container engine';
  if (engine.kind !== 'answers') {
    const seen = {
      'no client': 'no docker command on PATH',
      'no daemon': 'the Docker daemon does not answer',
      refused: 'this user may not use Docker',
      silent: 'the Docker daemon is silent',
    };
    return {
      check,
      state: 'problem',
      seen: seen[engine.kind],
      remedy: `install or start Docker; ${lpv('up')} does that on a bare Debian or Ubuntu machine as root`,
    };
  }
  const { serverVersion, storageDriver, rootless } = engine.facts;
  const seen = `Docker ${serverVersion}, ${storageDriver}${rootless ? ', rootless' : ''}`;
  if (rootless) {
    return {
      check,
      state: 'problem',
      seen,
      remedy: 'use a Docker that runs as root: a rootless one may neither attach loop devices nor mount block devices',
    };
  }
  if (Number.parseInt(serverVersion, 10) < needs.engineMajor) {
    return {
      check,
      state: 'warning',
      seen,
      remedy: `Docker ${needs.engineMajor} or later is what the harness is tested with`,
    };
  }
  return { check, state: 'fine', seen };
}

function cgroup({ engine }: MachineFacts): Finding | undefined {
  if (engine.kind !== 'answers') return undefined;
  const version = engine.facts.cgroupVersion;
  return { check: 'control groups', state: 'fine', seen: `cgroup v${version}` };
}

/**
 * Returns why no label and no profile is needed. A bind mount of this machine's folders would need one under SELinux.
 */
function confinement({ engine }: MachineFacts): Finding | undefined {
  if (engine.kind !== 'answers' || engine.facts.confinedBy.length === 0) return undefined;
  return {
    check: 'security modules',
    state: 'fine',
    seen: `${engine.facts.confinedBy.join(' and ')}, which does not confine the nodes: they are privileged, and have no folder of this machine mounted`,
  };
}

function memory({ availableMemory, totalMemory }: MachineFacts): Finding {
  const seen = `${inGibibytes(availableMemory)} available of ${inGibibytes(totalMemory)}`;
  if (availableMemory >= needs.availableMemory) return { check: 'memory', state: 'fine', seen };
  return {
    check: 'memory',
    state: 'problem',
    seen,
    remedy: `free memory until ${inGibibytes(needs.availableMemory)} are available: three nodes need 2 GiB, the specs the rest`,
  };
}

function disk({ freeDisk }: MachineFacts): Finding {
  const check = 'disk space';
  if (freeDisk === undefined) return { check, state: 'fine', seen: 'on the engine’s side; cannot be read from here' };
  const seen = `${inGibibytes(freeDisk.bytes)} free at ${freeDisk.path}`;
  if (freeDisk.bytes >= needs.freeDisk) return { check, state: 'fine', seen };
  return {
    check,
    state: 'problem',
    seen,
    remedy: `free ${inGibibytes(needs.freeDisk)} there (docker system df shows what Docker holds): kubelet does not evict in kind, writes just fail`,
  };
}

function loop({ loopDevices }: MachineFacts): Finding {
  const check = 'loop devices';
  if (loopDevices === 'present') return { check, state: 'fine', seen: 'the kernel has them' };
  if (loopDevices === 'unknown')
    return { check, state: 'fine', seen: 'on the engine’s side; checked when a disk is created' };
  return {
    check,
    state: 'problem',
    seen: 'neither /dev/loop-control nor /dev/loop0',
    remedy: 'modprobe loop (in a container: run it on its host, and give it --device /dev/loop-control)',
  };
}

function inotify({ inotify }: MachineFacts): Finding | undefined {
  if (inotify === undefined) return undefined;
  const check = 'inotify';
  const { instances, watches, used } = inotify;
  const free = used === undefined ? undefined : instances - used;
  const inUse = free === undefined ? '' : ` (${used} in use, by clusters and others)`;
  const seen = `${instances} instances${inUse}, ${watches} watches a user`;
  // If the use cannot be read, the default limit of most distributions counts as enough.
  const enough = free === undefined ? instances >= needs.inotifyInstances : free >= needs.freeInotifyInstances;
  if (enough && watches >= needs.inotifyWatches) return { check, state: 'fine', seen };
  const remedy = `${inotifyRemedy} (a cluster takes some 55 instances; nodes say "too many open files" without)`;
  return {
    check,
    state: free !== undefined && free < needs.leastInotifyInstances ? 'problem' : 'warning',
    seen,
    remedy,
  };
}

/** Returns only a warning, because a run that creates its own cluster locks none. */
function flock(facts: MachineFacts): Finding {
  const check = 'flock';
  if (facts.flock) return { check, state: 'fine', seen: 'on PATH' };
  return {
    check,
    state: 'warning',
    seen: 'no flock command on PATH',
    remedy: 'install flock(1), which is in the package util-linux: runs with --use lock the cluster with it',
  };
}

/** Returns an error with every problem among the findings; undefined if there is none. */
export function refusal(findings: readonly Finding[]): DomainError | undefined {
  const problems = findings.filter(({ state }) => state === 'problem');
  if (problems.length === 0) return undefined;
  return new DomainError({
    attempted: 'looking at this machine before anything is created',
    seen: problems.map(({ check, seen }) => `${check}: ${seen}`).join('\n'),
    remedy: problems.map(({ check, remedy }) => `${check}: ${remedy}`).join('\n'),
  });
}
