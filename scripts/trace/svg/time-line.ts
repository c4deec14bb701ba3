import { element, label, type Markup, points } from '../../../clusters/text/markup.ts';
import { wrap } from '../../../clusters/text/wrap.ts';
import { lanes, type Step, type Trace } from '../../../specs/trace/trace.ts';
import { againText, gapText, placeOf, type Row, rowsOf, sourceInFull, sourceText } from '../rows.ts';
import { columnsIn, drawnWidth } from './style.ts';

/** A part of a drawing, from y = 0 on. */
export interface Drawn {
  height: number;
  markup: Markup[];
}

/** The columns of a drawing, in pixels. */
export const across = { width: 860, margin: 20, timeEnd: 98, firstLane: 124, lane: 31, text: 318 } as const;

const right = across.width - across.margin;
const lineHeight = 17;

/** Returns the time line of a trace: lanes from top to bottom, a step a row, each with its record as a tooltip. */
export function drawTimeLine(trace: Trace): Drawn {
  const legend = drawLegend(trace);
  const page = new Page(legend.height);
  for (const row of rowsOf(trace)) page.add(row);
  page.end();
  return { height: page.y, markup: [...page.bands, ...page.rails, ...page.ways, ...legend.markup, ...page.marks] };
}

/** Draws the lanes' names, staggered, each with a line down to its lane. */
function drawLegend(trace: Trace): Drawn {
  const step = 19;
  const height = lanes.length * step + 8;
  const markup = lanes.map(({ id, title }, index) => {
    const y = index * step + 12;
    const x = laneAt(index);
    const place = placeOf(trace, id);
    const elbow = points('M', x, height, 'V', y + 2, 'Q', x, y - 4, x + 7, y - 4, 'H', x + 16);
    const where = place === undefined ? [] : [element('tspan', { class: 'trace-source', dx: 7 }, `on ${place}`)];
    const name = element('text', { x: x + 22, y, class: 'trace-name' }, title, ...where);
    return element('g', { class: `trace-${id}` }, element('path', { class: 'trace-way', d: elbow }), name);
  });
  return { height, markup };
}

function laneAt(index: number): number {
  return across.firstLane + index * across.lane;
}

/** Collects rows downwards. The background is kept apart, because SVG draws in the order of the text. */
class Page {
  readonly bands: Markup[] = [];
  readonly rails: Markup[] = [];
  readonly ways: Markup[] = [];
  readonly marks: Markup[] = [];
  y: number;
  #last: { x: number; y: number } | undefined;
  #band: number | undefined;
  #unreached = false;

  constructor(top: number) {
    this.y = top;
  }

  add(row: Row): void {
    switch (row.kind) {
      case 'axis':
        this.#endBand();
        this.#last = undefined;
        this.#rail(14);
        this.marks.push(label(across.text, this.y + 14, row.title, 'trace-dim'));
        this.#rail(24);
        return;
      case 'phase':
        if (row.attach) this.#attach(row.attach);
        else this.#phase(row.title);
        return;
      case 'gap':
        this.#gap(row);
        return;
      case 'step':
        this.#step(row);
    }
  }

  end(): void {
    this.#rail(6);
    this.#endBand();
  }

  #phase(title: string): void {
    this.#endBand();
    this.#rail(10);
    this.#band = this.y;
    this.marks.push(label(across.text, this.y + 20, title, 'trace-phase'));
    this.#rail(28);
  }

  #endBand(): void {
    if (this.#band === undefined) return;
    const { margin, width } = across;
    const box = { x: margin - 8, y: this.#band, width: width - 2 * margin + 16, height: this.y - this.#band, rx: 12 };
    this.bands.push(element('rect', { ...box, class: 'trace-band' }));
    this.#band = undefined;
  }

  #attach({ state, proofs }: Trace['attach']): void {
    this.#endBand();
    this.#rail(10);
    const top = this.y;
    const title = {
      empty: 'attach: empty, as it must be',
      'not empty': 'attach: NOT empty',
      'not known': 'attach: not known',
    }[state];
    const lines = proofs.flatMap((proof) => wrap(proof, columnsIn(right - across.text - 12, 12)));
    this.marks.push(
      label(across.text, top + 20, title, state === 'not empty' ? 'trace-phase trace-bad' : 'trace-phase'),
    );
    for (const [index, line] of lines.entries())
      this.marks.push(label(across.text, top + 38 + index * lineHeight, line, 'trace-dim'));
    const height = 30 + lines.length * lineHeight + 4;
    const { margin, width } = across;
    this.bands.push(
      element('rect', { x: margin - 7, y: top, width: width - 2 * margin + 14, height, rx: 12, class: 'trace-empty' }),
    );
    this.#rail(height);
  }

  #gap({ milliseconds, because }: Row & { kind: 'gap' }): void {
    const height = Math.min(46, 24 + 8 * Math.log10(Math.max(1, milliseconds / 60)));
    const text = `${gapText(milliseconds)}${because === undefined ? '' : ` · ${because}`}`;
    this.marks.push(label(across.text, this.y + height / 2 + 4, text, 'trace-dim'));
    this.#rail(height, 'trace-rail-gap');
  }

  #step({ step, lane, time, before }: Row & { kind: 'step' }): void {
    const { record } = step;
    if (record.state === 'not reached' && !this.#unreached) {
      this.#unreached = true;
      this.#endBand();
      this.#rail(12);
      this.marks.push(label(across.text, this.y + 14, 'not reached', 'trace-phase trace-bad'));
      this.#rail(24);
    }
    const parts = stepText(step);
    const y = this.y + 14;
    const x = laneAt(lane);
    const lineElements = parts.lines.map(({ text, className }, index) =>
      label(across.text, y + 4 + index * lineHeight, text, className),
    );
    const source =
      parts.source === undefined
        ? []
        : [label(right, y + 4 + parts.sourceLine * lineHeight, parts.source, 'trace-source', 'end')];
    const at = time === '' ? [] : [label(across.timeEnd, y + 4, time, 'trace-time', 'end')];
    const full = element('title', {}, sourceInFull(step));
    this.marks.push(
      element(
        'g',
        { class: `trace-step trace-${step.lane}` },
        full,
        ...at,
        mark(step, x, y),
        ...lineElements,
        ...source,
      ),
    );
    if (record.state === 'seen') {
      if (this.#last && before !== undefined) this.ways.push(way(step, this.#last, { x, y }));
      this.#last = { x, y };
    }
    this.#rail(parts.rows * lineHeight + 9);
  }

  /** Extends the lanes by a number of pixels, and moves down by the same. */
  #rail(height: number, className = 'trace-rail'): void {
    const d = lanes.map((_, index) => points('M', laneAt(index), this.y, 'v', height)).join(' ');
    this.rails.push(element('path', { class: className, d }));
    this.y += height;
  }
}

function mark(step: Step, x: number, y: number): Markup {
  if (step.trouble) {
    const d = points('M', x - 5, y - 5, 'l', 10, 10, 'M', x + 5, y - 5, 'l', -10, 10);
    return element('path', { class: 'trace-cross', d });
  }
  const className = step.record.state === 'seen' ? 'trace-dot' : 'trace-hollow';
  return element('circle', { cx: x, cy: y, r: step.record.state === 'seen' ? 6.5 : 5, class: className });
}

/** Returns the line from the step before to this one, which arrives from above. */
function way({ lane }: Step, from: { x: number; y: number }, to: { x: number; y: number }): Markup {
  const bend = Math.min(22, (to.y - from.y) / 2);
  const d =
    from.x === to.x
      ? points('M', from.x, from.y, 'V', to.y)
      : points('M', from.x, from.y, 'V', to.y - 2 * bend, 'C', from.x, to.y - bend, to.x, to.y - bend, to.x, to.y);
  return element('path', { class: `trace-way trace-${lane}`, d });
}

interface StepText {
  lines: { text: string; className: string }[];
  source: string | undefined;
  sourceLine: number;
  rows: number;
}

function stepText(step: Step): StepText {
  const { record, trouble } = step;
  const room = right - across.text;
  const className = trouble ? 'trace-text trace-bad' : record.state === 'seen' ? 'trace-text' : 'trace-dim';
  const what = wrap(`${step.what}${againText(step)}`, columnsIn(room, 13));
  const lines = what.map((text) => ({ text, className }));
  if (record.state !== 'seen') {
    const why = record.state === 'not seen' ? wrap(`not seen: ${record.why}`, columnsIn(room, 11)) : [];
    lines.push(...why.map((text) => ({ text, className: 'trace-source' })));
    return { lines, source: undefined, sourceLine: 0, rows: lines.length };
  }
  const source = sourceText(step);
  const last = what.at(-1) ?? '';
  const beside = drawnWidth(last, 13) + 16 + drawnWidth(source, 11) <= room;
  return { lines, source, sourceLine: beside ? lines.length - 1 : lines.length, rows: lines.length + (beside ? 0 : 1) };
}
