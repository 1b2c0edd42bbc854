// The page of the reader's progress: a table, and buttons that save, load and forget it.

import { add, write } from './elements.mjs';
import { all, count, isProgress, replace, watch } from './progress.mjs';

const COLUMNS = ['chapter', 'predictions right', 'exercises solved'];

/** Fill `root`. */
export function showOverview(root) {
  root.replaceChildren();
  const place = add(root, 'div');
  const status = add(root, 'p', { className: 'gd-status' });
  status.setAttribute('role', 'status');
  watch(() => place.replaceChildren(makeTable()));
  const row = add(root, 'p', { className: 'gd-buttons' });
  addButton(row, 'Save to a file', save);
  const file = add(row, 'input', { type: 'file', accept: '.json', hidden: true });
  file.addEventListener('change', async () => write(status, await load(file.files[0])));
  addButton(row, 'Load from a file', () => file.click());
  addButton(row, 'Forget everything', () => {
    if (confirm('Forget what you have answered in all chapters?')) replace({});
  });
}

function makeTable() {
  const chapters = Object.keys(all()).sort();
  if (!chapters.length) return document.createTextNode('Nothing is kept yet.');
  const table = document.createElement('table');
  const fill = (row, name, texts) => texts.forEach((text) => add(row, name, {}, String(text)));
  fill(add(add(table, 'thead'), 'tr'), 'th', COLUMNS);
  const body = add(table, 'tbody');
  chapters.forEach((chapter) => {
    const { right, predicted, solved } = count(chapter);
    fill(add(body, 'tr'), 'td', [chapter, `${right} of ${predicted}`, solved]);
  });
  return table;
}

function addButton(row, text, act) {
  add(row, 'button', { type: 'button', className: 'gd-button', onclick: act }, text);
}

function save() {
  const blob = new Blob([`${JSON.stringify(all(), null, 1)}\n`], { type: 'application/json' });
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: 'progress.json' });
  link.click();
  URL.revokeObjectURL(link.href);
}

async function load(file) {
  try {
    const found = JSON.parse(await file.text());
    if (!isProgress(found)) return `${file.name} does not hold answers of this course.`;
    replace(found);
    return `Loaded ${file.name}.`;
  } catch {
    return `${file.name} cannot be read.`;
  }
}
