// Numbers as gd_helpers reads and writes them, so that a page says what Python says.

const THOUSANDS = /^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$/;
const FRACTION = /^([-+]?\d+)\/(\d+)$/;
const FLOAT = /^[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[-+]?\d+)?$/i;
const SPECIAL = /^([-+]?)(inf|infinity|nan)$/i;

/** Return the number that a text stands for, as exercises.answers.parse_numbers does; null if it is none. */
export function parse(text) {
  let plain = text.trim().replaceAll('−', '-');
  if (THOUSANDS.test(plain)) plain = plain.replaceAll(',', '');
  const parts = plain.match(FRACTION);
  if (parts) return Number(parts[2]) === 0 ? null : Number(parts[1]) / Number(parts[2]);
  const special = plain.match(SPECIAL);
  if (special) return special[2].toLowerCase() === 'nan' ? NaN : special[1] === '-' ? -Infinity : Infinity;
  return FLOAT.test(plain) && !/_(_|\.|e|$)|\._/i.test(plain) ? Number(plain.replaceAll('_', '')) : null;
}

/** Return a number as formatting.format_number writes a float: to six significant digits. */
export function format(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, power] = value.toExponential(5).split('e');
  const exponent = Number(power);
  const trim = (text) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent < -4 || exponent > 5) {
    return `${trim(digits)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const [whole, rest] = trim(value.toFixed(5 - exponent)).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (rest ? `.${rest}` : '');
}
