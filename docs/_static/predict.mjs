// A prediction in a page, shown by the module of the notebooks with a model that this browser keeps.

import { dataOf } from './elements.mjs';
import prediction from './prediction.mjs';
import { find, keep } from './progress.mjs';

/** Bring the prediction in `root` to life. */
export function showPrediction(root) {
  const data = dataOf(root);
  const [chapter, key] = data.id.split('/');
  const kept = find(chapter, 'predictions', key).answer;
  const handlers = {};
  const values = { prediction: data, chosen: isAllowed(data, kept) ? kept : null, note: '' };
  const model = {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
      handlers[`change:${name}`]?.();
    },
    on: (name, handler) => { handlers[name] = handler; },
    save_changes: () => {
      const { verdict } = root.querySelector('.gd-prediction').dataset;
      keep(chapter, 'predictions', key, { answer: values.chosen, right: verdict === 'right' });
      openAnswer(data.id);
    },
  };
  root.replaceChildren();
  prediction.render({ model, el: root });
  if (values.chosen !== null) openAnswer(data.id);
}

function isAllowed({ options, margin }, value) {
  return margin ? Number.isFinite(value) : options.some(({ text }) => text === value);
}

// The box below, which a cell of the notebook shows, stays closed until the reader has committed.
function openAnswer(id) {
  document.querySelectorAll('.gd-answer').forEach((box) => { if (box.dataset.id === id) box.open = true; });
}
