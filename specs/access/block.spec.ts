import { createHash, randomBytes } from 'node:crypto';
import {
  expect,
  leaseVolume,
  mountPointsWith,
  type PodHandle,
  provesCase,
  readChapter,
  runInPod,
  SpecNamespace,
} from '../harness/index.ts';

const chapter = readChapter('access');

/** Bytes of a block that specs write, and bytes of the devices. */
const [block, size] = [4096, 4 * 2 ** 20];

/** Returns new text that fills a block. */
function blockOfText(): string {
  return randomBytes(block / 2).toString('hex');
}

/** Writes a block of text to the pod's device, at that block, and waits until it is on the device. */
async function writeBlock(pod: PodHandle, seek: number, text: string): Promise<void> {
  const script = 'printf %s "$1" | dd of=/dev/data bs="$2" seek="$3" count=1 iflag=fullblock conv=notrunc,fsync';
  await runInPod(pod, ['sh', '-c', script, 'sh', text, String(block), String(seek)]);
}

/** Returns that block of the pod's device as text. */
function readBlock(pod: PodHandle, skip: number): Promise<string> {
  return runInPod(pod, ['dd', 'if=/dev/data', `bs=${block}`, `skip=${skip}`, 'count=1'], { repeatable: true });
}

/** Creates two pods that have a volume as their device, and waits until both run on its node. */
async function twoPods(
  namespace: SpecNamespace,
  lease: Parameters<SpecNamespace['boundVolume']>[1],
): Promise<[PodHandle, PodHandle]> {
  await namespace.storageClass();
  const { claim } = await namespace.boundVolume('data', lease);
  const pods: [PodHandle, PodHandle] = [
    await namespace.pod('one', { claims: [claim], as: 'devices' }),
    await namespace.pod('two', { claims: [claim], as: 'devices' }),
  ];
  for (const pod of pods) await expect(pod).to.runOn(lease.node);
  return pods;
}

describe(chapter.chapter, () => {
  provesCase(chapter, 'LV-ACCESS-BLOCK-02', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type, { bytes: size });
    await using namespace = await SpecNamespace.open();
    const [one, two] = await twoPods(namespace, lease);
    for (const [place, writer, reader] of [
      [0, one, two],
      [1, two, one],
    ] as const) {
      const text = blockOfText();
      await writeBlock(writer, place, text);
      expect(await readBlock(reader, place), `written by ${writer}, read by ${reader}`).to.equal(text);
    }
  });

  provesCase(chapter, 'LV-ACCESS-BLOCK-03', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type, { bytes: size });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const writer = await namespace.pod('writer', { claims: [claim], as: 'devices' });
    await expect(writer).to.runOn(nodeName);
    const text = blockOfText();
    await writeBlock(writer, 7, text);
    const { uid } = writer.now.metadata;
    await namespace.remove(writer);
    expect(await mountPointsWith(nodeName, uid), 'what is left of the first pod').to.deep.equal([]);

    const reader = await namespace.pod('reader', { claims: [claim], as: 'devices' });
    await expect(reader).to.runOn(nodeName);
    expect(await readBlock(reader, 7)).to.equal(text);
  });

  provesCase(chapter, 'LV-ACCESS-BLOCK-10', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type, { bytes: size });
    await using namespace = await SpecNamespace.open();
    const [one, two] = await twoPods(namespace, lease);

    const [firstHalf, secondHalf] = await Promise.all([fillHalf(one, 0), fillHalf(two, 1)]);
    expect(await sumOfHalf(two, 0), 'the first half, seen by the second pod').to.equal(firstHalf);
    expect(await sumOfHalf(one, 1), 'the second half, seen by the first pod').to.equal(secondHalf);
    await namespace.remove(one);
    const second = await fillHalf(two, 1);
    expect([await sumOfHalf(two, 0), await sumOfHalf(two, 1)]).to.deep.equal([firstHalf, second]);
  });
});

/** Bytes of each of the two halves that two pods write to in case 10. */
const half = 2 ** 16;

/** Fills one of the two halves with a repeated word; returns the SHA-256 of what it wrote. */
async function fillHalf(pod: PodHandle, index: 0 | 1, word = blockOfText().slice(0, 63)): Promise<string> {
  const script =
    'yes "$1" | head -c "$2" | dd of=/dev/data bs="$2" seek="$3" count=1 iflag=fullblock conv=notrunc,fsync';
  await runInPod(pod, ['sh', '-c', script, 'sh', word, String(half), String(index)]);
  return createHash('sha256')
    .update(`${word}\n`.repeat(half / 64))
    .digest('hex');
}

/** Returns the SHA-256 of a half, as the pod reads it. */
async function sumOfHalf(pod: PodHandle, index: 0 | 1): Promise<string> {
  const script = 'dd if=/dev/data bs="$1" skip="$2" count=1 iflag=fullblock | sha256sum';
  const sum = await runInPod(pod, ['sh', '-c', script, 'sh', String(half), String(index)], { repeatable: true });
  return sum.split(' ')[0] ?? '';
}
