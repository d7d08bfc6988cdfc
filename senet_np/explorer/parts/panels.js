// The contents of the panels, drawn from the state and the last forward pass.

const $ = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const labelOf = (path) => state.net.blocks[path]?.label ?? path;
const indexOfLargest = (values) => values.indexOf(Math.max(...values));
const largestOf = (values) => Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);

let current, learned, milliseconds;  // the last pass with the forced gates, the one with the learned ones, and its time

function compute() {
  const start = performance.now();
  learned = run(state.net, state.pixels);
  milliseconds = performance.now() - start;
  current = anyForced() ? run(state.net, state.pixels, state.forced) : learned;
}

function showAnswer() {
  const { classes } = state.net, before = softmax(learned.logits), after = softmax(current.logits), forced = anyForced();
  const top = indexOfLargest(after), topBefore = indexOfLargest(before), truth = trueClass();
  const changed = top === topBefore ? "" : ` With the learned gates: ${classes[topBefore]} (${percent(before[topBefore])}).`;
  $("verdict").textContent = `Its answer: ${classes[top]} (${percent(after[top])}).${changed}${truth ? ` The correct answer is ${truth}.` : ""}`;
  $("verdict-again").textContent = $("verdict").textContent;
  $("time").textContent = `It knows ${classes.length} classes and must choose one of them. One forward pass took ${milliseconds.toFixed(0)} ms in this browser.`;
  const rows = classes.map((name, k) => {
    const delta = current.logits[k] - learned.logits[k];
    return `<tr class="${k === top ? "top" : ""}"><td>${name}</td><td class="bar"><div style="width:${100 * after[k]}%"></div>
      ${forced ? `<div class="before" style="width:${100 * before[k]}%"></div>` : ""}</td><td>${percent(after[k])}</td>
      <td>${number(current.logits[k])}</td><td>${forced ? (delta >= 0 ? "+" : "") + number(delta) : ""}</td></tr>`;
  });
  $("logits").innerHTML = `<thead><tr><th>class</th><th class="bar">probability${forced ? " (gray: learned gates)" : ""}</th><th></th>
    <th>logit</th><th>${forced ? "change" : ""}</th></tr></thead><tbody>${rows.join("")}</tbody>`;
}

function trueClass() {  // of a sample; under the other sky it is the other square's
  const { samples, repainted, classes } = state.net, [, k, sky] = /^(\d+)(-sky)?$/.exec(state.image) ?? [];
  return samples && k ? classes[(sky ? repainted : samples.labels)[Number(k)]] : "";
}

const TASK = "The task: the color of the sky says which of the two squares to classify, the orange or the blue one. Name its texture.";
const CIFAR10 = "This network was trained on CIFAR-10, whose photos we may not redistribute: open a photo of an animal or a vehicle.";

function meanGates(path) {  // over the classes; undefined where nothing was measured
  const { mean } = state.net.blocks[path] ?? {};
  if (!mean) return undefined;
  const [classes, channels] = mean.shape, sum = (c) => Array.from({ length: classes }, (_, k) => mean.data[k * channels + c]).reduce((a, b) => a + b);
  return Array.from({ length: channels }, (_, c) => sum(c) / classes);
}

function showInterventions() {
  const { interventions } = state.net;
  $("interventions").hidden = !interventions;
  if (!interventions) return;
  const { n, correct } = interventions, places = Object.keys(correct), kinds = Object.keys(correct[places[0]]);
  const cell = (count) => `<td>${percent(count / n)}</td>`;
  const rows = kinds.map((kind) => `<tr><td>${kind}</td>${places.map((place) => cell(correct[place][kind])).join("")}</tr>`);
  $("interventions").lastElementChild.innerHTML = `<div class="scroll"><table><thead><tr><th>gates replaced by</th>${places.map((place) => `<th>${labelOf(place)}</th>`).join("")}</tr></thead>
    <tbody><tr><td>learned</td>${places.map(() => cell(interventions.learned)).join("")}</tr>${rows.join("")}</tbody></table></div>
    <p class="small">Accuracy on ${n.toLocaleString("en")} images that it was not trained on, measured in advance. The "oracle" rows use the
    true class.</p>`;
}

function showTabs() {
  $("tabs").replaceChildren(...state.net.blockSteps.map(({ path }) => {
    const tab = document.createElement("button"), count = forcedAt(path).size;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", path === state.block);
    tab.dataset.path = path;
    tab.tabIndex = path === state.block ? 0 : -1;
    tab.textContent = labelOf(path) + (count ? ` (${count} forced)` : "");
    return tab;
  }));
}

function showBlock() {
  const step = stepOf(state.block), block = step && current.blocks[state.block];
  for (const part of [...$("block").children].slice(1)) part.hidden = !block;
  if (!block) { $("tabs").hidden = false; $("tabs").textContent = "This network has no SE blocks: every channel has the same weight for every image."; return; }
  const { u, xScaled, s, h, z = [] } = block, units = h?.length ?? 0, forced = forcedAt(state.block);
  const channel = state.at.kind === "h" ? -1 : state.at.k, largest = largestOf(u.data);
  drawMaps($("u"), u, largest, channel);
  drawMaps($("x"), xScaled, largest, channel);
  const zCells = cellsIn($("z"), z.length), hCells = cellsIn($("h"), units), sCells = cellsIn($("s"), u.c);
  fillCells(zCells, z, largestOf(z), (c) => `z of channel ${c}: ${number(z[c])}`);
  if (units) fillCells(hCells, h, largestOf(h), (j) => `hidden unit ${j}: ${number(h[j])}`);
  hCells.forEach((cell, j) => cell.classList.toggle("inactive", h[j] === 0));
  fillCells(sCells, s, step.gate === "relu" ? largestOf(s) : 1, (c) => `gate of channel ${c}: ${number(s[c])}${forced.has(c) ? ", forced" : ""}`);
  sCells.forEach((cell, c) => cell.classList.toggle("forced", forced.has(c)));
  const upTo = (values) => (Array.from(values).some((value) => value) ? `up to ${number(largestOf(values))}` : "all 0");
  $("u-caption").textContent = `U: ${u.c} maps of ${u.h}×${u.w}`;
  $("z-caption").textContent = z.length ? `squeeze: z, ${u.c} ${step.squeeze === "max" ? "maxima" : "means"} (${upTo(z)})` : "no squeeze";
  $("h-caption").textContent = units ? `FC1, ReLU: h, ${units} units (${upTo(h)})` : step.op === "eca" ? "no FCs: a kernel along the channels" : "FC1, ReLU at every position";
  $("s-caption").textContent = `${step.op === "eca" ? "" : "FC2, "}${GATE_LETTER[step.gate]}: s, ${u.c} gates. Click one`;
  $("x-caption").textContent = "scale: X̃, the same maps times their gates";
  showFormula();
}

function showFormula() {
  const step = stepOf(state.block), block = step && current.blocks[state.block];
  if (!block) return;
  const n = state.at.kind === "h" ? block.h?.length ?? 0 : block.u.c;
  const at = { kind: n ? state.at.kind : "s", k: Math.min(state.at.k, (n || block.u.c) - 1) };
  state.at = at;
  $("formula").innerHTML = FORMULAS[at.kind](block, step, state.net.arrays, at.k);
  const terms = contributions(block, step, state.net.arrays, at);
  for (const group of ["z", "h", "s"]) {
    const cells = [...$(group).children];
    drawStripes(cells, terms[group]);
    cells.forEach((cell, k) => {
      const selected = group === at.kind ? k === at.k : group !== "h" && at.kind !== "h" && k === at.k;
      cell.classList.toggle("selected", selected);
      cell.tabIndex = selected || (k === 0 && group !== at.kind) ? 0 : -1;
    });
  }
}

let heatMap = null;  // its geometry: {order of the channels, cell size, left margin}

function showHeatMap() {
  const stats = state.net.blocks[state.block], block = current.blocks[state.block];
  $("statistics").hidden = !stats || !block;
  if (!stats || !block) return;
  const [classes, channels] = stats.mean.shape, [low, high] = stats.limits, order = Array.from({ length: channels }, (_, c) => c);
  const overall = meanGates(state.block);
  $("sorted").checked = state.sorted;
  if (state.sorted) order.sort((first, second) => overall[first] - overall[second]);
  const width = Math.max(6, Math.min(24, Math.floor(1150 / channels))), height = 18, left = 110, canvas = $("heat");
  heatMap = { order, width, height, left };
  canvas.width = left + width * channels;
  canvas.height = height * (classes + 1) + 6;
  const context = canvas.getContext("2d");
  context.font = "13px system-ui, sans-serif";
  ["this image", ...state.net.classes].forEach((name, row) => {
    const top = row * height + (row ? 6 : 0);
    context.fillStyle = "#222";
    context.fillText(name, 0, top + 13);
    order.forEach((c, column) => {
      const gate = row ? stats.mean.data[(row - 1) * channels + c] : block.s[c];
      context.fillStyle = `rgb(${cividis((gate - low) / (high - low)).join(" ")})`;
      context.fillRect(left + column * width, top, width, height - 1);
    });
  });
  $("heat-caption").textContent = `${labelOf(state.block)}: mean gate of each class and channel over ${state.net.images_measured}; dark is ${low}, yellow is ${number(high)}. The top row is this image's own gates.`;
  describeHeat(state.at.kind === "h" ? 0 : state.at.k, -1);
}

function describeHeat(c, row) {  // of a class, or of the network's answer where row is −1
  const stats = state.net.blocks[state.block], block = current.blocks[state.block], channels = stats.mean.shape[1];
  const k = row >= 0 ? row : indexOfLargest(current.logits);
  const mean = stats.mean.data[k * channels + c], sd = stats.sd.data[k * channels + c];
  $("heat-value").textContent = `Channel ${c}: this image ${block.s[c].toFixed(2)}; ${state.net.classes[k]} ${mean.toFixed(2)} ± ${sd.toFixed(2)} (mean ± sd over the images of the class).`;
}

function showAll() {
  compute();
  drawPixels($("input"), state.pixels);
  showAnswer();
  showTabs();
  showBlock();
  showHeatMap();
  $("release").disabled = !anyForced();
  $("sky").hidden = !state.net.repainted;
  $("task").textContent = state.net.repainted ? TASK : data.nets.some((net) => net.samples) ? CIFAR10 : "";
  $("force-all").querySelector('[data-to="mean"]').hidden = !state.net.blocks[state.block];
  $("copied").textContent = "";
  for (const sample of $("samples").children) sample.setAttribute("aria-pressed", sample.dataset.name === state.image);
  writeLink();
}
