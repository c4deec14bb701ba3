import type pc from 'picocolors';
import { columnsOf, printable, wrap } from '../../clusters/text/wrap.ts';
import { type LaneId, lanes, type Trace, type TracedVolume } from '../../specs/trace/trace.ts';
import { againText, gapText, placeOf, type Row, rowsOf, sourceText } from './rows.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** Columns of the time, and of each lane. */
const timeWidth = 13;
const laneWidth = 3;
const lead = ' '.repeat(timeWidth);
const textAt = timeWidth + lanes.length * laneWidth + 1;

/**
 * Returns a trace for a terminal: lanes as columns, a line for each step, and the reason where one was not seen. No line
 * is wider than `width`.
 */
export function timeLineText(trace: Trace, { colors, width = 100 }: { colors: Colors; width?: number }): string {
  const paint = lanePaint(colors);
  const lines = [...head(trace, colors, width), '', ...legend(trace, paint, colors)];
  let unreached = 0;
  for (const row of rowsOf(trace)) {
    if (row.kind === 'step' && row.step.record.state === 'not reached') unreached += 1;
    if (row.kind === 'step' && row.step.record.state === 'not reached' && unreached === 1) {
      lines.push(rails(paint, colors, undefined));
      lines.push(`${rails(paint, colors, undefined)} ${colors.bold(colors.yellow('not reached:'))}`);
    }
    lines.push(...rowLines(row, paint, colors, width));
  }
  lines.push(rails(paint, colors, undefined, '╵'), ...foot(trace, colors, width));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

type Paint = Readonly<Record<LaneId, (text: string) => string>>;

function lanePaint(colors: Colors): Paint {
  return {
    api: colors.cyan,
    controller: colors.magenta,
    scheduler: colors.yellow,
    populator: colors.blue,
    reconciler: colors.green,
    runtime: colors.red,
  };
}

function head({ title, kubernetes, volumes, outcome, clocks }: Trace, colors: Colors, width: number): string[] {
  const modes = [...new Set(volumes.map(({ binding }) => binding))].join(' and ');
  const mark = { runs: colors.green('✓'), stuck: colors.red('✗'), starting: '•', ended: '•' }[outcome.state];
  return [
    ...wrap(`${title} · Kubernetes ${kubernetes ?? 'of unknown version'} · ${modes}`, width, { lead: ' ' }).map(
      (line) => colors.bold(line),
    ),
    ...wrap(`the pod ${outcome.sentence}`, width, { lead: ` ${mark} ` }),
    ...volumes.flatMap((volume) => wrap(volumeText(volume), width, { lead: '   ' })),
    ...wrap(clocks.statement, width, { lead: '   ' }).map((line) => colors.dim(line)),
  ];
}

function volumeText({ name, volume, claim, mode, path, ephemeral, readOnly }: TracedVolume): string {
  const kind = `${mode}${readOnly ? ', read-only' : ''}${ephemeral ? ', ephemeral' : ''}`;
  return `${name}: claim ${claim} → ${volume ?? 'no volume yet'} (${kind}${path === null ? '' : `, ${path}`})`;
}

/** Returns the lanes' names, each above its column. */
function legend(trace: Trace, paint: Paint, colors: Colors): string[] {
  return lanes.map(({ id, title }, index) => {
    const before = lanes
      .slice(0, index)
      .map((lane) => paint[lane.id]('│'.padEnd(laneWidth)))
      .join('');
    const place = placeOf(trace, id);
    return `${lead}${before}${paint[id](`╭─ ${title}`)}${place === undefined ? '' : colors.dim(` on ${place}`)}`;
  });
}

/** Returns the lanes in a line where nothing happens, or where something happens in one of them. */
function rails(
  paint: Paint,
  colors: Colors,
  at: { lane: number; mark: string; before: number | undefined } | undefined,
  rail = '│',
): string {
  const from = at && at.before !== undefined ? Math.min(at.before, at.lane) : undefined;
  const to = at && at.before !== undefined ? Math.max(at.before, at.lane) : undefined;
  const cells = lanes.map(({ id }, index) => {
    const between = from !== undefined && to !== undefined && index >= from && index < to;
    const fill = colors.dim((between ? '─' : ' ').repeat(laneWidth - 1));
    if (at && index === at.lane) return at.mark + fill;
    if (from === undefined || to === undefined || index < from || index > to) return paint[id](rail) + fill;
    const joint = index === at?.before ? (index === from ? '├' : '┤') : '┼';
    return paint[id](joint) + fill;
  });
  return `${lead}${cells.join('')}`;
}

function rowLines(row: Row, paint: Paint, colors: Colors, width: number): string[] {
  const plain = rails(paint, colors, undefined);
  switch (row.kind) {
    case 'axis':
      return ['', ...wrap(row.title, width, { lead: ' ' }).map((line) => colors.bold(line)), plain];
    case 'phase':
      return [plain, ...phaseLines(row, plain, colors, width)];
    case 'gap': {
      const [first = '', ...more] = wrap(row.because ?? ' ', width - textAt - 1, {
        lead: `⋮ ${gapText(row.milliseconds)}  `,
      });
      const dotted = rails(paint, colors, undefined, '┆');
      return [first, ...more].map((line) => `${dotted} ${colors.dim(line)}`);
    }
    case 'step':
      return stepLines(row, paint, colors, width);
  }
}

function phaseLines(row: Row & { kind: 'phase' }, plain: string, colors: Colors, width: number): string[] {
  if (!row.attach) return wrap(row.title, width - textAt - 1).map((line) => `${plain} ${colors.bold(line)}`);
  const { state, proofs } = row.attach;
  const verdict = { empty: 'empty, as it must be', 'not empty': 'NOT empty', 'not known': 'not known' }[state];
  const wrapped = proofs.flatMap((proof) => wrap(proof, width - textAt, { lead: '– ' }));
  return [`${plain} ${colors.bold(`attach: ${verdict}`)}`, ...wrapped.map((line) => `${plain} ${colors.dim(line)}`)];
}

function stepLines(row: Row & { kind: 'step' }, paint: Paint, colors: Colors, width: number): string[] {
  const { step, lane, time, before } = row;
  const { record } = step;
  const own = paint[step.lane];
  const plain = rails(paint, colors, undefined);
  const mark = step.trouble ? colors.red('✗') : record.state === 'seen' ? own('●') : own('○');
  const line = rails(paint, colors, { lane, mark, before: record.state === 'seen' ? before : undefined });
  const rail = time.padStart(timeWidth - 2).padEnd(timeWidth) + line.slice(timeWidth);
  const room = width - textAt - 1;
  if (record.state !== 'seen') {
    const why = record.state === 'not seen' ? wrap(`not seen: ${record.why}`, room - 2) : [];
    return [
      ...wrap(step.what, room).map((text, index) => `${index === 0 ? rail : plain} ${colors.dim(text)}`),
      ...why.map((text) => `${plain}   ${colors.dim(text)}`),
    ];
  }
  const source = sourceText(step);
  const words = wrap(`${step.what}${againText(step)}`, room);
  const last = words.at(-1) ?? '';
  const fits = columnsOf(last) + 2 + columnsOf(source) <= room;
  const painted = (text: string): string => (step.trouble ? colors.red(text) : text);
  const wrapped = words.map((text, index) => {
    const beside = fits && index === words.length - 1 ? source.padStart(room - columnsOf(text)) : '';
    return `${index === 0 ? rail : plain} ${painted(text)}${colors.dim(beside)}`;
  });
  const below = fits ? [] : wrap(source, room);
  return [
    ...wrapped,
    ...below.map((text) => `${plain} ${colors.dim(' '.repeat(Math.max(0, room - columnsOf(text))) + text)}`),
  ];
}

function foot({ outcome, notes }: Trace, colors: Colors, width: number): string[] {
  const diagnosis = outcome.diagnosis?.split('\n') ?? [];
  return [
    ...notes.flatMap((note) => wrap(note, width, { lead: ' – ' })).map((line) => colors.dim(line)),
    ...(diagnosis.length > 0
      ? ['', ` ${colors.bold('Why')}`, ...diagnosis.flatMap((line) => diagnosisLines(line, width))]
      : []),
  ];
}

/** Returns a line of a diagnosis, wrapped: what follows its first line is indented further. */
function diagnosisLines(line: string, width: number): string[] {
  const margin = ` ${/^ */.exec(line)?.[0] ?? ''}`;
  // Columns of a table are spaces too: a line that fits keeps them.
  if (columnsOf(line) < width) return [margin + line.trimStart().split('  ').map(printable).join('  ')];
  return wrap(line, width - margin.length - 2).map((part, index) => `${margin}${index === 0 ? '' : '  '}${part}`);
}
