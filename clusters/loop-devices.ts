import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { DomainError, messageOf } from './errors/domain-error.ts';
import { host } from './host/command/host.ts';
import type { Engine } from './host/engine/engine.ts';
import { pollUntil } from './host/poll-until.ts';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const scripts = { onNode: read('release-device-locks.sh'), onMachine: read('release-device-locks.pl') };

/**
 * Stops kubelet of each node, and detaches the loop devices with which it locks raw devices. For nodes that are about
 * to be removed. {@link awaitLoopDevicesReleased} handles nodes that do not answer.
 */
export async function releaseDeviceLocks(engine: Engine, containers: readonly string[]): Promise<void> {
  const release = (container: string) =>
    engine.attempt(['exec', container, 'sh', '-c', scripts.onNode], { deadline: 20_000 }).catch(() => undefined);
  await Promise.all(containers.map(release));
}

/** Milliseconds after which locks are looked for in a container: before, the kernel may just be about to release. */
const patience = 2_000;

/**
 * Waits until the kernel has released the loop devices of a run. It does so when the last mount namespace that has the
 * disk is gone. Detaches what kubelet of a removed node has attached to them: here where this user is root and perl is
 * on PATH, else in a privileged container. sysfs sends no events, so this polls.
 * @throws DomainError with the devices that are still attached after 5 s, or 15 s with the container
 */
export async function awaitLoopDevicesReleased(
  run: string,
  engine: Engine,
  isRoot = process.getuid?.() === 0,
): Promise<void> {
  const begun = performance.now();
  let inContainer: Promise<string> | undefined;
  const look = async () => {
    const held = await loopDevicesOf(run);
    if (held.length === 0) return { answer: true };
    const minors = held.flatMap(({ name }) => /\d+$/.exec(name)?.[0] ?? []);
    const argv = ['perl', '-e', scripts.onMachine, ...minors] as const;
    const here = isRoot ? await host.attempt({ argv, deadline: 10_000 }) : undefined;
    if (here?.status !== 0 && performance.now() - begun > patience)
      inContainer ??= detachInContainer(engine, `lpv-${run}-locks`, argv);
    const why = here?.status === 0 ? '' : ((await inContainer) ?? here?.stderr ?? '');
    return { notYet: [...held.map(({ name, file }) => `/dev/${name} ${file}`), why.trim()].filter(Boolean) };
  };
  const end = await pollUntil(look, { within: isRoot ? 5_000 : 15_000, every: 200 });
  if ('answer' in end) return;
  throw new DomainError({
    attempted: 'waiting until the loop devices of the run are released',
    seen: end.notYet.join('\n'),
    why: 'a loop device that outlives its cluster is a leak; another process has it open or mounted, or another loop device is attached to it',
    remedy: 'end that process (`lsof DEVICE`), then run as root: losetup --detach DEVICE; the other loop device first',
  });
}

/** Runs a program in a container of any node image that is here, with the devices of this machine; returns its error. */
async function detachInContainer(engine: Engine, name: string, argv: readonly [string, ...string[]]): Promise<string> {
  try {
    const { stdout } = await engine.run(['image', 'ls', '--format', '{{.ID}} {{.Repository}}']);
    const image = /^(\S+) \S*(?:kindest|local-pv-conformance)\/node$/m.exec(stdout)?.[1];
    if (image === undefined) return 'no node image is here to detach them in';
    const { status, stderr } = await engine.runPrivileged(image, name, argv);
    return status === 0 ? '' : stderr;
  } catch (error) {
    return messageOf(error);
  }
}

/** Returns the loop devices of this kernel with a backing file of a run: `loop3`, and the file. */
async function loopDevicesOf(run: string): Promise<{ name: string; file: string }[]> {
  const devices = (await readdir('/sys/block').catch(() => [])).filter((name) => /^loop\d+$/.test(name));
  const all = devices.map(async (name) => {
    const file = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '');
    return { name, file: file.trim() };
  });
  return (await Promise.all(all)).filter(({ file }) => file.includes(`/local-pv-conformance/${run}/`));
}
