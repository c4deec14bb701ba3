import { element, label, type Markup, points } from '../../../clusters/text/markup.ts';
import { wrap } from '../../../clusters/text/wrap.ts';
import type { MountGraph, MountPlace } from '../../../specs/trace/mount-graph.ts';
import { detailOf, shortened } from '../mounts-text.ts';
import { columnsIn } from './style.ts';
import { across, type Drawn } from './time-line.ts';

const indent = 26;
const lineHeight = 16;

/** Returns a volume's way from the disk to its containers, as a tree. */
export function drawMounts(graph: MountGraph): Drawn {
  const { volume, node, mode, roots, missing } = graph;
  const title = `${mode === 'Block' ? 'device' : 'mounts'} of ${volume}${node === null ? '' : ` on ${node}`}`;
  const tree = new Tree(34);
  for (const root of roots) tree.add(root, 0, undefined);
  for (const text of missing) tree.miss(text);
  const height = tree.y + 8;
  const { margin, width } = across;
  const box = element('rect', {
    x: margin - 8,
    y: 0,
    width: width - 2 * margin + 16,
    height,
    rx: 12,
    class: 'trace-band',
  });
  return { height, markup: [box, ...tree.ways, label(margin + 8, 21, title, 'trace-phase'), ...tree.marks] };
}

class Tree {
  readonly ways: Markup[] = [];
  readonly marks: Markup[] = [];
  y: number;

  constructor(top: number) {
    this.y = top;
  }

  add(place: MountPlace, depth: number, parent: { x: number; y: number } | undefined): void {
    const x = across.margin + 16 + depth * indent;
    const y = this.y + 10;
    const textX = x + 16;
    const room = across.width - across.margin - textX;
    const lane = {
      file: 'api',
      device: 'controller',
      lock: 'controller',
      link: 'populator',
      mount: 'reconciler',
      container: 'runtime',
    }[place.kind];
    if (parent) {
      const d = points('M', parent.x, parent.y, 'V', y - 10, 'Q', parent.x, y, parent.x + 10, y, 'H', x);
      this.ways.push(element('path', { class: 'trace-rail', d }));
    }
    const full = element('title', {}, [place.title, place.path, detailOf(place)].join('\n'));
    const lines: Markup[] = [label(textX, y + 4, place.title, 'trace-text')];
    const more = (text: string, className: string, size: number, monospace: boolean): void => {
      for (const line of wrap(text, columnsIn(room, size, monospace)))
        lines.push(label(textX, y + 4 + lines.length * lineHeight, line, className));
    };
    more(shortened(place.path), 'trace-path', 11.5, true);
    const detail = detailOf(place);
    if (detail !== '') more(detail, 'trace-source', 11, false);
    if (place.wrong !== undefined) more(place.wrong, 'trace-text trace-bad', 13, false);
    const dot = element('circle', { cx: x, cy: y, r: 6, class: 'trace-dot' });
    this.marks.push(element('g', { class: `trace-place trace-${lane}` }, full, dot, ...lines));
    this.y = y + lines.length * lineHeight + 4;
    for (const child of place.children) this.add(child, depth + 1, { x, y });
  }

  miss(text: string): void {
    const x = across.margin + 16;
    const lines = wrap(text, columnsIn(across.width - 2 * across.margin - 40, 12));
    this.marks.push(
      element(
        'g',
        { class: 'trace-scheduler' },
        element('circle', { cx: x, cy: this.y + 10, r: 5, class: 'trace-hollow' }),
        ...lines.map((line, index) => label(x + 16, this.y + 14 + index * lineHeight, line, 'trace-dim')),
      ),
    );
    this.y += lines.length * lineHeight + 8;
  }
}
