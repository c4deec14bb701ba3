import { create } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import { html, type Markup, raw } from './markup.ts';

/**
 * An SVG file as it may stand inline: only elements and attributes that draw, and a style that reaches nothing else.
 */
export interface Drawing {
  markup: Markup;
  /** Style of the drawing, bound to the element with the id that was given. */
  css: string;
  title: string | undefined;
}

const elements = new Set(
  'svg g path rect circle ellipse line polyline polygon text tspan title desc defs marker linearGradient stop clipPath pattern use'.split(
    ' ',
  ),
);

const attributes = new Set(
  `id class role x y x1 x2 y1 y2 cx cy r rx ry dx dy d points width height viewBox preserveAspectRatio transform
  fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap
  stroke-linejoin opacity color font-size font-family font-weight font-style letter-spacing text-anchor
  text-decoration dominant-baseline alignment-baseline baseline-shift textLength lengthAdjust visibility
  marker-start marker-mid marker-end markerWidth markerHeight markerUnits refX refY orient clip-path clip-rule
  clipPathUnits patternUnits patternTransform gradientUnits gradientTransform offset stop-color stop-opacity href
  xlink:href vector-effect paint-order shape-rendering text-rendering aria-label aria-labelledby aria-describedby
  aria-hidden aria-roledescription`.split(/\s+/),
);

const references = new Set(['aria-labelledby', 'aria-describedby']);

interface XmlNode {
  nodeType: number;
  nodeName: string;
  textContent: string | null;
  childNodes: Iterable<XmlNode>;
  attributes?: Iterable<{ name: string; value: string }>;
}

/**
 * Takes from an SVG what can be shown in a page without trust in who wrote it. Scripts, links, foreign content, events,
 * styles of single elements and everything that is loaded are left out; ids get a prefix, so that drawings can stand
 * side by side.
 * @param prefix the id of the element that the drawing will stand in.
 * @returns undefined where it is no SVG.
 */
export function drawingOf(svg: string, prefix: string): Drawing | undefined {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(svg)) return undefined;
  let root: XMLBuilder;
  try {
    root = create(svg).root();
  } catch {
    return undefined;
  }
  const top = root.node as unknown as XmlNode;
  if (top.nodeName !== 'svg') return undefined;
  const styles: string[] = [];
  const markup = kept(top, prefix, styles);
  const css = styles.filter(isHarmless).map((style) => `#${prefix}{${style.replaceAll(':root', '&')}}`);
  return { markup, css: css.join('\n'), title: titleOf(top) };
}

function kept(node: XmlNode, prefix: string, styles: string[]): Markup {
  const name = node.nodeName;
  const list = [...(node.attributes ?? [])].flatMap((attribute) => keptAttribute(attribute, prefix));
  const content = [...node.childNodes].map((child) => {
    if (child.nodeType === 3 || child.nodeType === 4) return html`${child.textContent ?? ''}`;
    if (child.nodeType !== 1) return undefined;
    if (child.nodeName === 'style') styles.push(child.textContent ?? '');
    return elements.has(child.nodeName) ? kept(child, prefix, styles) : undefined;
  });
  return html`<${raw(name)}${list}>${content}</${raw(name)}>`;
}

function keptAttribute({ name, value }: { name: string; value: string }, prefix: string): Markup[] {
  if (!attributes.has(name)) return [];
  const own = ownReferences(name, value, prefix);
  return own === undefined ? [] : [html` ${raw(name)}="${own}"`];
}

/** The value with its ids prefixed; undefined where it leads out of the drawing. */
function ownReferences(name: string, value: string, prefix: string): string | undefined {
  if (name === 'id') return `${prefix}-${value}`;
  if (references.has(name)) return value.replace(/\S+/g, (id) => `${prefix}-${id}`);
  if (name.endsWith('href')) return value.startsWith('#') ? `#${prefix}-${value.slice(1)}` : undefined;
  const without = value.replace(/url\(\s*#([\w.-]+)\s*\)/g, (_, id: string) => `url(#${prefix}-${id})`);
  return /url\((?!#)|javascript:/i.test(without) ? undefined : without;
}

/** A style that loads nothing, and cannot end the rule or the element that it is put into. */
function isHarmless(css: string): boolean {
  if (/[<\\]|url\(|@import|@charset|@namespace|expression\(/i.test(css)) return false;
  let depth = 0;
  for (const brace of css.match(/[{}]/g) ?? []) {
    depth += brace === '{' ? 1 : -1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function titleOf(svg: XmlNode): string | undefined {
  for (const child of svg.childNodes) if (child.nodeName === 'title') return child.textContent?.trim() || undefined;
  return undefined;
}
