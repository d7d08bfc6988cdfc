// Starts the page and handles events: each one changes the state and draws what depends on it.

const data = JSON.parse($("data").textContent);

function showNet() {
  const { net, image, pixels } = state;
  $("net").value = net.name;
  $("provenance").textContent = `${net.provenance}. ${net.result}`;
  $("samples").replaceChildren();
  for (const name of [...(data.photo ? ["photo"] : []), ...(net.samples?.labels.map((_, k) => String(k)) ?? [])]) {
    const button = document.createElement("button"), canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE;
    chooseImage(name);
    drawPixels(canvas, state.pixels);
    button.dataset.name = name;
    button.setAttribute("aria-label", name === "photo" ? "a photo of a person" : `sample ${name}, ${net.classes[net.samples.labels[Number(name)]]}`);
    button.append(canvas);
    $("samples").append(button);
  }
  Object.assign(state, { image, pixels });
  showInterventions();
  showAll();
  countSamples();
}

// How many of the samples are classified correctly: a few at a time, so that the page stays responsive.
let lastCount = 0;

async function countSamples() {
  const id = ++lastCount, { net } = state, outdated = () => id !== lastCount;
  $("score").textContent = "";
  if (!net.samples) return;
  const { images, labels } = net.samples, n = labels.length;
  const countCorrect = async (forced) => {
    let count = 0;
    for (let k = 0; k < n; k++) {
      const { logits } = run(net, images.data.subarray(k * PIXELS, (k + 1) * PIXELS), forced);
      if (indexOfLargest(logits) === labels[k]) count++;
      if (k % 4 === 3) { await new Promise((done) => setTimeout(done)); if (outdated()) return null; }
    }
    return count;
  };
  net.correct ??= await countCorrect({});
  if (outdated()) return;
  const correct = anyForced() ? await countCorrect(state.forced) : net.correct;
  if (correct === null || outdated()) return;
  $("score").textContent = `${correct} of ${n} sample images are classified correctly${anyForced() ? ` with these gates, ${net.correct} with the learned ones` : ""}.`;
}

function toggle(channel) {
  forceNext(state.block, channel);
  state.at = { kind: "s", k: channel };
  showAll();
  countSamples();
}

function pointAt(kind, k) {
  if (state.at.kind === kind && state.at.k === k) return;
  state.at = { kind, k };
  showFormula();
  writeLink();
}

function listenToCells(kind) {
  const box = $(kind), cell = (event) => event.target.closest(".cell");
  let selected = true;  // whether the cell's formula was shown before it was touched: the first tap of a finger only selects
  box.addEventListener("pointerdown", (event) => { selected = event.pointerType === "mouse" || Boolean(cell(event)?.classList.contains("selected")); }, true);
  box.addEventListener("pointerover", (event) => event.pointerType === "mouse" && cell(event) && pointAt(kind, Number(cell(event).dataset.k)));
  box.addEventListener("focusin", (event) => cell(event) && pointAt(kind, Number(cell(event).dataset.k)));
  box.addEventListener("click", (event) => {
    if (!cell(event)) return;
    if (kind === "s" && selected) toggle(Number(cell(event).dataset.k));
    else pointAt(kind, Number(cell(event).dataset.k));
    selected = true;  // Enter comes as a click without a pointer
  });
  box.addEventListener("keydown", (event) => {
    const columns = getComputedStyle(box).gridTemplateColumns.split(" ").length, here = Number(cell(event)?.dataset.k);
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const next = move && box.children[here + move];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

function listenToMaps(id, kind) {
  const canvas = $(id);
  const at = (event) => { const block = current.blocks[state.block]; return block ? channelAt(canvas, event, block.u) : -1; };
  const show = (k) => { pointAt(kind, k); showBlock(); };
  let selected = true;  // as in listenToCells
  canvas.addEventListener("pointerdown", (event) => { selected = event.pointerType === "mouse" || (state.at.kind !== "h" && state.at.k === at(event)); });
  canvas.addEventListener("pointermove", (event) => {
    const k = at(event);
    if (k >= 0 && !(state.at.kind === kind && state.at.k === k)) show(k);
  });
  canvas.addEventListener("click", (event) => {
    const k = at(event);
    if (k >= 0) (selected ? toggle : show)(k);
  });
}

// Drawing: a square brush of whole pixels, moved by the mouse, a finger, or the arrow keys; space paints.
const cursor = { i: 16, j: 16, last: null };

function paintTo(i, j) {  // a fast pointer skips pixels
  const [row, column] = cursor.last ?? [i, j], steps = Math.max(Math.abs(i - row), Math.abs(j - column), 1);
  for (let k = 0; k <= steps; k++) paintAt(Math.round(row + ((i - row) * k) / steps), Math.round(column + ((j - column) * k) / steps));
  cursor.last = [i, j];
}

function paintAt(i, j) {
  const size = Number($("brush").value), color = $("paint").value;
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(color.slice(k, k + 2), 16)), from = -Math.floor(size / 2);
  for (let row = i + from; row < i + from + size; row++) for (let column = j + from; column < j + from + size; column++) {
    if (row >= 0 && row < SIZE && column >= 0 && column < SIZE) state.pixels.set([r, g, b], 3 * (row * SIZE + column));
  }
  state.image = "own";
  drawPixels($("input"), state.pixels);
}

function listenToDrawing() {
  const canvas = $("input");
  const pixel = (event) => {
    const box = canvas.getBoundingClientRect();
    return [Math.floor(((event.clientY - box.top) / box.height) * SIZE), Math.floor(((event.clientX - box.left) / box.width) * SIZE)];
  };
  canvas.addEventListener("pointerdown", (event) => { cursor.last = null; paintTo(...pixel(event)); canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => event.buttons && paintTo(...pixel(event)));
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, showAll);
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move && event.key !== " ") return;
    event.preventDefault();
    if (move) { cursor.i = Math.min(Math.max(cursor.i + move[0], 0), SIZE - 1); cursor.j = Math.min(Math.max(cursor.j + move[1], 0), SIZE - 1); }
    else { paintAt(cursor.i, cursor.j); showAll(); }
    drawPixels(canvas, state.pixels);
    const context = canvas.getContext("2d"), scale = canvas.width / SIZE;
    context.strokeStyle = "#d55e00";
    context.lineWidth = 2;
    context.strokeRect(cursor.j * scale, cursor.i * scale, scale, scale);
  });
}

async function takeFile(file) {
  if (!file) return;
  let bitmap;
  try { bitmap = await createImageBitmap(file); } catch { $("verdict").textContent = `${file.name} is not an image that this browser can read.`; return; }
  const side = Math.min(bitmap.width, bitmap.height), small = new OffscreenCanvas(SIZE, SIZE), context = small.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "white";
  context.fillRect(0, 0, SIZE, SIZE);
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, SIZE, SIZE);
  const { data: rgba } = context.getImageData(0, 0, SIZE, SIZE);
  state.pixels = Uint8ClampedArray.from({ length: PIXELS }, (_, k) => rgba[4 * Math.floor(k / 3) + (k % 3)]);
  state.image = "own";
  showAll();
}

async function copyText(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { return false; }
}

async function copyLink() {  // inside another page there is no address to see, and perhaps none to copy
  writeAddress();
  const copied = !addressRefused && await copyText(location.href), shown = !addressRefused && self === top;
  $("copied").textContent = copied ? "copied" : shown ? "the address of this page is the link" : "for a link, open this page in a window of its own";
}

function listen() {
  $("net").addEventListener("change", () => {
    const previous = state.net;
    state.net = data.nets.find((net) => net.name === $("net").value);
    state.forced = {};
    if (!stepOf(state.block)) state.block = state.net.blockSteps[0]?.path ?? "";
    if (Boolean(previous.samples) !== Boolean(state.net.samples) && state.image !== "own") chooseImage(firstImage(state.net));
    showNet();
  });
  $("release").addEventListener("click", () => { state.forced = {}; showAll(); countSamples(); });
  $("force-all").addEventListener("click", (event) => {
    const to = event.target.closest("button")?.dataset.to, path = state.block;
    if (to === undefined) return;
    const rounded = (gate) => Math.round(1000 * gate) / 1000;  // as in the link
    forceAll(path, to === "learned" ? null : to === "mean" ? meanGates(path).map(rounded) : new Array(widthOf(path)).fill(Number(to)));
    showAll();
    countSamples();
  });
  $("link").addEventListener("click", copyLink);
  $("samples").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) { chooseImage(button.dataset.name); showAll(); }
  });
  $("sky").addEventListener("click", () => {
    const [number, sky] = state.image.split("-");
    if (/^\d+$/.test(number)) chooseImage(sky ? number : `${number}-sky`);
    else state.pixels = repaintSky(state.pixels);
    showAll();
  });
  $("file").addEventListener("change", () => { takeFile($("file").files[0]); $("file").value = ""; });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    $("image").addEventListener(kind, (event) => {
      event.preventDefault();
      $("image").classList.toggle("over", kind === "dragover");
      if (kind === "drop") takeFile(event.dataTransfer.files[0]);
    });
  }
  $("tabs").addEventListener("click", (event) => {
    const tab = event.target.closest("button");  // translators put elements into it
    if (tab) { state.block = tab.dataset.path; showAll(); }
  });
  $("tabs").addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key], paths = state.net.blockSteps.map((step) => step.path);
    const next = paths[paths.indexOf(state.block) + (move ?? NaN)];
    if (next) { state.block = next; showAll(); $("tabs").querySelector('[aria-selected="true"]').focus(); }
  });
  $("sorted").addEventListener("change", () => { state.sorted = $("sorted").checked; showAll(); });
  $("heat").addEventListener("pointermove", (event) => {
    const canvas = $("heat"), box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
    const column = Math.floor(((event.clientX - box.left) * scale - heatMap.left) / heatMap.width);
    const row = Math.floor(((event.clientY - box.top) * scale - 6) / heatMap.height) - 1;
    const channel = heatMap.order[column];
    if (channel !== undefined) describeHeat(channel, Math.min(row, state.net.classes.length - 1));
  });
  $("heat").addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const channel = heatMap.order[heatMap.order.indexOf(state.at.k) + (move ?? NaN)];
    if (channel === undefined) return;
    event.preventDefault();
    state.at = { kind: "s", k: channel };
    showFormula();
    describeHeat(channel, -1);
  });
  for (const kind of ["z", "h", "s"]) listenToCells(kind);
  listenToMaps("u", "u");
  listenToMaps("x", "x");
  listenToDrawing();
  addEventListener("hashchange", () => { readLink(); showNet(); });
}

async function start() {
  const bytes = await unpack($("bytes").textContent);
  data.nets.forEach((net) => unpackNet(net, bytes));
  if (data.photo) data.photo = arrayAt(bytes, data.photo);
  $("net").replaceChildren(...data.nets.map((net) => new Option(net.name, net.name)));
  readLink();
  listen();
  showNet();
  $("needs").hidden = true;
  $("page").hidden = false;
  document.body.dataset.ready = "yes";
}

start();
