import { grouped } from '../../../clusters/text/collections.ts';
import { html, type Markup } from '../../../clusters/text/markup.ts';
import { bindingText, type Limits, layoutText, loadText } from '../cells.ts';
import { milestones } from '../moments.ts';
import { type Axis, frame, frameAcross, linear, logarithmic, path, plot, room } from './axes.ts';
import { exponentOf, fitText, limiterSeconds, mediansBy, nodesText, type Point } from './growth.ts';
import type { MeasuredCell, Quantiles } from './storm-file.ts';
import { schedulerPoints } from './table.ts';

/** Binds a second of the one worker, as upstream measured it (kubernetes/kubernetes#140721). */
const serialCeiling = 30;

/** Colours of the page, in the order in which lines get them. */
const colours = ['accent', 'passed', 'skipped', 'failed', 'ink'];

/** Styles of the pictures. */
export const plotStyle = `
.plot .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.plot .mark { stroke: var(--panel); stroke-width: 1; }
.plot .bound-line { fill: none; stroke: var(--quiet); stroke-dasharray: 4 3; }
.plot .look { stroke: var(--skipped); stroke-opacity: 0.45; stroke-dasharray: 2 4; }
${colours
  .map(
    (colour, index) =>
      `.plot .of-${index} { stroke: var(--${colour}); } .plot .fill-${index} { fill: var(--${colour}); }`,
  )
  .join('\n')}
.plot-key { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0 0 0.5rem; padding: 0; list-style: none; font-size: 0.8125rem; }
.plots.storm figure { flex: 0 1 27rem; }
.plot-key svg { display: inline-block; width: 1.5rem; height: 0.75rem; vertical-align: middle; }
`;

/** Lines of one figure, in the order of their colours. */
interface Line {
  name: string;
  points: readonly Point[];
}

/** Time to bind against claims: a picture for each percentile, a line for each number of nodes. */
export function bindingTimes(cells: readonly MeasuredCell[], limits: Limits): Markup[] {
  return [...grouped(cells, (cell) => `${bindingText(cell.binding)}, ${layoutText(cell)}`)].flatMap(
    ([form, all], group) => {
      const byNodes = [...grouped(all, ({ nodes }) => nodes)].sort(([a], [b]) => a - b);
      const names = byNodes.map(([nodes]) => nodesText({ nodes }));
      const claims = all.map((cell) => cell.claims);
      const across = logarithmic('claims', claims, 'across', true);
      const [least, most] = [Math.min(...claims), Math.max(...claims)];
      const limiter = (n: number) => limiterSeconds({ claims: n, binding: all[0]?.binding ?? 'wait' }, limits);
      const references = [
        { name: 'what the controller’s client may send', at: limiter },
        { name: `${serialCeiling} binds a second`, at: (n: number) => n / serialCeiling },
      ];
      const value = (cell: MeasuredCell, quantile: keyof Quantiles) =>
        Math.max(0.001, cell.measured.bound[quantile] / 1_000);
      const quantiles = ['p50', 'p90', 'p99', 'max'] as const;
      const up = logarithmic(
        'seconds from created to bound',
        all.flatMap((cell) => quantiles.map((quantile) => value(cell, quantile))),
        'up',
      );
      return [
        html`<h3 class="spaced">${form}</h3>${key([...names.map(lineKey), ...references.map(({ name }) => ({ name: `until all are bound: ${name}`, sample: html`<line class="bound-line" x1="0" x2="24" y1="6" y2="6"/>` }))])}<div class="plots storm">${quantiles.map(
          (quantile) => {
            const lines = byNodes.map(
              ([, some], index): Line => ({
                name: names[index] ?? '',
                points: mediansBy(some.map((cell) => [cell.claims, value(cell, quantile)])),
              }),
            );
            const title = `${quantile} of the time to be bound`;
            const drawn = references.flatMap(({ at }) => {
              const inside = [least, most].filter((n) => at(n) > 0);
              const ends = inside.map((n): Point => [n, at(n)]).filter(([, y]) => within(up, y));
              return ends.length < 2 ? [] : [html`<path class="bound-line" d="${path(ends, across, up)}"/>`];
            });
            return html`<figure><figcaption>${title}</figcaption>${plot(
              `times-${group}-${quantile}`,
              { title: `${title}, ${form}`, words: lines.map(lineWords).join('; ') },
              html`${frame(across, up)}${drawn}${lines.map((line, index) => drawLine(line, index, across, up))}`,
            )}</figure>`;
          },
        )}</div>`,
      ];
    },
  );
}

/** Claims over time: arrived, reserved, bound, scheduled. The gap between them is what waits. */
export function courseOf(cell: MeasuredCell, id: string): Markup {
  const { timeline, boundPerSecond } = cell.measured;
  const end = timeline.at(-1)?.seconds ?? 1;
  const across = linear('seconds', [end], 'across');
  const up = linear('claims', [cell.claims], 'up');
  // Marks of every second would lie on each other in a long storm.
  const every = end <= 30 ? 1 : 15;
  const looks = Array.from({ length: Math.floor(end / every) }, (_, index) => (index + 1) * every);
  return html`<figure><figcaption>${loadText(cell)}</figcaption>${key([
    ...milestones.map(lineKey),
    {
      name: every === 1 ? 'each second, as PreBind looks' : 'each 15 s, as the controller looks at all again',
      sample: html`<line class="look" x1="12" x2="12" y1="0" y2="12"/>`,
    },
  ])}${plot(
    id,
    {
      title: `Claims over time: ${loadText(cell)}`,
      words: `${boundPerSecond.toFixed(1)} claims a second were bound; the last was scheduled after ${end} s.`,
    },
    html`${frame(across, up)}${looks.map(
      (at) =>
        html`<line class="look" x1="${across.at(at)}" x2="${across.at(at)}" y1="${room.top}" y2="${room.height - room.bottom}"/>`,
    )}${milestones.map(
      (stage, index) =>
        html`<path class="line of-${index}" d="${path(
          timeline.map((point): Point => [point.seconds, point[stage]]),
          across,
          up,
        )}"/>`,
    )}`,
  )}</figure>`;
}

/** The phases of the claims at four percentiles, as bars whose parts add up. */
export function phasesOf(cell: MeasuredCell, id: string): Markup {
  const { ways } = cell.measured;
  const phases = [
    { name: 'created → a volume’s claimRef', of: 'reserved' },
    { name: 'claimRef → Bound', of: 'bound' },
    { name: 'Bound → the pod scheduled', of: 'scheduled' },
  ] as const;
  const whole = (way: (typeof ways)[number]) => (way.reserved + way.bound + way.scheduled) / 1_000;
  const across = linear('seconds from created', ways.map(whole), 'across');
  const { top, height, bottom, left } = room;
  const band = (height - top - bottom) / Math.max(1, ways.length);
  return html`<figure><figcaption>${loadText(cell)}</figcaption>${key(
    phases.map(({ name }, index) => ({
      name,
      sample: html`<rect class="fill-${index}" x="0" y="1" width="24" height="10"/>`,
    })),
  )}${plot(
    id,
    {
      title: `Phases of claims at four percentiles: ${loadText(cell)}`,
      words: ways
        .map(
          (way) =>
            `p${way.percentile}: ${phases.map(({ name, of }) => `${name} ${(way[of] / 1_000).toFixed(2)} s`).join(', ')}`,
        )
        .join('; '),
    },
    html`${frameAcross(across)}${ways.map((way, row) => {
      let begun = 0;
      const y = Math.round(top + row * band + band * 0.2);
      return html`<text x="${left - 8}" y="${y + band * 0.35}" text-anchor="end">${way.percentile === 100 ? 'max' : `p${way.percentile}`}</text>${phases.map(
        ({ name, of }, index) => {
          const from = across.at(begun);
          begun += way[of] / 1_000;
          const width = Math.max(0, Math.round((across.at(begun) - from) * 10) / 10);
          return html`<rect class="fill-${index}" x="${from}" y="${y}" width="${width}" height="${Math.round(band * 0.6)}"><title>${name}: ${(way[of] / 1_000).toFixed(2)} s</title></rect>`;
        },
      )}`;
    })}`,
  )}</figure>`;
}

/** CPU time of the scheduler for each pod against nodes × volumes, a line for each layout with its slope. */
export function schedulerCosts(cells: readonly MeasuredCell[]): Markup | undefined {
  const points = schedulerPoints(cells);
  if (points.length === 0) return undefined;
  const across = logarithmic(
    'nodes × unclaimed volumes',
    points.map(({ x }) => x),
    'across',
  );
  const up = logarithmic(
    'milliseconds of CPU for each pod',
    points.map(({ y }) => y),
    'up',
  );
  const series = [...grouped(points, ({ cell }) => `${bindingText(cell.binding)}, ${layoutText(cell)}`)].map(
    ([name, some]) => {
      const all = some.map(({ x, y }): Point => [x, y]);
      return { name, points: all, slope: exponentOf(all) };
    },
  );
  return html`<figure><figcaption>CPU time of kube-scheduler</figcaption>${key(
    series.map(({ name, slope }, index) => lineKey(`${name}: slope ${fitText(slope, 2)}`, index)),
  )}${plot(
    'scheduler-cost',
    {
      title: 'CPU time of the scheduler for each pod, against nodes times unclaimed volumes',
      words: series.map(lineWords).join('; '),
    },
    html`${frame(across, up)}${series.map(({ points: some }, index) =>
      some.map(
        ([x, y]) =>
          html`<circle class="mark fill-${index % colours.length}" cx="${across.at(x)}" cy="${up.at(y)}" r="4"/>`,
      ),
    )}`,
  )}</figure>`;
}

function within(axis: Axis, value: number): boolean {
  const [first, last] = [axis.ticks[0]?.value ?? 0, axis.ticks.at(-1)?.value ?? 0];
  return value >= first && value <= last;
}

function drawLine({ name, points }: Line, index: number, across: Axis, up: Axis): Markup {
  const colour = index % colours.length;
  return html`<path class="line of-${colour}" d="${path(points, across, up)}"/>${points.map(
    ([x, y]) =>
      html`<circle class="mark fill-${colour}" cx="${across.at(x)}" cy="${up.at(y)}" r="4"><title>${name}: ${x}, ${y.toPrecision(3)}</title></circle>`,
  )}`;
}

function lineWords({ name, points }: Line): string {
  return `${name}: ${points.map(([x, y]) => `${x}: ${y.toPrecision(3)}`).join(', ')}`;
}

function lineKey(name: string, index: number): { name: string; sample: Markup } {
  return { name, sample: html`<line class="line of-${index % colours.length}" x1="0" x2="24" y1="6" y2="6"/>` };
}

function key(entries: readonly { name: string; sample: Markup }[]): Markup {
  return html`<ul class="plot-key">${entries.map(
    ({ name, sample }) =>
      html`<li><svg class="plot" viewBox="0 0 24 12" aria-hidden="true">${sample}</svg> ${name}</li>`,
  )}</ul>`;
}
