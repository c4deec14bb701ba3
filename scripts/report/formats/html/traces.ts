import { html, type Markup } from '../../../../clusters/text/markup.ts';
import { traceDrawing } from '../../../trace/svg/document.ts';
import { type NamedTrace, tracePath, traceText } from '../../../trace/write-trace.ts';
import { excerptOf } from './inline.ts';
import { fileSize, relativeLink } from './words.ts';

const largestDrawing = 250_000;
const largestText = 60_000;
const mostInlined = 6;

/** Returns how pods got their volumes: the drawings, each with its words. Nothing where there is no trace. */
export function tracesSection(traces: readonly NamedTrace[]): Markup | undefined {
  if (traces.length === 0) return undefined;
  return html`<section id="traces" aria-labelledby="traces-title">
<h2 id="traces-title">How a pod gets its volume</h2>
<p class="lead">From the components’ own records: watch events, Events and log lines.</p>
${traces.map(traceFold)}
</section>`;
}

/** A trace is longer than a screen: the first is open, the others are folded. */
function traceFold({ name, trace }: NamedTrace, index: number): Markup {
  const id = `trace-${index + 1}`;
  const { title } = trace;
  const drawing = traceDrawing(trace, { ids: `${id}-` });
  const size = Buffer.byteLength(String(drawing));
  const text = traceText(trace);
  const words = excerptOf(text, largestText);
  const file = (extension: 'svg' | 'txt') => relativeLink(tracePath(name, extension));
  return html`<details class="trace" id="${id}"${index === 0 && html` open`}><summary><h3>${title}</h3></summary>
${
  size <= largestDrawing && index < mostInlined
    ? html`<div class="scroll" tabindex="0" role="group" aria-label="${`Drawing: ${title}`}">${drawing}</div>`
    : html`<p class="cut">The drawing is not shown here: ${file('svg')} (${fileSize(size)})</p>`
}
<details><summary>In words</summary><pre tabindex="0">${words.text}</pre>${
    !words.whole && html`<p class="cut">Cut here. The whole: ${file('txt')} (${fileSize(Buffer.byteLength(text))})</p>`
  }</details>
</details>`;
}
