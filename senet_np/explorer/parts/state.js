// What is on show, and the link that says so. Everything that a teacher can send stands in the address after the #.

const SIZE = 32, PIXELS = SIZE * SIZE * 3, SKY_ROWS = 5;

const state = {
  net: null,       // one of data.nets
  block: "",       // path of the block on show
  picture: "",     // "photo", "7" (a sample), "7-sky" (repainted) or "own"
  pixels: new Uint8ClampedArray(PIXELS),
  forced: {},      // {path: Map(channel → what the gate is forced to)}
  at: { kind: "s", k: 0 },  // what the formula is about
  sorted: true,
};

function forcedAt(path) {
  return state.forced[path] ?? (state.forced[path] = new Map());
}

function anyForced() {
  return Object.values(state.forced).some((channels) => channels.size);
}

function nextForced(path, channel) {  // learned → 0 → 1 → learned
  const channels = forcedAt(path);
  if (!channels.has(channel)) channels.set(channel, 0);
  else if (channels.get(channel) === 0) channels.set(channel, 1);
  else channels.delete(channel);
}

function forceAll(path, gates) {  // null: as learned
  state.forced[path] = new Map(gates ? Array.from(gates, (gate, c) => [c, gate]) : []);
}

function repaintSky(pixels) {  // orange and blue are each other with red and blue exchanged
  const swapped = Uint8ClampedArray.from(pixels);
  for (let k = 0; k < SKY_ROWS * SIZE * 3; k += 3) [swapped[k], swapped[k + 2]] = [pixels[k + 2], pixels[k]];
  return swapped;
}

function showPicture(name) {
  const samples = data.nets.find((net) => net.pictures)?.pictures, [number, sky] = name.split("-");
  const k = Number(number), known = samples && number !== "" && Number.isInteger(k) && k >= 0 && k < samples.labels.length;
  if (known) {
    const pixels = samples.images.data.subarray(k * PIXELS, (k + 1) * PIXELS);
    state.pixels = sky === "sky" ? repaintSky(pixels) : Uint8ClampedArray.from(pixels);
  } else if (name === "photo" && data.photo) state.pixels = Uint8ClampedArray.from(data.photo.data);
  else if (name !== "own" && name !== firstPicture(state.net)) return showPicture(firstPicture(state.net));
  else { state.pixels = new Uint8ClampedArray(PIXELS).fill(128); name = "own"; }
  state.picture = name;
}

function firstPicture(net) {
  return net.pictures ? "0" : data.photo ? "photo" : "own";
}

function ownText() {  // the pixels in an address: base64 with letters that need no escape
  return btoa(String.fromCharCode(...state.pixels)).replaceAll("+", "-").replaceAll("/", "_");
}

function fromOwnText(text) {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    if (letters.length !== PIXELS) return false;
    state.pixels = Uint8ClampedArray.from(letters, (letter) => letter.charCodeAt(0));
    state.picture = "own";
    return true;
  } catch { return false; }
}

function writeLink() {
  const gates = Object.entries(state.forced).filter(([, channels]) => channels.size)
    .map(([path, channels]) => `${path}:${[...channels].map(([c, gate]) => `${c}=${gate}`).join(",")}`).join(";");
  const said = { net: state.net.name, block: state.block, picture: state.picture, at: state.at.kind + state.at.k };
  if (state.picture === "own") said.pixels = ownText();
  if (gates) said.gates = gates;
  if (!state.sorted) said.sorted = "no";
  history.replaceState(null, "", "#" + new URLSearchParams(said));
}

function readLink() {  // whatever does not exist is left out
  const said = new URLSearchParams(location.hash.slice(1));
  state.net = data.nets.find((net) => net.name === said.get("net")) ?? data.nets[0];
  const paths = state.net.order.map((step) => step.path);
  state.block = paths.includes(said.get("block")) ? said.get("block") : paths[0] ?? "";
  if (!(said.get("picture") === "own" && fromOwnText(said.get("pixels") ?? ""))) {
    showPicture(said.get("picture") ?? firstPicture(state.net));
  }
  state.forced = {};
  for (const part of (said.get("gates") ?? "").split(";")) {
    const [path, channels = ""] = part.split(":");
    for (const [, c, gate] of paths.includes(path) ? channels.matchAll(/(\d+)=(-?\d+(?:\.\d+)?)(?=,|$)/g) : []) {
      if (Number(c) < widthOf(path)) forcedAt(path).set(Number(c), Number(gate));
    }
  }
  const [, kind, k] = /^([uzhsx])(\d+)$/.exec(said.get("at") ?? "") ?? [null, "s", 0];
  state.at = { kind, k: Number(k) };
  state.sorted = said.get("sorted") !== "no";
}

function stepOf(path) {
  return state.net.order.find((step) => step.path === path);
}

function widthOf(path) {  // C: the block's input is what the steps before it gave
  return channelsOf(state.net, stepOf(path).in[0]);
}

function channelsOf(net, value) {
  if (value === 0) return 3;
  const step = net.steps[value - 1];
  if (step.op === "conv" || step.op === "linear") return net.arrays[step.w].shape.at(-1);
  if (step.op === "join") return step.in.reduce((sum, one) => sum + channelsOf(net, one), 0);
  return channelsOf(net, step.in[0]);
}
