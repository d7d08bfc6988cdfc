// The backward pass, from the loss back to one block: the gradients of that block, and of its weights. It mirrors
// engine.js: each op takes the gradient dy of its output and gives those of its inputs; weights get theirs in the block alone.

const SLOPES = {  // of the gate functions, at e where the gate is s
  sigmoid: (e, s) => s * (1 - s),
  tanh: (e, s) => 1 - s * s,
  relu: (e) => Number(e > 0),
  hard_sigmoid: (e) => (Math.abs(e) < 3 ? 1 / 6 : 0),
};

const BUGS = {  // each as in senet_np/gradcheck/bugs/blocks.py, and what people think when they write it
  "": "none: everything is right",
  "squeeze path dropped": "In x̃ = s·u one forgets that s is made from u too, so du = s·dx̃ seems complete.",
  "σ′ missing": "A gate has no weights and changes no shape, so ds is handed straight on.",
  "1/(H·W) lost": "The divisor is hidden inside the mean, and every position gets dz in full.",
  "ReLU's mask from the gradient": "“ReLU lets through what is positive”, applied to dh in place of a.",
  "gate applied twice": "dx̃ is multiplied by s under its old name, and ds is then computed from the product.",
};

const zerosLike = (x) => ({ h: x.h, w: x.w, c: x.c, data: new Float32Array(x.data.length) });

function convBackward(dy, [x], step, arrays) {
  const kernel = arrays[step.w], [size, , c, out] = kernel.shape, weights = kernel.data, dx = zerosLike(x);
  for (let i = 0; i < dy.h; i++) for (let j = 0; j < dy.w; j++) {
    const from = (i * dy.w + j) * out;
    for (let p = 0; p < size; p++) for (let q = 0; q < size; q++) {
      const row = i * step.stride + p - step.padding, column = j * step.stride + q - step.padding;
      if (row < 0 || row >= x.h || column < 0 || column >= x.w) continue;
      let to = (row * x.w + column) * c, at = (p * size + q) * c * out;
      for (let k = 0; k < c; k++, to++, at += out) {
        let sum = 0;
        for (let o = 0; o < out; o++) sum += dy.data[from + o] * weights[at + o];
        dx.data[to] += sum;
      }
    }
  }
  return [dx];
}

function depthwiseConvBackward(dy, [x], step, arrays) {
  const kernel = arrays[step.w], [size] = kernel.shape, c = x.c, dx = zerosLike(x);
  for (let i = 0; i < dy.h; i++) for (let j = 0; j < dy.w; j++) for (let p = 0; p < size; p++) for (let q = 0; q < size; q++) {
    const row = i * step.stride + p - step.padding, column = j * step.stride + q - step.padding;
    if (row < 0 || row >= x.h || column < 0 || column >= x.w) continue;
    for (let k = 0; k < c; k++) dx.data[(row * x.w + column) * c + k] += dy.data[(i * dy.w + j) * c + k] * kernel.data[(p * size + q) * c + k];
  }
  return [dx];
}

function linearBackward(dy, [x], step, arrays) {
  const [d, m] = arrays[step.w].shape, w = arrays[step.w].data, dx = zerosLike(x);
  for (let k = 0; k < d; k++) for (let o = 0; o < m; o++) dx.data[k] += dy.data[o] * w[k * m + o];
  return [dx];
}

function maxPoolBackward(dy, [x], { kernel_size: size, stride, padding = 0 }) {  // of equal maxima the first one takes all
  const dx = zerosLike(x);
  for (let i = 0; i < dy.h; i++) for (let j = 0; j < dy.w; j++) for (let c = 0; c < x.c; c++) {
    let winner = -1, largest = -Infinity;
    for (let p = 0; p < size; p++) for (let q = 0; q < size; q++) {
      const row = i * stride + p - padding, column = j * stride + q - padding, at = (row * x.w + column) * x.c + c;
      if (row >= 0 && row < x.h && column >= 0 && column < x.w && x.data[at] > largest) { largest = x.data[at]; winner = at; }
    }
    dx.data[winner] += dy.data[(i * dy.w + j) * x.c + c];
  }
  return [dx];
}

function avgPoolBackward(dy, [x], { kernel_size: size, stride }) {
  const dx = zerosLike(x);
  for (let i = 0; i < dy.h; i++) for (let j = 0; j < dy.w; j++) for (let p = 0; p < size; p++) for (let q = 0; q < size; q++) {
    for (let c = 0; c < x.c; c++) dx.data[((i * stride + p) * x.w + j * stride + q) * x.c + c] += dy.data[(i * dy.w + j) * x.c + c] / size ** 2;
  }
  return [dx];
}

function concatBackward(dy, inputs) {
  let from = 0;
  return inputs.map((x) => {
    const start = from, dx = elementwise(x, (value, c, k) => dy.data[Math.floor(k / x.c) * dy.c + start + c]);
    from += x.c;
    return dx;
  });
}

function hardSwishSlope(x) {  // of x · hard σ(x): two uses of x, two terms
  return GATES.hard_sigmoid(x) + x * SLOPES.hard_sigmoid(x);
}

const OPS_BACKWARD = {
  conv: convBackward, depthwise_conv: depthwiseConvBackward, linear: linearBackward, max_pool: maxPoolBackward,
  avg_pool: avgPoolBackward, concat: concatBackward,
  affine: (dy, [x], step, arrays) => [elementwise(dy, (value, c) => value * arrays[step.factor].data[c])],
  relu: (dy, [x]) => [elementwise(dy, (value, c, k) => (x.data[k] > 0 ? value : 0))],
  hard_swish: (dy, [x]) => [elementwise(dy, (value, c, k) => value * hardSwishSlope(x.data[k]))],
  mean: (dy, [x]) => [elementwise(x, (value, c) => dy.data[c] / (x.h * x.w))],
  add: (dy) => [dy, dy],  // both get the whole of it
};

// FC2, ReLU, FC1 from behind, for one pass through them: what de does to z, and what it is worth to the weights.
function twoLayersBackward(de, z, { a, h }, step, arrays, bug) {
  const [c, units] = arrays[step.w1].shape, w1 = arrays[step.w1].data, w2 = arrays[step.w2].data;
  const dh = new Float64Array(units), dz = new Float64Array(c), dw1 = new Float64Array(c * units), dw2 = new Float64Array(units * c);
  for (let j = 0; j < units; j++) for (let k = 0; k < c; k++) {
    dh[j] += de[k] * w2[j * c + k];
    dw2[j * c + k] = h[j] * de[k];
  }
  const da = dh.map((value, j) => ((bug === "ReLU's mask from the gradient" ? value : a[j]) > 0 ? value : 0));
  for (let k = 0; k < c; k++) for (let j = 0; j < units; j++) {
    dz[k] += da[j] * w1[k * units + j];
    dw1[k * units + j] = z[k] * da[j];
  }
  return { dh, da, dz, dw1, db1: da, dw2, db2: de };
}

// Where the squeeze puts dz: the mean gives each position its share, the maximum gives all of it to the first winner.
function squeezeBackward(du, u, dz, kind, bug) {
  const share = kind === "max" || bug === "1/(H·W) lost" ? 1 : 1 / (u.h * u.w);
  for (let c = 0; c < u.c; c++) {
    let winner = c;
    for (let k = c; k < u.data.length; k += u.c) {
      if (kind === "max") winner = u.data[k] > u.data[winner] ? k : winner;
      else du.data[k] += dz[c] * share;
    }
    if (kind === "max") du.data[winner] += dz[c];
  }
}

// A block's gradients: dxScaled comes in; dScale = s·dx̃ and dSqueeze are the two parts that meet in du.
function seBackward(block, step, arrays, dxScaled, forced, bug = "") {
  if (step.squeeze === "none") return perPositionBackward(block, step, arrays, dxScaled, forced);
  const { u, s } = block, { ds, de } = gatesBackward(block, step, dxScaled, forced, bug);
  const passes = block.passes.map((pass, k) => twoLayersBackward(de, block.zs[k], pass, step, arrays, bug));
  const sum = (name) => passes.map((pass) => pass[name]).reduce((first, second) => first.map((value, k) => value + second[k]));
  const dScale = elementwise(dxScaled, (value, c) => value * s[c]), dSqueeze = zerosLike(u);
  const kinds = step.squeeze === "avg+max" ? ["avg", "max"] : [step.squeeze];
  if (bug !== "squeeze path dropped") kinds.forEach((kind, k) => squeezeBackward(dSqueeze, u, passes[k].dz, kind, bug));
  const weights = Object.fromEntries(["dw1", "db1", "dw2", "db2"].map((name) => [name, sum(name)]));
  return { dxScaled, ds, de, ...passes[0], passes, ...weights, dScale, dSqueeze, du: add(dScale, dSqueeze) };
}

const add = (one, other) => elementwise(one, (value, c, k) => value + other.data[k]);

function gatesBackward({ u, s, e, learned }, step, dxScaled, forced, bug) {  // ds_c = Σ u·dx̃; a forced gate is a constant
  const ds = new Float64Array(u.c), twice = bug === "gate applied twice";
  for (let k = 0; k < u.data.length; k++) ds[k % u.c] += u.data[k] * dxScaled.data[k] * (twice ? s[k % u.c] : 1);
  const slope = (c) => (bug === "σ′ missing" ? 1 : SLOPES[step.gate](e[c], learned[c]));
  return { ds, de: ds.map((value, c) => (forced.has(c) ? 0 : value * slope(c))) };
}

function perPositionBackward({ u }, step, arrays, dxScaled, forced) {
  const gate = GATES[step.gate], total = {}, dScale = zerosLike(u), dSqueeze = zerosLike(u);
  for (let at = 0; at < u.data.length; at += u.c) {
    const z = u.data.subarray(at, at + u.c), pass = twoLayers(z, step, arrays), learned = pass.e.map((e) => gate(e));
    const de = learned.map((s, c) => (forced.has(c) ? 0 : z[c] * dxScaled.data[at + c] * SLOPES[step.gate](pass.e[c], s)));
    const back = twoLayersBackward(de, z, pass, step, arrays, "");
    for (const name of ["dw1", "db1", "dw2", "db2"]) total[name] = total[name] ? total[name].map((value, k) => value + back[name][k]) : back[name];
    learned.forEach((s, c) => { dScale.data[at + c] = (forced.has(c) ? forced.get(c) : s) * dxScaled.data[at + c]; });
    dSqueeze.data.set(back.dz, at);
  }
  return { dxScaled, ...total, dScale, dSqueeze, du: add(dScale, dSqueeze) };
}

function ecaBackward(block, step, arrays, dxScaled, forced, bug = "") {
  const { u, s, z } = block, { ds, de } = gatesBackward(block, step, dxScaled, forced, bug), w = arrays[step.w].data, middle = (w.length - 1) / 2;
  const dz = z.map((_, c) => w.reduce((sum, weight, j) => sum + weight * (de[c - j + middle] ?? 0), 0));
  const dw = Array.from(w, (_, j) => de.reduce((sum, value, c) => sum + value * (z[c + j - middle] ?? 0), 0));
  const dScale = elementwise(dxScaled, (value, c) => value * s[c]), dSqueeze = zerosLike(u);
  if (bug !== "squeeze path dropped") squeezeBackward(dSqueeze, u, dz, "avg", bug);
  return { dxScaled, ds, de, dz, dw, dScale, dSqueeze, du: add(dScale, dSqueeze) };
}

const BLOCKS_BACKWARD = { se: seBackward, eca: ecaBackward };

// The gradients of the block at `path`, for L = −log softmax(logits)[label]. `pass` is what `run` returned; a bug is in that
// block alone, so dx̃ is always right.
function backward(net, pass, path, label, forced = {}, bug = "") {
  const grads = [], p = softmax(pass.logits), last = net.steps.length;
  grads[last] = { h: 1, w: 1, c: p.length, data: Float32Array.from(p, (value, k) => value - Number(k === label)) };
  for (let k = last; ; k--) {
    const step = net.steps[k - 1], inputs = step.in.map((value) => pass.values[value]), gates = forced[step.path] ?? new Map();
    if (step.path === path) return BLOCKS_BACKWARD[step.op](pass.blocks[path], step, net.arrays, grads[k], gates, bug);
    const d = step.op in BLOCKS ? [BLOCKS_BACKWARD[step.op](pass.blocks[step.path], step, net.arrays, grads[k], gates).du] : OPS_BACKWARD[step.op](grads[k], inputs, step, net.arrays);
    step.in.forEach((value, n) => { grads[value] = grads[value] ? add(grads[value], d[n]) : d[n]; });  // where a value fans out, gradients add
    grads[k] = null;
  }
}
