// The Train tab: two workers learn the same task from the same images, one network with SE and one without; and the way
// from there into the explorer.

const KINDS = ["se", "plain"];
const training = { workers: null, running: false, curves: { se: [], plain: [] }, latest: {}, shown: {} };

function showTraining(visible) {
  $("train").hidden = !visible;
  if (visible && !training.workers) resetTraining();
  if (!visible && training.running) pauseTraining();
}

function startWorkers() {
  const url = URL.createObjectURL(new Blob([$("trainer").textContent], { type: "text/javascript" }));
  training.workers = Object.fromEntries(KINDS.map((kind) => {
    const worker = new Worker(url);
    worker.onmessage = (event) => takeReport(kind, event.data);
    worker.onerror = (event) => { $("train-words").textContent = `This browser does not let the page train: ${event.message ?? "no workers"}`; };
    return [kind, worker];
  }));
}

function tell(message) {
  for (const worker of Object.values(training.workers)) worker.postMessage(message);
}

function resetTraining() {
  if (!training.workers) startWorkers();
  Object.assign(training, { running: false, curves: { se: [], plain: [] }, latest: {}, shown: {} });
  $("train-run").textContent = "Start";
  const settings = { r: Number($("train-r").value), lr: Number($("train-lr").value), noise: Number($("train-noise").value), seed: Number($("train-seed").value) || 0 };
  for (const kind of KINDS) training.workers[kind].postMessage({ begin: { ...settings, se: kind === "se" } });
}

function runTraining() {
  training.running = true;
  $("train-run").textContent = "Pause";
  tell({ run: true });
}

function pauseTraining() {
  training.running = false;
  $("train-run").textContent = "Go on";
  tell({ pause: true });
}

function takeReport(kind, report) {
  training.latest[kind] = report;
  training.curves[kind].push([report.images, report.accuracy]);
  if (report.shown) { training.shown[kind] = report.shown; drawShown(kind); }
  $(`wrong-${kind}`).childNodes.forEach((cell, k) => cell.classList.toggle("wrong", !report.right[k]));
  drawCurves();
  if (kind === "se") drawTrainedGates(report.gates);
  const words = KINDS.filter((name) => training.latest[name]).map((name) => {
    const { images, accuracy, loss } = training.latest[name];
    return `${name === "se" ? "With" : "Without"} SE: ${percent(accuracy)} after ${images.toLocaleString("en")} images${images ? `, loss ${loss.toFixed(2)}` : ""}.`;
  });
  $("train-words").textContent = words.join(" ");
}

function redrawTraining() {  // in the colors of now
  drawCurves();
  if (training.latest.se) drawTrainedGates(training.latest.se.gates);
}

function drawShown(kind) {
  const { x } = training.shown[kind], side = Math.sqrt(x.length / training.latest[kind].right.length / 3);
  $(`wrong-${kind}`).replaceChildren(...Array.from(training.latest[kind].right, (_, k) => {
    const cell = document.createElement("span"), canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    drawSquare(canvas, toPixels(x.subarray(k * side * side * 3, (k + 1) * side * side * 3)), side);
    cell.append(canvas);
    return cell;
  }));
}

const toPixels = (x) => Uint8ClampedArray.from(x, (value) => Math.round(127.5 * (value + 1)));

function colorOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function drawCurves() {  // accuracy over images, both networks on one pair of axes
  const canvas = $("curves"), { width, height } = canvas, context = canvas.getContext("2d"), [left, bottom, top, right] = [90, 60, 20, 170];
  const most = Math.max(4000, ...KINDS.flatMap((kind) => training.curves[kind].map(([images]) => images)));
  const x = (images) => left + (images / most) * (width - left - right), y = (share) => height - bottom - share * (height - bottom - top);
  context.clearRect(0, 0, width, height);
  context.font = "26px system-ui, sans-serif";
  context.fillStyle = colorOf("--soft");
  context.strokeStyle = colorOf("--line");
  context.textBaseline = "middle";
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    line(context, [[0, share], [most, share]].map(([images, value]) => [x(images), y(value)]), 2);
    context.fillText(`${100 * share} %`, 8, y(share));
  }
  for (let images = 0; images <= most; images += most > 20000 ? 10000 : 2000) context.fillText(images.toLocaleString("en"), x(images) - 24, height - 26);
  const ends = [];
  for (const [kind, color, label] of [["plain", "--soft", "without SE"], ["se", "--blue", "with SE"]]) {
    const points = training.curves[kind].map(([images, accuracy]) => [x(images), y(accuracy)]);
    if (!points.length) continue;
    context.strokeStyle = context.fillStyle = colorOf(color);
    context.setLineDash(kind === "se" ? [] : [12, 8]);
    line(context, points, 5);
    context.setLineDash([]);
    ends.push([label, colorOf(color), points[points.length - 1]]);
  }
  if (ends.length === 2 && Math.abs(ends[0][2][1] - ends[1][2][1]) < 30) ends[0][2][1] += ends[0][2][1] < ends[1][2][1] ? -30 : 30;
  for (const [label, color, [, height]] of ends) { context.fillStyle = color; context.fillText(label, x(most) + 10, height); }
  canvas.setAttribute("aria-label", `Accuracy over images. ${$("train-words").textContent}`);
}

function line(context, points, width) {
  context.lineWidth = width;
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

const CELL = 18;

function drawTrainedGates(skies) {  // rows: stage 1 under an orange sky and a blue one, then stage 2
  const rows = [0, 1].flatMap((stage) => ["orange", "blue"].map((sky, k) => [`stage${stage + 1}, ${sky} sky`, skies[k][stage]]));
  const canvas = $("train-gates"), context = canvas.getContext("2d"), left = 150, width = Math.max(...rows.map(([, gates]) => gates.length));
  canvas.width = left + width * CELL;
  canvas.height = rows.length * (CELL + 6);
  context.font = "15px system-ui, sans-serif";
  rows.forEach(([name, gates], row) => {
    context.fillStyle = colorOf("--ink");
    context.fillText(name, 0, row * (CELL + 6) + 15);
    gates.forEach((gate, c) => {
      context.fillStyle = `rgb(${cividis(gate).join(" ")})`;
      context.fillRect(left + c * CELL, row * (CELL + 6), CELL - 1, CELL);
    });
  });
  canvas.setAttribute("aria-label", rows.map(([name, gates]) => `${name}: ${gates.map((gate) => gate.toFixed(2)).join(", ")}`).join("; "));
}

// The network that has been trained, as an entry of data.nets: the instructions that explorer/program.py would write.
function trainedNet(kind) {
  const { p, fixed, accuracy, images, gates } = training.latest[kind], { x, labels, others, classes } = training.shown[kind];
  const arrays = [], steps = [], stages = Object.keys(fixed);
  const put = (values, shape) => arrays.push({ shape, data: Float32Array.from(values) }) - 1;
  const step = (op, path, more = {}) => steps.push({ op, path, in: [steps.length], ...more });
  let cin = 3;
  for (const name of stages) {
    const gamma = p[`${name}.bn.gamma`], beta = p[`${name}.bn.beta`], c = gamma.length, { mean, variance } = fixed[name];
    const factor = gamma.map((value, k) => value / Math.sqrt(variance[k] + 1e-5));
    step("conv", `${name}.conv`, { stride: 1, padding: 1, w: put(p[`${name}.conv.w`], [3, 3, cin, c]) });
    step("affine", `${name}.bn`, { factor: put(factor, [c]), term: put(beta.map((value, k) => value - mean[k] * factor[k]), [c]) });
    step("relu", `${name}.relu`);
    if (p[`${name}.se.w1`]) {
      const h = p[`${name}.se.b1`].length, shapes = { w1: [c, h], b1: [h], w2: [h, c], b2: [c] };
      const fcs = Object.fromEntries(Object.entries(shapes).map(([part, shape]) => [part, put(p[`${name}.se.${part}`], shape)]));
      step("se", `${name}.se`, { squeeze: "avg", gate: "sigmoid", ...fcs });
    }
    if (name !== stages[stages.length - 1]) step("max_pool", `${name}.pool`, { kernel_size: 2, stride: 2 });
    cin = c;
  }
  step("mean", "head.pool");
  step("linear", "head.fc", { w: put(p["head.fc.w"], [cin, classes.length]), b: put(p["head.fc.b"], [classes.length]) });
  const shape = (stage) => [2, gates[0][stage].length], of = (stage, values) => ({ shape: shape(stage), data: Float32Array.from(values) });
  const bySky = (stage) => ({
    label: stages[stage], limits: [0, 1], mean: of(stage, [...gates[0][stage], ...gates[1][stage]]), sd: of(stage, new Array(2 * shape(stage)[1]).fill(NaN)),  // the trainer reports means alone
  });
  return {
    name: kind === "se" ? "trained here" : "trained here, without SE", side: Math.sqrt(x.length / labels.length / 3), classes, steps, arrays,
    provenance: `tiny ${kind === "se" ? "SE-" : ""}CNN of this page, ${images.toLocaleString("en")} images`,
    result: `${percent(accuracy)} of 200 images are correct`,
    mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5], twin: kind === "se" ? "trained here, without SE" : "", first: "stage2.se",
    rows: ["orange sky", "blue sky"], rowKind: "sky", images_measured: "40 images", interventions: null,
    blocks: gates.length ? { "stage1.se": bySky(0), "stage2.se": bySky(1) } : {}, blockSteps: steps.filter(({ op }) => op in BLOCKS),
    samples: { images: { data: toPixels(x) }, labels: [...labels] }, repainted: [...others],
  };
}

function openTrained() {
  pauseTraining();
  addNets(KINDS.map(trainedNet));
}

function listenToTraining() {
  $("train-run").addEventListener("click", () => (training.running ? pauseTraining() : runTraining()));
  $("train-step").addEventListener("click", () => { if (training.running) pauseTraining(); tell({ step: true }); });
  $("train-reset").addEventListener("click", resetTraining);
  $("train-open").addEventListener("click", openTrained);
  for (const id of ["train-r", "train-lr", "train-noise", "train-seed"]) $(id).addEventListener("change", resetTraining);
}
