import { expect } from 'chai';
import type { CommandRequest, CommandResult } from '../host/command/commander.ts';
import { silent } from '../text/progress.ts';
import { type Node, usualPlaces } from './node.ts';
import type { VolumeOrder } from './volume-makers.ts';
import { volumeTypes } from './volume-types.ts';

/** A node that gives each command a fixed answer, and records the commands. */
function answering(answer: (words: string) => string): { node: Node; said: string[] } {
  const said: string[] = [];
  const attempt = async (request: CommandRequest): Promise<CommandResult> => {
    // sh -c SCRIPT NAME ARGUMENTS…
    const words = request.argv.slice(3).join(' ');
    said.push(words);
    return { argv: request.argv, status: 0, stdout: answer(words), stderr: '' } as unknown as CommandResult;
  };
  return { node: { name: 'node2', place: 'node2', places: usualPlaces, attempt } as Node, said };
}

const order: VolumeOrder = { run: 'k3x9qd', name: 'new', bytes: 2 ** 24, progress: silent };
const mounts = '20 1 0:39 / / rw - overlay overlay rw\n21 20 254:0 /var-volume /var rw - ext4 /dev/vda rw\n';

describe('volume types', () => {
  it('name the link where the directory is behind one, and its place in the file system', async () => {
    const { node, said } = answering((words) =>
      words.startsWith('describe-path.sh') ? `/mnt/disks/new\n${mounts}` : '',
    );
    const made = await volumeTypes.DIRLINKBIND.make(node, order);
    expect(made).to.include({ path: '/mnt/disks/new-link', root: '/mnt/disks/new', deviceNumber: '0:39' });
    expect(said[0]).to.match(/^make-directory.sh \/mnt\/disks\/new bound \/mnt\/disks\/new-link$/);
    await made.remove();
    expect(said.at(-1)).to.match(/^remove-directory.sh \/mnt\/disks\/new \/mnt\/disks\/new-link$/);
  });

  it('take away what cannot be read back', async () => {
    const { node, said } = answering((words) =>
      words.startsWith('describe-path.sh') ? '/mnt/disks/new\nnonsense\n' : '',
    );
    const error = await volumeTypes.DIR.make(node, order).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(SyntaxError);
    expect(said.at(-1)).to.match(/^remove-directory.sh \/mnt\/disks\/new$/);
  });

  it('show a raw device as the device, or as the file system that kubelet makes of it', async () => {
    const { node } = answering(() => '/dev/loop7 7:7 32768 1\n');
    expect(await volumeTypes.BLOCK.make(node, order)).to.include({ path: '/dev/loop7', root: null, fileSystem: null });
    expect(await volumeTypes.FORMAT.make(node, order)).to.include({
      path: '/dev/loop7',
      root: '/',
      deviceNumber: '7:7',
    });
  });
});
