// The contents of the panels, drawn from the state and the last forward pass.

const $ = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const whole = (share) => (100 * share).toFixed(0);
const labelOf = (path) => state.net.blocks[path]?.label ?? path;
const indexOfLargest = (values) => values.indexOf(Math.max(...values));
const largestOf = (values) => Array.from(values).reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);

let current, learned, milliseconds;  // the last pass with the forced gates, the one with the learned ones, and its time
let gradients, rightGradients;  // of the block that is shown, with the injected bug and without; null where the view is forward

function compute() {
  const start = performance.now();
  learned = run(state.net, state.pixels);
  milliseconds = performance.now() - start;
  current = anyForced() ? run(state.net, state.pixels, state.forced) : learned;
  const back = (bug) => backward(state.net, current, state.block, labelOfLoss(), state.forced, bug);
  rightGradients = state.mode === "backward" && state.block ? back("") : null;
  gradients = rightGradients && state.bug ? back(state.bug) : rightGradients;
}

function twinOf(net) {  // the same network trained without SE, where the page has it
  return data.nets.find(({ name }) => name === net.twin);
}

function showAnswer() {
  const { classes } = state.net, before = softmax(learned.logits), after = softmax(current.logits), forced = anyForced();
  const top = indexOfLargest(after), topBefore = indexOfLargest(before), truth = trueClass(), twin = twinOf(state.net);
  const other = twin && softmax(run(twin, state.pixels).logits);
  const changed = top === topBefore ? "" : ` With the learned gates: ${classes[topBefore]} (${percent(before[topBefore])}).`;
  $("verdict").textContent = `Its answer: ${classes[top]} (${percent(after[top])}).${changed}${truth ? ` The correct answer is ${truth}.` : ""}`;
  sayAgain();
  $("verdict").title = `One forward pass took ${milliseconds.toFixed(0)} ms in this browser.`;
  const bar = (share, kind) => `<div class="${kind}" style="width:${100 * share}%"></div>`;
  const rows = classes.map((name, k) => `<tr class="${k === top ? "top" : ""}" title="logit ${number(current.logits[k])}"><td>${name}</td>
    <td class="bar">${bar(after[k], "")}${forced ? bar(before[k], "before") : ""}</td><td>${whole(after[k])}</td>
    ${other ? `<td class="bar">${bar(other[k], "twin")}</td><td>${whole(other[k])}</td>` : ""}</tr>`);
  const heading = other ? `<th class="bar" colspan="2">with SE</th><th class="bar" colspan="2">without SE</th>` : `<th class="bar" colspan="2">probability</th>`;
  $("logits").innerHTML = `<thead><tr><th>%</th>${heading}</tr></thead><tbody>${rows.join("")}</tbody>`;
}

function sayAgain() {  // on a phone, where the answer is far from the gates
  $("verdict-again").textContent = `${$("verdict").textContent} ${$("score").textContent}`;
}

function trueClass() {  // of a sample; under the other sky it is the other square's
  const { repainted, classes } = state.net, samples = samplesFor(state.net), [, k, sky] = /^(\d+)(-sky)?$/.exec(state.image) ?? [];
  return samples && k ? classes[(sky ? repainted : samples.labels)[Number(k)]] : "";
}

const TASK = "The color of the sky says which of the two squares to classify, by its texture. In the tiny net no filter sees the sky and a square at once, so without SE it can only guess which one.";
const CIFAR10 = "Trained on CIFAR-10. Its photos may not be copied into this page, so here are drawings; or open, drop or paste a photo of your own.";

function showInterventions() {
  const { interventions } = state.net;
  $("interventions").hidden = !interventions;
  if (!interventions) return;
  const { n, correct } = interventions, places = Object.keys(correct), kinds = Object.keys(correct[places[0]]);
  const cell = (count) => `<td>${percent(count / n)}</td>`;
  const rows = kinds.map((kind) => `<tr><td>${kind}</td>${places.map((place) => cell(correct[place][kind])).join("")}</tr>`);
  const twin = twinOf(state.net), comparable = twin?.tested?.[1] === n;
  if (comparable) rows.push(`<tr><td>trained without SE</td>${places.map(() => cell(twin.tested[0])).join("")}</tr>`);
  const worth = comparable ? `<p>With learned gates ${percent(interventions.learned / n)} are right. The same network trained without SE: ${percent(twin.tested[0] / n)}.</p>` : "";
  $("interventions").lastElementChild.innerHTML = `${worth}<div class="scroll"><table><thead><tr><th>gates replaced by</th>${places.map((place) => `<th>${labelOf(place)}</th>`).join("")}</tr></thead>
    <tbody><tr><td>learned</td>${places.map(() => cell(interventions.learned)).join("")}</tr>${rows.join("")}</tbody></table></div>
    <p class="small">Accuracy on ${n.toLocaleString("en")} images that it was not trained on, measured in advance. The "oracle" rows use the
    true class.${comparable ? " What SE is worth is the distance from the last row, and not from the others: those layers were trained with these gates." : ""}</p>`;
}

function showTabs() {
  $("tabs").replaceChildren(...state.net.blockSteps.map(({ path }) => {
    const tab = document.createElement("button"), count = forcedAt(path).size;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", path === state.block);
    tab.dataset.path = path;
    tab.tabIndex = path === state.block ? 0 : -1;
    tab.textContent = labelOf(path) + (count ? ` (${count})` : "");
    tab.title = count ? `${count} forced gates` : "";
    return tab;
  }));
}

function showBlock() {
  const step = stepOf(state.block), block = step && current.blocks[state.block];
  for (const part of [...$("block").children].slice(1)) part.hidden = !block;
  $("force-all").hidden = !block;
  if (!block) { $("tabs").textContent = "This network has no SE blocks: every channel has the same weight for every image."; return; }
  showForcing();
  const view = viewOf(block, step), { u, x, z, h, s, words, signed } = view, forced = forcedAt(state.block);
  const channel = state.at.kind === "h" ? -1 : state.at.k, largest = largestOf(u.data);
  drawMaps($("u"), u, largest, channel, signed);
  drawMaps($("x"), x, signed ? largestOf(x.data) : largest, channel, signed);
  const groups = { z: cellsIn($("z"), z.length), h: cellsIn($("h"), h.length), s: cellsIn($("s"), s.length) }, d = signed ? "d" : "";
  fillCells(groups.z, z, largestOf(z), (c) => `${d}z of channel ${c}: ${number(z[c])}`);
  fillCells(groups.h, h, largestOf(h), (j) => `hidden unit ${j}: ${number(h[j])}`);
  fillCells(groups.s, s, signed || step.gate === "relu" ? largestOf(s) : 1, (c) => `${signed ? "ds" : "gate"} of channel ${c}: ${number(s[c])}${forced.has(c) ? ", forced" : ""}`);
  groups.h.forEach((cell, j) => cell.classList.toggle("inactive", block.h[j] === 0));
  groups.s.forEach((cell, c) => { cell.classList.toggle("forced", forced.has(c)); cell.style.setProperty("--hue", Math.round((360 * c) / s.length)); });
  for (const name of ["w1", "w2"]) {
    $(name).hidden = !view[name];
    if (view[name]) drawMatrix($(name), view[name]);
    $(name).setAttribute("aria-label", view[name] ? `${words[name]}, ${view[name].shape.join(" by ")} numbers` : "");
    $(`${name}-caption`).textContent = view[name] ? `${words[name]} ${view[name].shape.join("×")}` : "";
  }
  const letters = { u: "U", z: "z", h: "h", s: "s", x: "X̃" };
  for (const [name, letter] of Object.entries(letters)) {
    const caption = $(`${name}-caption`), about = `${signed ? "d" : ""}${letter}`;
    if (caption.dataset.words !== words[name]) caption.innerHTML = words[name] + askButton(name, about);
    caption.dataset.words = words[name];  // so that a button keeps its focus
  }
  for (const name of ["u", "x"]) $(name).setAttribute("aria-label", $(`${name}-caption`).textContent.replace("?", "").trim());
  $("bypass").textContent = words.bypass;
  showFormula();
}

function showForcing() {  // which of the buttons for all gates is in force
  const forced = [...forcedAt(state.block).values()], means = meanGates(state.block)?.map(inLink);
  const all = (values) => forced.length === widthOf(state.block) && forced.every((gate, c) => gate === values[c]);
  for (const button of $("force-all").children) {
    const { to } = button.dataset;
    const active = to === "learned" ? !forced.length : to === "mean" ? Boolean(means) && all(means) : all(forced.map(() => Number(to)));
    button.setAttribute("aria-pressed", active);
  }
}

function viewOf(block, step) {
  return gradients ? backwardView(gradients, step) : forwardView(block, step, state.net.arrays);
}

const HINT = "Point at a map or a cell to see its formula. Click a gate, or its map: it is forced to 0, to 1, then as learned again. The stripe on a cell is what it adds to the selected number: blue more, orange less.";

function hint() {
  if (!gradients) return HINT;
  if (!state.bug) return `Gradients of L = −log p(${state.net.classes[labelOfLoss()]}): blue is positive, orange negative. Inject a bug, and see what it changes.`;
  const off = ["du", "dw1", "dw2"].filter((name) => rightGradients[name]).map((name) => `d${name.slice(1).toUpperCase()} by ${percent(offBy(gradients[name], rightGradients[name]))}`);
  return `${BUGS[state.bug]} The bug changes ${off.join(", ")} (the length of the error divided by the length of the right gradient).`;
}

function showFormula() {
  const step = stepOf(state.block), block = step && current.blocks[state.block];
  if (!block) return;
  const n = state.at.kind === "h" ? block.h?.length ?? 0 : block.u.c;
  const at = { kind: n ? state.at.kind : "s", k: Math.min(state.at.k, (n || block.u.c) - 1) };
  state.at = at;
  const { arrays } = state.net;
  $("formula").innerHTML = gradients ? FORMULAS_BACKWARD[at.kind](gradients, block, step, arrays, at.k) : FORMULAS[at.kind](block, step, arrays, at.k);
  $("hint").textContent = hint();
  const terms = (gradients ? contributionsBackward(gradients, step, arrays, at) : contributions(block, step, arrays, at));
  for (const group of ["z", "h", "s"]) {
    const cells = [...$(group).children];
    drawStripes(cells, terms[group]);
    cells.forEach((cell, k) => {
      const selected = group === at.kind ? k === at.k : group !== "h" && at.kind !== "h" && k === at.k;
      cell.classList.toggle("selected", selected);
      cell.tabIndex = selected || (k === 0 && group !== at.kind) ? 0 : -1;
    });
  }
  speak();
}

let spokenTimer;

function speak() {  // for a screen reader, once nothing has changed for a while
  clearTimeout(spokenTimer);
  spokenTimer = setTimeout(() => { $("spoken").textContent = $("formula").textContent; }, 600);
}

function showAll() {
  const training = state.mode === "train";
  $("panes").hidden = $("more").hidden = training;
  showTraining(training);
  if (training) $("statistics").hidden = true;
  for (const button of $("modes").children) button.setAttribute("aria-pressed", button.dataset.mode === state.mode);
  if (training) return writeLink();
  compute();
  document.body.classList.toggle("backward", state.mode === "backward");
  drawPixels($("input"), state.pixels);
  showAnswer();
  showTabs();
  showBlock();
  showHeatMap();
  $("sky").hidden = !state.net.repainted;
  $("task").textContent = state.net.repainted ? TASK : state.net.data === "cifar10" ? CIFAR10 : "";
  $("force-all").querySelector('[data-to="mean"]').hidden = !state.net.blocks[state.block];
  $("bug-box").hidden = !gradients || state.net.blockSteps.some(({ op, squeeze }) => op !== "se" || squeeze === "none");
  $("bug").value = state.bug;
  $("copied").textContent = "";
  markSample();
  writeLink();
}
