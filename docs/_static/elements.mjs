// Elements of a page.

/** Write `text` into `element`, with what stands between backticks as code. */
export function write(element, text) {
  element.replaceChildren(...text.split('`').map((part, place) => {
    if (place % 2 === 0) return document.createTextNode(part);
    const code = document.createElement('code');
    code.textContent = part;
    return code;
  }));
}

/** Append a new element with properties and a text to `parent`, and return it. */
export function add(parent, name, properties = {}, text = '') {
  const element = Object.assign(document.createElement(name), properties);
  write(element, text);
  parent.append(element);
  return element;
}

/** Return the data of the script in `element`. */
export function dataOf(element) {
  return JSON.parse(element.querySelector('script').textContent);
}
