// What a small network that learns in the browser is made of: its images, and each op forward and backward. Arrays are
// Float32Array with the channel last. This and trainer.js are the text of a worker; the page itself does not run them.

const SIDE = 16, WIDTHS = [8, 16], TEXTURE_NAMES = ["rows", "columns", "checks", "plain"], BATCH = 32, EPS = 1e-5;
const ORANGE_PAINT = [1, 0.55, 0.1], BLUE_PAINT = [0.1, 0.55, 1];
const SKY_HEIGHT = 2, GROUND = 9, SQUARE = 7;  // a unit of the last stage sees 8×8 pixels: never the sky and a square
const TEXTURES = [(i) => i % 2 < 1, (i, j) => j % 2 < 1, (i, j) => ((i >> 1) + (j >> 1)) % 2 < 1, () => true];

function randomFrom(seed) {  // numbers from 0 to 1, the same for the same seed (mulberry32, by Tommy Ettinger)
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function normalFrom(random) {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

// n images (n, 16, 16, 3) of 8 bits, brought to −1 … 1, their labels (the texture of the square that has the color of the sky), and those
// that would be right under the other sky.
function makeImages(n, random, noise) {
  const x = new Float32Array(n * SIDE * SIDE * 3), labels = new Uint8Array(n), others = new Uint8Array(n), normal = normalFrom(random);
  const int = (below) => Math.floor(random() * below);
  for (let k = 0; k < n; k++) {
    const glow = 0.7 + 0.3 * random(), image = x.subarray(k * SIDE * SIDE * 3, (k + 1) * SIDE * SIDE * 3).fill(0.5);
    const texture = int(4), other = (texture + 1 + int(3)) % 4, sky = int(2), side = int(2), paints = [ORANGE_PAINT, BLUE_PAINT];
    labels[k] = texture;
    others[k] = other;
    paint(image, 0, SKY_HEIGHT, 0, SIDE, () => glow, paints[sky]);
    for (const [pattern, color, at] of [[texture, sky, side], [other, 1 - sky, 1 - side]]) {
      const left = 8 * at + int(2), down = int(4), across = int(4), light = 0.8 + 0.2 * random(), dark = 0.3 + 0.3 * random();
      paint(image, GROUND, GROUND + SQUARE, left, left + SQUARE, (i, j) => (TEXTURES[pattern](i + down, j + across) ? light : dark), paints[color]);
    }
    for (let at = 0; at < image.length; at += 3) {
      const gray = noise * normal();
      for (let c = 0; c < 3; c++) image[at + c] = Math.round(255 * Math.min(Math.max(image[at + c] + gray, 0), 1)) / 127.5 - 1;
    }
  }
  return { x, labels, others };
}

function paint(image, top, bottom, left, right, brightness, color) {
  for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) {
    for (let c = 0; c < 3; c++) image[3 * (i * SIDE + j) + c] = color[c] * brightness(i - top, j - left);
  }
}

function repainted(x) {  // the same images under the other sky: orange and blue differ by an exchange of red and blue
  const other = Float32Array.from(x);
  for (let k = 0; k < x.length; k += SIDE * SIDE * 3) for (let at = k; at < k + SKY_HEIGHT * SIDE * 3; at += 3) {
    [other[at], other[at + 2]] = [x[at + 2], x[at]];
  }
  return other;
}

// Convolution 3×3, padding 1. x (n, s, s, cin), w (3, 3, cin, cout) → y (n, s, s, cout). The image gets a border of zeros
// first: then every position has nine neighbors, and the inner loops need no question.
function withBorder(x, n, s, c) {
  const t = s + 2, padded = new Float32Array(n * t * t * c);
  for (let k = 0; k < n; k++) for (let i = 0; i < s; i++) {
    padded.set(x.subarray((k * s + i) * s * c, (k * s + i + 1) * s * c), ((k * t + i + 1) * t + 1) * c);
  }
  return padded;
}

function withoutBorder(padded, n, s, c) {
  const t = s + 2, x = new Float32Array(n * s * s * c);
  for (let k = 0; k < n; k++) for (let i = 0; i < s; i++) {
    const from = ((k * t + i + 1) * t + 1) * c;
    x.set(padded.subarray(from, from + s * c), (k * s + i) * s * c);
  }
  return x;
}

function convForward(x, w, n, s, cin, cout) {
  const t = s + 2, padded = withBorder(x, n, s, cin), y = new Float32Array(n * s * s * cout);
  for (let k = 0; k < n; k++) for (let i = 0; i < s; i++) for (let j = 0; j < s; j++) {
    const to = ((k * s + i) * s + j) * cout;
    for (let p = 0; p < 3; p++) addProducts(y, to, cout, padded, ((k * t + i + p) * t + j) * cin, 3 * cin, w, p * 3 * cin * cout);
  }
  return y;
}

function addProducts(y, to, cout, x, from, inputs, w, at) {  // y[to …] += x[from …] · w: a row of three neighbors
  for (let c = 0; c < inputs; c++, at += cout) {
    const value = x[from + c];
    if (value !== 0) for (let o = 0; o < cout; o++) y[to + o] += value * w[at + o];
  }
}

function convBackward(dy, x, w, n, s, cin, cout, needsInput) {
  const t = s + 2, padded = withBorder(x, n, s, cin), dPadded = new Float32Array(padded.length), dw = new Float32Array(w.length);
  for (let k = 0; k < n; k++) for (let i = 0; i < s; i++) for (let j = 0; j < s; j++) {
    const d = ((k * s + i) * s + j) * cout;
    for (let p = 0; p < 3; p++) {
      const from = ((k * t + i + p) * t + j) * cin, at = p * 3 * cin * cout;
      addWeightGradients(dw, at, dy, d, cout, padded, from, 3 * cin);
      if (needsInput) addInputGradients(dPadded, from, 3 * cin, dy, d, cout, w, at);
    }
  }
  return { dx: withoutBorder(dPadded, n, s, cin), dw };
}

function addWeightGradients(dw, at, dy, d, cout, x, from, inputs) {
  for (let c = 0; c < inputs; c++, at += cout) {
    const value = x[from + c];
    if (value !== 0) for (let o = 0; o < cout; o++) dw[at + o] += value * dy[d + o];
  }
}

function addInputGradients(dx, from, inputs, dy, d, cout, w, at) {
  for (let c = 0; c < inputs; c++, at += cout) {
    let sum = 0;
    for (let o = 0; o < cout; o++) sum += dy[d + o] * w[at + o];
    dx[from + c] += sum;
  }
}

// Batch norm over all positions of all images; with `fixed` means and variances in evaluation.
function batchNormForward(x, gamma, beta, fixed) {
  const c = gamma.length, m = x.length / c, mean = new Float64Array(c), variance = new Float64Array(c);
  if (!fixed) {
    for (let at = 0; at < x.length; at += c) for (let o = 0; o < c; o++) mean[o] += x[at + o] / m;
    for (let at = 0; at < x.length; at += c) for (let o = 0; o < c; o++) variance[o] += (x[at + o] - mean[o]) * (x[at + o] - mean[o]) / m;
  }
  const { mean: mu, variance: sigma2 } = fixed ?? { mean, variance }, inverse = sigma2.map((value) => 1 / Math.sqrt(value + EPS));
  const xHat = new Float32Array(x.length), y = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += c) for (let o = 0; o < c; o++) {
    xHat[at + o] = (x[at + o] - mu[o]) * inverse[o];
    y[at + o] = gamma[o] * xHat[at + o] + beta[o];
  }
  return { y, xHat, inverse, mean, variance };
}

function batchNormBackward(dy, { xHat, inverse }, gamma) {
  const c = gamma.length, m = dy.length / c, dgamma = new Float32Array(c), dbeta = new Float32Array(c), dx = new Float32Array(dy.length);
  for (let at = 0; at < dy.length; at += c) for (let o = 0; o < c; o++) { dbeta[o] += dy[at + o]; dgamma[o] += dy[at + o] * xHat[at + o]; }
  for (let at = 0; at < dy.length; at += c) for (let o = 0; o < c; o++) {
    dx[at + o] = gamma[o] * inverse[o] * (dy[at + o] - (dbeta[o] + xHat[at + o] * dgamma[o]) / m);
  }
  return { dx, dgamma, dbeta };
}

function relu(x) {
  const y = new Float32Array(x.length);
  for (let k = 0; k < x.length; k++) y[k] = x[k] > 0 ? x[k] : 0;
  return y;
}

function reluBackward(dy, x) {
  const dx = new Float32Array(dy.length);
  for (let k = 0; k < dy.length; k++) dx[k] = x[k] > 0 ? dy[k] : 0;
  return dx;
}

function meanForward(x, n, c) {  // over positions: (n, positions, c) → (n, c)
  const z = new Float32Array(n * c), positions = x.length / (n * c);
  for (let k = 0; k < n; k++) for (let at = k * positions * c; at < (k + 1) * positions * c; at += c) {
    for (let o = 0; o < c; o++) z[k * c + o] += x[at + o] / positions;
  }
  return z;
}

function meanBackward(dz, n, c, positions) {
  const dx = new Float32Array(n * positions * c);
  for (let k = 0; k < n; k++) for (let at = k * positions * c; at < (k + 1) * positions * c; at += c) {
    for (let o = 0; o < c; o++) dx[at + o] = dz[k * c + o] / positions;
  }
  return dx;
}

function scaleBy(u, s, n, c) {  // each channel of each image by its own factor s (n, c)
  const y = new Float32Array(u.length), positions = u.length / (n * c);
  for (let k = 0; k < n; k++) for (let at = k * positions * c; at < (k + 1) * positions * c; at += c) {
    for (let o = 0; o < c; o++) y[at + o] = u[at + o] * s[k * c + o];
  }
  return y;
}

// x (n, d) · w (d, m) + b
function linearForward(x, w, b, n) {
  const m = b.length, d = w.length / m, y = new Float32Array(n * m);
  for (let k = 0; k < n; k++) for (let o = 0; o < m; o++) {
    let sum = b[o];
    for (let i = 0; i < d; i++) sum += x[k * d + i] * w[i * m + o];
    y[k * m + o] = sum;
  }
  return y;
}

function linearBackward(dy, x, w, n) {
  const m = dy.length / n, d = w.length / m, dx = new Float32Array(n * d), dw = new Float32Array(w.length), db = new Float32Array(m);
  for (let k = 0; k < n; k++) for (let o = 0; o < m; o++) {
    const g = dy[k * m + o];
    db[o] += g;
    for (let i = 0; i < d; i++) { dx[k * d + i] += g * w[i * m + o]; dw[i * m + o] += g * x[k * d + i]; }
  }
  return { dx, dw, db };
}

function seForward(u, p, name, n, c) {
  const z = meanForward(u, n, c), a = linearForward(z, p[`${name}.w1`], p[`${name}.b1`], n), h = relu(a);
  const s = linearForward(h, p[`${name}.w2`], p[`${name}.b2`], n).map((e) => 1 / (1 + Math.exp(-e)));
  return { y: scaleBy(u, s, n, c), u, z, a, h, s };
}

function seBackward(dy, { u, z, a, h, s }, p, name, n, c, grads) {
  const positions = u.length / (n * c), ds = meanForward(u.map((value, k) => value * dy[k]), n, c).map((mean) => mean * positions);
  const de = ds.map((value, k) => value * s[k] * (1 - s[k]));
  const { dx: dh, dw: dw2, db: db2 } = linearBackward(de, h, p[`${name}.w2`], n);
  const { dx: dz, dw: dw1, db: db1 } = linearBackward(reluBackward(dh, a), z, p[`${name}.w1`], n);
  Object.assign(grads, { [`${name}.w1`]: dw1, [`${name}.b1`]: db1, [`${name}.w2`]: dw2, [`${name}.b2`]: db2 });
  const du = scaleBy(dy, s, n, c), squeezed = meanBackward(dz, n, c, positions);
  for (let k = 0; k < du.length; k++) du[k] += squeezed[k];  // u was used twice
  return du;
}

function maxPoolForward(x, n, s, c) {  // 2×2; winner: where each maximum was
  const t = s / 2, y = new Float32Array(n * t * t * c), winner = new Int32Array(y.length);
  for (let k = 0; k < n; k++) for (let i = 0; i < t; i++) for (let j = 0; j < t; j++) for (let o = 0; o < c; o++) {
    let best = ((k * s + 2 * i) * s + 2 * j) * c + o;
    const corner = best;
    for (let q = 1; q < 4; q++) {
      const at = corner + (q & 1) * c + (q >> 1) * s * c;
      if (x[at] > x[best]) best = at;
    }
    const to = ((k * t + i) * t + j) * c + o;
    y[to] = x[best];
    winner[to] = best;
  }
  return { y, winner };
}

function maxPoolBackward(dy, winner, length) {
  const dx = new Float32Array(length);
  for (let k = 0; k < dy.length; k++) dx[winner[k]] += dy[k];
  return dx;
}

function crossEntropy(logits, labels) {  // mean loss, its gradient, and which are right
  const n = labels.length, m = logits.length / n, d = new Float32Array(logits.length), right = new Uint8Array(n);
  let loss = 0;
  for (let k = 0; k < n; k++) {
    const row = logits.subarray(k * m, (k + 1) * m), largest = Math.max(...row), e = row.map((value) => Math.exp(value - largest));
    const sum = e.reduce((a, b) => a + b);
    loss -= Math.log(e[labels[k]] / sum) / n;
    right[k] = row.indexOf(largest) === labels[k];
    e.forEach((value, o) => { d[k * m + o] = (value / sum - (o === labels[k])) / n; });
  }
  return { loss, d, right };
}
