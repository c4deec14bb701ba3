import { readdir } from 'node:fs/promises';
import { type Drawing, drawingOf } from './drawing.ts';
import { type EvidenceFile, readEvidence } from './evidence-files.ts';
import { excerptOf } from './excerpt.ts';
import { html, type Markup } from './markup.ts';
import { fileSize, relativeLink } from './words.ts';

/** A trace of the process, as it lies in the report's folder: a drawing, and the same in words. */
export interface Trace {
  id: string;
  title: string;
  drawing: Drawing | undefined;
  svg: EvidenceFile | undefined;
  text: EvidenceFile | undefined;
}

const largestDrawing = 250_000;
const largestText = 60_000;
const mostInlined = 6;

/** The traces in `<folder>/traces`, by name; none where there is no such folder. */
export async function readTraces(folder: string): Promise<readonly Trace[]> {
  const names = await readdir(`${folder}/traces`).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = await readEvidence(
    folder,
    names.filter((name) => /\.(?:svg|txt)$/.test(name)).map((name) => `traces/${name}`),
  );
  const stems = [...new Set([...files.keys()].map((path) => path.replace(/^traces\/|\.\w+$/g, '')))].sort();
  return stems.map((stem, index) => {
    const id = `trace-${index + 1}`;
    const svg = files.get(`traces/${stem}.svg`);
    const text = files.get(`traces/${stem}.txt`);
    const fits = svg !== undefined && svg.text.length <= largestDrawing && index < mostInlined;
    const drawing = fits ? drawingOf(svg.text, id) : undefined;
    return { id, title: drawing?.title ?? text?.text.split('\n')[0]?.trim() ?? stem, drawing, svg, text };
  });
}

/** How pods got their volumes: the drawings, each with its words. Nothing where there is no trace. */
export function tracesSection(traces: readonly Trace[]): Markup | undefined {
  if (traces.length === 0) return undefined;
  return html`<section id="traces" aria-labelledby="traces-title">
<h2 id="traces-title">How a pod gets its volume</h2>
<p class="lead">From the components’ own records: watch events, Events and log lines.</p>
${traces.map((trace, index) => traceFold(trace, index === 0))}
</section>`;
}

/** A trace is longer than a screen: the first is open, the others wait to be asked for. */
function traceFold({ id, title, drawing, svg, text }: Trace, open: boolean): Markup {
  const words = text && excerptOf(text.text, largestText);
  return html`<details class="trace" id="${id}"${open && html` open`}><summary><h3>${title}</h3></summary>
${
  drawing
    ? html`<div class="scroll" tabindex="0" role="group" aria-label="${`Drawing: ${title}`}">${drawing.markup}</div>`
    : svg && html`<p class="cut">The drawing is not shown here: ${relativeLink(svg.path)} (${fileSize(svg.bytes)})</p>`
}
${
  text &&
  words &&
  html`<details><summary>In words</summary><pre tabindex="0">${words.text}</pre>${
    words.whole
      ? undefined
      : html`<p class="cut">Cut here. The whole: ${relativeLink(text.path)} (${fileSize(text.bytes)})</p>`
  }</details>`
}
</details>`;
}
