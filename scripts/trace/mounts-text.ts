import { columnsOf, printable, wrap } from '../../clusters/text/wrap.ts';
import type { MountGraph, MountPlace } from '../../specs/trace/mount-graph.ts';
import type { Colors } from './time-line-text.ts';

/** Returns how a volume reaches its containers, as a tree from the disk on. No line is wider than `width`. */
export function mountsText(graph: MountGraph, { colors, width = 100 }: { colors: Colors; width?: number }): string {
  const { volume, node, mode, roots, missing } = graph;
  const where = node === null ? '' : colors.dim(` on ${node}`);
  const lines = [` ${colors.bold(`${mode === 'Block' ? 'device' : 'mounts'} of ${printable(volume)}`)}${where}`];
  for (const root of roots) lines.push(...placeLines(root, ' ', '', colors, width));
  for (const text of missing) lines.push(...wrap(text, width, { lead: ` ${colors.yellow('○')} ` }));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function placeLines(place: MountPlace, margin: string, branch: string, colors: Colors, width: number): string[] {
  const below = branch === '' ? margin : margin + (branch.startsWith('└') ? '   ' : '│  ');
  const rail = place.children.length > 0 ? '│  ' : '   ';
  const room = width - below.length - rail.length;
  const mark =
    place.kind === 'container' ? colors.red('●') : place.kind === 'file' ? colors.cyan('●') : colors.green('●');
  const first = `${margin}${colors.dim(branch)}${mark} ${place.title}`;
  const beside = `  ${printable(shortened(place.path))}`;
  const fits = columnsOf(margin + branch) + 2 + columnsOf(place.title + beside) <= width;
  const detail = detailOf(place);
  const lines = [fits ? `${first}${colors.bold(beside)}` : first];
  const more = (text: string, paint: (text: string) => string): void => {
    for (const line of wrap(text, room)) lines.push(`${below}${colors.dim(rail)}${paint(line)}`);
  };
  if (!fits) more(shortened(place.path), colors.bold);
  if (detail !== '') more(detail, colors.dim);
  if (place.wrong !== undefined) more(`✗ ${place.wrong}`, colors.red);
  for (const [index, child] of place.children.entries()) {
    const last = index === place.children.length - 1;
    lines.push(...placeLines(child, below, last ? '└─ ' : '├─ ', colors, width));
  }
  return lines;
}

/** Device number, root, file system, options and propagation of a place, as mountinfo has them. */
export function detailOf({ device, root, fileSystem, options, propagation }: MountPlace): string {
  return [device, root === undefined ? undefined : `root ${root}`, fileSystem, options?.join(','), propagation]
    .filter((part) => part !== undefined)
    .join(' · ');
}

/** Returns a path with the middle of kubelet's uids left out. */
export function shortened(path: string): string {
  return path.replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '$1…');
}
