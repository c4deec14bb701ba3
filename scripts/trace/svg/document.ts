import { element, label, type Markup, raw } from '../../../clusters/text/markup.ts';
import { printable, wrap } from '../../../clusters/text/wrap.ts';
import type { Trace, TracedVolume } from '../../../specs/trace/trace.ts';
import { drawMounts } from './mounts.ts';
import { columnsIn, traceStyle } from './style.ts';
import { across, type Drawn, drawTimeLine } from './time-line.ts';

/** Returns a trace as one SVG file: the time line, the mounts, and why the pod is stuck, if it is. It loads nothing. */
export function traceSvg(trace: Trace): string {
  return file(traceDrawing(trace, { style: true }));
}

/**
 * Returns a trace as an SVG element, for a file or for a page.
 * @param ids put before each id, so that a page can have several drawings
 * @param style whether the drawing brings its style; a page has `traceStyle` itself, once
 */
export function traceDrawing(trace: Trace, options: DrawingOptions = {}): Markup {
  const parts = [head(trace), drawTimeLine(trace), ...trace.mounts.map(drawMounts), ...foot(trace)];
  const description = `${trace.outcome.sentence}. ${trace.clocks.statement}.`;
  return drawing(trace.title, `How the pod gets its volume. The pod ${description}`, parts, options);
}

interface DrawingOptions {
  ids?: string;
  style?: boolean;
  /** Pixels. */
  width?: number;
}

/** Returns the text of an SVG file. */
export function file(svg: Markup): string {
  return `${svg}\n`;
}

/** Returns an SVG element with parts below each other. */
export function drawing(
  title: string,
  description: string,
  parts: readonly Drawn[],
  { ids = '', style = false, width = across.width }: DrawingOptions,
): Markup {
  let y = across.margin;
  const placed = parts.map(({ height, markup }) => {
    const group = element('g', { transform: `translate(0 ${Math.round(y)})` }, ...markup);
    y += height + 16;
    return group;
  });
  const height = Math.ceil(y);
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-labelledby': `${ids}title ${ids}description`,
      class: 'trace-drawing',
    },
    element('title', { id: `${ids}title` }, title),
    element('desc', { id: `${ids}description` }, description),
    style && raw(`<style>${traceStyle}</style>`),
    element('rect', { width, height, rx: 14, class: 'trace-ground' }),
    ...placed,
  );
}

function head({ title, kubernetes, volumes, outcome, clocks }: Trace): Drawn {
  const { margin, width } = across;
  const room = width - 2 * margin;
  const modes = [...new Set(volumes.map(({ binding }) => binding))].join(' and ');
  const state = {
    runs: 'trace-lead trace-good',
    stuck: 'trace-lead trace-bad',
    starting: 'trace-lead',
    ended: 'trace-lead',
  };
  const mark = { runs: '✓ ', stuck: '✗ ', starting: '', ended: '' }[outcome.state];
  const lines: [text: string, className: string, size: number][] = [
    [title, 'trace-title', 19],
    [`${mark}the pod ${outcome.sentence}`, state[outcome.state], 14],
    [`Kubernetes ${kubernetes ?? 'of unknown version'} · ${modes}`, 'trace-dim', 12],
    ...volumes.map((volume): [string, string, number] => [volumeText(volume), 'trace-dim', 12]),
    [clocks.statement, 'trace-dim', 12],
  ];
  return textBlock(lines, room);
}

function volumeText({ name, volume, claim, mode, path, ephemeral, readOnly }: TracedVolume): string {
  const kind = `${mode}${readOnly ? ', read-only' : ''}${ephemeral ? ', ephemeral' : ''}`;
  return `${name}: claim ${claim} → ${volume ?? 'no volume yet'} (${kind}${path === null ? '' : `, ${path}`})`;
}

function textBlock(lines: readonly [text: string, className: string, size: number][], room: number): Drawn {
  const markup: Markup[] = [];
  let y = 0;
  for (const [text, className, size] of lines) {
    for (const line of wrap(text, columnsIn(room, size))) {
      y += Math.round(size * 1.45);
      markup.push(label(across.margin, y, line, className));
    }
  }
  return { height: y + 4, markup };
}

function foot({ notes, outcome }: Trace): Drawn[] {
  const room = across.width - 2 * across.margin;
  const lineElements = textBlock(
    notes.map((note): [string, string, number] => [`– ${note}`, 'trace-dim', 12]),
    room,
  );
  const lines = outcome.diagnosis?.split('\n') ?? [];
  const why: Drawn = {
    height: lines.length * 16 + 30,
    markup: [
      label(across.margin, 16, 'Why', 'trace-phase'),
      // Spaces at the beginning of a line align it; SVG would fold them.
      ...lines.map((line, index) => label(across.margin, 38 + index * 16, spaced(line), 'trace-pre')),
    ],
  };
  return [...(notes.length > 0 ? [lineElements] : []), ...(lines.length > 0 ? [why] : [])];
}

function spaced(line: string): string {
  const lead = /^ */.exec(line)?.[0].length ?? 0;
  return '\u00a0'.repeat(lead) + printable(line.slice(lead)).replaceAll('  ', '\u00a0\u00a0');
}
