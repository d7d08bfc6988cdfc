// What stands in the panels, drawn anew from the state and the last forward pass.

const $ = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const shortOf = (path) => state.net.blocks[path]?.label ?? path;

let now, learned, took;  // the last pass with the forced gates, the one with the learned ones, and its milliseconds

function compute() {
  const began = performance.now();
  learned = run(state.net, state.pixels);
  took = performance.now() - began;
  now = anyForced() ? run(state.net, state.pixels, state.forced) : learned;
}

function showAnswer() {
  const { classes } = state.net, before = softmax(learned.logits), after = softmax(now.logits);
  const top = after.indexOf(Math.max(...after)), usual = before.indexOf(Math.max(...before));
  const changed = top === usual ? "" : ` With its own gates it says ${classes[usual]} (${percent(before[usual])}).`;
  const truth = truthOf();
  $("verdict").textContent = `It says ${classes[top]} (${percent(after[top])}).${changed}${truth ? ` The right answer is ${truth}.` : ""}`;
  $("again").textContent = $("verdict").textContent;
  $("took").textContent = `It knows ${classes.length} classes and has to name one. One forward pass took ${took.toFixed(0)} ms in this browser.`;
  const rows = classes.map((name, k) => {
    const delta = now.logits[k] - learned.logits[k];
    return `<tr class="${k === top ? "top" : ""}"><td>${name}</td><td class="bar"><div style="width:${100 * after[k]}%"></div>
      ${anyForced() ? `<div class="before" style="width:${100 * before[k]}%"></div>` : ""}</td><td>${percent(after[k])}</td>
      <td>${number(now.logits[k])}</td><td>${anyForced() ? (delta >= 0 ? "+" : "") + number(delta) : ""}</td></tr>`;
  });
  $("logits").innerHTML = `<thead><tr><th>class</th><th class="bar">probability${anyForced() ? " (gray: as learned)" : ""}</th><th></th>
    <th>logit</th><th>${anyForced() ? "change" : ""}</th></tr></thead><tbody>${rows.join("")}</tbody>`;
}

function truthOf() {  // of a sample; repainted, the other square is meant
  const { pictures, classes } = state.net, [, k, sky] = /^(\d+)(-sky)?$/.exec(state.picture) ?? [];
  return pictures && k ? classes[(sky ? pictures.repainted : pictures.labels)[Number(k)]] : "";
}

const TASK = `The task: the sky's color says which of the two squares is meant, the orange or the blue one. Name that square's texture.`;
const ELSE = `Its kind of pictures are CIFAR-10's, which are not ours to give away: open a photo of an animal or a vehicle.`;

function meanGates(path) {  // over the classes; undefined where nothing is known
  const { mean } = state.net.blocks[path] ?? {};
  if (!mean) return undefined;
  const [classes, channels] = mean.shape, sum = (c) => Array.from({ length: classes }, (_, k) => mean.data[k * channels + c]).reduce((a, b) => a + b);
  return Array.from({ length: channels }, (_, c) => sum(c) / classes);
}

function showControls() {
  const { controls } = state.net;
  $("controls").hidden = !controls;
  if (!controls) return;
  const places = Object.keys(controls.correct), kinds = Object.keys(controls.correct[places[0]]);
  const cell = (right) => `<td>${percent(right / controls.n)}</td>`;
  const rows = kinds.map((kind) => `<tr><td>${kind}</td>${places.map((place) => cell(controls.correct[place][kind])).join("")}</tr>`);
  $("controls").lastElementChild.innerHTML = `<div class="scroll"><table><thead><tr><th>gates replaced by</th>${places.map((place) => `<th>${shortOf(place)}</th>`).join("")}</tr></thead>
    <tbody><tr><td>learned</td>${places.map(() => cell(controls.learned)).join("")}</tr>${rows.join("")}</tbody></table></div>
    <p class="small">Right answers on ${controls.n.toLocaleString("en")} images that it was not trained on, measured once and stored here.
    "Oracle" rows were told the right class.</p>`;
}

function showTabs() {
  $("tabs").replaceChildren(...state.net.order.map(({ path }) => {
    const tab = document.createElement("button"), count = forcedAt(path).size;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", path === state.block);
    tab.dataset.path = path;
    tab.tabIndex = path === state.block ? 0 : -1;
    tab.textContent = shortOf(path) + (count ? ` (${count} forced)` : "");
    return tab;
  }));
}

function showBlock() {
  const step = stepOf(state.block), block = step && now.blocks[state.block];
  for (const part of [...$("block").children].slice(1)) part.hidden = !block;
  if (!block) { $("tabs").hidden = false; $("tabs").textContent = "This network has no SE blocks: every channel counts the same for every picture."; return; }
  const { u, x } = block, { k, kind } = state.at, channel = kind === "h" ? -1 : k;
  const most = Math.max(1e-9, u.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
  drawMaps($("u"), u, most, channel < 0 ? Infinity : channel);
  drawMaps($("x"), x, most, channel < 0 ? Infinity : channel);
  const units = block.h?.length ?? 0, z = block.z ?? [];
  const zs = cellsIn($("z"), "z", z.length), hs = cellsIn($("h"), "h", units), ss = cellsIn($("s"), "s", u.c);
  const upTo = (values) => (Array.from(values).some((value) => value) ? `up to ${number(largest(values))}` : "all 0");
  const largest = (values) => Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
  fillCells(zs, z, largest(z), (c) => `z of channel ${c}: ${number(z[c])}`);
  if (units) fillCells(hs, block.h, largest(block.h), (j) => `hidden unit ${j}: ${number(block.h[j])}`);
  hs.forEach((cell, j) => cell.classList.toggle("dead", block.h[j] === 0));
  const range = step.gate === "relu" ? largest(block.s) : 1, forced = forcedAt(state.block);
  fillCells(ss, block.s, range, (c) => `gate of channel ${c}: ${number(block.s[c])}${forced.has(c) ? ", forced" : ""}`);
  ss.forEach((cell, c) => cell.classList.toggle("forced", forced.has(c)));
  $("u-said").textContent = `U: ${u.c} maps of ${u.h}×${u.w}`;
  $("z-said").textContent = z.length ? `squeeze: z, ${u.c} ${step.squeeze === "max" ? "maxima" : "means"} (${upTo(z)})` : "no squeeze";
  $("h-said").textContent = units ? `FC1, ReLU: h, ${units} units (${upTo(block.h)})` : step.op === "eca" ? "no FCs: a kernel along the channels" : "FC1, ReLU at every position";
  $("s-said").textContent = `${step.op === "eca" ? "" : "FC2, "}${GATE_LETTER[step.gate]}: s, ${u.c} gates. Click one`;
  $("x-said").textContent = "scale: X̃, the same maps times their gates";
  showFormula();
}

function showFormula() {
  const step = stepOf(state.block), block = step && now.blocks[state.block];
  if (!block) return;
  const { kind } = state.at, n = kind === "h" ? block.h?.length ?? 0 : block.u.c;
  const at = { kind: n ? kind : "s", k: Math.min(state.at.k, (n || block.u.c) - 1) };
  state.at = at;
  $("formula").innerHTML = WORDS[at.kind](block, step, state.net.arrays, at.k);
  const adds = contributions(block, step, state.net.arrays, at);
  for (const group of ["z", "h", "s"]) {
    const cells = [...$(group).children];
    wire(cells, adds[group]);
    cells.forEach((cell, k) => {
      const here = group === at.kind ? k === at.k : group !== "h" && at.kind !== "h" && k === at.k;
      cell.classList.toggle("at", here);
      cell.tabIndex = here || (k === 0 && !(group === at.kind)) ? 0 : -1;
    });
  }
}

let heat = null;  // what the heat map shows: {order, rows}

function showUsual() {
  const stats = state.net.blocks[state.block], block = now.blocks[state.block];
  $("usual").hidden = !stats || !block;
  if (!stats || !block) return;
  const [classes, channels] = stats.mean.shape, [low, high] = stats.limits, order = Array.from({ length: channels }, (_, c) => c);
  const overall = meanGates(state.block);
  if (state.sorted) order.sort((one, other) => overall[one] - overall[other]);
  heat = { order, rows: ["this picture", ...state.net.classes] };
  const wide = Math.max(6, Math.min(24, Math.floor(1150 / channels))), tall = 18, left = 110, canvas = $("heat");
  canvas.width = left + wide * channels;
  canvas.height = tall * (classes + 1) + 6;
  Object.assign(heat, { wide, tall, left });
  const context = canvas.getContext("2d");
  context.font = "13px system-ui, sans-serif";
  heat.rows.forEach((name, row) => {
    const top = row * tall + (row ? 6 : 0);
    context.fillStyle = "#222";
    context.fillText(name, 0, top + 13);
    order.forEach((c, column) => {
      const gate = row ? stats.mean.data[(row - 1) * channels + c] : block.s[c];
      context.fillStyle = `rgb(${cividis((gate - low) / (high - low)).join(" ")})`;
      context.fillRect(left + column * wide, top, wide, tall - 1);
    });
  });
  $("usual-said").textContent = `${shortOf(state.block)}: mean gate of each class and channel over ${state.net.seen}; dark is ${low}, yellow is ${number(high)}. At the top this picture's own gates.`;
  sayHeat(state.at.kind === "h" ? 0 : state.at.k, -1);
}

function sayHeat(c, row) {
  const stats = state.net.blocks[state.block], block = now.blocks[state.block], [classes, channels] = stats.mean.shape;
  const k = row >= 0 ? row : softmax(now.logits).reduce((best, value, at, all) => (value > all[best] ? at : best), 0);
  const mean = stats.mean.data[k * channels + c], sd = stats.sd.data[k * channels + c];
  $("heat-said").textContent = `Channel ${c}: this picture ${block.s[c].toFixed(2)}; ${state.net.classes[k]} ${mean.toFixed(2)} ± ${sd.toFixed(2)} (mean ± sd over the class's images).`;
}

function showAll() {
  compute();
  drawPixels($("input"), state.pixels);
  showAnswer();
  showTabs();
  showBlock();
  showUsual();
  $("release").disabled = !anyForced();
  $("sky").hidden = !state.net.pictures?.repainted;
  $("task").textContent = state.net.pictures?.repainted ? TASK : data.nets.some((net) => net.pictures) ? ELSE : "";
  $("all").querySelector('[data-to="mean"]').hidden = !state.net.blocks[state.block];
  $("copied").textContent = "";
  for (const sample of $("samples").children) sample.setAttribute("aria-pressed", sample.dataset.name === state.picture);
  writeLink();
}
