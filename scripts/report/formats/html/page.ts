import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { html, type Markup, raw } from '../../../../clusters/text/markup.ts';
import { type Palette, paletteCss } from './palette.ts';

export interface Page {
  title: string;
  /** Links of the navigation, by the ids of their sections. */
  sections: readonly { id: string; title: string }[];
  /** The content of `main`. */
  content: Markup;
  /** Colour of the mark in the tab. */
  mark: keyof Palette;
  /** Styles of this page alone; must not come from outside. */
  styles?: readonly string[];
  /** The text of the footer: what made the page. */
  maker: string;
}

/** What a page has in it beside its content. Read once: it is the same for every page. */
export interface PageParts {
  css: string;
  script: string;
}

/** Reads the style and the script that every page has inline. */
export async function readPageParts(): Promise<PageParts> {
  const [css, script] = await Promise.all([
    readFile(new URL('./page.css', import.meta.url), 'utf8'),
    readFile(new URL('./page-script.js', import.meta.url), 'utf8'),
  ]);
  return { css: `${paletteCss()}\n${css}`, script };
}

/**
 * Returns one self-contained HTML document. Its Content-Security-Policy allows its own styles and script by their
 * digest, and the mark in the tab; nothing else can be loaded or run.
 */
export function renderPage({ title, sections, content, mark, styles = [], maker }: Page, parts: PageParts): string {
  const css = [parts.css, ...styles];
  const policy = [
    `default-src 'none'`,
    `style-src ${css.map(digest).join(' ')}`,
    `script-src ${digest(parts.script)}`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="${icon(mark)}">
${css.map((text) => html`<style>${raw(text)}</style>`)}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<p class="brand"><span aria-hidden="true" class="${mark}">●</span> Local volume conformance</p>
<nav aria-label="Sections"><ul>${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
<button type="button" id="scheme" hidden aria-label="Colours: as the system"><span aria-hidden="true">◐</span></button>
</header>
<main id="content" tabindex="-1">
${content}
</main>
<footer><p>${maker}</p></footer>
<script type="module">${raw(parts.script)}</script>
</body>
</html>
`);
}

function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const iconColours: Partial<Record<keyof Palette, string>> = { passed: '1f8a52', failed: 'd0362c', skipped: 'b87a0a' };

function icon(mark: keyof Palette): string {
  const colour = iconColours[mark] ?? '2451b7';
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="#${colour}"/></svg>`)}`;
}
