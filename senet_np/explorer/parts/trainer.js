// A tiny SE-CNN that learns: the network, Adam, and the worker's loop. It is senet_np.nets.tiny(widths=(8, 16)) on images of
// 16×16 pixels. The page starts two workers, one with SE and one without, and each tells what it has learned so far.

// Parameters under the names of the Python, {path: Float32Array}; SE's hidden width is max(2, C // r).
function newParams(seed, se, r) {
  const normal = normalFrom(randomFrom(seed + 1)), draw = (n, sd) => Float32Array.from({ length: n }, () => sd * normal());
  const p = {};
  [3, ...WIDTHS].slice(0, -1).forEach((cin, k) => {
    const c = WIDTHS[k], h = Math.max(2, Math.floor(c / r)), name = `stage${k + 1}`;
    p[`${name}.conv.w`] = draw(9 * cin * c, Math.sqrt(2 / (9 * cin)));
    p[`${name}.bn.gamma`] = new Float32Array(c).fill(1);
    p[`${name}.bn.beta`] = new Float32Array(c);
    if (!se) return;
    p[`${name}.se.w1`] = draw(c * h, Math.sqrt(2 / c));
    p[`${name}.se.b1`] = new Float32Array(h);
    p[`${name}.se.w2`] = draw(h * c, Math.sqrt(1 / h));
    p[`${name}.se.b2`] = new Float32Array(c);
  });
  p["head.fc.w"] = draw(WIDTHS[1] * 4, 0.01);
  p["head.fc.b"] = new Float32Array(4);
  return p;
}

// The network. `fixed` holds running statistics, {name: {mean, variance}}: given in evaluation. Returns logits and all caches.
function forward(x, p, n, fixed) {
  const caches = [];
  let s = SIDE, cin = 3;
  WIDTHS.forEach((c, k) => {
    const name = `stage${k + 1}`, y = convForward(x, p[`${name}.conv.w`], n, s, cin, c);
    const bn = batchNormForward(y, p[`${name}.bn.gamma`], p[`${name}.bn.beta`], fixed?.[name]), u = relu(bn.y);
    const se = p[`${name}.se.w1`] ? seForward(u, p, `${name}.se`, n, c) : { y: u };
    const pool = k < WIDTHS.length - 1 ? maxPoolForward(se.y, n, s, c) : { y: se.y };
    caches.push({ name, x, s, cin, c, bn, se, pool });
    [x, cin, s] = [pool.y, c, pool.winner ? s / 2 : s];
  });
  const z = meanForward(x, n, cin);
  return { logits: linearForward(z, p["head.fc.w"], p["head.fc.b"], n), z, caches };
}

function lossAndGradients(x, labels, p) {
  const n = labels.length, { logits, z, caches } = forward(x, p, n), { loss, d, right } = crossEntropy(logits, labels), grads = {};
  const head = linearBackward(d, z, p["head.fc.w"], n), last = caches[caches.length - 1];
  Object.assign(grads, { "head.fc.w": head.dw, "head.fc.b": head.db });
  let dy = meanBackward(head.dx, n, last.c, last.s * last.s);
  for (const { name, x: input, s, cin, c, bn, se, pool } of caches.reverse()) {
    if (pool.winner) dy = maxPoolBackward(dy, pool.winner, se.y.length);
    if (se.s) dy = seBackward(dy, se, p, `${name}.se`, n, c, grads);
    const norm = batchNormBackward(reluBackward(dy, bn.y), bn, p[`${name}.bn.gamma`]);
    const conv = convBackward(norm.dx, input, p[`${name}.conv.w`], n, s, cin, c, cin > 3);  // nobody asks for the image's
    Object.assign(grads, { [`${name}.bn.gamma`]: norm.dgamma, [`${name}.bn.beta`]: norm.dbeta, [`${name}.conv.w`]: conv.dw });
    dy = conv.dx;
  }
  return { loss, grads, right, statistics: caches.map(({ name, bn }) => [name, bn]) };
}

function adamStep(p, grads, moments, t, lr) {  // Kingma and Ba 2015, Algorithm 1
  for (const [name, g] of Object.entries(grads)) {
    const { m, v } = (moments[name] ??= { m: new Float32Array(g.length), v: new Float32Array(g.length) });
    for (let k = 0; k < g.length; k++) {
      m[k] = 0.9 * m[k] + 0.1 * g[k];
      v[k] = 0.999 * v[k] + 0.001 * g[k] * g[k];
      p[name][k] -= (lr * m[k]) / (1 - 0.9 ** t) / (Math.sqrt(v[k] / (1 - 0.999 ** t)) + 1e-8);
    }
  }
}

const TESTED = 200, SHOWN_IMAGES = 24, GATED = 40;  // images to test on, to show, and to look at the gates of
const SLICE = 60, REPORT = 700;  // ms of work before a pause, and between two reports
let run, timer;  // this worker's run: parameters, moments, running statistics, images, and how far it has come

function begin({ se, r, lr, noise, seed }) {
  const random = randomFrom(seed), test = makeImages(TESTED, randomFrom(seed + 12345), noise);
  run = { se, lr, noise, random, test, p: newParams(seed, se, r), moments: {}, fixed: {}, t: 0, loss: 0, paused: true, reported: 0 };
}

function learnOneBatch() {
  const { x, labels } = makeImages(BATCH, run.random, run.noise), { loss, grads, statistics } = lossAndGradients(x, labels, run.p);
  adamStep(run.p, grads, run.moments, ++run.t, run.lr);
  run.loss = run.t === 1 ? loss : 0.95 * run.loss + 0.05 * loss;
  for (const [name, { mean, variance }] of statistics) {
    const old = (run.fixed[name] ??= { mean, variance }), mix = (a, b) => a.map((value, k) => 0.9 * value + 0.1 * b[k]);
    run.fixed[name] = { mean: mix(old.mean, mean), variance: mix(old.variance, variance) };
  }
}

function report() {
  const { x, labels, others } = run.test, { logits } = forward(x, run.p, TESTED, run.fixed), { right } = crossEntropy(logits, labels);
  const first = (n) => x.slice(0, n * SIDE * SIDE * 3), gates = run.se ? skies(first(GATED)).map(gatesOn) : [];
  const accuracy = right.reduce((a, b) => a + b, 0) / TESTED, [y, z] = [labels, others].map((all) => all.slice(0, SHOWN_IMAGES));
  const shown = run.t ? null : { x: first(SHOWN_IMAGES), labels: y, others: z, classes: TEXTURE_NAMES };  // once is enough
  postMessage({ images: run.t * BATCH, loss: run.loss, accuracy, right: right.slice(0, SHOWN_IMAGES), gates, p: run.p, fixed: run.fixed, shown });
  run.reported = performance.now();
}

function gatesOn(images) {  // of each block, means over the images
  return forward(images, run.p, GATED, run.fixed).caches.map(({ se, c }) => [...meanForward(se.s, 1, c)]);
}

function skies(x) {  // all images under an orange sky, and all under a blue one
  const other = repainted(x), size = SIDE * SIDE * 3, choose = (orange) => Float32Array.from(x, (value, k) => {
    const first = k - (k % size), isOrange = x[first] > x[first + 2];
    return isOrange === orange ? value : other[k];
  });
  return [choose(true), choose(false)];
}

function work() {  // a slice, then a pause in which messages arrive
  if (!run || run.paused) return;
  const end = performance.now() + SLICE;
  while (performance.now() < end) learnOneBatch();
  if (performance.now() - run.reported > REPORT) report();
  timer = setTimeout(work);
}

onmessage = ({ data: message }) => {
  if (message.begin) { begin(message.begin); learnNothing(); }
  if (message.run && run.paused) { clearTimeout(timer); run.paused = false; work(); }
  if (message.pause) { run.paused = true; report(); }
  if (message.step) { run.paused = true; learnOneBatch(); report(); }
};

function learnNothing() {  // statistics of one batch, so that a network that has learned nothing can answer
  const { x } = makeImages(BATCH, randomFrom(1), run.noise);
  for (const { name, bn } of forward(x, run.p, BATCH).caches) run.fixed[name] = { mean: bn.mean, variance: bn.variance };
  report();
}
