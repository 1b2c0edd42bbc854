// Explorers of gradient descent, computed where they are looked at: in a notebook by anywidget, or in a page without a
// kernel. Parts: random numbers, the run, theory, drawing, controls, the explorers, and how they are put into a page.
//
// A run gives the same bits as `train` of gd_helpers.training. So the order of all operations is that of its compiled
// kernels, and Math.fround stands where they round to single precision.

const { fround } = Math;

// ---------------------------------------------------------------------------------------------------- random numbers
/** Return the eight 32-bit words that NumPy's SeedSequence(seed) generates. */
function seedWords(seed) {
  let hash = 0x43b0d7e5;
  const hashed = (value, multiplier) => {
    value ^= hash;
    hash = Math.imul(hash, multiplier);
    value = Math.imul(value, hash);
    return value ^ (value >>> 16);
  };
  const pool = [seed, 0, 0, 0].map((entry) => hashed(entry, 0x931e8875));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hashed(pool[from], 0x931e8875));
      pool[to] = mixed ^ ((mixed | 0) >>> 16);
    }
  }
  hash = 0x8b51f9dd;
  return [...pool, ...pool].map((entry) => hashed(entry, 0x58f38ded) >>> 0);
}

/** Return a list of what `read` gives for 0, 1, … n − 1. */
const range = (n, read = (k) => k) => Array.from({ length: n }, (_, k) => read(k));
const inOrder = (n) => new Int32Array(n).map((_, j) => j);
const low = (a, b) => Math.imul(a, b) >>> 0;

/** Return the upper 32 bits of the product of two 32-bit numbers. */
const high = (a, b) => Math.floor((a * (b >>> 16) + Math.floor((a * (b & 0xffff)) / 65536)) / 65536);

const LIMB = 2 ** 32; // numbers of 128 bits are in four limbs, lowest first: in `advance` BigInt is far too slow
const limbsOf = (number) => [0n, 32n, 64n, 96n].map((shift) => Number((number >> shift) & 0xffffffffn));
const [M0, M1, M2, M3] = limbsOf(0x2360ed051fc65da44385df649fccf645n); // PCG's multiplier

/** NumPy's default generator: PCG64, a 128-bit linear congruence whose words are permuted (XSL-RR). */
export class Generator {
  constructor(seed) {
    const words = seedWords(seed).map(BigInt);
    const number = (k) => (words[k + 1] << 96n) | (words[k] << 64n) | (words[k + 3] << 32n) | words[k + 2];
    const increment = (number(4) << 1n) | 1n;
    [this.i0, this.i1, this.i2, this.i3] = limbsOf(increment);
    [this.s0, this.s1, this.s2, this.s3] = limbsOf(number(0) + increment);
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
    if (!this.hasHalf) return this.high;
    this.word();
    return this.low;
  }
  /** Return a number in [0, 1) of 53 bits. */
  uniform() {
    this.word();
    return (this.high * 2 ** 21 + (this.low >>> 11)) / 2 ** 53;
  }
  /** Shuffle from the last place down, each with one drawn by masked rejection. */
  permutation(n) {
    const order = inOrder(n);
    for (let i = n - 1; i > 0; i--) {
      const mask = 2 ** (32 - Math.clz32(i)) - 1;
      let j = (this.half() & mask) >>> 0;
      while (j > i) j = (this.half() & mask) >>> 0;
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
  /** Return n integers below n, by Lemire's method: multiplied instead of masked. */
  integers(n) {
    const threshold = (LIMB - n) % n;
    return new Int32Array(n).map(() => {
      let half = this.half();
      while (n > 1 && low(half, n) < threshold) half = this.half();
      return high(half, n);
    });
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
        const drawn = () => -Math.log1p(-this.uniform());
        let further, y;
        do [further, y] = [drawn() / r, drawn()]; while (y + y <= further * further);
        return sign * (r + further);
      }
      const top = Math.exp(-0.5 * edges[place] ** 2), above = place === 1 ? 1 : Math.exp(-0.5 * edges[place - 1] ** 2);
      if ((above - top) * this.uniform() + top < Math.exp(-0.5 * x * x)) return x;
    }
  }
}

const MOST_KEPT = 2 ** 22; // entries of orders, 16 MiB

/** The orders of the epochs, kept as far as there is room, so that a moved learning rate draws none anew. */
class Orders {
  constructor(n, seed, draw) { Object.assign(this, { n, seed, draw, generator: new Generator(seed), kept: [] }); }
  /** Return the order of an epoch; each run asks for one after the other. */
  of(epoch, run) {
    const { n, draw, generator, kept } = this;
    while (kept.length <= epoch && (kept.length + 1) * n <= MOST_KEPT) kept.push(generator[draw](n));
    return kept[epoch] ?? (run.generator ??= Object.assign(new Generator(0), generator))[draw](n);
  }
}

// ------------------------------------------------------------------------------------------- updates of the weights
const rounded = (x, single) => (single ? fround(x) : x);
/** Update the weights of a state, by a gradient, a learning rate, and settings that tell the optimizers apart. */
function update(state, gradient, rate, { momentum, nesterov, alpha, beta1, beta2, eps, weight_decay: decay }) {
  const { w, m, v, single } = state;
  if (beta1) { // what corrects the bias of the moments
    state.sum1 = beta1 * state.sum1 + (1 - beta1);
    state.sum2 = beta2 * state.sum2 + (1 - beta2);
  }
  const size = rate / state.sum1, scale = Math.sqrt(state.sum2);
  for (let i = 0; i < w.length; i++) {
    const g = gradient[i];
    if (beta1) { // Adam, or AdamW
      if (decay) w[i] *= 1 - rate * decay;
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      w[i] -= (size * m[i]) / (rounded(Math.sqrt(v[i]), single) / scale + eps);
    } else if (momentum) {
      m[i] = momentum * m[i] + g;
      w[i] -= rate * (nesterov ? g + momentum * m[i] : m[i]);
    } else if (eps) { // RMSProp, or AdaGrad
      v[i] = alpha ? alpha * v[i] + (1 - alpha) * g * g : v[i] + g * g;
      w[i] -= (rate * g) / (rounded(Math.sqrt(v[i]), single) + eps);
    } else w[i] -= rate * g;
  }
}

// ---------------------------------------------------------------------------------------------------- linear models
/** Return ŷⱼ = xⱼ w; products of single precision are rounded to it. */
function predictOne({ X, p }, w, j, single) {
  let prediction = 0;
  for (let i = 0; i < p; i++) prediction += rounded(X[j * p + i] * w[i], single);
  return prediction;
}

/** A linear model: its two functions are those of a network as well. */
const LINEAR = {
  /** Compute ∂L/∂w over the examples from `first` to `last` in `order` into `gradient`. */
  gradient(data, w, order, first, last, gradient) {
    const { X, y, p, single } = data;
    gradient.fill(0);
    for (let k = first; k < last; k++) {
      const j = order[k], error = predictOne(data, w, j, single) - y[j];
      for (let i = 0; i < p; i++) gradient[i] += error * X[j * p + i];
    }
    for (let i = 0; i < p; i++) gradient[i] *= 2 / (last - first);
  },
  /** Compute what the model says of the rows of X into `predictions`, in double precision. */
  predict(data, w, predictions) {
    for (let j = 0; j < data.n; j++) predictions[j] = predictOne(data, w, j, false);
    return predictions;
  },
};

/** Return the loss of a model over all examples in double precision. */
function lossOf(model, data, w) {
  const predictions = model.predict(data, w, (data.predictions ??= new Float64Array(data.n))), { y } = data;
  let squares = 0;
  for (let j = 0; j < y.length; j++) {
    const error = predictions[j] - y[j];
    squares += error * error;
  }
  return squares / y.length;
}

/** Return the loss of a linear model as a quadratic around its minimum: weights, loss and gradient there, Hessian. */
function expand(data) {
  const { X, n, p } = data, order = inOrder(n), double = { ...data, single: false };
  const hessian = range(p, () => new Float64Array(p));
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < p; i++) for (let k = 0; k < p; k++) hessian[i][k] += X[j * p + i] * X[j * p + k];
  }
  for (const row of hessian) for (let k = 0; k < p; k++) row[k] *= 2 / n;
  const centre = new Float64Array(p), gradient = new Float64Array(p);
  for (let round = 0; round < 3; round++) { // the second removes what the first has rounded
    LINEAR.gradient(double, centre, order, 0, n, gradient);
    if (round < 2) solve(hessian, gradient).forEach((step, i) => (centre[i] -= step));
  }
  return { centre, loss: lossOf(LINEAR, data, centre), gradient, hessian };
}

/** Solve H d = b by elimination, with a symmetric H; d is 0 along what is flat, and not a number where H bends down. */
function solve(H, b) {
  const rows = H.map((row, k) => [...row, b[k]]);
  for (let k = 0; k < b.length; k++) {
    const pivot = rows[k][k], flat = 1e-12 * Math.abs(H[k][k]);
    rows[k] = rows[k].map((entry) => (pivot > flat ? entry / pivot : pivot < -flat ? NaN : 0));
    rows.forEach((row, other) => {
      if (other !== k) rows[other] = row.map((entry, i) => entry - row[k] * rows[k][i]);
    });
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
const POWERS = Float64Array.from(range(2048, (exponent) => (exponent ? 2 ** (exponent - 1023) : 0)));

/** Return what expMinus1 needs in a precision: the largest |x|, what rounds to a whole number, ln 2 in parts, 1/k!. */
function exponential(bound, shift, terms, round) {
  let factorial = 1;
  const series = range(terms, (k) => round(1 / (factorial *= k + 1))).reverse();
  const [log2e, upper, lower] = [1 / Math.log(2), 0.693359375, -2.12194440054690583e-4].map(round);
  return { bound, shift, log2e, upper, lower, series };
}
const DOUBLE = exponential(708, 1.5 * 2 ** 52 + 1023, 13, Number);
const SINGLE = exponential(87, 1.5 * 2 ** 23 + 127, 7, fround);

/** Return eˣ − 1: the series of eʳ − 1 and 2ᵏ, with x = k ln 2 + r. */
function expMinus1(x, single) {
  const { bound, shift, log2e, upper, lower, series } = single ? SINGLE : DOUBLE;
  x = x > bound ? bound : x < -bound ? -bound : x;
  const k = rounded(rounded(rounded(x * log2e, single) + shift, single) - shift, single), power = POWERS[k + 1023];
  const r = rounded(rounded(x - rounded(k * upper, single), single) - rounded(k * lower, single), single);
  let y = series[0];
  for (let i = 1; i < series.length; i++) y = rounded(rounded(y * r, single) + series[i], single);
  return rounded(rounded(power * rounded(y * r, single), single) + rounded(power - 1, single), single);
}

function tanh(x, single) {
  const y = expMinus1(2 * x, single);
  return y / rounded(y + 2, single);
}

const ACTIVATIONS = [ // identity, sigmoid, tanh and ReLU: of x, and a delta times its slope where it is a
  null,
  [(x, single) => 1 / rounded(2 + expMinus1(-x, single), single), (delta, a) => delta * fround(a * fround(1 - a))],
  [tanh, (delta, a) => delta * fround(1 - fround(a * a))],
  [(x) => (x < 0 ? 0 : x), (delta, a) => (a > 0 ? delta : 0)],
];

/** Set a row to a constant plus a weighted sum of rows; what is over a multiple of four comes first, then fours. */
function weightedSum(target, constant, w, first, step, terms, top, number, count, single) {
  const rest = number % 4;
  target.fill(0, 0, count);
  for (let t = 0; t < rest; t++) {
    const weight = w[first + step * t], term = terms[top + t];
    for (let e = 0; e < count; e++) target[e] += rounded(weight * term[e], single);
  }
  for (let e = 0; e < count; e++) target[e] += constant;
  for (let t = rest; t < number; t += 4) {
    const [k, l, m, n] = [0, 1, 2, 3].map((i) => w[first + step * (t + i)]), [f, g, h, i] = terms.slice(top + t);
    for (let e = 0; e < count; e++) {
      const left = rounded(rounded(k * f[e], single) + rounded(l * g[e], single), single);
      target[e] += rounded(left + rounded(rounded(m * h[e], single) + rounded(n * i[e], single), single), single);
    }
  }
}

const LANES = new Float32Array(8);

/** Return the product of two rows over `count` examples: eight sums side by side, each rounded to single precision. */
function dot(a, b, count) {
  const whole = count - (count % 8);
  LANES.fill(0);
  for (let e = 0; e < whole; e++) LANES[e & 7] += fround(a[e] * b[e]);
  for (let e = whole; e < count; e++) LANES[0] += fround(a[e] * b[e]);
  const [s0, s1, s2, s3, s4, s5, s6, s7] = LANES;
  const even = fround(fround(s0 + s4) + fround(s2 + s6));
  return fround(even + fround(fround(s1 + s5) + fround(s3 + s7)));
}

/** A multilayer perceptron, trained in single precision; its weights come layer by layer, biases after each matrix. */
class Network {
  constructor({ widths, activations, biased }) {
    let [weight, below] = [0, 0];
    this.layers = activations.map((activation, k) => {
      const inputs = widths[k], outputs = widths[k + 1], biases = weight + inputs * outputs;
      const layer = { inputs, outputs, activation, weight, biases: biased[k] ? biases : -1, below };
      [weight, below] = [biases + (biased[k] ? outputs : 0), below + inputs];
      return { ...layer, above: below };
    });
    const rows = (Type) => range(below + widths.at(-1), () => new Type(BLOCK)), single = Float32Array;
    Object.assign(this, { output: below, units: rows(single), deltas: rows(single), exact: rows(Float64Array) });
  }
  /** Compute the units of `count` examples, layer by layer, from those at `from` in an order, if there is one. */
  forward({ X, p }, w, units, order, from, count, single) {
    for (let i = 0; i < p; i++) {
      for (let e = 0; e < count; e++) units[i][e] = X[(order ? order[from + e] : from + e) * p + i];
    }
    for (const { inputs, outputs, activation, weight, biases, below, above } of this.layers) {
      for (let o = 0; o < outputs; o++) {
        const row = units[above + o], bias = biases < 0 ? 0 : w[biases + o];
        weightedSum(row, bias, w, weight + o * inputs, 1, units, below, inputs, count, single);
        for (let e = 0; activation && e < count; e++) row[e] = ACTIVATIONS[activation][0](row[e], single);
      }
    }
  }
  /** Add the gradients of `count` examples to `gradient`, from the last layer back. */
  backward(w, count, gradient) {
    const { units, deltas } = this;
    for (const { inputs, outputs, activation, weight, biases, below, above } of this.layers.toReversed()) {
      for (let o = 0; o < outputs; o++) {
        const delta = deltas[above + o], row = units[above + o];
        for (let e = 0; activation && e < count; e++) delta[e] = ACTIVATIONS[activation][1](delta[e], row[e]);
        for (let i = 0; i < inputs; i++) gradient[weight + o * inputs + i] += dot(delta, units[below + i], count);
        for (let e = 0; biases >= 0 && e < count; e++) gradient[biases + o] += delta[e];
      }
      for (let i = 0; below && i < inputs; i++) {
        weightedSum(deltas[below + i], 0, w, weight + i, inputs, deltas, above, outputs, count, true);
      }
    }
  }
  gradient(data, w, order, first, last, gradient) {
    const { units, deltas, output } = this, scale = fround(2 / (last - first));
    gradient.fill(0);
    for (let from = first; from < last; from += BLOCK) {
      const count = Math.min(BLOCK, last - from);
      this.forward(data, w, units, order, from, count, true);
      const [heights, errors] = [units[output], deltas[output]];
      for (let e = 0; e < count; e++) errors[e] = scale * fround(heights[e] - data.y[order[from + e]]);
      this.backward(w, count, gradient);
    }
  }
  predict(data, w, predictions) {
    const { exact, output } = this;
    for (let from = 0; from < data.n; from += BLOCK) {
      const count = Math.min(BLOCK, data.n - from);
      this.forward(data, w, exact, null, from, count, false);
      predictions.set(exact[output].subarray(0, count), from);
    }
    return predictions;
  }
}

// ---------------------------------------------------------------------------------------------------------- the run
const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127, MOST_WEIGHTS = 64, EPOCHS_BETWEEN_LOOKS = 64;

/** A run of a recipe: it is advanced from record to record, the first of which is its start.
 *
 * data: { X, y, n, p, single }, with X row by row, ones first; `settings.rule` are the optimizer's own. `perEpoch`
 * records are kept of an epoch, evenly spaced in examples read: the weights after the last update before each.
 */
class Run {
  constructor(data, settings, { start, orders, model = LINEAR, surface = null, perEpoch = 1 }) {
    const { n, single } = data, { batch_size: B, epochs, replacement } = settings, isAll = B === n && !replacement;
    Object.assign(this, { data, settings, model, perEpoch, epoch: 0, last: -1, diverged: false });
    this.orders = isAll ? null : orders;
    this.method = B === n ? "batch" : B === 1 ? "stochastic" : "mini-batch";
    this.w = single ? Float32Array.from(start) : Float64Array.from(start);
    this.gradient = new Float64Array(this.w.length);
    const [m, v] = [0, 0].map(() => this.w.slice().fill(0)); // moments have the precision of the weights
    this.state = { w: this.w, m, v, single, sum1: 0, sum2: 0 };
    this.losses = new Float64Array(epochs * perEpoch + 1);
    this.path = new Float64Array(this.losses.length * this.w.length);
    this.record(lossOf(model, data, this.w));
    if (isAll && model === LINEAR && this.w.length <= Math.min(n, MOST_WEIGHTS)) {
      this.surface = surface ?? expand(data);
      expandedGradient(this.surface, this.w, this.gradient);
    }
  }
  get isDone() { return this.diverged || this.epoch === this.settings.epochs; }
  weights(record) { return this.path.subarray(record * this.w.length, (record + 1) * this.w.length); }
  effort(record, against = "updates") {
    const epochs = record / this.perEpoch, { n } = this.data;
    return against === "examples" ? epochs * n : Math.floor(epochs * Math.ceil(n / this.settings.batch_size));
  }
  /** Train epoch after epoch, until all are done or the clock of the page says `until`. */
  advance(until = Infinity) {
    while (!this.isDone) {
      for (let k = 0; k < (this.surface ? EPOCHS_BETWEEN_LOOKS : 1) && !this.isDone; k++) this.trainEpoch();
      if (until < Infinity && performance.now() > until) return;
    }
  }
  trainEpoch() {
    const { data, settings, state, gradient, perEpoch, model, surface } = this, { n } = data;
    const { batch_size: B, learning_rate: rate, rule } = settings, begin = this.epoch * perEpoch;
    const loss = () => (surface ? expandedGradient(surface, this.w, gradient) : lossOf(model, data, this.w));
    if (this.orders) this.order = this.orders.of(this.epoch, this);
    else if (!surface) this.order ??= inOrder(n);
    const { order } = this;
    for (let first = 0; first < n; first += B) {
      const last = Math.min(first + B, n);
      while (((this.last + 1 - begin) * n) / perEpoch < last && this.last + 1 < begin + perEpoch) this.record(loss());
      if (!surface) model.gradient(data, this.w, order, first, last, gradient);
      update(state, gradient, rate, rule);
    }
    this.epoch += 1;
    while (this.last < this.epoch * perEpoch) this.record(loss());
    this.diverged = !Number.isFinite(this.losses[this.last]) || !this.w.every(Number.isFinite);
  }
  record(loss) {
    this.last += 1;
    this.losses[this.last] = loss > (this.data.single ? FLOAT32_MAX : Number.MAX_VALUE) ? Infinity : loss;
    this.path.set(this.w, this.last * this.w.length);
  }
}

// ----------------------------------------------------------------------------------------------------------- theory
const sumOf = (list) => list.reduce((sum, entry) => sum + entry, 0);
const meanOf = (list) => sumOf(list) / list.length;

/** What theory says of a line's training: least squares, the loss's axes, the rate's limits, the floor of the noise. */
class Theory {
  constructor(data) {
    const { centre, loss, hessian } = (this.surface = expand(data));
    Object.assign(this, { data, best: centre, mse: loss, hessian, r2: 1 - loss / data.variance });
    if (data.p > 2) return;
    const [[a, b], [, c]] = hessian, angle = Math.atan2(2 * b, a - c) / 2, spread = Math.hypot((a - c) / 2, b);
    const largest = (a + c) / 2 + spread;
    this.curvatures = [(a * c - b * b) / largest, largest];
    this.axes = [[-Math.sin(angle), Math.cos(angle)], [Math.cos(angle), Math.sin(angle)]]; // floor, and across
    this.limit = 2 / largest;
  }
  /** Return the mean squared distance between two lines: how far the loss of one lies above that of the best. */
  distance(w, other = this.best) {
    const [a, b] = [w[0] - other[0], w[1] - other[1]], [[p, q], [, r]] = this.hessian;
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
  /** Means of powers of x, and of the squared residuals of least squares times powers of x. */
  get moments() {
    const { X, y, n } = this.data, mean = (read) => meanOf(range(n, read));
    const residuals = Array.from(y, (height, j) => predictOne(this.data, this.best, j, false) - height);
    const powers = [0, 1, 2, 3, 4].map((k) => mean((j) => X[2 * j + 1] ** k));
    return { powers, noise: [0, 1, 2].map((k) => mean((j) => residuals[j] ** 2 * X[2 * j + 1] ** k)) };
  }
  /** Return the stationary covariance M of SGD's weights: HM + MH = α E[GMG] + α R / B, where G is a batch's Hessian.
   *
   * An equation each for M₀₀, M₀₁ (doubled: so they are symmetric) and M₁₁, positive definite below the limit.
   */
  stationaryCovariance(rate, batchSize) {
    const [[a, b], [, c]] = this.hessian, { powers, noise } = this.moments, times = (i) => (i === 1 ? 2 : 1);
    const columns = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].map(([p, q, r]) => {
      const [[k, l], [m, o]] = [[a * p + b * q, a * q + b * r], [b * p + c * q, b * q + c * r]]; // HM
      const whole = [k * a + l * b, k * b + l * c, m * b + o * c]; // HMH
      return [2 * k, l + m, 2 * o].map((sum, i) => {
        const single = 4 * (powers[i] * p + 2 * powers[i + 1] * q + powers[i + 2] * r);
        return times(i) * (sum - rate * (whole[i] + (single - whole[i]) / batchSize));
      });
    });
    const [p, q, r] = solve(columns, noise.map((each, i) => times(i) * 4 * (rate / batchSize) * each));
    return p > 0 ? [[p, q], [q, r]] : [[Infinity, Infinity], [Infinity, Infinity]];
  }
  noiseFloor(rate, batchSize) {
    const [[p, q], [, r]] = this.stationaryCovariance(rate, batchSize), [[a, b], [, c]] = this.hessian;
    return p === Infinity ? p : (a * p + 2 * b * q + c * r) / 2;
  }
}

// -------------------------------------------------------------------------------------- data and runs from a bundle
function decode(text, type) {
  const { buffer } = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return type === "float32" ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** Return the data of a bundle, with ones before the columns, in the precision of its runs. */
function readData({ n, single, stored, variance, X: columns, y }) {
  const Type = single ? Float32Array : Float64Array, values = decode(columns, stored), p = values.length / n + 1;
  const X = new Type(n * p).fill(1);
  for (let j = 0; j < n; j++) X.set(values.subarray(j * (p - 1), (j + 1) * (p - 1)), j * p + 1);
  return { X, y: Type.from(decode(y, stored)), n, p, single, variance };
}

const RACE_RECORDS = 400;

/** What runs of a bundle share: its data, theory, and first weights. */
export class Course {
  constructor(bundle) {
    this.bundle = bundle;
    this.data = readData(bundle.data);
    this.theory = new Theory(this.data);
    this.model = bundle.network ? new Network(bundle.network) : LINEAR;
    this.starts = bundle.starts && decode(bundle.starts.weights, "float32");
    this.edges = bundle.edges && decode(bundle.edges, "float64");
  }
  /** Return the runs that `values` ask for, to be advanced. */
  runs(values) {
    const { data: { n }, bundle: { optimizers, replacement } } = this, { batch_size: B, epochs, race, seed } = values;
    const { betas: [beta1, beta2] = [], ...rule } = optimizers[values.optimizer];
    const settings = { ...values, replacement, rule: { beta1, beta2, ...rule } };
    if ("n" in values) return this.estimates(settings);
    const perEpoch = race ? Math.max(1, Math.min(n, Math.floor(RACE_RECORDS / epochs))) : 1;
    if (this.orders?.seed !== seed) this.orders = new Orders(n, seed, replacement ? "integers" : "permutation");
    const { orders, model, theory: { surface }, starts } = this, { b0, w1 } = values;
    const size = starts?.length / 100, first = (seed - this.bundle.starts?.first) * size; // of the weights of a seed
    const rest = { start: starts?.subarray(first, first + size) ?? [b0, w1], orders, model, surface, perEpoch };
    const sizes = race ? [n, 1, B > 1 && B < n ? B : Math.min(32, n)] : [B];
    return sizes.map((size) => new Run(this.data, { ...settings, batch_size: size }, rest));
  }
  /** Return runs from zero on many data sets, at the first n points, which differ in their noise alone. */
  estimates(settings) {
    const { n, seed } = settings, { replicates, data: { truth, noise_variance: variance } } = this.bundle;
    const points = { ...this.data, X: this.data.X.subarray(0, 2 * n), y: this.data.y.subarray(0, n), n };
    const redraw = (k) => {
      const generator = new Generator((replicates * seed + k) % LIMB), height = (x) => truth[0] + truth[1] * x;
      const noise = () => Math.sqrt(variance) * generator.normal(this.edges);
      const data = { ...points, y: points.y.map((_, j) => height(points.X[2 * j + 1]) + noise()) };
      return { data, surface: expand(data) };
    };
    const key = `${n} ${seed}`; // the data sets are kept while only the training changes
    if (this.key !== key) {
      Object.assign(this, { key, sets: range(replicates, redraw), pointsTheory: new Theory(points) });
    }
    const whole = { ...settings, batch_size: n };
    return this.sets.map(({ data, surface }) => new Run(data, whole, { start: [0, 0], surface }));
  }
}

// ---------------------------------------------------------------------------------------------------------- drawing
const METHODS = { batch: "var(--batch)", stochastic: "var(--stochastic)", "mini-batch": "var(--mini)" };
const NEUTRAL = "var(--neutral)", WARNING = "var(--warning)", DASHED = "6 4", DOTTED = "2 3";
const LINE_SIGNS = { [DASHED]: "┅", [DOTTED]: "┈" };
const [WIDTH, HEIGHT, LEFT, TOP, INNER_WIDTH, INNER_HEIGHT] = [470, 340, 62, 10, 396, 282];
const FARTHEST = 1e5, APART = 0.4; // pixels: beyond the one nothing is drawn, within the other one point is enough
const MARKS = { // each with its sign in a legend, its width, and what fills it if not its colour
  ring: ["○", "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0", 1.8, "var(--ground)"],
  dot: ["●", "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0", 1.8],
  square: ["■", "M-3 -3H3V3H-3Z", 1],
  cross: ["✕", "M-6 -6L6 6M-6 6L6 -6", 3.5, "none"],
  diamond: ["◆", "M0 -6L6 0L0 6L-6 0Z", 1.8],
  lozenge: ["◇", "M0 -6L6 0L0 6L-6 0Z", 1.8, "none"],
  star: ["★", "M0 -9L2.1 -2.9L8.6 -2.8L3.4 1.1L5.3 7.3L0 3.6L-5.3 7.3L-3.4 1.1L-8.6 -2.8L-2.1 -2.9Z", 1.8],
};
const SCALES = { // of a value and of the first tick beyond 0
  linear: (x) => x, log: Math.log10, symlog: (x, unit) => (x < unit ? (0.4 * x) / unit : 0.4 + Math.log10(x / unit)),
};

const { format } = new Intl.NumberFormat("en-US", { maximumFractionDigits: 12 }); // toLocaleString makes one each time
const numbersOf = (text) => text.split(" ").map(Number);
const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt()};`);

/** Return the markup of an element with attributes around `inner`, which is markup as well. */
function tag(name, attributes, inner = "") {
  const texts = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<${name}${texts.join("")}>${inner}</${name}>`;
}

/** Return a number as text: three digits, or as many as are asked for. */
function short(value, digits = 3) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : "not finite";
  const isPlain = value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6);
  return (isPlain ? format(Number(value.toPrecision(digits))) : value.toExponential(2)).replace("-", "−");
}

/** Return the smallest of `steps` times a power of ten that is not below a value. */
function roundUp(value, steps) {
  const power = 10 ** Math.floor(Math.log10(value));
  return steps.find((step) => step * power >= value) * power;
}

/** Return an axis for what a run takes, as `plotting` draws it: straight to a round number, or by powers of ten. */
function effortAxis(scale, label, first, last) {
  const end = roundUp(last, [1, 2, 3, 5, 10]), step = Math.max(1, roundUp(end / 6, [1, 2, 5, 10]));
  const top = Math.max(1, Math.ceil(Math.log10(last))), low = Math.min(Math.floor(Math.log10(first)), top - 1);
  const power = (tick) => (tick > 1e4 ? `10${"⁰¹²³⁴⁵⁶⁷⁸⁹"[Math.log10(tick)]}` : format(tick));
  const [ticks, limits, text] = scale === "linear" ?
    [range(Math.floor(end / step) + 1, (k) => k * step), [-0.02 * end, 1.02 * end], format] :
    [[0, ...range(top - low + 1, (k) => 10 ** (low + k))], [-0.2 * 10 ** low, 1.3 * 10 ** top], power];
  return { scale, label, limits, ticks: ticks.join(" "), texts: ticks.map(text).join("|") };
}

/** Return where the way from a place in the frame to one outside crosses its edge. */
function crossing([u, v], [toU, toV]) {
  if (!Number.isFinite(toU + toV)) return [u, v];
  const share = (from, to, end) => (to > end ? (end - from) / (to - from) : to < 0 ? from / (from - to) : 1);
  const part = Math.min(share(u, toU, INNER_WIDTH), share(v, toV, INNER_HEIGHT));
  return [u + part * (toU - u), v + part * (toV - v)];
}

const isInFrame = (u, v) => u >= 0 && u <= INNER_WIDTH && v >= 0 && v <= INNER_HEIGHT;

/** One of the two pictures: what stands still, and over it what is drawn each time.
 *
 * What is drawn with a label is named in the legend and in the text of the picture.
 */
class Panel {
  constructor({ x, y, heights }, element) {
    Object.assign(this, { heights, parts: [], marks: [], labels: [], ground: [] });
    const frame = tag("svg", { x: LEFT, y: TOP, width: INNER_WIDTH, height: INNER_HEIGHT });
    const layer = (inner) => tag("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": true }, inner);
    const still = layer(tag("g", { class: "gdx-axes" }) + frame);
    const moving = layer(frame + tag("g", { transform: `translate(${LEFT} ${TOP})` }));
    element.innerHTML = tag("div", { class: "gdx-legend", "aria-hidden": true }) +
      tag("div", { class: "gdx-picture", role: "img" }, still + moving); // in two layers: only one is painted anew
    [this.legend, this.picture] = element.children;
    [this.axes, this.still, this.inside, this.above] = element.querySelectorAll(".gdx-axes, svg svg, svg + g");
    this.setAxes(x, y);
  }
  /** Scale the picture by two axes, and draw them. */
  setAxes(x, y = this.y) {
    if (x.ticks === this.x?.ticks && x.label === this.x.label) return;
    const scaled = ({ scale, limits, ticks }, length) => {
      const place = (value) => SCALES[scale](value, numbersOf(ticks)[1]), [from, to] = limits.map(place);
      return (value) => ((place(value) - from) / (to - from)) * length;
    };
    const upwards = scaled(y, INNER_HEIGHT), text = (words, attributes) => tag("text", attributes, escaped(words));
    Object.assign(this, { x, y, px: scaled(x, INNER_WIDTH), py: (value) => INNER_HEIGHT - upwards(value) });
    const ticks = (axis, draw) => axis.texts.split("|").map((words, k) => draw(words, numbersOf(axis.ticks)[k]));
    this.axes.innerHTML = [
      tag("rect", { x: LEFT, y: TOP, width: INNER_WIDTH, height: INNER_HEIGHT }),
      ...ticks(x, (words, tick) => tag("path", { d: `M${LEFT + this.px(tick)} ${TOP}v${INNER_HEIGHT}` }) +
        text(words, { x: LEFT + this.px(tick), y: TOP + INNER_HEIGHT + 17 })),
      ...ticks(y, (words, tick) => tag("path", { d: `M${LEFT} ${TOP + this.py(tick)}h${INNER_WIDTH}` }) +
        text(words, { x: LEFT - 6, y: TOP + this.py(tick) + 4.5, class: "gdx-end" })),
      text(x.label, { x: LEFT + INNER_WIDTH / 2, y: HEIGHT - 9 }),
      text(y.label, { transform: `translate(14 ${TOP + INNER_HEIGHT / 2}) rotate(-90)` }),
    ].join("");
  }
  freeze() {
    this.still.innerHTML = this.parts.join("");
    this.ground = this.labels;
  }
  /** Draw by calling `draw`; `before` and `after` stand around the text of the picture. */
  show(draw, before, after) {
    Object.assign(this, { parts: [], marks: [], labels: [...this.ground] });
    draw();
    this.inside.innerHTML = this.parts.join("");
    this.above.innerHTML = this.marks.join("");
    const axes = [this.y.label, this.x.label].filter(Boolean).join(" against ");
    const words = [...new Set(this.labels.map((label) => label.words))].filter(Boolean).join("; ");
    this.picture.setAttribute("aria-label", `${before}: ${axes}: ${words}${after}.`);
    const isFirst = ({ text }, k) => text && this.labels.findIndex((each) => each.text === text) === k;
    const legend = this.labels.filter(isFirst).map(({ text, sign, color }) =>
      tag("span", {}, `${tag("b", { style: `color: ${color}` }, sign)} ${escaped(text)}`)).join("");
    if (legend !== this.key) this.legend.innerHTML = this.key = legend;
  }
  name(text, sign, color, words = text) { this.labels.push({ text, sign, color, words }); }
  /** Return the data at a place of the page, where both scales are linear. */
  at({ clientX, clientY }) {
    const { left, top, width } = this.picture.getBoundingClientRect(), { x: { limits: x }, y: { limits: y } } = this;
    const [u, v] = [(clientX - left) * (WIDTH / width) - LEFT, (clientY - top) * (WIDTH / width) - TOP];
    return [x[0] + (u / INNER_WIDTH) * (x[1] - x[0]), y[1] - (v / INNER_HEIGHT) * (y[1] - y[0])];
  }
  /** Draw a curve through points from `first` to `last`, as far as they can be; return where it leaves the frame. */
  curve(label, first, last, x, y, { stroke = NEUTRAL, dashes = "", width = 1.8, words = label, ...rest } = {}) {
    const exits = [];
    let d = "", isDown = false, wasIn = false, lastU = NaN, lastV = NaN;
    for (let k = first; k <= last; k++) {
      const u = this.px(x(k)), v = this.py(y(k)), isIn = isInFrame(u, v);
      if (wasIn && !isIn) exits.push(crossing([lastU, lastV], [u, v]));
      if (!(Math.abs(u) < FARTHEST && Math.abs(v) < FARTHEST)) isDown = false;
      else if (!isDown || isIn !== wasIn || Math.abs(u - lastU) > APART || Math.abs(v - lastV) > APART || k === last) {
        d += `${isDown ? "L" : "M"}${u.toFixed(1)} ${v.toFixed(1)}`;
        [isDown, lastU, lastV] = [true, u, v];
      }
      wasIn = isIn;
    }
    if (!d) return exits;
    const look = { stroke, "stroke-dasharray": dashes, "stroke-width": width, ...rest };
    this.parts.push(tag("path", { d, fill: "none", ...look }));
    this.name(label, LINE_SIGNS[dashes] ?? "━", stroke, words);
    return exits;
  }
  /** Draw the curve of a run, with marks where it starts, leaves the frame, and is; a cross where it is lost. */
  track(label, last, x, y, stroke, { end = "end", isLost = false, areAll = false } = {}) {
    const exits = this.curve(label, 0, last, x, y, { stroke });
    this.mark("start", "ring", [x(0), y(0)], stroke);
    const isIn = this.mark(end, "dot", [x(last), y(last)], stroke);
    const marked = areAll ? exits : isIn ? [] : exits.slice(-1);
    if (isLost && !isIn && marked.length) this.put("out of the picture", "cross", marked.pop(), WARNING);
    for (const place of marked) this.put("leaves the picture", "square", place, stroke);
  }
  line(label, [b0, w1], look) {
    const ends = this.x.limits;
    this.curve(label, 0, 1, (k) => ends[k], (k) => b0 + w1 * ends[k], look);
  }
  level(label, value, dashes) { this.line(label, [value, 0], { dashes, words: `${label} at ${short(value)}` }); }
  data(label, { X, y }) {
    this.points(label, Array.from(y, (height, j) => [X[2 * j + 1], height]), "var(--data)", { class: "gdx-data" });
  }
  points(label, list, stroke, look) {
    const seen = list.map(([x, y]) => [this.px(x), this.py(y)]).filter((place) => isInFrame(...place));
    const d = seen.map(([u, v]) => `M${u.toFixed(1)} ${v.toFixed(1)}h0`).join("");
    this.parts.push(tag("path", { d, fill: "none", stroke, "stroke-linecap": "round", ...look }));
    this.name(label, "•", stroke, `${label}, ${format(list.length)} points`);
  }
  /** Draw a mark at a place in pixels. */
  put(label, shape, place, color, words = label) {
    const [sign, d, width, fill = color] = MARKS[shape];
    this.marks.push(tag("path", { d, transform: `translate(${place})`, stroke: color, fill, "stroke-width": width }));
    this.name(label, sign, color, words);
  }
  /** Draw a mark where it is in the frame, and return whether it is. */
  mark(label, shape, [x, y], color = NEUTRAL, words = `${label} at (${short(x)}, ${short(y)})`) {
    const place = [this.px(x), this.py(y)], isIn = isInFrame(...place);
    if (isIn) this.put(label, shape, place, color, words);
    return isIn;
  }
  note(words) {
    const attributes = { x: INNER_WIDTH / 2, y: INNER_HEIGHT - 36, class: "gdx-warning" };
    this.marks.push(tag("text", attributes, escaped(words)));
  }
  /** Draw the ellipse of the points within `radius` of a centre, in units of a covariance. */
  ellipse(label, centre, [[a, b], [, c]], radius, look) {
    const [p, q] = [Math.sqrt(a), b / Math.sqrt(a)], r = Math.sqrt(c - q * q); // Cholesky's factor
    const [cos, sin] = [Math.cos, Math.sin].map((of) => (k) => radius * of((k * Math.PI) / 90));
    const [x, y] = [(k) => centre[0] + p * cos(k), (k) => centre[1] + q * cos(k) + r * sin(k)];
    this.curve(label, 0, 180, x, y, { dashes: DASHED, ...look });
  }
  /** Draw the contours of a line's loss, which are ellipses, each with how far it lies above least squares. */
  surface(theory, label = "") {
    const inverse = theory.samplingCovariance(theory.data.n / 2);
    for (const [text, [b0, w1]] of Object.entries(this.heights)) {
      this.ellipse("", theory.best, inverse, Math.sqrt(2 * Number(text)), { dashes: "", class: "gdx-contour" });
      this.parts.push(tag("text", { x: this.px(b0), y: this.py(w1) + 4, class: "gdx-height" }, text));
    }
    this.name(label, "◌", "var(--contour)", "contours of the loss");
  }
}

// --------------------------------------------------------------------------------------------- what explorers share
const SLICE = 4, SENT_EVERY = 20, STILL = 400, PLAY_TIME = 8000; // milliseconds
const LABELS = {
  learning_rate: "learning rate α", batch_size: "batch size B", epochs: "epochs", n: "points n", b0: "intercept b0",
  w1: "slope w1", optimizer: "optimizer", against: "loss against", seed: "seed", race: "race the three methods",
};
const IN_ADDRESS = { learning_rate: "α", batch_size: "B" }; // other settings have their own names there

/** Advance runs for some milliseconds, each as far as its share and what the runs before it left of theirs. */
function advance(runs, time) {
  const begin = performance.now();
  runs.forEach((run, k) => run.advance(begin + (time * (k + 1)) / runs.length));
}

/** In a worker: advance the runs that are asked for, and send what has been found of them. */
function serve() {
  let course, current;
  self.onmessage = async ({ data: { bundle, values, job } }) => {
    course ??= new Course(bundle);
    current = job;
    const runs = course.runs(values);
    while (!runs.every((run) => run.isDone)) {
      await new Promise((resolve) => setTimeout(resolve)); // in a drag, the newest of what has come is done
      if (current !== job) return;
      advance(runs, SENT_EVERY);
      const found = runs.map(({ path, losses, epoch, last, diverged }) => ({ path, losses, epoch, last, diverged }));
      self.postMessage({ job, found });
    }
  };
}

/** A control in a row with its name: over numbers a slider, over words a menu, else what `type` says. */
class Control {
  constructor(label, choices, changed, { type = "range", text = format } = {}) {
    const isMenu = typeof choices?.[0] === "string", element = document.createElement("label");
    Object.assign(this, { choices, text, element, type: isMenu ? "menu" : type });
    const input = isMenu ? tag("select", {}, choices.map((choice) => tag("option", {}, choice)).join("")) : null;
    element.innerHTML = `<span>${label}</span>${input ?? `<input type="${type}">`}<output aria-hidden="true"></output>`;
    [, this.input, this.output] = element.children;
    if (choices && !isMenu) [this.input.min, this.input.max] = type === "number" ? choices : [0, choices.length - 1];
    if (choices && this.type === "range") { // room for the longest value, so that a slider keeps its length in a drag
      const longest = Math.max(...Array.from(choices, (choice) => text(choice).length));
      this.output.style.minWidth = `max(4.5em, ${longest}ch)`;
      element.classList.toggle("gdx-wide", longest > 15);
    }
    this.input.addEventListener("input", () => changed(this.read()));
  }
  read() {
    const { type, choices, input: { value, min, max, checked } } = this;
    if (type === "number") return Math.min(Math.max(Math.round(value), min), max);
    if (type === "range") return choices ? choices[value] : Number(value);
    return type === "checkbox" ? checked : value;
  }
  /** Put it to a value, a slider to the nearest that is not above; what somebody types in it stays. */
  set(value) {
    const { input, choices, type } = this, isSlider = type === "range";
    const place = isSlider && choices ? choices.findLastIndex((each) => each <= value) : value;
    if (type === "checkbox") input.checked = value;
    else if (document.activeElement !== input || this.read() !== value) input.value = place;
    if (!isSlider) return;
    this.output.textContent = this.text(value);
    input.setAttribute("aria-valuetext", this.output.textContent);
  }
}

/** Runs that follow their controls, in two pictures with numbers below: here of a line, others say what differs. */
class Explorer {
  get playWords() { return "▶ play"; }
  /** Build it in `root`; the one of a `page` has its address; a worker finds this file at `source`. */
  constructor(bundle, controls, root, { page = false, source = import.meta.url } = {}) {
    Object.assign(this, { bundle, controls, root, page, source, course: new Course(bundle), job: 0, shown: 0 });
    this.theory = this.course.theory;
    this.values = { ...(this.defaults = { against: "updates", ...bundle.settings }) };
    this.build();
    this.prepare();
    for (const panel of this.panels) panel.freeze();
    this.readAddress();
    if (page) addEventListener("hashchange", () => this.readAddress());
  }
  /** Return what a control goes through: numbers, of a seed the first and the last, or words. */
  choicesOf(name) {
    const { steps, starts, optimizers } = this.bundle;
    if (steps[name]) return numbersOf(steps[name]);
    if (name === "seed") return starts ? [starts.first, starts.first + 99] : [0, LIMB - 1];
    return { optimizer: Object.keys(optimizers), against: ["updates", "examples"] }[name];
  }
  build() {
    const button = '<button type="button">', { root } = this;
    root.innerHTML = `<div class="gdx-controls"></div><div class="gdx-pictures"><div></div><div></div></div>
      <div class="gdx-player">${button}${this.playWords}</button>${button}to start</button></div>
      <div class="gdx-table" tabindex="0" role="group" aria-label="numbers"></div>
      <p></p><div role="status" class="gdx-hidden"></div>`;
    const [controls, pictures, row, table, status, live] = root.children, [player, begin] = row.children;
    Object.assign(this, { table, status, live, player, handles: {} });
    for (const name of this.controls) {
      const text = name === "learning_rate" ? (rate) => this.rateText(rate) : short;
      const changed = (value) => this.change({ [name]: value }), type = { seed: "number", race: "checkbox" }[name];
      this.handles[name] = new Control(LABELS[name], this.choicesOf(name), changed, { type, text });
      controls.append(this.handles[name].element);
    }
    this.panels = this.bundle.frames.map((frame, k) => new Panel(frame, pictures.children[k]));
    this.walk = new Control("shown", null, (place) => this.goTo(place), { text: () => this.whereWords() });
    this.speed = new Control("speed", ["0.25×", "1×", "4×", "16×"], () => {});
    this.speed.set("1×");
    row.append(this.walk.element, this.speed.element);
    player.addEventListener("click", () => this.togglePlay());
    begin.addEventListener("click", () => this.goTo(0));
    root.classList.add("gdx");
    const attributes = { role: "group", "aria-label": "explorer", "data-lm-suppress-shortcuts": "true" };
    for (const [name, value] of Object.entries(attributes)) root.setAttribute(name, value);
    root.addEventListener("keydown", (event) => { // a notebook has uses of its own for arrows and letters
      if (!event.ctrlKey && !event.metaKey && !["Tab", "Escape"].includes(event.key)) event.stopPropagation();
    });
  }
  rateText(rate) { return short(rate, 6); }
  prepare() { this.panels[0].surface(this.theory); }

  /** Put the controls to `values` and train at once; of several changes in a frame, the first and the last. */
  change(values) {
    Object.assign(this.values, values);
    if (this.isBusy) return void (this.isLate = true);
    [this.isBusy, this.isLate] = [true, false];
    requestAnimationFrame(() => {
      this.isBusy = false;
      if (this.isLate) this.change({});
    });
    const key = JSON.stringify({ ...this.values, against: "" });
    if (key !== this.key) this.train();
    this.key = key;
    this.draw();
  }
  train() {
    this.job += 1;
    this.pause();
    [this.runs, this.doesFollow] = [this.course.runs(this.values), !this.startsAtStart];
    advance(this.runs, SLICE);
    if (this.run.epoch > this.values.epochs / 2) advance(this.runs, SLICE); // the frame has time for the rest
    this.shown = this.doesFollow ? this.last : 0;
    if (!this.runs.every((run) => run.isDone)) this.handOver();
  }
  /** Have a worker go on, whose records come as it finds them; where there is none, wait for the runs. */
  handOver() {
    const bundle = this.worker ? null : this.bundle, { job, values } = this;
    const follow = () => {
      if (this.doesFollow) this.shown = this.last;
      requestAnimationFrame(() => this.draw());
    };
    const wait = () => {
      this.worker = {}; // that takes no messages
      advance(this.runs, Infinity);
      follow();
    };
    const take = ({ data: { found, job } }) => {
      if (job !== this.job) return;
      this.runs.forEach((run, k) => found[k].last >= run.last && Object.assign(run, found[k])); // it may be behind
      follow();
    };
    try {
      this.worker ??= new Worker(this.source, { type: "module" });
      this.worker.postMessage({ bundle, values, job });
      Object.assign(this.worker, { onerror: wait, onmessage: take });
    } catch {
      wait();
    }
  }
  goTo(place) {
    this.pause();
    [this.shown, this.doesFollow] = [place, place === this.last];
    this.draw();
  }
  pause() {
    this.isPlaying = false;
    this.player.textContent = this.playWords;
  }
  togglePlay() {
    if (this.isPlaying) return this.pause();
    let place = this.shown >= this.last ? 0 : this.shown, since = performance.now();
    const tick = (now) => {
      if (!this.isPlaying) return;
      const { last, run } = this, all = run.losses.length - 1, speed = parseFloat(this.speed.read()) / PLAY_TIME;
      const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches; // then it is at the end at once
      place = isStill ? last : Math.min(place + speed * all * Math.max(now - since, 0), last);
      [since, this.shown] = [now, Math.floor(place)];
      if (this.shown === all || (run.diverged && this.shown === last)) this.pause();
      else requestAnimationFrame(tick);
      this.draw();
    };
    Object.assign(this, { isPlaying: true, doesFollow: false });
    this.player.textContent = "⏸ pause";
    requestAnimationFrame(tick);
  }

  get run() { return this.runs[0]; }
  get last() { return Math.max(...this.runs.map((run) => run.last)); }
  get epoch() { return this.shown / this.run.perEpoch; }
  get isLost() { return this.hasLost(this.run); }
  hasLost(run) { return run.diverged && this.shown >= run.last; }
  get against() { return this.values.race ? "examples" : this.values.against; }
  /** Return the record of a run that is shown: its last, if it diverged before. */
  recordOf(run) { return Math.min(this.shown, run.last); }
  get weights() { return this.run.weights(this.recordOf(this.run)); }
  get loss() { return this.run.losses[this.recordOf(this.run)]; }
  whereWords() {
    if (!this.values.race) return `epoch ${format(this.epoch)}`;
    return `${format(Math.round(this.run.effort(this.shown, "examples")))} examples`;
  }

  draw() {
    const { walk, panels: [left, right], values: { learning_rate: rate, batch_size: B, n, optimizer, seed } } = this;
    for (const [name, handle] of Object.entries(this.handles)) handle.set(this.values[name]);
    walk.input.max = this.last;
    walk.set(this.shown);
    const color = METHODS[this.run.method], size = n ? `points ${format(n)}` : `batch size ${format(B)}`;
    const settings = `At learning rate ${this.rateText(rate)}, ${size}, ${optimizer}, seed ${seed}`;
    const around = [`${settings}, after ${this.whereWords()}`, this.isLost ? "; the run diverged" : ""];
    this.fitAxis(right);
    left.show(() => this.showLeft(left, color), ...around);
    right.show(() => this.showRight(right, color), ...around);
    const { rows, ...columns } = this.columns(), row = (head, cells) => tag("tr", {}, head + cells.join(""));
    const head = Object.keys(columns).map((name) => tag("th", { scope: "col" }, escaped(name)));
    const cells = (k) => Object.values(columns).map((values) => tag("td", {}, short(values[k], 6)));
    const body = rows.map((name, k) => row(tag("th", { scope: "row" }, name), cells(k)));
    this.table.innerHTML = tag("table", {}, row("<td></td>", head) + body.join(""));
    const words = this.say();
    this.status.innerHTML = tag("b", { style: `color: ${color}`, "aria-hidden": true }, "● ") + escaped(words);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.announce(words), STILL);
  }
  /** Say what has been shown for a while: to who listens, and in the address. */
  announce(words) {
    this.live.textContent = words;
    if (!this.page) return;
    const moved = Object.entries(this.values).filter(([name, value]) => value && value !== this.defaults[name]);
    const texts = moved.map(([name, value]) => `${IN_ADDRESS[name] ?? name}=${value}`);
    if (texts.length || location.hash.includes("=")) history.replaceState(null, "", `#${texts.join("&")}`);
  }
  /** In a page, take what its address sets: #α=0.01&B=32. */
  readAddress() {
    const address = new URLSearchParams(this.page ? location.hash.slice(1) : ""), values = {};
    for (const name of this.controls) {
      const text = address.get(IN_ADDRESS[name] ?? name), number = Number(text);
      const choices = this.choicesOf(name) ?? ["true"], isIn = text && number >= choices[0] && number <= choices.at(-1);
      if (choices.includes(text)) values[name] = text;
      else if (isIn) values[name] = choices.every(Number.isInteger) ? Math.round(number) : number;
    }
    this.change(values);
  }

  /** Have the right picture reach as far as the runs will, whatever of them is shown. */
  fitAxis(panel) {
    const reach = (record) => this.runs.map((run) => run.effort(record(run), this.against));
    const label = this.against === "examples" ? "examples seen" : "updates";
    const first = Math.min(...reach(() => 1)), last = Math.max(...reach((run) => run.losses.length - 1));
    panel.setAxes(effortAxis(panel.x.scale, label, first, last));
  }
  showLeft(panel) {
    for (const run of this.runs) this.drawPath(panel, run, this.values.race ? run.method : "path");
    panel.mark("OLS", "star", this.theory.best);
  }
  drawPath(panel, run, label, end) {
    const last = this.recordOf(run), [x, y] = [0, 1].map((i) => (record) => run.path[2 * record + i]);
    panel.track(label, last, x, y, METHODS[run.method], { end, isLost: this.hasLost(run), areAll: true });
  }
  showRight(panel) {
    panel.level("OLS", this.theory.mse, DASHED);
    for (const run of this.runs) this.drawCurve(panel, run, "loss", (record) => run.losses[record]);
  }
  /** Draw values of a run against what it took, and note where they leave the picture. */
  drawCurve(panel, run, label, y, stroke = METHODS[run.method]) {
    const last = this.recordOf(run), x = (record) => run.effort(record, this.against);
    panel.track(label, last, x, y, stroke, { isLost: this.hasLost(run) });
    if (run !== this.run) return;
    if (this.isLost) panel.note(`diverged: not finite after epoch ${format(Math.ceil(this.epoch))}`);
    else if (y(last) > panel.y.limits[1]) panel.note(`beyond the picture: ${short(y(last), 2)}`);
  }
  columns() {
    const { best, mse, r2, data } = this.theory;
    const of = (read, least) => [...this.runs.map((run) => read(run, this.recordOf(run))), least];
    return {
      rows: [...this.runs.map((run) => (this.values.race ? run.method : "run")), "OLS"],
      "b0, intercept": of((run, record) => run.weights(record)[0], best[0]),
      "w1, slope": of((run, record) => run.weights(record)[1], best[1]),
      MSE: of((run, record) => run.losses[record], mse),
      "R²": of((run, record) => 1 - run.losses[record] / data.variance, r2),
    };
  }
  say() {
    const { run, shown, epoch, values: { race, epochs } } = this;
    if (race) return `After ${this.whereWords()}, ${short(epoch)} of ${format(epochs)} epochs of each method.`;
    const effort = `${format(run.effort(shown))} updates, ${format(run.effort(shown, "examples"))} examples`;
    const words = `After epoch ${format(epoch)} of ${format(epochs)}: ${run.method} gradient descent, ${effort}.`;
    return this.isLost ? `${words} Diverged: the loss or the weights became non-finite, and the run stopped.` : words;
  }
}

// ----------------------------------------------------------------------------------------------------- the explorers
/** A network's curve, inside and outside the data. */
class FittedCurve extends Explorer {
  prepare() {
    const [left] = this.panels, [from, to] = left.x.limits;
    this.xs = range(161, (k) => from + (k * (to - from)) / 160);
    left.data("data", this.course.data);
    left.line("OLS", this.theory.best);
  }
  heights(xs) {
    const points = { X: xs.flatMap((x) => [1, x]), n: xs.length, p: 2 };
    return this.run.model.predict(points, this.run.weights(this.shown), new Float64Array(xs.length));
  }
  showLeft(panel, stroke) {
    const { xs } = this, heights = this.heights(xs);
    panel.curve("fitted curve", 0, 160, (k) => xs[k], (k) => heights[k], { stroke, width: 2.4 });
  }
  columns() {
    const { theory: { best, data } } = this, { rows, MSE, "R²": r2 } = super.columns(), h = 1e-4;
    const middle = sumOf(data.X) / data.n - 1; // without the ones
    const [atZero, below, above] = this.heights([0, middle - h, middle + h]), slope = (above - below) / (2 * h);
    return { rows, "height at x = 0": [atZero, best[0]], "slope at the mean of x": [slope, best[1]], MSE, "R²": r2 };
  }
}

/** Where a constant rate settles, and how far above least squares: the cloud of the iterates, and the floor. */
class NoiseBall extends Explorer {
  showLeft(panel, color) {
    const { run, theory, shown, values: { optimizer, learning_rate: rate, batch_size: B } } = this, { best } = theory;
    const first = shown - Math.floor(shown / 2), isPredicted = optimizer === "sgd"; // of the later half of the epochs
    const path = range(shown - first + 1, (k) => run.weights(first + k)), distance = (w) => theory.distance(w);
    const covariance = isPredicted ? theory.stationaryCovariance(rate, B) : [[NaN, NaN], [NaN, NaN]];
    const spread = [0, 1].map((i) => Math.sqrt(meanOf(path.map((w) => (w[i] - best[i]) ** 2))));
    const predicted = isPredicted ? theory.noiseFloor(rate, B) : NaN, floor = meanOf(path.map(distance));
    Object.assign(this, { first, floor, covariance, spread, predicted });
    panel.points("iterates, later half", path, color, { "stroke-width": 4 });
    panel.ellipse("predicted, 2σ", best, covariance, 2);
    panel.mark("OLS", "star", best);
  }
  showRight(panel) {
    const { run, shown, theory, first, floor, predicted } = this;
    this.drawCurve(panel, run, "loss above OLS", (record) => theory.distance(run.weights(record)));
    const x = (k) => run.effort(k ? shown : first, this.against), words = `measured floor at ${short(floor)}`;
    panel.curve("measured floor", 0, 1, x, () => floor, { width: 3.5, words });
    panel.level("predicted floor", predicted, DASHED);
  }
  columns() {
    const { spread, covariance, floor, predicted } = this, rms = "root mean square off OLS";
    const of = (i) => [spread[i], Math.sqrt(covariance[i][i])], rows = ["measured", "predicted"];
    return { rows, [`b0, ${rms}`]: of(0), [`w1, ${rms}`]: of(1), "floor: mean loss above OLS": [floor, predicted] };
  }
  say() {
    const { theory, run, first, predicted, values: { optimizer, learning_rate: rate } } = this, words = super.say();
    const left = theory.factors(rate)[0] ** (2 * run.effort(first)) * (1 + theory.distance(run.weights(0)) / predicted);
    if (optimizer !== "sgd") return `${words} The prediction is for plain SGD alone.`;
    if (predicted === Infinity) return `${words} No floor is predicted: the rate is beyond its limit.`;
    return left > 0.02 ? `${words} It had not settled when the later half began: it takes more epochs.` : words;
  }
}

/** Plain gradient descent across its limit, with what the curvatures predict of every update. */
class LearningRate extends Explorer {
  prepare() {
    const { best, axes } = this.theory;
    super.prepare();
    for (const [name, axis, dashes] of [["axis: floor", axes[0], ""], ["axis: across", axes[1], DASHED]]) {
      const [x, y] = [0, 1].map((i) => (k) => best[i] + (k ? 90 : -90) * axis[i]);
      this.panels[0].curve(name, 0, 1, x, y, { stroke: "var(--quiet)", width: 1.2, dashes });
    }
  }
  rateText(rate) { return `${short(rate, 6)} = ${short(rate / this.theory.limit, 4)} × limit`; }
  /** The factors of an update along the axes, as predicted. */
  get factors() {
    const { optimizer, batch_size: B, learning_rate: rate } = this.values;
    return optimizer === "sgd" && B === this.course.data.n ? this.theory.factors(rate) : [NaN, NaN];
  }
  /** Return the factor of an update over the later half of the epochs: of the distance, and along each axis. */
  observed() {
    const { run, theory } = this, updates = run.effort(1);
    const z = range(this.recordOf(run) + 1, (record) => theory.components(run.weights(record)));
    const far = z.map((each) => Math.hypot(...each));
    const factor = (sizes) => {
      const bad = sizes.findIndex((size, k) => !(Number.isFinite(size) && size > 1e-10 * Math.max(far[k], far[0])));
      const last = (bad < 0 ? sizes.length : bad) - 1, first = Math.floor(last / 2);
      return last < 1 ? NaN : (sizes[last] / sizes[first]) ** (1 / ((last - first) * updates));
    };
    const sign = (i) => (updates === 1 && z.length > 1 && z[0][i] * z[1][i] < 0 ? -1 : 1);
    return [factor(far), ...[0, 1].map((i) => sign(i) * factor(z.map((each) => Math.abs(each[i]))))];
  }
  showRight(panel) {
    const { run, factors, theory } = this, start = theory.components(run.weights(0)), { curvatures } = theory;
    const parts = [0, 1].map((i) => (record) => (curvatures[i] / 2) * (factors[i] ** record * start[i]) ** 2);
    const draw = (label, y, look) => panel.curve(label, 0, this.recordOf(run), (record) => run.effort(record), y, look);
    this.predicted = (record) => parts[0](record) + parts[1](record);
    this.drawCurve(panel, run, "loss above OLS", (record) => theory.distance(run.weights(record)));
    for (const part of parts) draw("predicted, each axis", part, { dashes: DOTTED });
    draw("predicted, sum", this.predicted, { dashes: DASHED });
  }
  columns() {
    const { run, theory, factors } = this, [far, floor, across] = this.observed();
    return {
      rows: ["observed", "predicted"], "factor per update: distance": [far, Math.max(...factors.map(Math.abs))],
      "along the floor": [floor, factors[0]], "across it": [across, factors[1]],
      "loss above OLS": [theory.distance(this.weights), this.predicted(this.recordOf(run))],
    };
  }
  say() {
    const factor = Math.max(...this.factors.map(Math.abs)), words = super.say();
    if (Number.isNaN(factor)) return `${words} The prediction is for sgd with all the data in every update alone.`;
    const times = short(factor, 4), updates = format(Math.ceil(Math.log(1e6) / -Math.log(factor)));
    const effect = times === "1" ? "leaves the distance across the valley as it is" :
      `makes the distance across the valley ${times} times as large`;
    if (factor >= 1) return `${words} An update ${effect}.`;
    return `${words} A distance a millionth as large takes ${updates} updates at most.`;
  }
}

/** The estimates from many data sets, and their errors of optimisation and of sampling. */
class ManyEstimates extends Explorer {
  prepare() {}
  /** Return the mean over the runs of what `read` finds in their weights after a record, and in their least squares. */
  mean(record, read) {
    const at = ({ path, last }) => (record > last ? [NaN, NaN] : [path[2 * record], path[2 * record + 1]]);
    let sum = 0; // without a view of the path for each, of which a picture would take thousands
    for (const run of this.runs) sum += Number(read(at(run), run.surface));
    return sum / this.runs.length;
  }
  optimisation(record) { return this.mean(record, (w, { centre }) => this.course.pointsTheory.distance(w, centre)); }
  showLeft(panel, color) {
    const { shown, runs, course: { pointsTheory: theory }, bundle: { data } } = this, { truth } = data;
    this.sampling = this.mean(0, (_, { centre }) => theory.distance(centre, truth));
    this.covariance = theory.samplingCovariance(data.noise_variance);
    const weights = runs.filter((run) => run.last >= shown).map((run) => run.weights(shown));
    this.seen = weights.filter((w) => Number.isFinite(w[0] + w[1]));
    panel.points(`${runs.length} runs`, this.seen, color, { "stroke-width": 5 });
    panel.ellipse("95% ellipse of theory", truth, this.covariance, Math.sqrt(-2 * Math.log(0.05))); // χ² of 2 degrees
    panel.mark("truth", "diamond", truth);
    if (this.seen.some(([b0, w1]) => isInFrame(panel.px(b0), panel.py(w1)))) return;
    panel.note(this.seen.length ? "not in the picture yet" : "diverged");
  }
  showRight(panel) {
    this.drawCurve(panel, this.run, "optimisation error", (record) => this.optimisation(record));
    panel.level("sampling error", this.sampling);
    panel.level("pσ²/n", (2 * this.bundle.data.noise_variance) / this.run.data.n, DOTTED);
  }
  columns() {
    const { shown, seen, covariance, course: { pointsTheory: theory }, bundle: { quantiles, data: { truth } } } = this;
    const { n } = theory.data, inverse = theory.samplingCovariance(1)[1][1];
    const t = quantiles[this.choicesOf("n").findLastIndex((each) => each <= n)];
    const covered = this.mean(shown, (w, { loss, centre }) => {
      const variance = (n * (loss + theory.distance(w, centre))) / (n - 2);
      return Math.abs(w[1] - truth[1]) < t * Math.sqrt(variance * inverse);
    });
    const scatter = (i) => {
      const mean = meanOf(seen.map((w) => w[i])), squares = sumOf(seen.map((w) => (w[i] - mean) ** 2));
      return [Math.sqrt(squares / (seen.length - 1)), Math.sqrt(covariance[i][i])];
    };
    return {
      rows: ["runs", "theory of OLS"], "b0, standard deviation": scatter(0), "w1, standard deviation": scatter(1),
      "optimisation error": [this.optimisation(shown), 0],
      "sampling error": [this.sampling, (2 * this.bundle.data.noise_variance) / n],
      "95% intervals that hold the slope": [covered, 0.95],
    };
  }
  say() {
    const size = this.optimisation(this.shown) < this.sampling ? "smaller" : "larger";
    return super.say() + (this.isLost ? "" : ` The optimisation error is ${size} than the sampling error.`);
  }
}

/** A table of several columns: its coefficients, and R² on the rows trained on and on rows held out. */
class HeldOut extends Explorer {
  prepare() {
    const { names, unseen } = this.bundle, { best } = this.theory;
    this.unseen = readData(unseen);
    const bySize = [...names.keys()].sort((i, k) => Math.abs(best[k + 1]) - Math.abs(best[i + 1]));
    this.largest = bySize.slice(0, 3).sort((i, k) => i - k);
  }
  scoreOf(w) { return 1 - lossOf(LINEAR, this.unseen, w) / this.unseen.variance; }
  showLeft(panel, color) {
    const { run, theory: { best }, bundle: { names } } = this, now = this.recordOf(run), [from, to] = panel.x.limits;
    names.forEach((name, k) => {
      const coefficient = (record) => run.weights(record)[k + 1], value = coefficient(now);
      panel.curve("", 0, now, coefficient, () => k, { stroke: color });
      panel.mark("OLS", "lozenge", [best[k + 1], k], NEUTRAL, `${name} ${short(value)}, of OLS ${short(best[k + 1])}`);
      if (panel.mark("run", "dot", [value, k], color, "")) return;
      panel.mark("beyond the picture", "cross", [value > 0 ? to : from, k], WARNING, "");
    });
  }
  showRight(panel) {
    const { run, theory: { best, r2, data } } = this, trained = (record) => 1 - run.losses[record] / data.variance;
    const unseen = range(this.recordOf(run) + 1, (record) => this.scoreOf(run.weights(record)));
    const bestUnseen = this.scoreOf(best), last = unseen.length - 1;
    this.scores = { "R², trained on": [trained(last), r2], "R², held out": [unseen[last], bestUnseen] };
    this.drawCurve(panel, run, "rows trained on", trained);
    this.drawCurve(panel, run, "rows held out", (record) => unseen[record], NEUTRAL);
    panel.level("OLS, trained on", r2, DASHED);
    panel.level("OLS, held out", bestUnseen, DOTTED);
  }
  columns() {
    const { largest, weights, theory: { best }, bundle: { names } } = this;
    const coefficients = largest.map((k) => [names[k], [weights[k + 1], best[k + 1]]]);
    return { rows: ["run", "OLS"], ...Object.fromEntries(coefficients), ...this.scores };
  }
}

/** A line that is dragged through the points, its loss, and its place on the loss's surface; then descent does it. */
class ByHand extends Explorer {
  get startsAtStart() { return true; }
  get playWords() { return "▶ let it roll"; }
  prepare() {
    const [left, right] = this.panels, [from, to] = left.x.limits;
    this.grips = [0.2, 0.8].map((at) => from + at * (to - from));
    left.data("mornings", this.course.data);
    right.surface(this.theory, "loss above the lowest");
    this.hold(left, ([, height], [b0, w1], [taken]) => {
      const [x, fixed] = taken > (from + to) / 2 ? this.grips.toReversed() : this.grips, other = b0 + w1 * fixed;
      const slope = (height - other) / (x - fixed);
      this.change({ b0: other - slope * fixed, w1: slope });
    });
    this.hold(right, ([b0, w1]) => this.change({ b0, w1 }));
  }
  /** Call `move` with the place of a pointer that is down, and the line and the place when it went down. */
  hold(panel, move) {
    const { picture } = panel;
    let line, taken;
    picture.classList.add("gdx-hold");
    picture.addEventListener("pointerdown", (event) => {
      picture.setPointerCapture(event.pointerId);
      [line, taken] = [[...this.weights], panel.at(event)];
      move(taken, line, taken);
    });
    picture.addEventListener("pointermove", (event) => event.buttons && line && move(panel.at(event), line, taken));
  }
  fitAxis() {} // it shows no effort
  showLeft(panel, stroke) {
    const [b0, w1] = this.weights;
    panel.line("your line: drag an end of it", this.weights, { stroke, width: 3 });
    for (const x of this.grips) panel.mark("", "dot", [x, b0 + w1 * x], stroke, "");
  }
  showRight(panel) {
    this.drawPath(panel, this.run, "its path as it rolls", "your line");
    if (this.isLost) panel.note("diverged: the steps are too long");
  }
  columns() {
    const [b0, w1] = this.weights;
    return { rows: ["your line"], "b0 (L/s)": [b0], "w1 (L/s per °C)": [w1], "loss ((L/s)²)": [this.loss] };
  }
  say() {
    const [loss, lowest] = [this.loss, this.theory.mse].map((value) => short(value));
    if (!this.shown) return `The loss of your line is ${loss}.`;
    if (this.isLost) return "Diverged: the steps are so long that each lands higher than the last.";
    return `After ${format(this.shown)} updates the loss is ${loss}; the lowest of all lines is ${lowest}.`;
  }
}

// ----------------------------------------------------------------------------------------------- into a page or a cell
const OFTEN = "learning_rate optimizer batch_size against epochs seed";
const KINDS = { // each with its controls
  descent: [Explorer, `${OFTEN} race`],
  fitted_curve: [FittedCurve, OFTEN],
  noise_ball: [NoiseBall, OFTEN],
  learning_rate: [LearningRate, "learning_rate optimizer batch_size epochs seed"],
  estimates: [ManyEstimates, "learning_rate optimizer n epochs seed"],
  held_out: [HeldOut, OFTEN],
  by_hand: [ByHand, "b0 w1 learning_rate"],
};

/** Show the explorer of a bundle in an element, and return what ends it. */
export function show(bundle, element, options) {
  const [Kind, controls] = KINDS[bundle.kind], explorer = new Kind(bundle, controls.split(" "), element, options);
  const followPage = () => { // it is dark where the page's text is light
    const color = getComputedStyle(element.parentElement ?? document.body).color.match(/[\d.]+/g).slice(0, 3);
    element.classList.toggle("gdx-dark", sumOf(color.map(Number)) > 384);
  };
  requestAnimationFrame(followPage); // by then it is in the page
  const observer = new MutationObserver(followPage);
  for (const each of [document.documentElement, document.body]) observer.observe(each, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", followPage);
  return () => {
    observer.disconnect();
    explorer.pause();
    explorer.worker?.terminate?.();
  };
}

/** In a page: show the explorer of each script of the bundles' type, in place of what stands beside it. */
export function showAll(root = document) {
  const href = new URL("explorer.css", import.meta.url);
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
  root.querySelectorAll('script[type="application/vnd.gd-helpers.explorer+json"]').forEach((script, k) => {
    const element = document.createElement("div");
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
      let output = el.closest(".jp-OutputArea-child")?.previousElementSibling;
      for (let k = 0; output && k < 2; k++, output = output.previousElementSibling) {
        if (output.querySelector("img")) output.style.display = "none";
      }
    });
    return () => [end(), URL.revokeObjectURL(source)];
  },
};
