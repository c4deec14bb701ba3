// Runs inline in the page, which is whole without it. Filters the requirements, opens what a link names, and switches
// between light and dark. The filter is in the hash of the address, so that a view can be linked.

const root = document.documentElement;
const scheme = document.getElementById('scheme');
if (scheme) switchSchemes(scheme);

const form = document.querySelector('form.filter');
if (form) filterRequirements(form);

addEventListener('hashchange', openTarget);
openTarget();

/** Opens the folds around and in what the hash names. */
function openTarget() {
  const target = named();
  if (!target) return;
  const fold = target.matches('details') ? target : target.querySelector(':scope > details');
  if (fold) fold.open = true;
  for (let outer = target.parentElement; outer; outer = outer.parentElement) if ('open' in outer) outer.open = true;
  if (fold) target.scrollIntoView();
}

/** The element whose id the hash is. */
function named() {
  try {
    return document.getElementById(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return null;
  }
}

/** The button goes from the system's colours to light, to dark, and back. */
function switchSchemes(button) {
  const names = { system: 'as the system', light: 'light', dark: 'dark' };
  const order = Object.keys(names);
  button.hidden = false;
  button.addEventListener('click', () => {
    const next = order[(order.indexOf(root.dataset.scheme ?? 'system') + 1) % order.length];
    if (next === 'system') delete root.dataset.scheme;
    else root.dataset.scheme = next;
    button.setAttribute('aria-label', `Colours: ${names[next]}`);
  });
}

function filterRequirements(fields) {
  const entries = [...document.querySelectorAll('.requirement')].map((element) => ({
    element,
    data: element.dataset,
    text: [...element.querySelectorAll('[data-search]')]
      .map(({ textContent }) => textContent)
      .join(' ')
      .toLowerCase(),
  }));
  const chapters = [...document.querySelectorAll('.chapter')];
  const shown = document.getElementById('shown');
  const reset = document.getElementById('show-all');
  const none = document.getElementById('none');
  fields.hidden = false;
  read();

  fields.addEventListener('input', () => {
    apply();
    write();
  });
  fields.addEventListener('submit', (event) => event.preventDefault());
  reset.addEventListener('click', () => {
    fields.reset();
    apply();
    write();
    fields.elements.q.focus();
  });
  addEventListener('hashchange', read);
  addEventListener('keydown', (event) => {
    const typing = event.target instanceof Element && event.target.matches('input, select, textarea');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    fields.elements.q.focus();
  });

  /** What is asked for; empty values ask for nothing. */
  function asked() {
    return [...new FormData(fields)].filter(([, value]) => value.trim() !== '');
  }

  function apply() {
    const { q = '', ...equal } = Object.fromEntries(asked());
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { element, data, text } of entries) {
      const fits =
        words.every((word) => text.includes(word)) &&
        Object.entries(equal).every(([name, value]) => data[name] === value);
      element.hidden = !fits;
      if (fits) count++;
    }
    for (const chapter of chapters) chapter.hidden = !chapter.querySelector('.requirement:not([hidden])');
    const all = count === entries.length;
    shown.textContent = all ? `All ${count} requirements` : `${count} of ${entries.length} requirements`;
    reset.hidden = all;
    none.hidden = count > 0 || entries.length === 0;
  }

  function write() {
    const state = new URLSearchParams(asked()).toString();
    history.replaceState(null, '', state === '' ? location.href.replace(/#.*$/, '') : `#${state}`);
  }

  /** A hash with an equals sign is a filter, another the id of a place; what a filter hides is shown then. */
  function read() {
    const hash = location.hash.slice(1);
    if (hash.includes('=')) {
      const wanted = new URLSearchParams(hash);
      fields.reset();
      for (const name of ['q', 'result', 'level', 'subject', 'chapter']) {
        const value = wanted.get(name);
        const field = fields.elements[name];
        if (value !== null && field) field.value = value;
      }
    } else if (named()?.closest('.chapter')) fields.reset();
    apply();
    if (hash.includes('=')) document.getElementById('requirements')?.scrollIntoView();
  }
}
