// The verdict on an answer to an exercise: what Prediction.judge and Choice.judge of gd_helpers.exercises say.

import { format, parse } from './numbers.mjs';

const NEAR = 1e-9; // relative to the right number, whatever is accepted

/** Return { state, message } for the texts that were given, one for each number that is asked for; or for an option. */
export function judge(question, given) {
  return question.kind === 'choice' ? judgeChoice(question, given) : judgeNumbers(question, given);
}

function right(detail, { then }) {
  return { state: 'right', message: `${detail} ${then}`.trim() };
}

function judgeChoice(question, chosen) {
  if (chosen === null) return { state: 'unanswered', message: 'Choose one of the options.' };
  if (chosen === question.right) return right('That is what the computation gives.', question);
  const fitting = question.misconceptions.find(({ answer }) => answer === chosen);
  return { state: 'wrong', message: fitting ? fitting.message : 'The computation gives another one.' };
}

function judgeNumbers(question, texts) {
  const { asks } = question;
  if (texts.some((text) => !text.trim())) return { state: 'unanswered', message: `Give ${asks.join(', ')}.` };
  const found = texts.map(parse);
  const count = asks.length;
  const wanted = count > 1 ? `${count} numbers: ${asks.join(', ')}` : `one number, ${asks[0]}`;
  if (found.includes(null)) {
    const given = count > 1 ? `a tuple of length ${count}` : `the text ${quote(texts[0].slice(0, 40))}`;
    return { state: 'wrong', message: `The answer is ${wanted}. You gave ${given}.` };
  }
  if (!found.every(Number.isFinite)) {
    const finite = count > 1 ? 'all of them finite' : 'a finite one';
    const shown = texts.map((text) => `the text ${quote(text.slice(0, 40))}`).join(', ');
    return { state: 'wrong', message: `The answer is ${wanted}, ${finite}. You gave ${count > 1 ? `(${shown})` : shown}.` };
  }
  const wrong = found.map((value, k) => !isNear(question, value, question.right[k]));
  if (!wrong.includes(true)) return right(tell(question), question);
  const fitting = question.misconceptions.find(({ answer }) => fits(question, found, wrong, answer));
  return { state: 'wrong', message: fitting ? fitting.message : compare(question, found, wrong) };
}

function isNear({ relative, absolute }, value, target) {
  return Math.abs(value - target) <= relative * Math.abs(target) + absolute + NEAR * Math.abs(target);
}

// Whether the numbers of a misconception's answer were given, a wrong one among them; null stands for any number.
function fits({ relative, absolute }, found, wrong, mistaken) {
  const reach = (value) => Math.min(relative, 0.02) * Math.abs(value) + Math.min(absolute, 0.02) + NEAR * Math.abs(value);
  return mistaken.some((value, k) => value !== null && wrong[k])
    && mistaken.every((value, k) => value === null || Math.abs(found[k] - value) <= reach(value));
}

function tell({ asks, right: numbers, relative, absolute, tolerance }) {
  const listed = asks.map((name, k) => `${name} = ${format(numbers[k])}`).join(', ');
  return `Computed: ${listed}${relative || absolute ? ` (accepted: ${tolerance})` : ''}.`;
}

function compare({ asks, right: numbers }, found, wrong) {
  const parts = found.map((value, k) => (wrong[k] ? (value > numbers[k] ? 'too high' : 'too low') : 'right'));
  if (parts.length === 1) return `${format(found[0])} is ${parts[0]}.`;
  return `${asks.map((name, k) => `${name}: ${parts[k]}`).join('; ')}.`;
}

// A text as Python's repr writes it.
function quote(text) {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return mark + escaped.replaceAll(mark, `\\${mark}`) + mark;
}
