// What the page shows, and the link that brings it back. Everything that a teacher can send is in the address, after the #.

let SIZE = 32, PIXELS = SIZE * SIZE * 3, SKY_ROWS = 5;  // of the images of the network that is shown: see useSizeOf
const FIRST_SAMPLE = "6";  // under an orange sky: with average gates shapes-se names the texture of the other square

const state = {
  net: null,       // one of data.nets
  block: "",       // path of the block that is shown
  image: "",       // "7" (a sample), "7-sky" (repainted) or "own"
  pixels: new Uint8ClampedArray(PIXELS),
  forced: {},      // {path: Map(channel → the gate that replaces the learned one)}
  at: { kind: "s", k: 0 },  // whose formula is shown: u, z, h, s or x, and its number
  mode: "forward",  // or "backward", or "train"
  bug: "",         // of the backward pass, one of BUGS
  sorted: true,
  mini: false,     // inside another page: the image, the block and the answer alone
};

function useSizeOf(net) {
  const side = net.side ?? 32;
  if (side === SIZE) return;
  [SIZE, PIXELS, SKY_ROWS] = [side, side * side * 3, side === 32 ? 5 : 2];
}

function samplesFor(net) {  // its own images; the drawings, where it knows their classes
  return net.samples ?? (net.data === "cifar10" ? data.drawings : undefined);
}

function forcedAt(path) {
  return state.forced[path] ?? (state.forced[path] = new Map());
}

function addNets(made) {  // to the list, in place of those of the same names; the first one is shown
  data.nets = [...data.nets.filter(({ name }) => !made.some((net) => net.name === name)), ...made];
  $("net").replaceChildren(...data.nets.map((net) => new Option(net.name, net.name)));
  Object.assign(state, { net: made[0], mode: "forward", block: firstBlock(made[0]), forced: {}, at: { kind: "s", k: 0 } });
  useSizeOf(state.net);
  chooseImage(firstImage(state.net));
  showNet();
}

function anyForced() {
  return Object.values(state.forced).some((channels) => channels.size);
}

function forceNext(path, channel) {  // learned → 0 → 1 → learned
  const channels = forcedAt(path);
  if (!channels.has(channel)) channels.set(channel, 0);
  else if (channels.get(channel) === 0) channels.set(channel, 1);
  else channels.delete(channel);
}

function forceAll(path, gates) {
  state.forced[path] = new Map(Array.from(gates, (gate, c) => [c, gate]));
}

function repaintSky(pixels) {  // orange and blue differ by an exchange of red and blue
  const swapped = Uint8ClampedArray.from(pixels);
  for (let k = 0; k < SKY_ROWS * SIZE * 3; k += 3) [swapped[k], swapped[k + 2]] = [pixels[k + 2], pixels[k]];
  return swapped;
}

function chooseImage(name) {
  const samples = samplesFor(state.net), [number, sky] = name.split("-");
  const k = Number(number), known = samples && number !== "" && Number.isInteger(k) && k >= 0 && k < samples.labels.length;
  if (known) {
    const pixels = samples.images.data.subarray(k * PIXELS, (k + 1) * PIXELS);
    state.pixels = sky === "sky" ? repaintSky(pixels) : Uint8ClampedArray.from(pixels);
  } else if (name !== "own" && name !== firstImage(state.net)) return chooseImage(firstImage(state.net));
  else { state.pixels = new Uint8ClampedArray(PIXELS).fill(128); name = "own"; }
  state.image = name;
}

function firstImage(net) {
  return samplesFor(net) ? FIRST_SAMPLE : "own";
}

function firstBlock(net) {  // the one that the page opens on
  const paths = net.blockSteps.map((step) => step.path);
  return paths.includes(net.first) ? net.first : paths[0] ?? "";
}

function mostDifferent(path) {  // the channel whose mean gate differs most from one kind of image to another
  const { mean } = state.net.blocks[path] ?? {};
  if (!mean) return 0;
  const [rows, channels] = mean.shape, gates = (c) => Array.from({ length: rows }, (_, k) => mean.data[k * channels + c]);
  const range = Array.from({ length: channels }, (_, c) => Math.max(...gates(c)) - Math.min(...gates(c)));
  return range.indexOf(Math.max(...range));
}

function pixelsToText() {  // for the address: base64 with letters that need no escape
  return btoa(String.fromCharCode(...state.pixels)).replaceAll("+", "-").replaceAll("/", "_");
}

function pixelsFromText(text) {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    if (letters.length !== PIXELS) return false;
    state.pixels = Uint8ClampedArray.from(letters, (letter) => letter.charCodeAt(0));
    state.image = "own";
    return true;
  } catch { return false; }
}

const inLink = (gate) => Math.round(1000 * gate) / 1000;  // a forced gate, as the address has it

function stateToLink() {
  const gates = Object.entries(state.forced).filter(([, channels]) => channels.size)
    .map(([path, channels]) => `${path}:${[...channels].map(([c, gate]) => `${c}=${gate}`).join(",")}`).join(";");
  const link = { net: state.net.name, block: state.block, image: state.image, at: state.at.kind + state.at.k };
  if (state.image === "own") link.pixels = pixelsToText();
  if (gates) link.gates = gates;
  if (state.mode !== "forward") link.mode = state.mode;
  if (state.bug) link.bug = state.bug;
  if (!state.sorted) link.sorted = "no";
  if (state.mini) link.mini = "";
  return "#" + new URLSearchParams(link);
}

const LINK_DELAY = 400;  // ms; Safari refuses the 101st address within 30 seconds
let linkTimer, addressRefused = false;

function writeLink() {  // once, when nothing has changed for a while
  clearTimeout(linkTimer);
  linkTimer = setTimeout(writeAddress, LINK_DELAY);
}

function writeAddress() {  // a browser may refuse, in a page inside another one for example: then it is not asked again
  const link = stateToLink();
  if (addressRefused || link === location.hash) return;
  try { history.replaceState(null, "", link); } catch { addressRefused = true; }
}

function readLink(text = location.hash) {  // what does not exist is left out
  const link = new URLSearchParams(text.slice(1));
  state.net = data.nets.find((net) => net.name === link.get("net")) ?? data.nets[0];
  useSizeOf(state.net);
  const paths = state.net.blockSteps.map((step) => step.path);
  state.block = paths.includes(link.get("block")) ? link.get("block") : firstBlock(state.net);
  const image = link.get("image") ?? link.get("picture") ?? firstImage(state.net);  // "picture": in links of version 0.1
  if (!(image === "own" && pixelsFromText(link.get("pixels") ?? ""))) chooseImage(image);
  state.forced = {};
  for (const part of (link.get("gates") ?? "").split(";")) {
    const [path, channels = ""] = part.split(":");
    for (const channel of paths.includes(path) ? channels.split(",") : []) {
      const [, c, gate] = /^(\d+)=(-?\d{1,3}(?:\.\d+)?)$/.exec(channel) ?? [];
      if (Number(c) < widthOf(path)) forcedAt(path).set(Number(c), Number(gate));
    }
  }
  const [, kind, k] = /^([uzhsx])(\d+)$/.exec(link.get("at") ?? "") ?? [null, "s", mostDifferent(state.block)];
  state.at = { kind, k: Number(k) };
  state.sorted = link.get("sorted") !== "no";
  state.mini = link.has("mini");
  state.mode = ["backward", "train"].includes(link.get("mode")) ? link.get("mode") : "forward";
  state.bug = Object.keys(BUGS).includes(link.get("bug")) ? link.get("bug") : "";
}

function stepOf(path) {
  return state.net.blockSteps.find((step) => step.path === path);
}

function widthOf(path) {  // C, that of the block's input
  return channelsOf(state.net, stepOf(path).in[0]);
}

function channelsOf(net, value) {
  if (value === 0) return 3;
  const step = net.steps[value - 1];
  if (step.op === "conv" || step.op === "linear") return net.arrays[step.w].shape.at(-1);
  if (step.op === "concat") return step.in.reduce((sum, part) => sum + channelsOf(net, part), 0);
  return channelsOf(net, step.in[0]);
}
