import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { DomainError } from './errors/domain-error.ts';
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

/**
 * Waits until the kernel has released the loop devices of a run. It does so when the last mount namespace that has the
 * disk is gone. Detaches what kubelet of a removed node has attached to them. sysfs sends no events, so this polls.
 * @throws DomainError with the devices that are still attached after 5 s
 */
export async function awaitLoopDevicesReleased(run: string): Promise<void> {
  const look = async () => {
    const held = await loopDevicesOf(run);
    if (held.length === 0) return { answer: true };
    const minors = held.flatMap(({ name }) => /\d+$/.exec(name)?.[0] ?? []);
    const { status, stderr } = await host.attempt({
      argv: ['perl', '-e', scripts.onMachine, ...minors],
      deadline: 10_000,
    });
    const lines = held.map(({ name, file }) => `/dev/${name} ${file}`);
    return { notYet: status === 0 ? lines : [...lines, stderr.trim()] };
  };
  const end = await pollUntil(look, { within: 5_000, every: 200 });
  if ('answer' in end) return;
  throw new DomainError({
    attempted: 'waiting until the loop devices of the run are released',
    seen: end.notYet.join('\n'),
    why: 'a loop device that outlives its cluster is a leak; another process has it open or mounted',
    remedy: 'end that process (`lsof DEVICE`), then run as root: losetup --detach DEVICE',
  });
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
