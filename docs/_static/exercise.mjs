// An exercise in a page: what the reader answers is judged here, and kept.

import { add, dataOf, write } from './elements.mjs';
import { judge } from './judge.mjs';
import { find, keep, watch, count } from './progress.mjs';

const SIGNS = { right: '✓', wrong: '✗', unanswered: '○' };
const WORDS = { right: 'right', wrong: 'not right yet', unanswered: 'not answered yet' };
const RANK = ['unanswered', 'wrong', 'right'];

/** Bring the exercise in `root` to life. */
export function showExercise(root) {
  const question = dataOf(root);
  if (question.kind === 'progress') return showCount(root, question);
  if (question.kind === 'code') return undefined;
  const kept = () => find(question.chapter, 'exercises', question.name);
  const form = document.createElement('form');
  root.querySelector('.gd-static').replaceWith(form);
  const read = question.kind === 'choice' ? addOptions(form, question) : addFields(form, question);
  add(form, 'button', { type: 'submit', className: 'gd-button' }, 'Check');
  const status = add(form, 'p', { className: 'gd-status' });
  status.setAttribute('role', 'status');
  const tell = ({ state, message }) => {
    root.dataset.state = state;
    write(status, `${SIGNS[state]} Exercise ${question.number}, ${WORDS[state]}. ${message}`);
  };
  if (kept().state) tell({ state: kept().state, message: `You answered on ${kept().on}.` });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const verdict = judge(question, read());
    tell(verdict);
    if (verdict.state === 'unanswered') return;
    const state = RANK[Math.max(RANK.indexOf(verdict.state), RANK.indexOf(kept().state))];
    keep(question.chapter, 'exercises', question.name, { state, peeked: kept().peeked === true });
  });
  root.querySelector('.gd-solution').addEventListener('toggle', (event) => {
    if (!event.target.open || kept().state === 'right' || kept().peeked) return;
    keep(question.chapter, 'exercises', question.name, { state: kept().state ?? 'unanswered', peeked: true });
  });
  return undefined;
}

function addFields(form, { name, asks }) {
  const fields = asks.map((what, k) => {
    const label = add(form, 'label', { className: 'gd-ask' });
    const field = document.createElement('input');
    Object.assign(field, { inputMode: 'text', name: `${name}-${k}`, autocomplete: 'off' });
    label.append(field, ` ${what}`);
    return field;
  });
  return () => fields.map((field) => field.value);
}

function addOptions(form, { name, options, number }) {
  const set = add(form, 'fieldset', { className: 'gd-options' });
  add(set, 'legend', {}, `Options of exercise ${number}`);
  options.forEach((value) => {
    const label = add(set, 'label');
    label.append(Object.assign(document.createElement('input'), { type: 'radio', name, value }), ` ${value}`);
  });
  return () => set.querySelector(':checked')?.value ?? null;
}

function showCount(root, { chapter, count: number }) {
  const text = root.querySelector('p');
  watch(() => {
    const { solved, right, predicted } = count(chapter);
    const predictions = predicted ? ` Predictions right: ${right} of ${predicted}.` : '';
    write(text, `Solved in this chapter: ${solved} of ${number}.${predictions} Code exercises are checked in JupyterLab.`);
  });
}
