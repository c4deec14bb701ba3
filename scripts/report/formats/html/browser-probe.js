// Looks at a page from inside, for browser.test.ts. A script of its own, as the project's types know no browser.
globalThis.probe = {
  focused() {
    const { activeElement: element } = document;
    return {
      id: element?.id ?? '',
      className: element?.className ?? '',
      at: element?.getAttribute('name') ?? element?.closest('.requirement')?.id ?? element?.tagName ?? '',
    };
  },

  open(selector) {
    for (const fold of document.querySelectorAll(selector)) fold.setAttribute('open', '');
  },

  show(id) {
    document.getElementById(id)?.scrollIntoView();
  },

  width() {
    return document.documentElement.scrollWidth;
  },

  /** Milliseconds from a text in the search to the new layout of the page. */
  filter(text) {
    const field = document.getElementById('q');
    const begun = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    document.body.getBoundingClientRect();
    return performance.now() - begun;
  },

  structure() {
    const all = (selector) => [...document.querySelectorAll(selector)];
    const named = (id) => document.getElementById(id ?? '') !== null;
    return {
      levels: all('h1,h2,h3,h4,h5').map(({ tagName }) => Number(tagName[1])),
      unnamed: all('main section').filter((section) => !named(section.getAttribute('aria-labelledby'))).length,
      tables: all('table').length,
      captions: all('table > caption').length,
      pictures: all('svg:not([aria-hidden])').filter((svg) => !svg.querySelector('title, desc')).length,
      ids: all('[id]').map(({ id }) => id),
      lost: all('a[href^="#"]').filter((link) => !named(link.getAttribute('href').slice(1))).length,
    };
  },

  /** Texts that are seen with a contrast under 4.5:1 to the ground behind them (WCAG 2). */
  faintTexts() {
    const faint = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
      if (element.closest('script, style, .unseen, title, desc')) continue;
      const style = getComputedStyle(element);
      const colour = element instanceof SVGElement ? style.fill : style.color;
      const contrast = contrastOf(colour, groundOf(element));
      if (contrast < 4.5) faint.add(`${element.className || element.tagName}: ${contrast.toFixed(2)} (${colour})`);
    }
    return [...faint];
  },
};

function partsOf(colour) {
  return (colour.match(/[\d.]+/g) ?? []).map(Number);
}

function groundOf(element) {
  for (let behind = element; behind; behind = behind.parentElement) {
    const { backgroundColor } = getComputedStyle(behind);
    if (partsOf(backgroundColor)[3] !== 0) return backgroundColor;
  }
  return 'rgb(255, 255, 255)';
}

function contrastOf(one, other) {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = partsOf(colour)
    .slice(0, 3)
    .map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
