// The forward pass: a network's instructions on one image. A value is {h, w, c, data}, data a Float32Array with the
// channel last, as in the Python; after "mean" and "linear" h and w are 1.

const GATES = {
  sigmoid: (e) => 1 / (1 + Math.exp(-e)),
  tanh: Math.tanh,
  relu: (e) => Math.max(e, 0),
  hard_sigmoid: (e) => Math.min(Math.max(e / 6 + 0.5, 0), 1),
};

function outputSize(n, kernelSize, stride, padding) {
  return Math.floor((n + 2 * padding - kernelSize) / stride) + 1;
}

function conv([{ h, w, c, data }], step, arrays) {
  const kernel = arrays[step.w], [size, , , out] = kernel.shape;
  const { stride, padding } = step, weights = kernel.data, bias = step.b === undefined ? null : arrays[step.b].data;
  const ho = outputSize(h, size, stride, padding), wo = outputSize(w, size, stride, padding);
  const y = new Float32Array(ho * wo * out), sum = new Float64Array(out);
  for (let i = 0; i < ho; i++) for (let j = 0; j < wo; j++) {
    if (bias) sum.set(bias); else sum.fill(0);
    for (let p = 0; p < size; p++) {
      const row = i * stride + p - padding;
      if (row < 0 || row >= h) continue;
      for (let q = 0; q < size; q++) {
        const column = j * stride + q - padding;
        if (column < 0 || column >= w) continue;
        const from = (row * w + column) * c;
        let at = (p * size + q) * c * out;
        for (let k = 0; k < c; k++, at += out) {
          const x = data[from + k];
          if (x !== 0) for (let o = 0; o < out; o++) sum[o] += x * weights[at + o];  // many are 0, after a ReLU
        }
      }
    }
    y.set(sum, (i * wo + j) * out);
  }
  return { h: ho, w: wo, c: out, data: y };
}

function depthwiseConv([{ h, w, c, data }], step, arrays) {
  const kernel = arrays[step.w], [size] = kernel.shape, { stride, padding } = step;
  const ho = outputSize(h, size, stride, padding), wo = outputSize(w, size, stride, padding), y = new Float32Array(ho * wo * c);
  for (let i = 0; i < ho; i++) for (let j = 0; j < wo; j++) for (let k = 0; k < c; k++) {
    let sum = 0;
    for (let p = 0; p < size; p++) for (let q = 0; q < size; q++) {
      const row = i * stride + p - padding, column = j * stride + q - padding;
      if (row >= 0 && row < h && column >= 0 && column < w) sum += data[(row * w + column) * c + k] * kernel.data[(p * size + q) * c + k];
    }
    y[(i * wo + j) * c + k] = sum;
  }
  return { h: ho, w: wo, c, data: y };
}

function linear([x], step, arrays) {
  const [d, m] = arrays[step.w].shape, w = arrays[step.w].data, y = new Float32Array(m);
  for (let o = 0; o < m; o++) {
    let sum = step.b === undefined ? 0 : arrays[step.b].data[o];
    for (let k = 0; k < d; k++) sum += x.data[k] * w[k * m + o];
    y[o] = sum;
  }
  return { h: 1, w: 1, c: m, data: y };
}

function elementwise(x, rule) {
  const y = new Float32Array(x.data.length);
  for (let k = 0; k < y.length; k++) y[k] = rule(x.data[k], k % x.c, k);
  return { ...x, data: y };
}

function affine([x], step, arrays) {
  const factor = arrays[step.factor].data, term = arrays[step.term].data;
  return elementwise(x, (value, c) => value * factor[c] + term[c]);
}

function pool(x, { kernel_size: size, stride, padding = 0, ceil_mode: ceil }, start, combine, finish) {
  const windows = (n) => {  // with ceil, one more for what they leave over, if it begins before the image ends
    const full = outputSize(n, size, stride, padding), over = (n + 2 * padding - size) % stride;
    return ceil && over && full * stride < n + padding ? full + 1 : full;
  };
  const ho = windows(x.h), wo = windows(x.w);
  const y = new Float32Array(ho * wo * x.c);
  for (let i = 0; i < ho; i++) for (let j = 0; j < wo; j++) for (let c = 0; c < x.c; c++) {
    let value = start;
    for (let p = 0; p < size; p++) for (let q = 0; q < size; q++) {
      const row = i * stride + p - padding, column = j * stride + q - padding;
      if (row >= 0 && row < x.h && column >= 0 && column < x.w) value = combine(value, x.data[(row * x.w + column) * x.c + c]);
    }
    y[(i * wo + j) * x.c + c] = finish(value);
  }
  return { h: ho, w: wo, c: x.c, data: y };
}

function squeeze(x, kind) {  // z: one number per channel
  const z = new Float64Array(x.c).fill(kind === "max" ? -Infinity : 0), positions = x.h * x.w;
  for (let k = 0; k < x.data.length; k++) {
    const c = k % x.c;
    z[c] = kind === "max" ? Math.max(z[c], x.data[k]) : z[c] + x.data[k];
  }
  return kind === "max" ? z : z.map((sum) => sum / positions);
}

function twoLayers(z, step, arrays) {  // FC1, ReLU, FC2: a, h = δ(a), e
  const [c, units] = arrays[step.w1].shape, w1 = arrays[step.w1].data, w2 = arrays[step.w2].data;
  const b1 = step.b1 === undefined ? null : arrays[step.b1].data, b2 = step.b2 === undefined ? null : arrays[step.b2].data;
  const a = new Float64Array(units), e = new Float64Array(c);
  for (let j = 0; j < units; j++) {
    a[j] = b1 ? b1[j] : 0;
    for (let k = 0; k < c; k++) a[j] += z[k] * w1[k * units + j];
  }
  const h = a.map((value) => Math.max(value, 0));
  for (let k = 0; k < c; k++) {
    e[k] = b2 ? b2[k] : 0;
    for (let j = 0; j < units; j++) e[k] += h[j] * w2[j * c + k];
  }
  return { a, h, e };
}

// A block returns what the page shows of it: u, z, a, h, e, the learned gates, the gates in use (s), and x̃ (xScaled).
// `forced` is a Map from channels to the gates that replace the learned ones.
function se([u], step, arrays, forced) {
  const gate = GATES[step.gate];
  if (step.squeeze === "none") return perPosition(u, step, arrays, forced);
  const kinds = step.squeeze === "avg+max" ? ["avg", "max"] : [step.squeeze];
  const zs = kinds.map((kind) => squeeze(u, kind)), passes = zs.map((z) => twoLayers(z, step, arrays));
  const e = passes.map((pass) => pass.e).reduce((first, second) => first.map((value, c) => value + second[c]));
  return scale(u, { z: zs[0], zs, ...passes[0], passes, e }, e.map((value) => gate(value)), forced);
}

function scale(u, values, learned, forced) {
  const s = learned.map((value, c) => (forced.has(c) ? forced.get(c) : value));
  return { u, ...values, learned, s, xScaled: elementwise(u, (value, c) => value * s[c]) };
}

function perPosition(u, step, arrays, forced) {
  const gate = GATES[step.gate], s = new Float64Array(u.data.length), learned = new Float64Array(u.c);
  for (let at = 0; at < s.length; at += u.c) {
    twoLayers(u.data.subarray(at, at + u.c), step, arrays).e.forEach((e, c) => {
      learned[c] += gate(e) / (u.h * u.w);
      s[at + c] = forced.has(c) ? forced.get(c) : gate(e);
    });
  }
  const xScaled = elementwise(u, (value, c, k) => value * s[k]);
  return { u, learned, s: learned.map((value, c) => (forced.has(c) ? forced.get(c) : value)), xScaled };
}

function eca([u], step, arrays, forced) {
  const z = squeeze(u, "avg"), w = arrays[step.w].data, middle = (w.length - 1) / 2;
  const e = z.map((_, c) => w.reduce((sum, weight, j) => sum + weight * (z[c + j - middle] ?? 0), 0));
  return scale(u, { z, e }, e.map(GATES[step.gate]), forced);
}

function concat(inputs) {
  const c = inputs.reduce((sum, value) => sum + value.c, 0), [{ h, w }] = inputs, y = new Float32Array(h * w * c);
  for (let k = 0; k < h * w; k++) {
    let at = k * c;
    for (const value of inputs) { y.set(value.data.subarray(k * value.c, (k + 1) * value.c), at); at += value.c; }
  }
  return { h, w, c, data: y };
}

const OPS = {
  conv, depthwise_conv: depthwiseConv, linear, affine, concat,
  relu: ([x]) => elementwise(x, (value) => Math.max(value, 0)),
  hard_swish: ([x]) => elementwise(x, (value) => value * GATES.hard_sigmoid(value)),
  max_pool: ([x], step) => pool(x, step, -Infinity, Math.max, (value) => value),
  avg_pool: ([x], step) => pool(x, step, 0, (a, b) => a + b, (value) => value / step.kernel_size ** 2),
  mean: ([x]) => ({ h: 1, w: 1, c: x.c, data: Float32Array.from(squeeze(x, "avg")) }),
  add: ([x, other]) => elementwise(x, (value, c, k) => value + other.data[k]),
};
const BLOCKS = { se, eca };

// forced: {path: Map(channel → gate)}. Returns the logits, all values, and what every block did.
function run(net, pixels, forced = {}) {
  const data = Float32Array.from(pixels, (value, k) => (value - net.mean[k % 3]) / net.std[k % 3]), side = Math.sqrt(pixels.length / 3);
  const values = [{ h: side, w: side, c: 3, data }], blocks = {};
  for (const step of net.steps) {
    const inputs = step.in.map((k) => values[k]);
    if (step.op in BLOCKS) {
      const block = BLOCKS[step.op](inputs, step, net.arrays, forced[step.path] ?? new Map());
      blocks[step.path] = block;
      values.push(block.xScaled);
    } else values.push(OPS[step.op](inputs, step, net.arrays));
  }
  return { logits: values.at(-1).data, values, blocks };
}

function softmax(logits) {
  const largest = Math.max(...logits), e = Array.from(logits, (value) => Math.exp(value - largest));
  const sum = e.reduce((a, b) => a + b);
  return e.map((value) => value / sum);
}
