import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'chai';
import { kindLabel } from '../../../clusters/cluster.ts';
import type { InterruptSignal } from '../../run/signals.ts';
import { engineProxy } from './engine-proxy.ts';
import type { Stage } from './stage.ts';

/** One fault: what is broken, and what must hold. That nothing is left on the machine is checked after each of them. */
export interface Fault {
  title: string;
  perform(stage: Stage): Promise<void>;
  /** Processors that it needs to end in time; with fewer it is skipped unless it is asked for by its title. */
  cpus?: number;
}

/** What a cancelled CI job leaves before it is killed: SIGINT, SIGTERM 7.5 s later, SIGKILL 2.5 s after that. */
const cancelled = 10_000;

/** Signals that come within 100 ms are one keypress, passed on by every process of the group. */
const anotherKeypress = () => after(200);

const creation = (moment: string) => new RegExp(`^ {3}${moment}`, 'm');

/** A signal while a cluster is created: all of it goes, in time. */
function interruptedCreation(signal: InterruptSignal, moment: string): Fault {
  return {
    title: `${signal} while the cluster is created: ${moment}`,
    async perform(stage) {
      const up = stage.start(['up', '--name=faults', `--image=${stage.image}`]);
      await up.says(creation(moment));
      up.send(signal);
      const texts = [new RegExp(`${signal}: stopping`), /✓ Deleting the cluster lpv-faults/, /interrupted by/];
      await up.endsWith('interrupted', texts, cancelled);
    },
  };
}

/** The harness is killed: it can undo nothing itself. What it left is told, its name is not given away, and it goes. */
/** The line of a spec that has passed, whichever comes first: their order is shuffled. */
const aSpec = /✓ (SEED|LV)-/;

function killed(title: string, args: readonly string[], moment: (stage: Stage) => RegExp | Promise<void>): Fault {
  return {
    title,
    async perform(stage) {
      const victim = stage.start([...args, `--image=${stage.image}`]);
      const when = moment(stage);
      await (when instanceof RegExp ? victim.says(when) : when);
      victim.send('SIGKILL');
      await victim.ended();
      await stage.start(['clusters']).endsWith('conforms', [/dead +process \d+ is gone/, /lpv clean removes it/]);
      await stage.start(['doctor']).endsWith('conforms', [/killed runs left lpv-/]);
      if (args.includes('--name=faults')) {
        const again = stage.start(['up', '--name=faults', `--image=${stage.image}`]);
        await again.endsWith('environment', [/has a cluster of that name: process \d+ is gone/, /lpv clean/]);
      }
      await stage.start(['clean']).endsWith('conforms', [/✓ Deleting the cluster lpv-/]);
      await stage.start(['clusters']).endsWith('conforms', [/no clusters of this project/]);
    },
  };
}

export const faults: readonly Fault[] = [
  {
    title: 'a cluster of that name that is not ours',
    async perform(stage) {
      const name = 'lpv-faults-control-plane';
      const id = await stage.make(
        ['run', '-d', '--name', name, '--label', kindLabel('lpv-faults'), '--entrypoint', 'sleep', stage.image, '999'],
        ['rm', '--force', '--volumes', name],
      );
      const refused = stage.start(['up', '--name=faults', `--image=${stage.image}`]);
      await refused.endsWith('environment', [/containers of a cluster of that name: lpv-faults-control-plane/]);
      const unknown = [/touches only clusters that it has a record of/];
      await stage.start(['down', 'faults']).endsWith('badUsage', unknown);
      await stage.start(['run', '--use=faults']).endsWith('badUsage', unknown);
      await stage.start(['down', '--all']).endsWith('conforms', [/nothing to remove/]);
      await stage.start(['clean']).endsWith('conforms', [/nothing to remove/]);
      const { stdout } = await stage.engine.run(['inspect', '--format', '{{.Id}} {{.State.Running}}', name]);
      expect(stdout.trim()).to.equal(`${id} true`);
    },
  },
  {
    title: 'a network of that name that is not ours',
    async perform(stage) {
      const id = await stage.make(['network', 'create', 'lpv-faults'], ['network', 'rm', 'lpv-faults']);
      const refused = stage.start(['up', '--name=faults', `--image=${stage.image}`]);
      await refused.endsWith('environment', [/a network of the name lpv-faults/, /docker network rm lpv-faults/]);
      const { stdout } = await stage.engine.run(['network', 'inspect', '--format', '{{.Id}}', 'lpv-faults']);
      expect(stdout.trim()).to.equal(id);
    },
  },
  {
    title: 'a node image that cannot be had',
    async perform(stage) {
      const run = stage.start(['run', '--keep=always', '--image=127.0.0.1:1/no/such:1']);
      await run.endsWith('environment', [/✗ Getting the node image/, /registry cannot be reached/, /--image built/]);
    },
  },
  {
    title: 'no daemon behind DOCKER_HOST: none is started in its place',
    async perform(stage) {
      const env = { DOCKER_HOST: `unix://${join(stage.folder, 'none.sock')}` };
      await stage.start(['run'], { env }).endsWith('environment', [/its daemon does not answer/, /DOCKER_HOST/]);
    },
  },
  {
    title: 'a daemon that takes connections and is silent',
    async perform(stage) {
      await using mute = await engineProxy(join(stage.folder, 'mute.sock'), stage.socket);
      mute.mute();
      const run = stage.start(['run'], { env: { DOCKER_HOST: mute.address } });
      await run.endsWith('environment', [/docker info did not end within 10 s/, /restart it/], 20_000);
    },
  },
  {
    title: 'privileged containers are refused',
    async perform(stage) {
      const programs = await stage.program(
        'docker',
        `#!/bin/sh
if [ "$1" = run ]; then echo 'docker: Error response from daemon: privileged mode is not allowed' >&2; exit 125; fi
PATH="\${PATH#*:}" exec docker "$@"
`,
      );
      const up = stage.start(['up', '--name=faults', `--image=${stage.image}`], { programs });
      const texts = [
        /starting a privileged container/,
        /privileged mode is not allowed/,
        /kubelet in them mounts disks/,
      ];
      await up.endsWith('environment', texts);
    },
  },
  {
    title: 'SIGINT while the engine creates the first node',
    async perform(stage) {
      const created = stage.containerCreated('lpv-faults');
      const up = stage.start(['up', '--name=faults', `--image=${stage.image}`]);
      await created;
      up.send('SIGINT');
      await up.endsWith('interrupted', [/✓ Deleting the cluster lpv-faults/], cancelled);
    },
  },
  interruptedCreation('SIGINT', 'Starting control-plane'),
  interruptedCreation('SIGTERM', 'Joining worker nodes'),
  interruptedCreation('SIGHUP', 'Preparing nodes'),
  {
    title: 'SIGINT, SIGTERM and SIGINT again while cleaning up hangs: stops at once, and says how to clean',
    async perform(stage) {
      await using proxy = await engineProxy(join(stage.folder, 'slow.sock'), stage.socket);
      const up = stage.start(['up', '--name=faults', `--image=${stage.image}`], {
        env: { DOCKER_HOST: proxy.address },
      });
      await up.says(creation('Starting control-plane'));
      proxy.mute();
      up.send('SIGINT');
      await up.says(/Deleting the cluster/);
      await anotherKeypress();
      up.send('SIGTERM');
      await up.says(/still cleaning up/);
      await anotherKeypress();
      up.send('SIGINT');
      await up.endsWith('interrupted', [/to remove what is left: .*lpv clean/], 1_000);
      await stage.start(['clean']).endsWith('conforms', [/✓ Deleting the cluster lpv-faults/]);
    },
  },
  {
    title: 'SIGINT during the specs',
    async perform(stage) {
      const run = stage.start(['run', `--image=${stage.image}`]);
      await run.says(aSpec);
      run.send('SIGINT');
      const texts = [/skipped: interrupted by SIGINT/, /✓ Deleting the cluster/, /interrupted by SIGINT/];
      await run.endsWith('interrupted', texts, cancelled);
    },
  },
  killed('SIGKILL while the engine creates the first node', ['up', '--name=faults'], (stage) =>
    stage.containerCreated('lpv-faults'),
  ),
  killed('SIGKILL while the cluster is created', ['up', '--name=faults'], () => creation('Starting control-plane')),
  killed('SIGKILL during the specs', ['run'], () => aSpec),
  {
    title: 'the engine dies while the cluster is created',
    async perform(stage) {
      await using proxy = await engineProxy(join(stage.folder, 'engine.sock'), stage.socket);
      const up = stage.start(['up', '--name=faults', `--image=${stage.image}`], {
        env: { DOCKER_HOST: proxy.address },
      });
      await up.says(creation('Starting control-plane'));
      await proxy.cut();
      await up.endsWith('environment', [/✗ Creating the cluster/, /✗ Deleting the cluster/, /lpv down faults/], 60_000);
      await stage.start(['down', 'faults']).endsWith('conforms', [/✓ Deleting the cluster lpv-faults/]);
    },
  },
  {
    title: 'a cluster that stays: a disk that is not mounted, a lost kubeconfig, an interrupted run; then down',
    async perform(stage) {
      const use = ['run', '--use=faults', '--grep=SEED-1'];
      await stage.start(['up', '--name=faults', `--image=${stage.image}`]).endsWith('conforms', [/down faults/]);
      const again = stage.start(['up', '--name=faults', `--image=${stage.image}`]);
      await again.endsWith('environment', [/has a cluster of that name: it was kept on purpose/, /lpv down faults/]);
      await stage.start(['clean']).endsWith('conforms', [/nothing to remove/]);
      const interrupted = stage.start(['run', '--use=faults', '--chapter=scenario']);
      await interrupted.says(aSpec);
      interrupted.send('SIGINT');
      await interrupted.endsWith('interrupted', [], cancelled);
      await stage.start(use).endsWith('conforms', [/1 passed, 0 failed, 0 skipped/]);
      await stage.engine.run(['exec', 'lpv-faults-worker', 'umount', '/mnt/disks/volA']);
      await stage.start(use).endsWith('environment', [/✗ Verifying the disks/, /\/mnt\/disks\/volA/]);
      await rm(join(stage.work, 'reports'), { recursive: true });
      await stage.start(use).endsWith('environment', [/kubeconfig/]);
      await stage.start(['down', 'faults']).endsWith('conforms', [/✓ Deleting the cluster lpv-faults/]);
    },
  },
  {
    title: 'two runs at once',
    cpus: 4,
    async perform(stage) {
      const runs = [1, 2].map(() => stage.start(['run', '--grep=SEED-1', `--image=${stage.image}`]));
      await Promise.all(runs.map((run) => run.endsWith('conforms', [/1 passed, 0 failed, 0 skipped/], 600_000)));
    },
  },
];
