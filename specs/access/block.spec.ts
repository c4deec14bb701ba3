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

/** Bytes of a block that the specs below write, and of the devices that they write to. */
const [block, size] = [4096, 4 * 2 ** 20];

/** Returns new text that fills a block. */
function blockOfText(): string {
  return randomBytes(block / 2).toString('hex');
}

/** Writes a block of text to the pod's device, at that block, and has it on the device before it returns. */
async function writeBlock(pod: PodHandle, seek: number, text: string): Promise<void> {
  const script = 'printf %s "$1" | dd of=/dev/data bs="$2" seek="$3" count=1 iflag=fullblock conv=notrunc,fsync';
  await runInPod(pod, ['sh', '-c', script, 'sh', text, String(block), String(seek)]);
}

function readBlock(pod: PodHandle, skip: number): Promise<string> {
  return runInPod(pod, ['dd', 'if=/dev/data', `bs=${block}`, `skip=${skip}`, 'count=1'], { repeatable: true });
}

describe(chapter.chapter, () => {
  provesCase(chapter, 'LV-ACCESS-BLOCK-02', async (type, nodeName) => {
    await using lease = await leaseVolume(nodeName, type, { bytes: size });
    await using namespace = await SpecNamespace.open();
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const [one, two] = [
      await namespace.pod('one', { claims: [claim], as: 'devices' }),
      await namespace.pod('two', { claims: [claim], as: 'devices' }),
    ];
    await expect(one).to.runOn(nodeName);
    await expect(two).to.runOn(nodeName);
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
    await namespace.storageClass();
    const { claim } = await namespace.boundVolume('data', lease);
    const [one, two] = [
      await namespace.pod('one', { claims: [claim], as: 'devices' }),
      await namespace.pod('two', { claims: [claim], as: 'devices' }),
    ];
    await expect(one).to.runOn(nodeName);
    await expect(two).to.runOn(nodeName);

    const [firstHalf, secondHalf] = await Promise.all([fillHalf(one, 0), fillHalf(two, 1)]);
    expect(await sumOfHalf(two, 0), 'the first half, seen by the second pod').to.equal(firstHalf);
    expect(await sumOfHalf(one, 1), 'the second half, seen by the first pod').to.equal(secondHalf);
    await namespace.remove(one);
    const second = await fillHalf(two, 1);
    expect([await sumOfHalf(two, 0), await sumOfHalf(two, 1)]).to.deep.equal([firstHalf, second]);
  });
});

/** Bytes of half of the part of a device that two pods share in case 10. */
const half = 2 ** 16;

/** Fills one of two halves of a part of the device with a word over and over; returns the SHA-256 of what it wrote. */
async function fillHalf(pod: PodHandle, index: 0 | 1, word = blockOfText().slice(0, 63)): Promise<string> {
  const script =
    'yes "$1" | head -c "$2" | dd of=/dev/data bs="$2" seek="$3" count=1 iflag=fullblock conv=notrunc,fsync';
  await runInPod(pod, ['sh', '-c', script, 'sh', word, String(half), String(index)]);
  return createHash('sha256')
    .update(`${word}\n`.repeat(half / 64))
    .digest('hex');
}

/** Returns the SHA-256 of what the pod reads of one of those halves. */
async function sumOfHalf(pod: PodHandle, index: 0 | 1): Promise<string> {
  const script = 'dd if=/dev/data bs="$1" skip="$2" count=1 iflag=fullblock | sha256sum';
  const sum = await runInPod(pod, ['sh', '-c', script, 'sh', String(half), String(index)], { repeatable: true });
  return sum.split(' ')[0] ?? '';
}
