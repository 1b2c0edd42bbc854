// A prediction in a page: the reader commits to an option or a number once, and is told what is wrong about it.
//
// render({ model, el }) is the interface of an anywidget. `model` holds `prediction`, what a notebook stores under
// application/vnd.gd-helpers.prediction+json, `chosen` and `note`; a page without a kernel brings a model of its own,
// with get, set, save_changes and on, and sets the answer of `prediction` as the stored output of the later cell has it.

const SLACK = 1e-9; // of a number, relative to the right one

function write(element, text) {
  element.replaceChildren(...text.split('`').map((part, place) => {
    if (place % 2 === 0) return document.createTextNode(part);
    const code = document.createElement('code');
    code.textContent = part;
    return code;
  }));
}

function add(parent, name, className, text = '') {
  const element = document.createElement(name);
  element.className = className;
  write(element, text);
  parent.append(element);
  return element;
}

// The text of the option that `chosen` belongs to, and of the right one.
function judge({ answer, margin }, chosen) {
  if (!margin) return [chosen, answer];
  const reach = margin.absolute + (margin.relative + SLACK) * Math.abs(answer);
  if (Math.abs(chosen - answer) <= reach) return ['right', 'right'];
  return [chosen < answer ? 'too low' : 'too high', 'right'];
}

// The number that a text stands for, NaN if none: "0.5", "12,000", "1/4", "−3".
function parse(text) {
  let plain = text.trim().replace('−', '-');
  if (/^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$/.test(plain)) plain = plain.replaceAll(',', '');
  const parts = plain.split('/');
  const number = parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(plain);
  return parts.every((part) => part.trim()) && Number.isFinite(number) ? number : NaN;
}

function addOptions(root, { options }, commit) {
  const buttons = options.map(({ text }) => {
    const button = add(root, 'button', 'gd-option');
    button.type = 'button';
    button.onclick = () => commit(text);
    return button;
  });
  return (chosen, right) => options.forEach(({ text }, place) => {
    const button = buttons[place];
    const sign = text === right ? '✓' : text !== chosen ? '○' : right === undefined ? '●' : '✗';
    write(button, `${sign} ${text}`);
    button.setAttribute('aria-pressed', text === chosen);
    button.setAttribute('aria-disabled', chosen !== null);
  });
}

function addField(root, commit, complain) {
  const row = add(root, 'div', 'gd-number');
  const field = add(row, 'input', '');
  field.inputMode = 'decimal';
  field.ariaLabel = 'your number';
  const button = add(row, 'button', 'gd-option', 'Commit');
  button.type = 'button';
  button.onclick = () => {
    const number = parse(field.value);
    if (Number.isNaN(number)) complain('Give a number, such as 0.5, 1/4 or 12,000.');
    else commit(number);
  };
  field.onkeydown = (event) => { if (event.key === 'Enter') button.click(); };
  return (chosen) => {
    if (chosen === null) return;
    field.value = chosen;
    field.readOnly = true;
    button.setAttribute('aria-disabled', true);
  };
}

function tell({ options, answer, margin }, chosen, status) {
  status.replaceChildren();
  if (chosen === null) return;
  const quote = (value) => (margin ? value.toLocaleString('en-US', { maximumSignificantDigits: 6 }) : `“${value}”`);
  const say = (text) => text && add(status, 'p', '', text);
  if (answer === null) {
    say(`You predict ${quote(chosen)}. A cell below answers it.`);
    return;
  }
  const [own, right] = judge({ answer, margin }, chosen);
  const feedback = (option) => options.find(({ text }) => text === option).feedback;
  say(own === right ? `✓ You predicted ${quote(chosen)}, and so it is.` : `✗ You predicted ${quote(chosen)}; it is ${quote(answer)}.`);
  if (own !== right) say(feedback(own));
  say(feedback(right));
}

function render({ model, el }) {
  const root = add(el, 'fieldset', 'gd-prediction');
  root.dataset.lmSuppressShortcuts = 'true'; // or JupyterLab takes keys for its own
  write(add(root, 'legend', ''), `Predict: ${model.get('prediction').question}`);
  const commit = (value) => {
    if (model.get('chosen') !== null) return;
    model.set('chosen', value);
    model.save_changes();
  };
  const { margin } = model.get('prediction');
  let status;
  const mark = margin
    ? addField(root, commit, (complaint) => { status.textContent = complaint; })
    : addOptions(root, model.get('prediction'), commit);
  status = add(root, 'div', 'gd-status');
  status.setAttribute('role', 'status');
  const note = add(root, 'p', 'gd-note');
  const update = () => {
    const prediction = model.get('prediction');
    const chosen = model.get('chosen') ?? null;
    const [own, right] = chosen === null || prediction.answer === null ? [chosen, undefined] : judge(prediction, chosen);
    root.dataset.verdict = right === undefined ? 'open' : own === right ? 'right' : 'wrong';
    mark(chosen, right);
    tell(prediction, chosen, status);
    write(note, model.get('note') ?? '');
  };
  update();
  for (const name of ['prediction', 'chosen', 'note']) model.on(`change:${name}`, update);
}

export default { render };
