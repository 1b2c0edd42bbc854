// What the reader has answered, kept in this browser alone, in the form of the file in which notebooks keep theirs:
// by chapter, "predictions" or "exercises", and name.

const KEY = 'gradient-descent';
const CHANGED = 'gd-progress';

/** Return all that is kept, by chapter. */
export function all() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return isObject(kept) ? kept : {};
  } catch {
    return {}; // damaged, or the browser keeps nothing
  }
}

/** Return what is kept of one prediction or exercise. */
export function find(chapter, kind, name) {
  const entry = all()[chapter]?.[kind]?.[name];
  return isObject(entry) ? entry : {};
}

/** Keep what is new of one prediction or exercise. */
export function keep(chapter, kind, name, entry) {
  const chapters = all();
  chapters[chapter] ??= {};
  chapters[chapter][kind] ??= {};
  chapters[chapter][kind][name] = { ...entry, on: new Date().toISOString().slice(0, 10) };
  replace(chapters);
}

/** Keep `chapters` in place of all that is kept. */
export function replace(chapters) {
  try {
    localStorage.setItem(KEY, JSON.stringify(chapters));
  } catch {
    // a browser that keeps nothing still judges
  }
  dispatchEvent(new Event(CHANGED));
}

/** Call `tell` now, and whenever something is kept, in this page or another. */
export function watch(tell) {
  tell();
  addEventListener(CHANGED, tell);
  addEventListener('storage', (event) => event.key === KEY && tell());
}

/** Return the numbers of a chapter's predictions and exercises that were answered, and that are right. */
export function count(chapter) {
  const entries = (kind) => Object.values(all()[chapter]?.[kind] ?? {});
  return {
    predicted: entries('predictions').length,
    right: entries('predictions').filter((entry) => entry.right === true).length,
    tried: entries('exercises').length,
    solved: entries('exercises').filter((entry) => entry.state === 'right').length,
  };
}

/** Return whether `value` has the form of what is kept. */
export function isProgress(value) {
  let levels = [value];
  for (let depth = 0; depth < 4; depth++) {
    if (!levels.every(isObject)) return false;
    levels = levels.flatMap(Object.values);
  }
  return levels.every((each) => !isObject(each));
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
