import { element, label, type Markup, points } from '../../../clusters/text/markup.ts';
import { wrap } from '../../../clusters/text/wrap.ts';
import { lanes, phases, type Trace } from '../../../specs/trace/trace.ts';
import { genericWhat, modeOf, type PairedStep, pairedSteps } from '../beside.ts';
import { drawing, file } from './document.ts';
import { columnsIn } from './style.ts';
import type { Drawn } from './time-line.ts';

const width = 1060;
const lane = 27;
const rowHeight = 27;
/** Of each side: where its times end, where its first lane is, and to which side the next lanes are. */
const sides = [
  { time: 92, anchor: 'end', first: 118, step: lane },
  { time: width - 92, anchor: undefined, first: width - 118, step: -lane },
] as const;
const text = { from: 118 + lanes.length * lane + 4, to: width - 118 - lanes.length * lane - 4 };

/**
 * Returns two traces side by side: each step once, in the middle, with its lane and time in the left and the right one.
 */
export function besideSvg(left: Trace, right: Trace): string {
  const title = `${modeOf(left)} and ${modeOf(right)}, side by side`;
  const steps = pairedSteps(left, right);
  const only = steps.filter(({ times }) => times.filter((time) => time !== undefined).length === 1).length;
  const description = `The steps by which a pod gets a local volume, with their times after the pod’s creation. ${only} of ${steps.length} steps are in one of the two only.`;
  const parts = [headOf(left, right, title), rows(steps, attachText(left, right))];
  return file(drawing(title, description, parts, { width, style: true }));
}

function headOf(left: Trace, right: Trace, title: string): Drawn {
  const middle = (text.from + text.to) / 2;
  const markup: Markup[] = [label(middle, 22, title, 'trace-title', 'middle')];
  for (const [index, { id, title: name }] of lanes.entries()) {
    const y = 64 + index * 19;
    const ends = [text.from - 2, text.to + 2];
    const paths = sides.map(({ first, step }, side) => {
      const x = first + index * step;
      const end = ends[side] ?? x;
      const bend = side === 0 ? 7 : -7;
      return element('path', {
        class: 'trace-way',
        d: points('M', x, headHeight, 'V', y + 3, 'Q', x, y - 4, x + bend, y - 4, 'H', end),
      });
    });
    const named = element('text', { x: middle, y, class: 'trace-name', 'text-anchor': 'middle' }, name);
    markup.push(element('g', { class: `trace-${id}` }, ...paths, named));
  }
  for (const [side, trace] of [left, right].entries()) {
    const x = side === 0 ? 20 : width - 20;
    const anchor = side === 0 ? undefined : 'end';
    markup.push(label(x, 22, modeOf(trace), 'trace-phase', anchor));
    for (const [index, line] of wrap(`the pod ${trace.outcome.sentence}`, 36).entries())
      markup.push(label(x, 40 + index * 15, line, 'trace-source', anchor));
  }
  return { height: headHeight - 16, markup };
}

const headHeight = 64 + lanes.length * 19;

function attachText(left: Trace, right: Trace): string {
  const [one, other] = [left.attach.state, right.attach.state];
  return one === other ? `attach: ${one} in both` : `attach: ${one}; ${other}`;
}

function rows(steps: readonly PairedStep[], attach: string): Drawn {
  const bands: Markup[] = [];
  const ways: Markup[] = [];
  const marks: Markup[] = [];
  const last: ({ x: number; y: number; time: number } | undefined)[] = [undefined, undefined];
  let y = 0;
  let phase = -1;
  let top = 0;
  const endBand = (): void => {
    if (phase >= 0)
      bands.push(element('rect', { x: 12, y: top, width: width - 24, height: y - top, rx: 12, class: 'trace-band' }));
  };
  for (const { step, times } of steps) {
    const index = phases.findIndex(({ id }) => id === step.phase);
    if (index > phase) {
      endBand();
      y += 10;
      if (index > attachAt && phase < attachAt) {
        const box = { x: 13, y, width: width - 26, height: 30, rx: 12, class: 'trace-empty' };
        bands.push(element('rect', box));
        marks.push(label((text.from + text.to) / 2, y + 20, attach, 'trace-phase', 'middle'));
        y += 40;
      }
      top = y;
      phase = index;
      y += 4;
    }
    const middle = y + rowHeight / 2;
    const one = times.some((time) => time === undefined);
    const [first = 0, second = 0] = times;
    // What the modes differ in: one does before there is a pod what the other does for the pod.
    const apart = !one && first < 0 !== second < 0;
    const [line = ''] = wrap(genericWhat(step), columnsIn(text.to - text.from, 13));
    marks.push(label((text.from + text.to) / 2, middle + 4, line, one ? 'trace-dim' : 'trace-text', 'middle'));
    for (const [side, time] of times.entries()) {
      const place = sides[side];
      if (!place || time === undefined) continue;
      const x = place.first + lanes.findIndex(({ id }) => id === step.lane) * place.step;
      const from = last[side];
      // The two traces have these steps in opposite orders: no line leads backwards in time.
      if (from && from.time <= time) {
        const bend = Math.min(14, (middle - from.y) / 2);
        const d =
          from.x === x
            ? points('M', x, from.y, 'V', middle)
            : points(
                'M',
                from.x,
                from.y,
                'V',
                middle - 2 * bend,
                'C',
                from.x,
                middle - bend,
                x,
                middle - bend,
                x,
                middle,
              );
        ways.push(element('path', { class: `trace-way trace-${step.lane}`, d }));
      }
      last[side] = { x, y: middle, time: Math.max(time, from?.time ?? time) };
      const dot = element('circle', { cx: x, cy: middle, r: 6, class: 'trace-dot' });
      marks.push(element('g', { class: `trace-${step.lane}` }, dot));
      marks.push(
        label(place.time, middle + 4, timeText(time), apart ? 'trace-time trace-apart' : 'trace-time', place.anchor),
      );
    }
    y += rowHeight;
  }
  y += 4;
  endBand();
  const d = sides
    .flatMap(({ first, step }) => lanes.map((_, index) => points('M', first + index * step, 0, 'V', y)))
    .join(' ');
  return { height: y, markup: [...bands, element('path', { class: 'trace-rail', d }), ...ways, ...marks] };
}

const attachAt = phases.findIndex(({ id }) => id === 'attach');

function timeText(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  const text = size < 1000 ? `${size.toFixed(0)} ms` : `${(size / 1000).toFixed(2)} s`;
  return `${milliseconds < 0 ? '−' : '+'}${text}`;
}
