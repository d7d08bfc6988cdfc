// Starts the page and handles events: each one changes the state and draws what depends on it.

const data = JSON.parse($("data").textContent);

function titleOf({ name, repainted, data: images }) {
  return repainted ? `${name}: sky and squares` : images === "cifar10" ? `${name}: CIFAR-10` : name;
}

function showNet() {
  const { net } = state;
  $("net").value = net.name;
  $("provenance").textContent = `${net.provenance}. ${net.result}`;
  showSamples();
  showInterventions();
  showAll();
  countSamples();
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
    useSizeOf(state.net);
    state.forced = {};
    if (!stepOf(state.block)) state.block = firstBlock(state.net);
    const other = previous.side !== state.net.side || (previous.data !== state.net.data && state.image !== "own");
    if (other) chooseImage(firstImage(state.net));
    showNet();
  });
  $("modes").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) { state.mode = button.dataset.mode; showAll(); }
  });
  $("bug").addEventListener("change", () => { state.bug = $("bug").value; showAll(); });
  $("force-all").addEventListener("click", (event) => {
    const to = event.target.closest("button")?.dataset.to, path = state.block;
    if (to === undefined) return;
    if (to === "learned") delete state.forced[path];
    else forceAll(path, to === "mean" ? meanGates(path).map(inLink) : new Array(widthOf(path)).fill(Number(to)));
    showAll();
    countSamples();
  });
  $("link").addEventListener("click", copyLink);
  $("samples").addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key], buttons = [...$("samples").children];
    const next = buttons[buttons.indexOf(document.activeElement) + (move ?? NaN)];
    if (next) { event.preventDefault(); chooseImage(next.dataset.name); showAll(); next.focus(); }
  });
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
    document.addEventListener(kind, (event) => {
      event.preventDefault();
      $("image").classList.toggle("over", kind === "dragover");
      if (kind === "drop") takeFile(event.dataTransfer.files[0]);
    });
  }
  document.addEventListener("paste", (event) => takeFile(event.clipboardData.files[0]));
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
    if (channel !== undefined) describeHeat(channel, Math.min(row, state.net.rows.length - 1));
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
  listenToTour();
  listenToTerms();
  listenToTraining();
  addEventListener("hashchange", () => { readLink(); showNet(); });
}

function showTheme() {  // the site's own choice, where this page is part of it; else the system's
  let chosen = null;
  try { if (document.body.dataset.site !== undefined) chosen = localStorage.getItem("theme"); } catch { /* storage may be refused */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = ["dark", "light"].includes(chosen) ? chosen : dark ? "dark" : "light";
}

function listenToTheme() {
  const show = () => { showTheme(); if (state.net) showAll(); if (state.mode === "train") redrawTraining(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  addEventListener("storage", show);
}

async function start() {
  showTheme();
  const bytes = await unpack($("bytes").textContent);
  data.nets.forEach((net) => unpackNet(net, bytes));
  data.drawings.images = arrayAt(bytes, data.drawings.images);
  $("bug").replaceChildren(...Object.keys(BUGS).map((bug) => new Option(bug || "none", bug)));
  $("net").replaceChildren(...data.nets.map((net) => new Option(titleOf(net), net.name)));
  readLink();
  listen();
  listenToTheme();
  showNet();
  document.body.classList.toggle("mini", state.mini);
  $("sources").innerHTML = data.sources.map((source) => `<li>${source}</li>`).join("");
  $("needs").hidden = true;
  $("page").hidden = $("bar").hidden = false;
  if (new URLSearchParams(location.hash.slice(1)).has("tour")) startTour();
  document.body.dataset.ready = "yes";
}

start();
