/**
 * Breaks the harness on this machine, with the real engine and real clusters, one fault after the other; after each
 * the machine must be as it was before. Nothing else should create clusters or containers meanwhile.
 *
 *   npm run test:faults -- --grep 'during the specs'     only the faults whose title matches
 */
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'chai';
import { kindLabel } from '../../../clusters/cluster.ts';
import type { InterruptSignal } from '../../run/signals.ts';
import { engineProxy } from './engine-proxy.ts';
import { slowness } from './harness-process.ts';
import { inSandbox, type Sandbox } from './sandbox.ts';

/** What a cancelled CI job leaves before it is killed: SIGINT, SIGTERM 7.5 s later, SIGKILL 2.5 s after that. */
const cancelled = 10_000;

/** Signals that come within 100 ms are one keypress, passed on by every process of the group. */
const anotherKeypress = () => after(200);

const creation = (moment: string) => new RegExp(`^ {3}${moment}`, 'm');

/** The line of the first spec that has passed: their order is shuffled. */
const aSpec = /✓ (SEED|LV)-/;

/** A storm that goes on for a minute; kwok plays some of its nodes. */
const aStorm = ['storm', '--nodes=20', '--claims=300', '--rate=5'];
/** Its line in the midst of claims that arrive, are bound, and wait. */
const inTheStorm = /\d+ of 300 pods are scheduled/;

/** Returns a fault: a signal while a cluster is created. All of the cluster goes, in time. */
function interruptedCreation(signal: InterruptSignal, moment: string) {
  return async (sandbox: Sandbox) => {
    const up = sandbox.start(['up', '--name=faults', `--image=${sandbox.image}`]);
    await up.says(creation(moment));
    up.send(signal);
    const texts = [new RegExp(`${signal}: stopping`), /✓ Deleting the cluster lpv-faults/, /interrupted by/];
    await up.endsWith('interrupted', texts, cancelled);
  };
}

/**
 * Returns a fault: the harness is killed, so that it can undo nothing itself. `lpv clusters` and `lpv doctor` show what
 * it left, the name of its cluster is not given away, and `lpv clean` removes it.
 */
function killed(args: readonly string[], moment: (sandbox: Sandbox) => RegExp | Promise<void>) {
  return async (sandbox: Sandbox) => {
    const victim = sandbox.start([...args, `--image=${sandbox.image}`]);
    const when = moment(sandbox);
    await (when instanceof RegExp ? victim.says(when) : when);
    victim.send('SIGKILL');
    await victim.ended();
    await sandbox.start(['clusters']).endsWith('conforms', [/dead +process \d+ is gone/, /lpv -- clean removes it/]);
    await sandbox.start(['doctor']).endsWith('conforms', [/killed runs left lpv-/]);
    if (args.includes('--name=faults')) {
      const again = sandbox.start(['up', '--name=faults', `--image=${sandbox.image}`]);
      await again.endsWith('environment', [/has a cluster of that name: process \d+ is gone/, /lpv -- clean/]);
    }
    await sandbox.start(['clean']).endsWith('conforms', [/✓ Deleting the cluster lpv-/]);
    await sandbox.start(['clusters']).endsWith('conforms', [/no clusters of this project/]);
  };
}

describe('the harness, broken', function () {
  this.timeout(slowness * 1_200_000);
  const fault = inSandbox();

  fault('a cluster of that name that is not ours', async (sandbox) => {
    const name = 'lpv-faults-control-plane';
    const id = await sandbox.make(
      ['run', '-d', '--name', name, '--label', kindLabel('lpv-faults'), '--entrypoint', 'sleep', sandbox.image, '999'],
      ['rm', '--force', '--volumes', name],
    );
    const refused = sandbox.start(['up', '--name=faults', `--image=${sandbox.image}`]);
    await refused.endsWith('environment', [/containers of a cluster of that name: lpv-faults-control-plane/]);
    const unknown = [/touches only clusters that it has a record of/];
    await sandbox.start(['down', 'faults']).endsWith('badUsage', unknown);
    await sandbox.start(['run', '--use=faults']).endsWith('badUsage', unknown);
    await sandbox.start(['down', '--all']).endsWith('conforms', [/nothing to remove/]);
    await sandbox.start(['clean']).endsWith('conforms', [/nothing to remove/]);
    const { stdout } = await sandbox.engine.run(['inspect', '--format', '{{.Id}} {{.State.Running}}', name]);
    expect(stdout.trim()).to.equal(`${id} true`);
  });

  fault('a network of that name that is not ours', async (sandbox) => {
    const id = await sandbox.make(['network', 'create', 'lpv-faults'], ['network', 'rm', 'lpv-faults']);
    const refused = sandbox.start(['up', '--name=faults', `--image=${sandbox.image}`]);
    await refused.endsWith('environment', [/a network of the name lpv-faults/, /docker network rm lpv-faults/]);
    const { stdout } = await sandbox.engine.run(['network', 'inspect', '--format', '{{.Id}}', 'lpv-faults']);
    expect(stdout.trim()).to.equal(id);
  });

  for (const verb of [['image'], ['up', '--name=faults'], ['run', '--grep=SEED-1']]) {
    fault(`lpv ${verb[0]} on a full disk: its record cannot be written`, async (sandbox) => {
      // Room for the folders and the first record; none for the next one, which is written beside it.
      const directory = await sandbox.smallDisk(8 * 1024);
      const full = sandbox.start([...verb, `--image=${sandbox.image}`], { directory });
      await full.endsWith('environment', [/ENOSPC|no space left/]);
      expect(full.output).to.not.match(/✓ (done|conforms)/);
    });
  }

  fault('a node image that does not exist', async (sandbox) => {
    const run = sandbox.start(['run', '--keep=always', '--image=127.0.0.1:1/no/such:1']);
    await run.endsWith('environment', [/✗ Getting the node image/, /registry cannot be reached/, /--image built/]);
  });

  fault('no daemon behind DOCKER_HOST: none is started in its place', async (sandbox) => {
    const env = { DOCKER_HOST: `unix://${join(sandbox.folder, 'none.sock')}` };
    await sandbox.start(['run'], { env }).endsWith('environment', [/its daemon does not answer/, /DOCKER_HOST/]);
  });

  fault('a daemon that takes connections and is silent', async (sandbox) => {
    await using mute = await engineProxy(join(sandbox.folder, 'mute.sock'), sandbox.socket);
    mute.mute();
    const run = sandbox.start(['run'], { env: { DOCKER_HOST: mute.address } });
    await run.endsWith('environment', [/docker info did not end within 10 s/, /restart it/], 30_000);
  });

  fault('privileged containers are refused', async (sandbox) => {
    const programs = await sandbox.program(
      'docker',
      `#!/bin/sh
if [ "$1" = run ]; then echo 'docker: Error response from daemon: privileged mode is not allowed' >&2; exit 125; fi
PATH="\${PATH#*:}" exec docker "$@"
`,
    );
    const up = sandbox.start(['up', '--name=faults', `--image=${sandbox.image}`], { programs });
    const texts = [/starting a privileged container/, /privileged mode is not allowed/, /kubelet in them mounts disks/];
    await up.endsWith('environment', texts);
  });

  fault('SIGINT while the engine creates the first node', async (sandbox) => {
    const created = sandbox.containerCreated('lpv-faults');
    const up = sandbox.start(['up', '--name=faults', `--image=${sandbox.image}`]);
    await created;
    up.send('SIGINT');
    await up.endsWith('interrupted', [/✓ Deleting the cluster lpv-faults/], cancelled);
  });

  for (const [signal, moment] of [
    ['SIGINT', 'Starting control-plane'],
    ['SIGTERM', 'Joining worker nodes'],
    ['SIGHUP', 'Preparing nodes'],
  ] as const) {
    fault(`${signal} while the cluster is created: ${moment}`, interruptedCreation(signal, moment));
  }

  fault(
    'SIGINT, SIGTERM and SIGINT again while cleaning up hangs: stops at once, and says how to clean',
    async (sandbox) => {
      await using proxy = await engineProxy(join(sandbox.folder, 'slow.sock'), sandbox.socket);
      const up = sandbox.start(['up', '--name=faults', `--image=${sandbox.image}`], {
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
      await up.endsWith('interrupted', [/to remove what is left: .*lpv -- clean/], 1_000);
      await sandbox.start(['clean']).endsWith('conforms', [/✓ Deleting the cluster lpv-faults/]);
    },
  );

  fault('SIGINT during the specs', async (sandbox) => {
    const run = sandbox.start(['run', `--image=${sandbox.image}`]);
    await run.says(aSpec);
    run.send('SIGINT');
    const texts = [/skipped: interrupted by SIGINT/, /✓ Deleting the cluster/, /interrupted by SIGINT/];
    await run.endsWith('interrupted', texts, cancelled);
  });

  fault(
    'SIGKILL while the engine creates the first node',
    killed(['up', '--name=faults'], (sandbox) => sandbox.containerCreated('lpv-faults')),
  );
  fault(
    'SIGKILL while the cluster is created',
    killed(['up', '--name=faults'], () => creation('Starting control-plane')),
  );
  fault(
    'SIGKILL while a pod has a block device: its loop devices go, and the lock that kubelet has on them',
    (sandbox) => killed(['run', '--chapter=block'], () => /✓ LV-BLOCK-/)(sandbox),
  );
  fault('SIGINT while a pod has a block device', async (sandbox) => {
    const run = sandbox.start(['run', '--chapter=block', `--image=${sandbox.image}`]);
    await run.says(/✓ LV-BLOCK-/);
    run.send('SIGINT');
    await run.endsWith('interrupted', [/✓ Deleting the cluster/], cancelled);
  });
  for (const moment of ['root file system', 'assembling the node image'])
    fault(`SIGKILL while the node image is built: ${moment}`, async (sandbox) => {
      const build = sandbox.start(['image', '--rebuild']);
      await build.says(new RegExp(moment));
      build.send('SIGKILL');
      await build.ended();
      await sandbox.start(['clean']).endsWith('conforms');
    });
  fault(
    'SIGKILL during the specs',
    killed(['run'], () => aSpec),
  );
  fault('SIGINT during a storm: its cluster goes, and kwok', async (sandbox) => {
    const storm = sandbox.start([...aStorm, `--image=${sandbox.image}`]);
    await storm.says(inTheStorm);
    storm.send('SIGINT');
    const texts = [/✓ Ending kwok/, /✓ Deleting the cluster/, /interrupted by SIGINT/];
    await storm.endsWith('interrupted', texts, cancelled);
  });
  fault(
    'SIGKILL during a storm: kwok ends with it',
    killed(aStorm, () => inTheStorm),
  );
  fault('the engine dies while the cluster is created', async (sandbox) => {
    await using proxy = await engineProxy(join(sandbox.folder, 'engine.sock'), sandbox.socket);
    const up = sandbox.start(['up', '--name=faults', `--image=${sandbox.image}`], {
      env: { DOCKER_HOST: proxy.address },
    });
    await up.says(creation('Starting control-plane'));
    await proxy.cut();
    await up.endsWith(
      'environment',
      [/✗ Creating the cluster/, /✗ Deleting the cluster/, /lpv -- down faults/],
      60_000,
    );
    await sandbox.start(['down', 'faults']).endsWith('conforms', [/✓ Deleting the cluster lpv-faults/]);
  });

  fault('two runs at once', async (sandbox) => {
    const runs = [1, 2].map(() => sandbox.start(['run', '--grep=SEED-1', `--image=${sandbox.image}`]));
    await Promise.all(runs.map((run) => run.endsWith('conforms', [/1 passed, 0 failed, 0 skipped/], 600_000)));
  });
});
