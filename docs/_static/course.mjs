// What makes a page live: explorers, predictions, exercises, progress, and claims that open.

import { add } from './elements.mjs';
import { showExercise } from './exercise.mjs';
import { showAll } from './explorer.mjs';
import { showOverview } from './overview.mjs';
import { showPrediction } from './predict.mjs';

/** The live explorer takes the place of its picture. */
function hidePictures() {
  document.querySelectorAll('.gd-explorer').forEach((live) => {
    const before = live.previousElementSibling;
    const picture = before?.matches('img') ? before : before?.querySelector('img');
    if (picture) picture.hidden = true;
  });
}

/** A link to a claim opens it, and what it is folded into; one with settings shows the explorer that takes them. */
function openTarget() {
  if (location.hash.includes('=')) document.querySelector('.gd-explorer')?.scrollIntoView({ behavior: 'instant' });
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id ? document.getElementById(id) : null;
  if (!target?.matches('.gd-claim')) return;
  for (let each = target; each; each = each.parentElement.closest('details')) each.open = true;
  target.scrollIntoView();
}

function addCopyButtons() {
  document.querySelectorAll('.gd-claim .highlight-console').forEach((box) => {
    const button = add(box, 'button', { type: 'button', className: 'gd-button gd-copy' }, 'Copy');
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(box.querySelector('pre').textContent.trim());
      button.textContent = 'Copied';
    });
  });
}

/** The theme's two asides have no names. */
function nameLandmarks() {
  for (const [selector, name] of [['.sidebar-drawer', 'Site'], ['.toc-drawer', 'This page']]) {
    document.querySelector(selector)?.setAttribute('aria-label', name);
  }
}

nameLandmarks();
document.querySelectorAll('.gd-predict').forEach(showPrediction);
document.querySelectorAll('.gd-exercise').forEach(showExercise);
document.querySelectorAll('.gd-course-progress').forEach(showOverview);
addCopyButtons();
hidePictures();
showAll();
openTarget();
addEventListener('hashchange', openTarget);
