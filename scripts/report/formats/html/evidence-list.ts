import { html, type Markup } from '../../../../clusters/text/markup.ts';
import type { EvidenceFile } from './evidence-files.ts';
import type { Inline, TextGroup } from './inline.ts';
import { fileSize, relativeLink } from './words.ts';

/** What a page has to show of a report beside the model: the files of the folder, and room for texts. */
export interface Material {
  files: ReadonlyMap<string, EvidenceFile>;
  inline: Inline;
}

/** Returns the files of a requirement, each folded: its text as far as there is room, and a link. */
export function evidenceList(paths: readonly string[], group: TextGroup, { files, inline }: Material): Markup {
  if (paths.length === 0) return html`<p class="quiet">No evidence was written.</p>`;
  return html`<ul class="files">${paths.map((path) => {
    const file = files.get(path);
    const name = html`<code>${path.split('/').at(-1)}</code>`;
    if (!file) return html`<li>${name} <span class="size">${path} is not in the report’s folder</span></li>`;
    const { text, whole } = file.bytes === 0 ? { text: '', whole: true } : inline(group, file.text);
    const size = html`<span class="size">${fileSize(file.bytes)}</span>`;
    if (text === '') return html`<li>${relativeLink(path, name)} ${size}</li>`;
    return html`<li><details><summary>${name} ${size}</summary><pre tabindex="0">${text}</pre>
<p class="cut">${whole ? undefined : 'Cut here for the size of the page. The whole file: '}${relativeLink(path)}</p></details></li>`;
  })}</ul>`;
}

/** Returns a text that may be cut, such as a diagnosis. */
export function cutText(text: string, group: TextGroup, { inline }: Material, css = ''): Markup {
  const shown = inline(group, text.trimEnd());
  return html`<pre class="${css}" tabindex="0">${shown.text}</pre>${
    shown.whole ? undefined : html`<p class="cut">Cut here for the size of the page; report.yaml has the whole.</p>`
  }`;
}
