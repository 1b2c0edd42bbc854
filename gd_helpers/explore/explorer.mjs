// Explorers of gradient descent, computed where they are looked at: in a notebook by anywidget, or in a page without a
// kernel. Parts: random numbers, the run, theory, drawing, controls, the explorers, and how they are put into a page.
//
// A run gives the same bits as `train` of gd_helpers.training. So the order of all operations is that of its compiled
// kernels, and Math.fround stands where they round to single precision.

const { fround } = Math;

// ---------------------------------------------------------------------------------------------------- random numbers

/** Return the eight 32-bit words that NumPy's SeedSequence(seed) generates. */
function seedWords(seed) {
  const pool = [], words = [];
  let hash = 0x43b0d7e5;
  const hashed = (value, multiplier) => {
    value ^= hash;
    hash = Math.imul(hash, multiplier);
    value = Math.imul(value, hash);
    return value ^ (value >>> 16);
  };
  for (let i = 0; i < 4; i++) pool.push(hashed(i === 0 ? seed : 0, 0x931e8875));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hashed(pool[from], 0x931e8875));
      pool[to] = (mixed | 0) ^ ((mixed | 0) >>> 16);
    }
  }
  hash = 0x8b51f9dd;
  for (let i = 0; i < 8; i++) words.push(hashed(pool[i % 4], 0x58f38ded) >>> 0);
  return words;
}

const low = (a, b) => Math.imul(a, b) >>> 0;

/** Return the upper 32 bits of the product of two 32-bit numbers. */
function high(a, b) {
  const a0 = a & 0xffff, a1 = a >>> 16, b0 = b & 0xffff, b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return a1 * b1 + (middle >>> 16) + ((((middle & 0xffff) + a0 * b1) / 65536) >>> 0);
}

const [M0, M1, M2, M3] = [0x9fccf645, 0x4385df64, 0x1fc65da4, 0x2360ed05]; // PCG's multiplier, lowest limb first
const LIMB = 2 ** 32;

/** NumPy's default generator: PCG64, a 128-bit linear congruence whose words are permuted (XSL-RR). */
export class Generator {
  constructor(seed) {
    const w = seedWords(seed); // of 64 bits each: low half, high half
    this.i0 = ((w[6] << 1) | 1) >>> 0;
    this.i1 = ((w[7] << 1) | (w[6] >>> 31)) >>> 0;
    this.i2 = ((w[4] << 1) | (w[7] >>> 31)) >>> 0;
    this.i3 = ((w[5] << 1) | (w[4] >>> 31)) >>> 0;
    let sum = w[2] + this.i0;
    this.s0 = sum >>> 0;
    sum = w[3] + this.i1 + Math.floor(sum / LIMB);
    this.s1 = sum >>> 0;
    sum = w[0] + this.i2 + Math.floor(sum / LIMB);
    this.s2 = sum >>> 0;
    this.s3 = (w[1] + this.i3 + Math.floor(sum / LIMB)) >>> 0;
    this.advance();
    this.hasHalf = false;
  }
  /** Step on: s ← s M + i, modulo 2¹²⁸. */
  advance() {
    const { s0, s1, s2, s3 } = this;
    let sum = low(s0, M0) + this.i0;
    this.s0 = sum >>> 0;
    sum = high(s0, M0) + low(s0, M1) + low(s1, M0) + this.i1 + Math.floor(sum / LIMB);
    this.s1 = sum >>> 0;
    sum = high(s0, M1) + high(s1, M0) + low(s0, M2) + low(s1, M1) + low(s2, M0) + this.i2 + Math.floor(sum / LIMB);
    this.s2 = sum >>> 0;
    sum = high(s0, M2) + high(s1, M1) + high(s2, M0) + Math.floor(sum / LIMB);
    this.s3 = (sum + low(s0, M3) + low(s1, M2) + low(s2, M1) + low(s3, M0) + this.i3) >>> 0;
  }
  /** Draw a word of 64 bits into `high` and `low`. */
  word() {
    this.advance();
    const turn = this.s3 >>> 26, by = turn & 31;
    let h = this.s3 ^ this.s1, l = this.s2 ^ this.s0;
    if (turn > 31) [h, l] = [l, h];
    this.high = by ? ((h >>> by) | (l << (32 - by))) >>> 0 : h >>> 0;
    this.low = by ? ((l >>> by) | (h << (32 - by))) >>> 0 : l >>> 0;
  }
  /** Return 32 bits: half a word, the low one first. */
  half() {
    this.hasHalf = !this.hasHalf;
    if (!this.hasHalf) return this.kept;
    this.word();
    this.kept = this.high;
    return this.low;
  }
  /** Return a number in [0, 1) of 53 bits. */
  uniform() {
    this.word();
    return (this.high * 2 ** 21 + (this.low >>> 11)) / 2 ** 53;
  }
  /** Shuffle `order` as `permutation` does: from the last place down, each with one drawn by masked rejection. */
  shuffle(order) {
    for (let i = order.length - 1; i > 0; i--) {
      const mask = 2 ** (32 - Math.clz32(i)) - 1;
      let j = (this.half() & mask) >>> 0;
      while (j > i) j = (this.half() & mask) >>> 0;
      const other = order[j];
      order[j] = order[i];
      order[i] = other;
    }
  }
  /** Fill `order` with integers below n, as `integers(n)` does: Lemire's method, multiplied instead of masked. */
  integers(order, n) {
    const threshold = (LIMB - n) % n;
    for (let k = 0; k < order.length; k++) {
      let half = this.half();
      while (n > 1 && low(half, n) < threshold) half = this.half();
      order[k] = high(half, n);
    }
  }
  /** Return a standard normal number, by the ziggurat whose layers end at `edges`. */
  normal(edges) {
    for (;;) {
      this.word();
      const place = this.low & 0xff, size = (this.high & 0x1fffffff) * 2 ** 23 + (this.low >>> 9);
      const x = (this.low & 0x100 ? -1 : 1) * (size * (edges[place] / 2 ** 52));
      const inner = place === 0 ? edges[255] : place === 1 ? 0 : edges[place - 1];
      if (size < Math.floor((inner / edges[place]) * 2 ** 52)) return x;
      if (place === 0) {
        const sign = (this.low >>> 17) & 1 ? -1 : 1, r = edges[255];
        for (;;) {
          const further = -Math.log1p(-this.uniform()) / r, y = -Math.log1p(-this.uniform());
          if (y + y > further * further) return sign * (r + further);
        }
      }
      const top = Math.exp(-0.5 * edges[place] ** 2), above = place === 1 ? 1 : Math.exp(-0.5 * edges[place - 1] ** 2);
      if ((above - top) * this.uniform() + top < Math.exp(-0.5 * x * x)) return x;
    }
  }
}

const MOST_KEPT = 2 ** 22; // entries of the orders that are kept, 16 MiB

/** The orders of the epochs, kept as far as there is room, so that a moved learning rate draws none anew. */
class Orders {
  constructor(n, seed, replacement) {
    Object.assign(this, { n, replacement, generator: new Generator(seed), kept: [] });
    this.ofData = Int32Array.from({ length: n }, (_, j) => j);
  }
  /** Return the order of an epoch; each run asks for one after the other. */
  of(epoch, run) {
    while (this.kept.length <= epoch && (this.kept.length + 1) * this.n <= MOST_KEPT) this.kept.push(this.draw(this.generator));
    if (epoch < this.kept.length) return this.kept[epoch];
    run.generator ??= Object.assign(Object.create(Generator.prototype), this.generator);
    return this.draw(run.generator);
  }
  draw(generator) {
    const order = this.ofData.slice();
    if (this.replacement) generator.integers(order, this.n);
    else generator.shuffle(order);
    return order;
  }
}

// ------------------------------------------------------------------------------------------- updates of the weights

/** Return the state of an optimizer at `w`: weights and moments are kept in the precision of the run. */
function stateAt(w, single) {
  return { w, m: w.slice().fill(0), v: w.slice().fill(0), corrections: new Float64Array(2), single };
}

const root = (square, single) => (single ? fround(Math.sqrt(square)) : Math.sqrt(square));

/** The seven optimizers: each updates a state, given the gradient g, the learning rate and the settings s. */
const STEPS = {
  sgd({ w }, g, rate) { for (let i = 0; i < w.length; i++) w[i] -= rate * g[i]; },
  momentum({ w, m }, g, rate, s) {
    for (let i = 0; i < w.length; i++) {
      m[i] = s.momentum * m[i] + g[i];
      w[i] -= rate * m[i];
    }
  },
  nesterov({ w, m }, g, rate, s) {
    for (let i = 0; i < w.length; i++) {
      m[i] = s.momentum * m[i] + g[i];
      w[i] -= rate * (g[i] + s.momentum * m[i]);
    }
  },
  adagrad({ w, v, single }, g, rate, s) {
    for (let i = 0; i < w.length; i++) {
      v[i] += g[i] * g[i];
      w[i] -= (rate * g[i]) / (root(v[i], single) + s.eps);
    }
  },
  rmsprop({ w, v, single }, g, rate, s) {
    for (let i = 0; i < w.length; i++) {
      v[i] = s.alpha * v[i] + (1 - s.alpha) * g[i] * g[i];
      w[i] -= (rate * g[i]) / (root(v[i], single) + s.eps);
    }
  },
  adam({ w, m, v, corrections, single }, g, rate, s) {
    const [beta1, beta2] = s.betas;
    corrections[0] = beta1 * corrections[0] + (1 - beta1);
    corrections[1] = beta2 * corrections[1] + (1 - beta2);
    const size = rate / corrections[0], scale = Math.sqrt(corrections[1]);
    for (let i = 0; i < w.length; i++) {
      m[i] = beta1 * m[i] + (1 - beta1) * g[i];
      v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
      w[i] -= (size * m[i]) / (root(v[i], single) / scale + s.eps);
    }
  },
  adamw(state, g, rate, s) {
    for (let i = 0; i < state.w.length; i++) state.w[i] *= 1 - rate * s.weight_decay;
    STEPS.adam(state, g, rate, s);
  },
};

// -------------------------------------------------------------------------------------------------- linear models

/** Return ŷⱼ = xⱼ w; products of single precision are rounded to it. */
function predict({ X, p }, w, j, single) {
  let prediction = 0;
  for (let i = 0; i < p; i++) {
    const product = X[j * p + i] * w[i];
    prediction += single ? fround(product) : product;
  }
  return prediction;
}

/** Compute ∂L/∂w over the examples from `first` to `last` in `order` into `gradient`, and return the loss L. */
function linearGradient(data, w, order, first, last, gradient, single) {
  const { X, y, p } = data;
  gradient.fill(0);
  let squares = 0;
  for (let k = first; k < last; k++) {
    const j = order[k], error = predict(data, w, j, single) - y[j];
    squares += error * error;
    for (let i = 0; i < p; i++) gradient[i] += error * X[j * p + i];
  }
  for (let i = 0; i < p; i++) gradient[i] *= 2 / (last - first);
  return squares / (last - first);
}

/** Return the loss over all examples in double precision. */
export function linearLoss(data, w) {
  let squares = 0;
  for (let j = 0; j < data.n; j++) {
    const error = predict(data, w, j, false) - data.y[j];
    squares += error * error;
  }
  return squares / data.n;
}

/** Return the loss of a linear model as a quadratic around its minimum: weights, loss and gradient there, Hessian. */
export function expand(data) {
  const { X, n, p } = data, order = Int32Array.from({ length: n }, (_, j) => j);
  const hessian = Array.from({ length: p }, () => new Float64Array(p));
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < p; i++) for (let k = 0; k <= i; k++) hessian[i][k] += X[j * p + i] * X[j * p + k];
  }
  for (let i = 0; i < p; i++) for (let k = 0; k <= i; k++) hessian[k][i] = hessian[i][k] *= 2 / n;
  const centre = new Float64Array(p), gradient = new Float64Array(p);
  for (let round = 0; round < 2; round++) {
    linearGradient(data, centre, order, 0, n, gradient, false);
    solve(hessian, gradient).forEach((step, i) => (centre[i] -= step));
  }
  const loss = linearGradient(data, centre, order, 0, n, gradient, false);
  return { centre, loss, gradient, hessian };
}

/** Solve H d = b by elimination; d is 0 along what is flat. */
function solve(H, b) {
  const rows = H.map((row, k) => [...row, b[k]]), flat = H.map((row, k) => 1e-12 * row[k]);
  for (let k = 0; k < b.length; k++) {
    const pivot = rows[k][k];
    rows[k] = rows[k].map((entry) => (pivot > flat[k] ? entry / pivot : 0));
    for (let other = 0; other < b.length; other++) {
      if (other === k) continue;
      const factor = rows[other][k];
      rows[other] = rows[other].map((entry, i) => entry - factor * rows[k][i]);
    }
  }
  return rows.map((row) => row[b.length]);
}

/** Compute ∇L(w) into `gradient`, and return L(w), from the expansion. */
function expandedGradient({ centre, loss, gradient: atCentre, hessian }, w, gradient) {
  let change = 0;
  for (let i = 0; i < w.length; i++) {
    gradient[i] = atCentre[i];
    for (let k = 0; k < w.length; k++) gradient[i] += hessian[i][k] * (w[k] - centre[k]);
    change += (atCentre[i] + gradient[i]) * (w[i] - centre[i]);
  }
  return loss + change / 2;
}

// --------------------------------------------------------------------------------------------------------- networks

const BLOCK = 256; // examples at a time, in rows of units
const [IDENTITY, SIGMOID, TANH, RELU] = [0, 1, 2, 3];
const POWERS = Float64Array.from({ length: 2048 }, (_, exponent) => (exponent ? 2 ** (exponent - 1023) : 0));
const LOG2_E = 1 / Math.log(2), LN2_HIGH = 0.693359375, LN2_LOW = -2.12194440054690583e-4;
const coefficients = (terms) => {
  const factorials = [1];
  for (let k = 1; k <= terms; k++) factorials.push(factorials[k - 1] * k);
  return factorials.slice(1).reverse().map((factorial) => 1 / factorial);
};
const DOUBLE = { bound: 708, shift: 1.5 * 2 ** 52 + 1023, log2e: LOG2_E, high: LN2_HIGH, low: LN2_LOW, series: coefficients(13) };
const SINGLE = { bound: 87, shift: 1.5 * 2 ** 23 + 127, log2e: fround(LOG2_E), high: fround(LN2_HIGH), low: fround(LN2_LOW),
  series: coefficients(7).map(fround) };

const rounded = (x, single) => (single ? fround(x) : x);

/** Return eˣ − 1: the series of eʳ − 1 and 2ᵏ, with x = k ln 2 + r. */
function expMinus1(x, single) {
  const { bound, shift, log2e, high: upper, low: lower, series } = single ? SINGLE : DOUBLE;
  x = x > bound ? bound : x < -bound ? -bound : x;
  const k = rounded(rounded(rounded(x * log2e, single) + shift, single) - shift, single), power = POWERS[k + 1023];
  const r = rounded(rounded(x - rounded(k * upper, single), single) - rounded(k * lower, single), single);
  let y = series[0];
  for (let i = 1; i < series.length; i++) y = rounded(rounded(y * r, single) + series[i], single);
  return rounded(rounded(power * rounded(y * r, single), single) + rounded(power - 1, single), single);
}

/** Apply an activation to the first entries of a row. */
function activate(row, activation, count, single) {
  for (let e = 0; e < count; e++) {
    if (activation === SIGMOID) row[e] = 1 / rounded(2 + expMinus1(-row[e], single), single);
    else if (activation === RELU) row[e] = row[e] < 0 ? 0 : row[e];
    else if (activation === TANH) {
      const y = expMinus1(2 * row[e], single);
      row[e] = y / rounded(y + 2, single);
    }
  }
}

/** Set a row to a constant plus a weighted sum of rows; what is over a multiple of four comes first, then fours. */
function weightedSum(target, constant, w, first, step, terms, top, number, count, single) {
  const rest = number % 4, a = terms[top], b = terms[top + (rest > 1)], c = terms[top + 2 * (rest > 2)];
  const u = w[first], v = w[first + step], x = w[first + 2 * step];
  for (let e = 0; e < count; e++) {
    let sum = rest > 0 ? rounded(u * a[e], single) : 0;
    if (rest > 1) sum = rounded(sum + rounded(v * b[e], single), single);
    if (rest > 2) sum = rounded(sum + rounded(x * c[e], single), single);
    target[e] = constant + sum;
  }
  for (let t = rest; t < number; t += 4) {
    const at = first + step * t, k = w[at], l = w[at + step], m = w[at + 2 * step], n = w[at + 3 * step];
    const f = terms[top + t], g = terms[top + t + 1], h = terms[top + t + 2], i = terms[top + t + 3];
    for (let e = 0; e < count; e++) {
      const left = rounded(rounded(k * f[e], single) + rounded(l * g[e], single), single);
      target[e] += rounded(left + rounded(rounded(m * h[e], single) + rounded(n * i[e], single), single), single);
    }
  }
}

/** Return the product of two rows over `count` examples: eight sums side by side, each rounded to single precision. */
function dot(a, b, count) {
  const whole = count - (count % 8);
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
  for (let e = 0; e < whole; e += 8) {
    s0 = fround(s0 + fround(a[e] * b[e]));
    s1 = fround(s1 + fround(a[e + 1] * b[e + 1]));
    s2 = fround(s2 + fround(a[e + 2] * b[e + 2]));
    s3 = fround(s3 + fround(a[e + 3] * b[e + 3]));
    s4 = fround(s4 + fround(a[e + 4] * b[e + 4]));
    s5 = fround(s5 + fround(a[e + 5] * b[e + 5]));
    s6 = fround(s6 + fround(a[e + 6] * b[e + 6]));
    s7 = fround(s7 + fround(a[e + 7] * b[e + 7]));
  }
  for (let e = whole; e < count; e++) s0 = fround(s0 + fround(a[e] * b[e]));
  const even = fround(fround(s0 + s4) + fround(s2 + s6));
  return fround(even + fround(fround(s1 + s5) + fround(s3 + s7)));
}

/** A multilayer perceptron, trained in single precision; its weights come layer by layer, biases after each matrix. */
export class Network {
  constructor({ widths, activations, biased }) {
    const rows = widths.reduce((sum, width) => sum + width, 0);
    const empty = (Type) => Array.from({ length: rows }, () => new Type(BLOCK));
    Object.assign(this, { widths, activations, biased, output: rows - 1 });
    Object.assign(this, { units: empty(Float32Array), deltas: empty(Float32Array), exact: empty(Float64Array) });
  }
  /** Compute the units of `count` examples, layer by layer; the inputs are there. */
  forward(w, units, count, single) {
    let weight = 0, below = 0;
    this.activations.forEach((activation, layer) => {
      const inputs = this.widths[layer], outputs = this.widths[layer + 1], above = below + inputs;
      const biases = weight + outputs * inputs;
      for (let o = 0; o < outputs; o++) {
        const bias = this.biased[layer] ? w[biases + o] : 0;
        weightedSum(units[above + o], bias, w, weight + o * inputs, 1, units, below, inputs, count, single);
        if (activation !== IDENTITY) activate(units[above + o], activation, count, single);
      }
      weight = biases + (this.biased[layer] ? outputs : 0);
      below = above;
    });
  }
  /** Add the gradients of `count` examples to `gradient`, from the last layer back. */
  backward(w, count, gradient) {
    const { units, deltas } = this;
    let weight = w.length, above = units.length;
    for (let layer = this.activations.length - 1; layer >= 0; layer--) {
      const inputs = this.widths[layer], outputs = this.widths[layer + 1];
      above -= outputs;
      const below = above - inputs, biases = weight - (this.biased[layer] ? outputs : 0);
      weight = biases - outputs * inputs;
      for (let o = 0; o < outputs; o++) {
        const delta = deltas[above + o];
        slope(delta, units[above + o], this.activations[layer], count);
        for (let i = 0; i < inputs; i++) gradient[weight + o * inputs + i] += dot(delta, units[below + i], count);
        if (this.biased[layer]) for (let e = 0; e < count; e++) gradient[biases + o] += delta[e];
      }
      for (let i = 0; layer > 0 && i < inputs; i++) {
        weightedSum(deltas[below + i], 0, w, weight + i, inputs, deltas, above, outputs, count, true);
      }
    }
  }
  /** Compute ∂L/∂w over the examples from `first` to `last` in `order` into `gradient`. */
  gradient({ X, y, p }, w, order, first, last, gradient) {
    const { units, deltas, output } = this, scale = fround(2 / (last - first));
    gradient.fill(0);
    for (let from = first; from < last; from += BLOCK) {
      const count = Math.min(BLOCK, last - from);
      for (let i = 0; i < p; i++) for (let e = 0; e < count; e++) units[i][e] = X[order[from + e] * p + i];
      this.forward(w, units, count, true);
      for (let e = 0; e < count; e++) {
        const error = fround(units[output][e] - y[order[from + e]]);
        deltas[output][e] = scale * error;
      }
      this.backward(w, count, gradient);
    }
  }
  /** Return what the network says of the rows of X, in double precision. */
  predict({ X, n, p }, w) {
    const { exact, output } = this, predictions = new Float64Array(n);
    for (let from = 0; from < n; from += BLOCK) {
      const count = Math.min(BLOCK, n - from);
      for (let i = 0; i < p; i++) for (let e = 0; e < count; e++) exact[i][e] = X[(from + e) * p + i];
      this.forward(w, exact, count, false);
      predictions.set(exact[output].subarray(0, count), from);
    }
    return predictions;
  }
  /** Return the loss over all examples in double precision. */
  loss(data, w) {
    let squares = 0;
    this.predict(data, w).forEach((prediction, j) => {
      const error = prediction - data.y[j];
      squares += error * error;
    });
    return squares / data.n;
  }
}

/** Multiply deltas by the slope of the activation, from what it gave. */
function slope(delta, row, activation, count) {
  for (let e = 0; e < count; e++) {
    const a = row[e];
    if (activation === SIGMOID) delta[e] *= fround(a * fround(1 - a));
    else if (activation === TANH) delta[e] *= fround(1 - fround(a * a));
    else if (activation === RELU && !(a > 0)) delta[e] = 0;
  }
}

// ---------------------------------------------------------------------------------------------------------- the run

const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127, MOST_WEIGHTS = 64, EPOCHS_BETWEEN_LOOKS = 64;

/** A run of a recipe: it is advanced from record to record, the first of which is its start.
 *
 * data: { X, y, n, p, single }, with X row by row, ones first. settings: { learning_rate, batch_size, epochs, optimizer,
 * rule, replacement }, where `rule` are the optimizer's own. `perEpoch` records are kept of an epoch, evenly
 * spaced in examples read: the weights after the last update before each.
 */
export class Run {
  constructor(data, settings, { start, orders, network = null, surface = null, perEpoch = 1 }) {
    const { single, n } = data, length = settings.epochs * perEpoch + 1;
    Object.assign(this, { data, settings, orders, network, perEpoch, epoch: 0, last: 0, diverged: false });
    this.w = single ? Float32Array.from(start) : Float64Array.from(start);
    this.state = stateAt(this.w, single);
    this.gradient = new Float64Array(this.w.length);
    this.isWhole = settings.batch_size === n && !settings.replacement && !network && this.w.length <= Math.min(n, MOST_WEIGHTS);
    this.surface = this.isWhole ? surface ?? expand(data) : null;
    this.path = new Float64Array(length * this.w.length);
    this.losses = new Float64Array(length);
    this.path.set(this.w);
    this.losses[0] = this.lossNow();
    if (this.isWhole) this.next = expandedGradient(this.surface, this.w, this.gradient);
  }
  get isDone() { return this.diverged || this.epoch === this.settings.epochs; }
  weights(record) { return this.path.subarray(record * this.w.length, (record + 1) * this.w.length); }
  lossNow() { return this.network ? this.network.loss(this.data, this.w) : linearLoss(this.data, this.w); }
  /** Train epoch after epoch, until all are done or the clock of the page says `until`. */
  advance(until = Infinity) {
    while (!this.isDone) {
      for (let k = 0; k < (this.isWhole ? EPOCHS_BETWEEN_LOOKS : 1) && !this.isDone; k++) this.trainEpoch();
      if (until < Infinity && performance.now() > until) return;
    }
  }
  trainEpoch() {
    const { data, settings, state, gradient, perEpoch } = this, { n, single } = data, B = settings.batch_size;
    const step = STEPS[settings.optimizer], begin = this.epoch * perEpoch;
    const order = this.isWhole ? null : B === n && !settings.replacement ? this.orders.ofData : this.orders.of(this.epoch, this);
    for (let first = 0; first < n; first += B) {
      const last = Math.min(first + B, n);
      while (((this.last + 1 - begin) * n) / perEpoch < last && this.last + 1 < begin + perEpoch) this.record();
      if (this.network) this.network.gradient(data, this.w, order, first, last, gradient);
      else if (!this.isWhole) linearGradient(data, this.w, order, first, last, gradient, single);
      step(state, gradient, settings.learning_rate, settings.rule);
    }
    if (this.isWhole) this.next = expandedGradient(this.surface, this.w, gradient);
    this.epoch += 1;
    while (this.last < this.epoch * perEpoch) this.record();
    const { losses, last } = this;
    this.diverged = !Number.isFinite(losses[last]) || !this.w.every(Number.isFinite);
  }
  /** Return the records after `sent`, for another run of the same; `take` puts them there. */
  part(sent) {
    const { epoch, last, diverged } = this, size = this.w.length;
    const path = this.path.slice((sent + 1) * size, (last + 1) * size), losses = this.losses.slice(sent + 1, last + 1);
    return { epoch, last, diverged, sent, path, losses };
  }
  take({ sent, path, losses, ...where }) {
    this.path.set(path, (sent + 1) * this.w.length);
    this.losses.set(losses, sent + 1);
    if (where.last >= this.last) Object.assign(this, where); // it may have begun later than this one
  }
  record() {
    const k = (this.last += 1);
    const loss = this.isWhole ? this.next : this.lossNow();
    this.losses[k] = loss > (this.data.single ? FLOAT32_MAX : Number.MAX_VALUE) ? Infinity : loss;
    this.path.set(this.w, k * this.w.length);
  }
}

// ----------------------------------------------------------------------------------------------------------- theory

/** Return the eigenvalues of a symmetric matrix, ascending, and their vectors as rows, by Jacobi's rotations. */
export function eigen(matrix) {
  const A = matrix.map((row) => [...row]), size = A.length;
  const V = A.map((_, i) => A.map((_, k) => Number(i === k)));
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let i = 0; i < size; i++) {
      for (let k = i + 1; k < size; k++) {
        if (A[i][k] === 0) continue;
        const angle = Math.atan2(2 * A[i][k], A[i][i] - A[k][k]) / 2, c = Math.cos(angle), s = Math.sin(angle);
        const turn = (rows) => {
          const [upper, lower] = [rows[i], rows[k]];
          rows[i] = upper.map((entry, j) => c * entry + s * lower[j]);
          rows[k] = lower.map((entry, j) => c * entry - s * upper[j]);
        };
        turn(A);
        turn(V);
        for (const row of A) [row[i], row[k]] = [c * row[i] + s * row[k], c * row[k] - s * row[i]];
      }
    }
  }
  const order = A.map((_, i) => i).sort((i, k) => A[i][i] - A[k][k]);
  return { values: order.map((i) => A[i][i]), vectors: order.map((i) => V[i]) };
}

/** What theory says of a line's training: least squares, the loss's axes, the rate's limits, the floor of the noise. */
export class Theory {
  constructor(data) {
    const { centre, loss, hessian } = (this.surface = expand(data));
    Object.assign(this, { data, best: centre, mse: loss, hessian, r2: 1 - loss / data.variance });
    if (data.p > 2) return;
    const { values, vectors } = eigen(hessian.map((row) => [...row]));
    this.curvatures = values;
    this.axes = vectors.map((axis) => axis.map((entry) => (axis[1] < 0 ? -entry : entry)));
    this.limit = 2 / values[1];
    this.bestRate = 2 / (values[0] + values[1]);
  }
  excess(w) {
    const [a, b] = [w[0] - this.best[0], w[1] - this.best[1]], [[p, q], [, r]] = this.hessian;
    return (p * a * a + 2 * q * a * b + r * b * b) / 2;
  }
  /** Return the components of the distance from least squares along the axes. */
  components(w) { return this.axes.map((axis) => axis[0] * (w[0] - this.best[0]) + axis[1] * (w[1] - this.best[1])); }
  factors(rate) { return this.curvatures.map((curvature) => 1 - rate * curvature); }
  /** The covariance of least squares over new noise at the same x. */
  samplingCovariance(noiseVariance) {
    const [[a, b], [, c]] = this.hessian, scale = (2 * noiseVariance) / this.data.n / (a * c - b * b);
    return [[c * scale, -b * scale], [-b * scale, a * scale]];
  }
  /** The moments of the noise in the axes: what metrics.noise_floor calls S, Q of one example, and R. */
  get noise() {
    if (this.found) return this.found;
    const { X, y, n } = this.data, [l0, l1] = this.curvatures, S = [2 * l0, l0 + l1, 2 * l1], R = [0, 0, 0];
    const single = R.map(() => [0, 0, 0]);
    for (let j = 0; j < n; j++) {
      const [u, v] = this.axes.map((axis) => axis[0] * X[2 * j] + axis[1] * X[2 * j + 1]);
      const residual = predict(this.data, this.best, j, false) - y[j];
      const outer = [u * u, Math.SQRT2 * u * v, v * v].map((entry, k) => entry / Math.sqrt(S[k]));
      for (let i = 0; i < 3; i++) {
        R[i] += (4 / n) * outer[i] * residual * residual;
        for (let k = 0; k < 3; k++) single[i][k] += (4 / n) * outer[i] * outer[k];
      }
    }
    return (this.found = { S, R, single, whole: [l0 * l0, l0 * l1, l1 * l1].map((entry, k) => entry / S[k]) });
  }
  scaledQ(batchSize) {
    const { single, whole } = this.noise;
    return single.map((row, i) => row.map((entry, k) => {
      const full = i === k ? whole[i] : 0;
      return full + (entry - full) / batchSize;
    }));
  }
  meanSquareLimit(batchSize) { return 1 / eigen(this.scaledQ(batchSize)).values[2]; }
  /** The stationary second moments of the weights in the axes, [M₀₀, M₀₁, M₁₁]; infinite from the limit on. */
  moments(rate, batchSize) {
    if (rate >= this.meanSquareLimit(batchSize)) return [Infinity, Infinity, Infinity];
    const { S, R } = this.noise, Q = this.scaledQ(batchSize);
    const solved = solve(Q.map((row, i) => row.map((entry, k) => Number(i === k) - rate * entry)),
      R.map((entry) => (rate / batchSize) * entry));
    return solved.map((entry, k) => entry / Math.sqrt(S[k]) / (k === 1 ? Math.SQRT2 : 1));
  }
  noiseFloor(rate, batchSize) {
    const [first, , last] = this.moments(rate, batchSize);
    return (this.curvatures[0] * first + this.curvatures[1] * last) / 2;
  }
  stationaryCovariance(rate, batchSize) {
    const [a, b, c] = this.moments(rate, batchSize), [u, v] = this.axes;
    const entry = (i, k) => (a === Infinity ? a : a * u[i] * u[k] + b * (u[i] * v[k] + v[i] * u[k]) + c * v[i] * v[k]);
    return [[entry(0, 0), entry(0, 1)], [entry(1, 0), entry(1, 1)]];
  }
}

/** Return t with P(|T| < t) = level for Student's t, by bisection of its finite series (Abramowitz & Stegun, 26.7.3). */
export function studentQuantile(level, degrees) {
  const share = (t) => {
    const angle = Math.atan(t / Math.sqrt(degrees)), cos2 = Math.cos(angle) ** 2, odd = degrees % 2;
    let term = odd ? Math.cos(angle) : 1, sum = degrees > 1 ? term : 0;
    for (let k = odd ? 2 : 1; k < degrees - 2; k += 2) sum += term *= (k / (k + 1)) * cos2;
    return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  };
  let [below, above] = [0, 1e3];
  for (let i = 0; i < 80; i++) {
    const middle = (below + above) / 2;
    [below, above] = share(middle) < level ? [middle, above] : [below, middle];
  }
  return below;
}

/** Runs on many data sets at the same x, which differ in their noise alone. */
export class Estimates {
  constructor(bundle, points, values, theory, kept) {
    const { data, edges, replicates: runs } = bundle, { truth, noise_variance: variance } = data;
    Object.assign(this, { data: points, theory, truth, runs: [], variance });
    this.sets = kept ?? Array.from({ length: runs }, (_, k) => {
      const generator = new Generator((runs * values.seed + k) % LIMB), y = new points.y.constructor(points.n);
      for (let j = 0; j < points.n; j++) {
        y[j] = truth[0] + truth[1] * points.X[2 * j + 1] + Math.sqrt(variance) * generator.normal(edges);
      }
      const set = { ...points, y };
      return { set, surface: expand(set) };
    });
    this.runs = this.sets.map(({ set, surface }) => new Run(set, values, { start: [0, 0], surface }));
    const off = this.sets.map(({ surface }) => this.distance(surface.centre, truth));
    this.sampling = off.reduce((sum, each) => sum + each, 0) / runs;
  }
  get isDone() { return this.runs[0].isDone; }
  get last() { return this.runs[0].last; }
  get diverged() { return this.runs[0].diverged; }
  advance(until) { for (const run of this.runs) run.advance(); }
  /** The mean squared distance between two lines over the points. */
  distance(w, other) {
    const [a, b] = [w[0] - other[0], w[1] - other[1]], [[p, q], [, r]] = this.theory.hessian;
    return (p * a * a + 2 * q * a * b + r * b * b) / 2;
  }
  weights(record) {
    const all = this.runs.map((run) => (record > run.last ? [NaN, NaN] : run.weights(record)));
    return all.filter((w) => Number.isFinite(w[0] + w[1]));
  }
  /** The mean squared distance between the lines of the runs and of least squares. */
  optimisation(record) {
    let sum = 0;
    this.runs.forEach((run, k) => {
      sum += record > run.last ? NaN : this.distance(run.weights(record), this.sets[k].surface.centre);
    });
    return sum / this.runs.length;
  }
  /** The share of the 95 % intervals for the slope that hold it. */
  covered(record) {
    const { n } = this.data, inverse = this.theory.samplingCovariance(1)[1][1], reach = studentQuantile(0.95, n - 2);
    const held = this.runs.filter((run, k) => {
      if (record > run.last) return false;
      const { surface } = this.sets[k], w = run.weights(record);
      const squares = n * (surface.loss + this.distance(w, surface.centre));
      return Math.abs(w[1] - this.truth[1]) < reach * Math.sqrt((squares / (n - 2)) * inverse);
    });
    return held.length / this.runs.length;
  }
}

// -------------------------------------------------------------------------------------- data and runs from a bundle

/** Return the numbers of a base64 text. */
function decode(text, type) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return type === "float32" ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer);
}

/** Return the data of a bundle, with ones before the columns, in the precision of its runs. */
export function readData({ n, single, stored, variance, X: columns, y }) {
  const Type = single ? Float32Array : Float64Array, values = decode(columns, stored), p = values.length / n + 1;
  const X = new Type(n * p).fill(1);
  for (let j = 0; j < n; j++) X.set(values.subarray(j * (p - 1), (j + 1) * (p - 1)), j * p + 1);
  return { X, y: Type.from(decode(y, stored)), n, p, single, variance };
}

/** What runs of a bundle share: its data, theory, first weights and orders. */
export class Course {
  constructor(bundle) {
    this.bundle = bundle;
    this.data = readData(bundle.data);
    this.theory = new Theory(this.data);
    this.starts = bundle.starts && decode(bundle.starts.weights, "float32");
    if (bundle.edges) bundle.edges = typeof bundle.edges === "string" ? decode(bundle.edges, "float64") : bundle.edges;
  }
  /** Return the first weights of a seed. */
  start(seed) {
    const size = this.starts.length / 100, first = (seed - this.bundle.starts.first) * size;
    return this.starts.subarray(first, first + size);
  }
  ordersOf(seed) {
    if (this.orders?.seed !== seed) {
      this.orders = Object.assign(new Orders(this.data.n, seed, this.bundle.replacement), { seed });
    }
    return this.orders;
  }
  /** Return a run of `values`, to be advanced. */
  run(values, { start = this.start(values.seed), perEpoch = 1 } = {}) {
    const settings = { ...values, replacement: this.bundle.replacement, rule: this.bundle.optimizers[values.optimizer] };
    const network = this.bundle.network ? new Network(this.bundle.network) : null;
    const { orders, surface } = { orders: this.ordersOf(values.seed), surface: this.theory.surface };
    return new Run(this.data, settings, { start, orders, network, surface, perEpoch });
  }
  /** Return the runs of `values` on many data sets, at their first n points. */
  estimates({ n, ...values }) {
    const settings = { ...values, batch_size: n, rule: this.bundle.optimizers[values.optimizer] };
    if (this.points?.n !== n) {
      const { X, y, ...rest } = this.data;
      this.points = { ...rest, X: X.subarray(0, 2 * n), y: y.subarray(0, n), n };
      this.pointsTheory = new Theory(this.points);
    }
    const key = `${n} ${values.seed}`, kept = this.kept?.key === key ? this.kept.sets : null;
    const found = new Estimates(this.bundle, this.points, settings, this.pointsTheory, kept);
    this.kept = { key, sets: found.sets };
    return found;
  }
}

// ---------------------------------------------------------------------------------------------------------- drawing

const METHODS = { batch: "var(--batch)", stochastic: "var(--stochastic)", "mini-batch": "var(--mini)" };
const NEUTRAL = "var(--neutral)", WARNING = "var(--warning)";
const [WIDTH, HEIGHT, LEFT, TOP] = [470, 340, 62, 10], INNER = { width: 396, height: 282 };
const FARTHEST = 1e5, APART = 0.4; // pixels: beyond the one nothing is drawn, within the other one point is enough
const SHAPES = {
  ring: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0", dot: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
  cross: "M-6 -6L6 6M-6 6L6 -6", diamond: "M0 -6L6 0L0 6L-6 0Z",
  star: "M0 -9L2.1 -2.9L8.6 -2.8L3.4 1.1L5.3 7.3L0 3.6L-5.3 7.3L-3.4 1.1L-8.6 -2.8L-2.1 -2.9Z",
};
const SCALES = { linear: (x) => x, log: Math.log10, symlog: (x) => (x < 1 ? 0.4 * x : 0.4 + Math.log10(x)) };
const DASHED = { stroke: NEUTRAL, "stroke-dasharray": "6 4" }, DOTTED = { stroke: NEUTRAL, "stroke-dasharray": "2 3" };

/** Return an element with attributes, and children that are elements or texts. */
function make(tag, attributes = {}, ...children) {
  const isDrawn = ["svg", "g", "path", "text", "rect"].includes(tag);
  const element = isDrawn ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const signed = (text) => text.replace("-", "−");
const whole = (value) => value.toLocaleString("en-US");
const numbersOf = (text) => text.split(" ").map(Number);

/** Return a number as text: three digits, or as many as are asked for. */
function short(value, digits = 3) {
  if (!Number.isFinite(value)) return "not finite";
  const isPlain = value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6);
  if (!isPlain) return signed(value.toExponential(digits - 1));
  return signed(Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 12 }));
}

/** Return a number as it stands in a table. */
function written(value, places) {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return "not finite";
  const size = Math.abs(value), isPlain = size < 1e4 && (size >= 1e-3 || places < 5 || size === 0);
  return signed(isPlain ? value.toFixed(places) : value.toExponential(2));
}

/** One of the two pictures: axes that stand still, and on them curves, marks and words, each by its name. */
class Panel {
  constructor({ x, y }) {
    Object.assign(this, { x, y, parts: {} });
    const inner = () => make("svg", { x: LEFT, y: TOP, ...INNER });
    [this.still, this.clipped, this.xLabel] = [inner(), inner(), make("text", { x: LEFT + INNER.width / 2, y: HEIGHT - 9 }, x.label)];
    this.top = make("g", { transform: `translate(${LEFT} ${TOP})` });
    const axes = make("g", { class: "gdx-axes" }, make("rect", { x: LEFT, y: TOP, ...INNER }), this.xLabel);
    axes.append(make("text", { transform: `translate(14 ${TOP + INNER.height / 2}) rotate(-90)` }, y.label));
    const [xTexts, yTexts] = [x, y].map(({ texts }) => texts.split("|"));
    numbersOf(x.ticks).map((tick) => LEFT + this.px(tick)).forEach((at, k) => axes.append(
      make("path", { d: `M${at} ${TOP}v${INNER.height}` }), make("text", { x: at, y: TOP + INNER.height + 17 }, xTexts[k])));
    numbersOf(y.ticks).map((tick) => TOP + this.py(tick)).forEach((at, k) => axes.append(
      make("path", { d: `M${LEFT} ${at}h${INNER.width}` }), make("text", { x: LEFT - 6, y: at + 4.5, class: "gdx-end" }, yTexts[k])));
    this.legend = make("div", { class: "gdx-legend", "aria-hidden": true });
    this.svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" }, axes, this.still, this.clipped, this.top);
    this.element = make("div", {}, this.legend, this.svg);
  }
  /** Say what is drawn: rows of a sign, its colour and a text. */
  explain(...rows) {
    const key = rows.join();
    if (key === this.key) return;
    this.key = key;
    this.legend.replaceChildren(...rows.map(([sign, color, text]) =>
      make("span", {}, make("b", { style: `color: ${color}` }, sign), ` ${text}`)));
  }
  px(value) {
    const [from, to] = this.x.limits.map(SCALES[this.x.scale]);
    return ((SCALES[this.x.scale](value) - from) / (to - from)) * INNER.width;
  }
  py(value) {
    const [from, to] = this.y.limits.map(SCALES[this.y.scale]);
    return (1 - (SCALES[this.y.scale](value) - from) / (to - from)) * INNER.height;
  }
  /** Return the data at a place of the page, where both scales are linear. */
  at({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect(), scale = WIDTH / box.width, [x, y] = [this.x.limits, this.y.limits];
    const [u, v] = [((clientX - box.left) * scale - LEFT) / INNER.width, ((clientY - box.top) * scale - TOP) / INNER.height];
    return [x[0] + u * (x[1] - x[0]), y[1] - v * (y[1] - y[0])];
  }
  /** Return the part called `name`, with these attributes; it is made when it is first asked for. */
  part(name, tag, place, attributes) {
    const part = (this.parts[name] ??= place.appendChild(make(tag)));
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    return part;
  }
  /** Draw a curve through `count` points, as far as they can be drawn; `look` are attributes of SVG. */
  curve(name, count, x, y, look, place = this.clipped) {
    let d = "", isDown = false, lastX = NaN, lastY = NaN;
    for (let k = 0; k < count; k++) {
      const u = this.px(x(k)), v = this.py(y(k));
      if (!(Math.abs(u) < FARTHEST && Math.abs(v) < FARTHEST)) isDown = false;
      else if (!isDown || Math.abs(u - lastX) > APART || Math.abs(v - lastY) > APART || k === count - 1) {
        d += `${isDown ? "L" : "M"}${u.toFixed(1)} ${v.toFixed(1)}`;
        [isDown, lastX, lastY] = [true, u, v];
      }
    }
    this.part(name, "path", place, { d, fill: "none", "stroke-width": 1.8, ...look });
  }
  /** Draw points, each a dot of its own. */
  points(name, list, look, place = this.clipped) {
    const seen = list.map(([x, y]) => [this.px(x), this.py(y)]).filter(([u, v]) => Math.abs(u) + Math.abs(v) < FARTHEST);
    const d = seen.map(([u, v]) => `M${u.toFixed(1)} ${v.toFixed(1)}h0`).join("");
    this.part(name, "path", place, { d, fill: "none", "stroke-linecap": "round", ...look });
  }
  level(name, value, look) {
    this.curve(name, Number.isFinite(value) ? 2 : 0, (k) => this.x.limits[k], () => value, look);
  }
  /** Put a mark at a point; nowhere, if there is none. */
  mark(name, shape, point, color) {
    const place = point ? [this.px(point[0]), this.py(point[1])] : [];
    const at = Math.abs(place[0]) + Math.abs(place[1]) < FARTHEST ? place : [-1e4, -1e4], fill = { ring: "var(--ground)", cross: "none" }[shape];
    const look = { stroke: color, fill: fill ?? color, "stroke-width": shape === "cross" ? 3.5 : 1.8 };
    this.part(name, "path", this.top, { d: SHAPES[shape], transform: `translate(${at})`, ...look });
  }
  /** Mark where a curve starts and where it is; at the edge with a cross, where it went out. */
  ends(name, count, x, y, color) {
    const inside = (value, [from, to]) => Math.min(Math.max(value, from), to), marks = [null, null, null];
    let last = count - 1;
    while (last > 0 && !Number.isFinite(x(last) + y(last))) last -= 1;
    if (count) {
      const [[u, v], start] = [last, 0].map((k) => [inside(x(k), this.x.limits), inside(y(k), this.y.limits)]);
      const isIn = last === count - 1 && x(last) === u && (y(last) === v || (this.y.scale === "log" && y(last) < v));
      marks.splice(0, 3, start, isIn ? [u, v] : null, isIn ? null : [u, v]);
    }
    ["ring", "dot", "cross"].forEach((shape, k) => this.mark(`${name} ${shape}`, shape, marks[k], k === 2 ? WARNING : color));
  }
  /** Write a warning into the picture. */
  note(words) {
    this.part("note", "text", this.top, { x: INNER.width / 2, y: INNER.height - 36, class: "gdx-warning" }).textContent = words;
  }
  /** Draw the contours of a line's loss, which are ellipses, each with how far it lies above least squares. */
  surface({ best, curvatures, axes }) {
    const corners = this.x.limits.flatMap((b0) => this.y.limits.map((w1) => [b0 - best[0], w1 - best[1]]));
    const height = ([u, v]) => axes.reduce((sum, [a, b], k) => sum + (curvatures[k] / 2) * (a * u + b * v) ** 2, 0);
    const highest = Math.max(...corners.map(height)), top = Math.floor(Math.log10(highest)), taken = [];
    const levels = [3, 2, 1, 0].flatMap((down) => [1, 2, 5].map((step) => step * 10 ** (top - down)));
    for (const level of levels.filter((each) => each < highest).slice(-8).reverse()) {
      const radii = curvatures.map((curvature) => Math.sqrt((2 * level) / curvature));
      const point = (k, i) => best[i] + axes[0][i] * radii[0] * Math.cos(k / 30) + axes[1][i] * radii[1] * Math.sin(k / 30);
      this.curve(`+${level}`, 190, (k) => point(k, 0), (k) => point(k, 1), { class: "gdx-contour" }, this.still);
      const places = Array.from({ length: 94 }, (_, k) => [this.px(point(2 * k, 0)), this.py(point(2 * k, 1))])
        .filter(([u, v]) => u > 20 && u < INNER.width - 20 && v > 12 && v < INNER.height - 12);
      const room = ([u, v]) => Math.min(60, ...taken.map(([a, b]) => Math.hypot(a - u, b - v)));
      const place = places.find((each) => room(each) === 60) ?? places.find((each) => room(each) > 30);
      if (place) taken.push(place);
      if (place) this.part(`words +${level}`, "text", this.still, { x: place[0], y: place[1] + 4, class: "gdx-height" })
        .textContent = `+${short(level, 1)}`;
    }
  }
}

/** Return a control in a row with its name; it calls `changed`, and `set` puts it somewhere. */
function control(label, input, changed, read, write) {
  const out = make("output", { "aria-hidden": true });
  input.addEventListener("input", () => changed(read()));
  return { input, set: (value) => (out.textContent = write(value) ?? ""), element: make("label", {}, make("span", {}, label), input, out) };
}

/** Return a slider over some values; it stands at the nearest that is not below. */
function slider(label, values, changed, format = whole) {
  const input = make("input", { type: "range", min: 0, max: values.length - 1 });
  return control(label, input, changed, () => values[input.value], (value) => {
    const place = values.findIndex((each) => each >= value);
    input.value = place < 0 ? values.length - 1 : place;
    input.setAttribute("aria-valuetext", format(value));
    return format(value);
  });
}

function menu(label, options, changed) {
  const input = make("select", {}, ...options.map(([value, words]) => make("option", { value }, words)));
  return control(label, input, changed, () => input.value, (value) => void (input.value = value));
}

// ------------------------------------------------------------------------------------------------ what explorers do

const SLICE = 8, SENT_EVERY = 20, QUIET = 400, PLAY_TIME = 8000; // milliseconds
const RACE_RECORDS = 400;

/** Return the runs that `values` ask for, to be advanced. */
export function makeRuns(course, values) {
  const { n } = course.data, { batch_size: B, epochs } = values;
  if ("n" in values) return [course.estimates(values)];
  if ("b0" in values) return [course.run(values, { start: [values.b0, values.w1] })];
  if (!values.race) return [course.run(values)];
  const perEpoch = Math.max(1, Math.min(n, Math.floor(RACE_RECORDS / epochs)));
  return [n, 1, B > 1 && B < n ? B : Math.min(32, n)].map((size) => course.run({ ...values, batch_size: size }, { perEpoch }));
}

/** In a worker: advance the runs that are asked for, and send what is new of them. */
function serve() {
  let course, current;
  self.onmessage = ({ data: { bundle, values, job } }) => {
    if (bundle) course = new Course(bundle);
    current = job;
    const runs = makeRuns(course, values), sent = runs.map(() => 0);
    const go = () => {
      if (current !== job) return;
      for (const run of runs) run.advance(performance.now() + SENT_EVERY / runs.length);
      self.postMessage({ job, parts: runs.map((run, k) => run.part(sent[k])) });
      runs.forEach((run, k) => (sent[k] = run.last));
      if (!runs.every((run) => run.isDone)) setTimeout(go);
    };
    go();
  };
}

/** Runs that follow their controls, in two pictures with numbers below: here of a line, others say what differs. */
class Explorer {
  controls() { return ["learning_rate", "optimizer", "batch_size", "against", "epochs", "seed", "race"]; }
  constructor(bundle, root, { page = false, source = import.meta.url } = {}) {
    Object.assign(this, { bundle, root, page, source, course: new Course(bundle), job: 0, speed: 1, places: 4 });
    this.theory = this.course.theory;
    this.values = { against: "updates", ...bundle.settings };
    this.readAddress();
    this.build();
    this.prepare();
    this.change({});
    if (page) addEventListener("hashchange", () => this.change(this.readAddress()));
  }
  makeControl(name) {
    const { steps, starts, optimizers } = this.bundle, changed = (value) => this.change({ [name]: value });
    if (name === "learning_rate") return slider("learning rate α", numbersOf(steps[name]), changed, (rate) => this.rateText(rate));
    if (name === "optimizer") return menu("optimizer", Object.keys(optimizers).map((each) => [each, each]), changed);
    if (name === "against") return menu("loss against", [["updates", "updates"], ["examples", "examples seen"]], changed);
    const [min, max] = starts ? [starts.first, starts.first + 99] : [0, LIMB - 1];
    const input = make("input", name === "race" ? { type: "checkbox" } : { type: "number", min, max });
    if (name === "race") return control("race the three methods", input, changed, () => input.checked, (value) => void (input.checked = value));
    const seed = () => Math.min(Math.max(Math.round(input.value), input.min), input.max);
    const put = (value) => void (document.activeElement === input && seed() === value) || void (input.value = value);
    if (name === "seed") return control("seed", input, changed, seed, put);
    const labels = { batch_size: "batch size B", epochs: "epochs", n: "points n", b0: "intercept b0", w1: "slope w1" };
    return slider(labels[name], numbersOf(steps[name]), changed, steps[name].includes(".") ? (value) => short(value) : whole);
  }
  rateText(rate) { return short(rate, 6); }
  build() {
    const { root } = this, button = (words) => make("button", { type: "button" }, words);
    this.handles = Object.fromEntries(this.controls().map((name) => [name, this.makeControl(name)]));
    this.panels = this.bundle.frames.map((frame) => new Panel(frame));
    [this.player, this.begin] = [button(this.playWords), button("to start")];
    this.player.addEventListener("click", () => this.togglePlay());
    this.begin.addEventListener("click", () => this.goTo(0));
    const range = make("input", { type: "range", min: 0 });
    this.walk = control("shown", range, (place) => this.goTo(place), () => Number(range.value), () => this.whereWords());
    const pace = menu("speed", [0.25, 1, 4, 16].map((each) => [each, `${each}×`]), (speed) => this.setSpeed(Number(speed)));
    pace.set(1);
    this.table = make("div", { class: "gdx-table", tabindex: 0, role: "group", "aria-label": "numbers" });
    [this.status, this.live] = [make("p"), make("div", { role: "status", class: "gdx-hidden" })];
    const row = make("div", { class: "gdx-player" }, this.player, this.begin, this.walk.element, pace.element);
    const handles = make("div", { class: "gdx-controls" }, ...Object.values(this.handles).map((each) => each.element));
    const pictures = make("div", { class: "gdx-pictures" }, ...this.panels.map((panel) => panel.element));
    root.classList.add("gdx");
    const attributes = { role: "group", "aria-label": "explorer", "data-lm-suppress-shortcuts": "true" };
    for (const [name, value] of Object.entries(attributes)) root.setAttribute(name, value);
    root.addEventListener("keydown", (event) => { // a notebook has uses of its own for arrows and letters
      if (!event.ctrlKey && !event.metaKey && !["Tab", "Escape"].includes(event.key)) event.stopPropagation();
    });
    root.replaceChildren(handles, pictures, row, this.table, this.status, this.live);
  }
  prepare() { this.panels[0].surface(this.theory); }
  /** Put the controls to `values` and train at once; of several changes in a frame, the first and the last. */
  change(values) {
    Object.assign(this.values, values);
    if (this.isBusy) return void (this.isLate = true);
    this.isBusy = true;
    requestAnimationFrame(() => {
      const { isLate } = this;
      this.isBusy = this.isLate = false;
      if (isLate) this.change({});
    });
    const key = JSON.stringify({ ...this.values, against: "" });
    if (key !== this.key) this.train();
    this.key = key;
    this.draw();
  }
  train() {
    this.job += 1;
    this.pause();
    [this.runs, this.doesFollow, this.shown] = [makeRuns(this.course, this.values), !this.startsAtStart, 0];
    this.advance();
    if (!this.isDone && !this.handOver()) this.goOn(this.job);
  }
  advance() {
    for (const run of this.runs) run.advance(performance.now() + SLICE / this.runs.length);
    if (this.doesFollow) this.shown = this.last;
  }
  /** Without a worker: a slice of the run in each frame. */
  goOn(job) {
    requestAnimationFrame(() => {
      if (job !== this.job || this.isDone) return;
      this.advance();
      this.draw();
      this.goOn(job);
    });
  }
  /** Have a worker do the run, and say whether there is one. */
  handOver() {
    if (this.worker === null || this.values.n) return false;
    const isNew = !this.worker, fail = () => {
      this.worker = null;
      this.goOn(this.job);
    };
    try { this.worker ??= new Worker(this.source, { type: "module" }); } catch {
      this.worker = null;
      return false;
    }
    this.worker.onerror = fail;
    this.worker.onmessage = ({ data: { job, parts } }) => {
      if (job !== this.job) return;
      parts.forEach((part, k) => this.runs[k].take(part));
      if (this.doesFollow) this.shown = this.last;
      requestAnimationFrame(() => job === this.job && this.draw());
    };
    this.worker.postMessage({ bundle: isNew ? this.bundle : null, values: this.values, job: this.job });
    return true;
  }
  get isDone() { return this.runs.every((run) => run.isDone); }
  /** The last record that every run has, but for those that diverged before. */
  get last() {
    const going = this.runs.filter((run) => !run.diverged).map((run) => run.last);
    return going.length ? Math.min(...going) : Math.max(...this.runs.map((run) => run.last));
  }
  goTo(place) {
    this.pause();
    [this.shown, this.doesFollow] = [place, place === this.last];
    this.draw();
  }
  setSpeed(speed) {
    this.speed = speed;
    if (this.playing) this.playing = { from: this.shown, since: performance.now() };
  }
  pause() {
    this.playing = null;
    this.player.textContent = this.playWords;
  }
  togglePlay() {
    if (this.playing) return this.pause();
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches; // then it is at the end at once
    this.playing = { from: this.shown >= this.last ? 0 : this.shown, since: isStill ? -Infinity : performance.now() };
    this.doesFollow = false;
    this.player.textContent = "⏸ pause";
    requestAnimationFrame(() => this.tick());
  }
  tick() {
    if (!this.playing) return;
    const { from, since } = this.playing, length = this.values.epochs * this.perEpoch;
    this.shown = Math.min(Math.floor(from + (((performance.now() - since) * this.speed) / PLAY_TIME) * length), this.last);
    if (this.shown === this.last && this.isDone) this.pause();
    else requestAnimationFrame(() => this.tick());
    this.draw();
  }
  get playWords() { return "▶ play"; }
  get run() { return this.runs[0]; }
  get perEpoch() { return this.run.perEpoch ?? 1; }
  get n() { return this.values.n ?? this.course.data.n; }
  get epoch() { return this.shown / this.perEpoch; }
  get isLost() { return this.run.diverged && this.shown >= this.run.last; }
  get methods() {
    const of = (size) => (size === this.n ? "batch" : size === 1 ? "stochastic" : "mini-batch");
    return this.runs.map((run) => of(run.settings?.batch_size ?? this.n));
  }
  get colors() { return this.methods.map((method) => METHODS[method]); }
  /** Return the record of a run that is shown: its last, if it diverged before. */
  recordOf(run) { return Math.min(this.shown, run.last); }
  /** Return what a record of a run took: updates or examples. */
  effort(run, record, against = this.values.race ? "examples" : this.values.against) {
    const epochs = record / this.perEpoch, size = run.settings?.batch_size ?? this.n;
    return against === "examples" ? epochs * this.n : Math.floor(epochs * Math.ceil(this.n / size));
  }
  whereWords() {
    return this.values.race ? `${whole(Math.round(this.epoch * this.n))} examples` : `epoch ${whole(this.epoch)}`;
  }
  draw() {
    for (const [name, handle] of Object.entries(this.handles)) handle.set(this.values[name]);
    this.walk.input.max = this.last;
    this.walk.input.value = this.shown;
    this.walk.input.setAttribute("aria-valuetext", this.whereWords());
    this.walk.set();
    const isExamples = this.values.against === "examples" || this.values.race;
    if (this.handles.against) this.panels[1].xLabel.textContent = isExamples ? "examples seen" : "updates";
    this.showLeft(this.panels[0], this.colors[0]);
    this.showRight(this.panels[1], this.colors[0]);
    const { learning_rate: rate, batch_size: B, n, optimizer, seed } = this.values, ended = this.isLost ? "; the run diverged" : "";
    const settings = `At learning rate ${this.rateText(rate)}, ${n ? `points ${whole(n)}` : `batch size ${whole(B)}`}, ${optimizer}, seed ${seed}`;
    this.describe().forEach((words, k) => {
      this.panels[k].svg.setAttribute("aria-label", `${settings}, after ${this.whereWords()}: ${words}${ended}.`);
    });
    this.fillTable(this.columns());
    const words = this.say();
    this.status.replaceChildren(make("b", { style: `color: ${this.colors[0]}`, "aria-hidden": true }, "● "), words);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.announce(words), QUIET);
  }
  announce(words) {
    this.live.textContent = words;
    if (!this.page) return;
    const moved = Object.entries(this.values).filter(([name, value]) => value && value !== { against: "updates", ...this.bundle.settings }[name]);
    const texts = moved.map(([name, value]) => `${{ learning_rate: "α", batch_size: "B" }[name] ?? name}=${value}`);
    if (texts.length || location.hash.includes("=")) history.replaceState(null, "", `#${texts.join("&")}`);
  }
  /** In a page, take what its address sets: #α=0.01&B=32. */
  readAddress() {
    for (const [name, text] of new URLSearchParams(this.page ? location.hash.slice(1) : "")) {
      const key = { α: "learning_rate", B: "batch_size" }[name] ?? name, { steps, starts } = this.bundle;
      if (!this.controls().includes(key)) continue;
      const choices = { against: ["updates", "examples"], optimizer: Object.keys(this.bundle.optimizers), race: ["true"] }[key];
      const range = steps[key] ? numbersOf(steps[key]) : starts ? [starts.first, starts.first + 99] : [0, LIMB - 1];
      if (choices ? choices.includes(text) : Number(text) >= range[0] && Number(text) <= range.at(-1)) {
        this.values[key] = choices ? text : steps[key]?.includes(".") ? Number(text) : Math.round(Number(text));
      }
    }
  }
  fillTable({ rows, ...columns }) {
    const head = make("tr", {}, make("td"), ...Object.keys(columns).map((name) => make("th", { scope: "col" }, name)));
    const cells = (k) => Object.values(columns).map((values) => make("td", {}, written(values[k], this.places)));
    const body = rows.map((name, k) => make("tr", {}, make("th", { scope: "row" }, name), ...cells(k)));
    this.table.replaceChildren(make("table", {}, head, ...body));
  }
  showLeft(panel, color) {
    const names = this.values.race ? this.methods : ["path"];
    panel.explain(...names.map((name, k) => ["━", this.colors[k], name]), ["○", color, "start"], ["●", color, "end"], ["★", NEUTRAL, "OLS"]);
    for (let k = 0; k < 3; k++) {
      const run = this.runs[k], count = run ? this.recordOf(run) + 1 : 0, [x, y] = [0, 1].map((at) => (i) => run.path[2 * i + at]);
      panel.curve(`path ${k}`, count, x, y, { stroke: this.colors[k] ?? "none" });
      panel.ends(`path ${k}`, count, x, y, this.colors[k] ?? "none");
    }
    panel.mark("OLS", "star", this.theory.best, NEUTRAL);
  }
  showRight(panel, color, lossOf = (run, i) => run.losses[i]) {
    panel.explain(["━", color, "loss"], ["┅", NEUTRAL, "OLS"], ["○", color, "start"], ["●", color, "end"]);
    panel.level("OLS", this.theory.mse, DASHED);
    for (let k = 0; k < 3; k++) {
      const run = this.runs[k], count = run ? this.recordOf(run) + 1 : 0;
      const [x, y] = [(i) => this.effort(run, i), (i) => lossOf(run, i)], stroke = this.colors[k] ?? "none";
      panel.curve(`start ${k}`, Math.min(count, 2), x, y, { stroke, "stroke-dasharray": "2 3" });
      panel.curve(`loss ${k}`, Math.max(count - 1, 0), (i) => x(i + 1), (i) => y(i + 1), { stroke });
      panel.ends(`loss ${k}`, count, x, y, stroke);
    }
    const loss = lossOf(this.run, this.recordOf(this.run)), lost = `diverged: not finite after epoch ${whole(Math.ceil(this.epoch))}`;
    panel.note(this.isLost ? lost : loss > panel.y.limits[1] ? `beyond the picture: ${short(loss, 2)}` : "");
  }
  columns() {
    const { best, mse, r2, data } = this.theory, of = (read, least) => [...this.runs.map((run) => read(run, this.recordOf(run))), least];
    return {
      rows: [...(this.values.race ? this.methods : ["run"]), "OLS"],
      "b0, intercept": of((run, k) => run.weights(k)[0], best[0]), "w1, slope": of((run, k) => run.weights(k)[1], best[1]),
      MSE: of((run, k) => run.losses[k], mse), "R²": of((run, k) => 1 - run.losses[k] / data.variance, r2),
    };
  }
  describe() {
    const { run, theory } = this, of = (w) => `(${short(w[0])}, ${short(w[1])})`, { losses } = run, now = this.recordOf(run);
    return [
      `contours of the loss, and on them the path of (b0, w1) from ${of(run.weights(0))} to ${of(run.weights(now))}; OLS is at ${of(theory.best)}`,
      `the loss over all data against ${this.values.against}, ${short(losses[0])} at the start, ${short(losses[now])} after ` +
        `${this.whereWords()}; that of OLS is ${short(theory.mse)}`,
    ];
  }
  /** Return in words where the run stands. */
  say() {
    const { run, theory: { mse } } = this, loss = run.losses[this.recordOf(run)];
    if (this.values.race) {
      const each = this.runs.map((other, k) => `${this.methods[k]} ${short(other.losses[this.recordOf(other)])}`);
      return `After ${this.whereWords()}, ${short(this.epoch)} of ${whole(this.values.epochs)} epochs, the MSE: ${each.join(", ")}.`;
    }
    const [updates, examples] = ["updates", "examples"].map((against) => whole(this.effort(run, this.shown, against)));
    const words = `After epoch ${whole(this.epoch)} of ${whole(this.values.epochs)}: ${this.methods[0]} gradient descent, ` +
      `${updates} updates, ${examples} examples. `;
    if (this.isLost) return `${words}Diverged: the loss or the weights became non-finite, and the run stopped.`;
    return mse > 0 ? `${words}The MSE is ${beyond(Math.max(1, loss / mse))} that of OLS.` : words;
  }
}

/** Return in words how far a number lies above another, by their ratio. */
function beyond(ratio) {
  if (ratio < 10) return ratio >= 1.001 ? `${(100 * (ratio - 1)).toFixed(1)}% above` : "less than 0.1% above";
  return ratio < 1e6 ? `${whole(Math.round(ratio))} times` : "more than a million times";
}

// ------------------------------------------------------------------------------------------------ the other explorers

/** A network's curve, inside and outside the data. */
class FittedCurve extends Explorer {
  controls() { return super.controls().filter((name) => name !== "race"); }
  prepare() {
    const { X, y, n } = this.course.data, [left] = this.panels, [from, to] = left.x.limits;
    const xs = Array.from({ length: 161 }, (_, k) => from + (k * (to - from)) / 160);
    this.grid = { X: Float64Array.from(xs.flatMap((x) => [1, x])), n: xs.length, p: 2 };
    left.points("data", Array.from({ length: n }, (_, j) => [X[2 * j + 1], y[j]]), { class: "gdx-data" }, left.still);
    const { best } = this.theory, ends = left.x.limits;
    left.curve("OLS", 2, (k) => ends[k], (k) => best[0] + best[1] * ends[k], { stroke: NEUTRAL });
    this.middle = X.reduce((sum, x) => sum + x, 0) / n - 1;
  }
  heights(grid) { return this.run.network.predict(grid, Float64Array.from(this.run.weights(this.shown))); }
  showLeft(panel, color) {
    panel.explain(["•", "var(--data)", "data"], ["━", NEUTRAL, "OLS"], ["━", color, "fitted curve"]);
    const heights = this.heights(this.grid);
    panel.curve("curve", this.grid.n, (k) => this.grid.X[2 * k + 1], (k) => heights[k], { stroke: color, "stroke-width": 2.4 });
  }
  columns() {
    const { middle, theory, run, shown } = this, h = 1e-4, { best, mse, r2, data } = theory;
    const [atZero, below, above] = this.heights({ X: [1, 0, 1, middle - h, 1, middle + h], n: 3, p: 2 }), loss = run.losses[shown];
    return {
      rows: ["run", "OLS"], "height at x = 0": [atZero, best[0]], "slope at the mean of x": [(above - below) / (2 * h), best[1]],
      MSE: [loss, mse], "R²": [1 - loss / data.variance, r2],
    };
  }
  describe() {
    const { "height at x = 0": [height], "slope at the mean of x": [slope] } = this.columns();
    return ["the data, the OLS line, and the fitted curve inside and outside the range of the data; the curve is " +
      `${short(height)} high at x = 0, and its slope at the mean of x is ${short(slope)}`, super.describe()[1]];
  }
}

/** Where a constant rate settles, and how far above least squares: the cloud of the iterates, and the floor. */
class NoiseBall extends FittedCurve {
  prepare() {
    this.panels[0].surface(this.theory);
    this.places = 5;
  }
  /** Return what is measured over the later half of the epochs, and what is predicted. */
  measure() {
    const { run, theory, shown, values } = this, first = shown - Math.floor(shown / 2), count = shown - first + 1;
    const path = Array.from({ length: count }, (_, k) => run.weights(first + k)), above = path.map((w) => theory.excess(w));
    const mean = (list) => list.reduce((sum, each) => sum + each, 0) / list.length;
    const spread = [0, 1].map((i) => Math.sqrt(mean(path.map((w) => (w[i] - theory.best[i]) ** 2))));
    const isPredicted = values.optimizer === "sgd", { learning_rate: rate, batch_size: B } = values;
    const covariance = isPredicted ? theory.stationaryCovariance(rate, B) : [[NaN, NaN], [NaN, NaN]];
    return { first, path, above, floor: mean(above), spread, covariance, predicted: isPredicted ? theory.noiseFloor(rate, B) : NaN };
  }
  showLeft(panel, color) {
    const { path, covariance } = (this.measured = this.measure());
    panel.explain(["•", color, "iterates, later half"], ["┅", NEUTRAL, "predicted, 2σ"], ["★", NEUTRAL, "OLS"]);
    panel.points("cloud", path, { stroke: color, "stroke-width": 4 });
    ellipse(panel, "ellipse", this.theory.best, covariance, 2);
    panel.mark("OLS", "star", this.theory.best, NEUTRAL);
  }
  showRight(panel, color) {
    const { first, floor, predicted } = this.measured, { run, shown } = this;
    super.showRight(panel, color, (each, k) => this.theory.excess(each.weights(k)));
    panel.explain(["━", color, "loss above OLS"], ["━", NEUTRAL, "measured floor"], ["┅", NEUTRAL, "predicted floor"]);
    panel.level("OLS", NaN, {});
    panel.curve("floor", floor > 0 ? 2 : 0, (k) => this.effort(run, [first, shown][k]), () => floor, { stroke: NEUTRAL, "stroke-width": 3.5 });
    panel.level("predicted", predicted, DASHED);
  }
  columns() {
    const { spread, covariance, floor, predicted } = this.measured;
    const of = (i) => [spread[i], Math.sqrt(covariance[i][i])], rms = "root mean square off OLS";
    return { rows: ["measured", "predicted"], [`b0, ${rms}`]: of(0), [`w1, ${rms}`]: of(1), "floor: mean loss above OLS": [floor, predicted] };
  }
  describe() {
    const { path, spread, covariance, floor, predicted } = this.measured, isPredicted = Number.isFinite(predicted);
    const [b0, w1] = [0, 1].map((i) => short(Math.sqrt(covariance[i][i])));
    const roots = isPredicted ? `an ellipse of the predicted covariance, whose roots are ${b0} and ${w1}` : "no ellipse is predicted";
    return [
      `contours of the loss around OLS, and on them the weights after the epochs of the later half, ${whole(path.length)} points off ` +
        `OLS by ${short(spread[0])} and ${short(spread[1])} in b0 and w1, root mean square; ${roots}`,
      `the loss above OLS against ${this.values.against}, ${short(this.theory.excess(this.run.weights(0)))} at the start, ` +
        `${short(floor)} in the mean of the later half; ${isPredicted ? `the predicted floor is ${short(predicted)}` : "no floor is predicted"}`,
    ];
  }
  say() {
    const { above, first, predicted } = this.measured, { optimizer, learning_rate: rate, batch_size: B } = this.values, words = super.say();
    if (optimizer !== "sgd") return `${words} The prediction is for plain SGD alone.`;
    if (!Number.isFinite(predicted)) return `${words} This rate is beyond the mean-square limit: no floor is predicted.`;
    const size = Math.floor(above.length / 10), means = Array.from({ length: 10 }, (_, k) => {
      const batch = above.slice(above.length - (10 - k) * size).slice(0, size);
      return batch.reduce((sum, each) => sum + each, 0) / size;
    });
    const mean = means.reduce((sum, each) => sum + each, 0) / 10, squares = means.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    const reach = studentQuantile(0.95, 9) * Math.sqrt(squares / 90), updates = this.effort(this.run, first, "updates");
    const left = this.theory.factors(rate).map((factor) => factor ** (2 * updates)), start = this.theory.components(this.run.weights(0));
    const missing = this.theory.curvatures.reduce((sum, each, k) => sum + (each * left[k] * start[k] ** 2) / 2, 0) / predicted + Math.max(...left);
    return words + (size > 1 ? ` The measured floor has the 95% interval ${short(mean - reach)} to ${short(mean + reach)}, by batch means.` : "") +
      (this.n % B ? " The last batch of an epoch is short, and so noisier than the prediction has it." : "") +
      (missing > 0.02 ? " The run had not settled when the later half began: it takes more epochs." : "");
  }
}

/** Draw the ellipse of the points within `radius` of a centre, in units of a covariance. */
function ellipse(panel, name, centre, covariance, radius) {
  const { values, vectors } = eigen(covariance), count = values.every(Number.isFinite) ? 121 : 0;
  const at = (k, i) => centre[i] + radius * (vectors[0][i] * Math.sqrt(Math.max(values[0], 0)) * Math.cos((k * Math.PI) / 60) +
    vectors[1][i] * Math.sqrt(Math.max(values[1], 0)) * Math.sin((k * Math.PI) / 60));
  panel.curve(name, count, (k) => at(k, 0), (k) => at(k, 1), DASHED);
}

/** Plain gradient descent across its limit, with what the curvatures predict of every update. */
class LearningRate extends Explorer {
  controls() { return ["learning_rate", "optimizer", "batch_size", "epochs", "seed"]; }
  prepare() {
    const [left] = this.panels, { best, axes } = this.theory;
    this.places = 5;
    super.prepare();
    axes.forEach((axis, i) => left.curve(`axis ${i}`, 2, (k) => best[0] + (k ? 90 : -90) * axis[0], (k) => best[1] + (k ? 90 : -90) * axis[1],
      { stroke: "var(--quiet)", "stroke-width": 1.2, "stroke-dasharray": i ? "6 4" : "" }));
  }
  rateText(rate) { return `${short(rate, 6)} = ${short(rate / this.theory.limit, 4)} × limit`; }
  get isPredicted() { return this.values.optimizer === "sgd" && this.values.batch_size === this.n; }
  /** Return what the axes add to the loss above least squares after a record, as predicted. */
  predicted(record) {
    const start = this.theory.components(this.run.weights(0)), factors = this.theory.factors(this.values.learning_rate);
    return factors.map((factor, k) => (this.isPredicted ? (this.theory.curvatures[k] / 2) * (factor ** record * start[k]) ** 2 : NaN));
  }
  /** Return the factor of an update over the later half of the epochs: of the distance, and along each axis. */
  observed() {
    const z = Array.from({ length: this.recordOf(this.run) + 1 }, (_, k) => this.theory.components(this.run.weights(k)));
    const far = z.map((each) => Math.hypot(...each)), updates = Math.ceil(this.n / this.values.batch_size);
    const factor = (sizes) => {
      const bad = sizes.findIndex((size, k) => !(Number.isFinite(size) && size > 1e-10 * Math.max(far[k], far[0])));
      const last = (bad < 0 ? sizes.length : bad) - 1, first = Math.floor(last / 2);
      return last < 1 ? NaN : (sizes[last] / sizes[first]) ** (1 / ((last - first) * updates));
    };
    const sign = (i) => (updates === 1 && z.length > 1 && z[0][i] * z[1][i] < 0 ? -1 : 1);
    return [factor(far), ...[0, 1].map((i) => sign(i) * factor(z.map((each) => Math.abs(each[i]))))];
  }
  showLeft(panel, color) {
    super.showLeft(panel, color);
    panel.explain(["━", color, "path"], ["─", "var(--quiet)", "axis: floor"], ["┄", "var(--quiet)", "axis: across"], ["★", NEUTRAL, "OLS"]);
  }
  showRight(panel, color) {
    const { run } = this, count = this.isPredicted ? this.recordOf(run) + 1 : 0, x = (k) => this.effort(run, k);
    const parts = Array.from({ length: count }, (_, k) => this.predicted(k));
    super.showRight(panel, color, (each, k) => this.theory.excess(each.weights(k)));
    panel.explain(["━", color, "after each epoch"], ["┈", NEUTRAL, "predicted, each axis"], ["┅", NEUTRAL, "predicted, sum"]);
    panel.level("OLS", NaN, {});
    [0, 1].forEach((i) => panel.curve(`part ${i}`, count, x, (k) => parts[k][i], DOTTED));
    panel.curve("sum", count, x, (k) => parts[k][0] + parts[k][1], DASHED);
    if (!this.isLost && x(this.shown) > panel.x.limits[1]) panel.note(`beyond the picture: ${whole(x(this.shown))} updates`);
  }
  columns() {
    const { run, theory } = this, record = this.recordOf(run), [far, floor, across] = this.observed(), sum = this.predicted(record);
    const factors = this.isPredicted ? theory.factors(this.values.learning_rate) : [NaN, NaN];
    return {
      rows: ["observed", "predicted"], "factor per update: distance": [far, Math.max(...factors.map(Math.abs))],
      "along the floor": [floor, factors[0]], "across it": [across, factors[1]],
      "loss above OLS": [theory.excess(run.weights(record)), sum[0] + sum[1]],
    };
  }
  describe() {
    const [far, floor, across] = this.observed().map((factor) => short(factor, 4)), now = this.recordOf(this.run), sum = this.predicted(now);
    return [
      `${super.describe()[0]}; the two axes of the contours cross there; an update multiplies the distance from OLS by ` +
        `${far}, ${floor} along the floor and ${across} across`,
      `the loss above OLS against updates, ${short(this.theory.excess(this.run.weights(0)))} at the start, ` +
        `${short(this.theory.excess(this.run.weights(now)))} after ${this.whereWords()}; ${this.isPredicted ? `predicted is ${short(sum[0] + sum[1])}` : "nothing is predicted"}`,
    ];
  }
  say() {
    const { limit } = this.theory, rate = this.values.learning_rate, factor = Math.max(...this.theory.factors(rate).map(Math.abs));
    if (!this.isPredicted) return `${super.say()} The prediction is for sgd with all the data in every update alone.`;
    const words = `${super.say()} α is ${short(rate / limit, 4)} times the limit, 2/λmax = ${limit.toFixed(5)}: `;
    if (factor < 1) return `${words}a distance a millionth as large takes ${whole(Math.ceil(Math.log(1e6) / -Math.log(factor)))} updates at most.`;
    return `${words}across the valley each update makes the distance ${short(factor, 4)} times as large.`;
  }
}

/** The estimates from many data sets, and their errors of optimisation and of sampling. */
class ManyEstimates extends Explorer {
  controls() { return ["learning_rate", "optimizer", "n", "epochs", "seed"]; }
  prepare() { this.places = 5; }
  showLeft(panel, color) {
    const { truth, noise_variance: variance } = this.bundle.data, seen = this.run.weights(this.shown);
    panel.explain(["•", color, `${this.run.runs.length} runs`], ["┅", NEUTRAL, "95% ellipse of theory"], ["◆", NEUTRAL, "truth"]);
    panel.points("cloud", seen, { stroke: color, "stroke-width": 5 });
    ellipse(panel, "ellipse", truth, this.run.theory.samplingCovariance(variance), Math.sqrt(-2 * Math.log(0.05))); // χ² with 2 degrees of freedom
    panel.mark("truth", "diamond", truth, NEUTRAL);
    const isIn = seen.some((w) => [panel.x, panel.y].every(({ limits: [from, to] }, i) => w[i] > from && w[i] < to));
    panel.note(isIn ? "" : seen.length ? "not in the picture yet" : "diverged");
  }
  showRight(panel, color) {
    const { run } = this, x = (k) => this.effort(run, k, "updates"), errors = Array.from({ length: this.shown + 1 }, (_, k) => run.optimisation(k));
    panel.explain(["━", color, "optimisation error"], ["━", NEUTRAL, "sampling error"], ["┈", NEUTRAL, "pσ²/n"]);
    panel.curve("optimisation", errors.length, x, (k) => errors[k], { stroke: color });
    panel.ends("optimisation", errors.length, x, (k) => errors[k], color);
    panel.level("sampling", run.sampling, { stroke: NEUTRAL });
    panel.level("theory", (2 * run.variance) / this.n, DOTTED);
    panel.note(this.isLost ? `diverged: not finite after epoch ${whole(this.shown)}` : "");
  }
  spread() {
    const weights = this.run.weights(this.shown), count = weights.length;
    return [0, 1].map((i) => {
      const mean = weights.reduce((sum, w) => sum + w[i], 0) / count;
      return Math.sqrt(weights.reduce((sum, w) => sum + (w[i] - mean) ** 2, 0) / (count - 1));
    });
  }
  columns() {
    const { run, shown } = this, [b0, w1] = this.spread(), covariance = run.theory.samplingCovariance(run.variance);
    return {
      rows: ["runs", "theory of OLS"], "b0, standard deviation": [b0, Math.sqrt(covariance[0][0])],
      "w1, standard deviation": [w1, Math.sqrt(covariance[1][1])],
      "optimisation error": [run.optimisation(shown), 0], "sampling error": [run.sampling, (2 * run.variance) / this.n],
      "95% intervals that hold the slope": [run.covered(shown), 0.95],
    };
  }
  describe() {
    const { run, shown } = this, [b0, w1] = Object.values(this.columns()).slice(1, 3).map((pair) => pair.map((value) => short(value)));
    return [
      `the estimates of ${run.weights(shown).length} runs in the plane of b0 and w1, which scatter by ${b0[0]} and ${w1[0]}; ` +
        `around the truth the ellipse of theory, by ${b0[1]} and ${w1[1]}`,
      `against updates, the optimisation error, ${short(run.optimisation(0))} at the start and ` +
        `${short(run.optimisation(shown))} at the end, and the level of the sampling error, ${short(run.sampling)}`,
    ];
  }
  say() {
    const { run, shown } = this;
    const words = `After epoch ${whole(shown)} of ${whole(this.values.epochs)}: ${run.runs.length} runs of batch gradient descent from zero. `;
    if (this.isLost) return `${words}Diverged: the loss or the weights became non-finite.`;
    let since = shown + 1;
    while (since > 0 && run.optimisation(since - 1) < run.sampling) since -= 1;
    if (since > shown) return `${words}The optimisation error is larger than the sampling error.`;
    return `${words}The optimisation error is smaller than the sampling error since epoch ${whole(since)}.`;
  }
}

/** A table of several columns: its coefficients, and R² on the rows trained on and on rows held out. */
class HeldOut extends FittedCurve {
  prepare() {
    this.parts = [this.course.data, readData(this.bundle.unseen)];
    this.names = this.bundle.names;
    this.best = this.parts.map((part) => this.scoreOf(part, this.theory.best));
    const { best } = this.theory, rows = [...this.names.keys()].sort((i, k) => Math.abs(best[k + 1]) - Math.abs(best[i + 1]));
    this.listed = rows.slice(0, 3).sort((i, k) => i - k);
  }
  scoreOf(part, w) { return 1 - linearLoss(part, w) / part.variance; }
  showLeft(panel, color) {
    const { run, theory, names } = this, now = this.recordOf(run), [from, to] = panel.x.limits;
    panel.explain(["●", color, "run"], ["◇", NEUTRAL, "OLS"], ["✕", WARNING, "beyond the picture"]);
    names.forEach((name, k) => {
      let [lowest, highest] = [Infinity, -Infinity];
      for (let record = 0; record <= now; record++) {
        const value = run.path[record * run.w.length + k + 1];
        [lowest, highest] = [Math.min(lowest, value), Math.max(highest, value)];
      }
      const value = run.weights(now)[k + 1], isIn = value >= from && value <= to;
      const ends = [lowest, highest].map((end) => Math.min(Math.max(end, 2 * from), 2 * to));
      panel.curve(`trail ${k}`, 2, (i) => ends[i], () => k, { stroke: color });
      panel.mark(`OLS ${k}`, "diamond", [theory.best[k + 1], k], NEUTRAL);
      panel.parts[`OLS ${k}`].setAttribute("fill", "none");
      panel.mark(`run ${k}`, "dot", isIn ? [value, k] : null, color);
      panel.mark(`beyond ${k}`, "cross", isIn ? null : [value > 0 ? to : from, k], WARNING);
    });
  }
  showRight(panel, color) {
    const { run } = this, count = this.recordOf(run) + 1, x = (k) => this.effort(run, k), looks = [color, NEUTRAL];
    if (this.scored?.run !== run) this.scored = { run, lists: [[], []] };
    this.parts.forEach((part, i) => {
      const list = this.scored.lists[i], deepest = panel.y.limits[0];
      while (list.length < count) list.push(this.scoreOf(part, run.weights(list.length)));
      panel.curve(`score ${i}`, count, x, (k) => list[k], { stroke: looks[i] });
      panel.mark(`now ${i}`, "dot", list[count - 1] >= deepest ? [x(count - 1), list[count - 1]] : null, looks[i]);
      panel.level(`best ${i}`, this.best[i], i ? DOTTED : DASHED);
    });
    this.scores = this.scored.lists.map((list) => list[count - 1]);
    const lowest = Math.min(...this.scores), lost = `diverged: not finite after epoch ${whole(this.shown)}`;
    panel.explain(["━", color, "rows trained on"], ["━", NEUTRAL, "rows held out"],
      ["┅", NEUTRAL, "OLS, trained on"], ["┈", NEUTRAL, "OLS, held out"]);
    panel.note(this.isLost ? lost : lowest < panel.y.limits[0] ? `below the picture: ${short(lowest)}` : "");
  }
  columns() {
    const w = this.run.weights(this.recordOf(this.run)), { best } = this.theory;
    const coefficient = Object.fromEntries(this.listed.map((k) => [this.names[k], [w[k + 1], best[k + 1]]]));
    const scores = Object.fromEntries(["trained on", "held out"].map((rows, i) => [`R², ${rows}`, [this.scores[i], this.best[i]]]));
    return { rows: ["run", "OLS"], ...coefficient, ...scores };
  }
  describe() {
    const w = this.run.weights(this.recordOf(this.run)), off = this.names.map((_, k) => Math.abs(w[k + 1] - this.theory.best[k + 1]));
    const far = off.indexOf(Math.max(...off)), [trained, unseen] = this.scores.map((score) => short(score));
    const furthest = far < 0 ? "" : `; the furthest from it is ${this.names[far]}, by ${short(off[far])}`;
    return [`a row a coefficient, ${this.names.length} of them, each beside that of OLS${furthest}`,
      `R² against ${this.values.against}, ${trained} on the rows trained on and ${unseen} on those held out; ` +
        `those of OLS are ${short(this.best[0])} and ${short(this.best[1])}`];
  }
}

/** A line that is dragged through the points, its loss, and its place on the loss's surface; then descent does it. */
class ByHand extends FittedCurve {
  controls() { return ["b0", "w1", "learning_rate"]; }
  get startsAtStart() { return true; }
  get playWords() { return "▶ let it roll"; }
  prepare() {
    const [left, right] = this.panels, { X, y, n } = this.course.data;
    left.points("data", Array.from({ length: n }, (_, j) => [X[2 * j + 1], y[j]]), { class: "gdx-data" }, left.still);
    right.surface(this.theory);
    const [from, to] = left.x.limits, grips = (this.grips = [from + (to - from) / 5, to - (to - from) / 5]);
    const hold = (panel, move) => {
      panel.svg.classList.add("gdx-hold");
      panel.svg.addEventListener("pointerdown", (event) => {
        panel.svg.setPointerCapture(event.pointerId);
        this.held = this.line;
        this.grip = Math.abs(panel.at(event)[0] - grips[0]) < Math.abs(panel.at(event)[0] - grips[1]) ? 0 : 1;
        move(panel.at(event));
      });
      panel.svg.addEventListener("pointermove", (event) => event.buttons && panel.svg.hasPointerCapture(event.pointerId) && move(panel.at(event)));
    };
    hold(left, ([, height]) => {
      const fixed = grips[1 - this.grip], other = this.held[0] + this.held[1] * fixed, w1 = (height - other) / (grips[this.grip] - fixed);
      this.change({ b0: other - w1 * fixed, w1 });
    });
    hold(right, ([b0, w1]) => this.change({ b0, w1 }));
  }
  get line() { return Array.from(this.run.weights(this.recordOf(this.run))); }
  showLeft(panel, color) {
    const [b0, w1] = this.line, ends = panel.x.limits;
    panel.explain(["•", "var(--data)", "mornings"], ["━", color, "your line: drag an end of it"]);
    panel.curve("line", 2, (k) => ends[k], (k) => b0 + w1 * ends[k], { stroke: color, "stroke-width": 3 });
    this.grips.forEach((x, k) => panel.mark(`grip ${k}`, "dot", [x, b0 + w1 * x], color));
  }
  showRight(panel, color) {
    const { run } = this, count = this.recordOf(run) + 1, [x, y] = [0, 1].map((at) => (k) => run.path[2 * k + at]);
    panel.explain(["●", color, "your line"], ["━", color, "its path as it rolls"], ["◌", "var(--contour)", "loss above the lowest"]);
    panel.curve("path", count, x, y, { stroke: color });
    panel.ends("path", count, x, y, color);
    panel.note(this.isLost ? "diverged: the steps are too long" : "");
  }
  columns() {
    const [b0, w1] = this.line;
    return { rows: ["your line"], "b0 (L/s)": [b0], "w1 (L/s per °C)": [w1], "loss ((L/s)²)": [this.run.losses[this.recordOf(this.run)]] };
  }
  describe() {
    const [b0, w1] = this.line.map((value) => short(value)), loss = short(this.run.losses[this.recordOf(this.run)]);
    return [`the flow of the stream over the temperature of each morning, and a line with intercept ${b0} and slope ${w1}`,
      `contours of the loss over intercept and slope, and on them the line as a dot, where the loss is ${loss}`];
  }
  say() {
    const loss = short(this.run.losses[this.recordOf(this.run)]), least = this.theory.mse;
    if (!this.shown) return `The loss of your line is ${loss}.`;
    if (this.isLost) return "Diverged: the steps are so long that each lands higher than the last.";
    return `After ${whole(this.shown)} updates the loss is ${loss}; the lowest of all lines is ${short(least)}.`;
  }
}

// ----------------------------------------------------------------------------------------------- into a page or a cell

const KINDS = { descent: Explorer, fitted_curve: FittedCurve, noise_ball: NoiseBall, learning_rate: LearningRate,
  estimates: ManyEstimates, held_out: HeldOut, by_hand: ByHand };

/** Show the explorer of a bundle in an element, and return what ends it. */
export function show(bundle, element, options) {
  const explorer = new KINDS[bundle.kind](bundle, element, options), isDark = () => {
    let color = null;
    for (let each = element.parentElement; each && !color; each = each.parentElement) {
      const found = getComputedStyle(each).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
      if (found[3] !== 0) color = found;
    }
    element.classList.toggle("gdx-dark", color !== null && color[0] + color[1] + color[2] < 384);
  };
  requestAnimationFrame(isDark); // by then it is in the page
  const observer = new MutationObserver(isDark), scheme = matchMedia("(prefers-color-scheme: dark)");
  for (const each of [document.documentElement, document.body]) observer.observe(each, { attributes: true });
  scheme.addEventListener("change", isDark);
  return () => {
    observer.disconnect();
    explorer.pause();
    explorer.worker?.terminate();
  };
}

/** In a page: show the explorer of each script of the bundles' type, in place of what stands beside it. */
export function showAll(root = document) {
  const type = "application/vnd.gd-helpers.explorer+json";
  document.head.append(make("link", { rel: "stylesheet", href: new URL("explorer.css", import.meta.url) }));
  root.querySelectorAll(`script[type="${type}"]`).forEach((script, k) => {
    const element = make("div");
    script.parentElement.replaceChildren(element);
    show(JSON.parse(script.textContent), element, { page: k === 0 });
  });
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) serve();

/** For anywidget, whose model has the bundle and this source; in JupyterLab, hide the picture in the output before. */
export default {
  render({ model, el }) {
    const source = URL.createObjectURL(new Blob([model.get("_esm")], { type: "text/javascript" }));
    const end = show(model.get("bundle"), el, { source });
    requestAnimationFrame(() => {
      const before = [], isOutput = ".jp-OutputArea-child";
      for (let each = el.closest(isOutput)?.previousElementSibling; each && before.length < 2; each = each.previousElementSibling) before.push(each);
      before.filter((each) => each.querySelector("img")).forEach((each) => (each.style.display = "none"));
    });
    return () => [end(), URL.revokeObjectURL(source)];
  },
};
