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
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0`;
  const [digits, exponent] = round(Math.abs(value));
  const trim = (text) => text.replace(/\.?0+$/, '');
  if (exponent < -4 || exponent > 5) {
    const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
    return `${sign}${trim(`${digits[0]}.${digits.slice(1)}`)}e${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits.replace(/0+$/, '')}`;
  const whole = digits.slice(0, exponent + 1).replace(/\B(?=(\d{3})+$)/g, ',');
  const rest = digits.slice(exponent + 1).replace(/0+$/, '');
  return sign + whole + (rest ? `.${rest}` : '');
}

// The six significant digits of a positive number, and the power of ten of the first; a tie goes to the even digit, as
// in Python, which is why the number is written out exactly.
function round(value) {
  const [, first, others, power] = value.toExponential(60).match(/^(\d)\.(\d+)e([-+]\d+)$/);
  const kept = Number(first + others.slice(0, 5)), rest = others.slice(5);
  const isUp = rest[0] === '5' && !/[1-9]/.test(rest.slice(1)) ? kept % 2 === 1 : rest[0] >= '5';
  const digits = String(kept + isUp);
  return digits.length > 6 ? [digits.slice(0, 6), Number(power) + 1] : [digits, Number(power)];
}
