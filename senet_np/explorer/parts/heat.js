// The gates of this image beside those of many others: by class, or by the color of the sky.

let heatMap = null;  // its geometry: {order of the channels, cell size, left margin}

function meanGates(path) {  // over the rows; undefined where nothing was measured
  const { mean } = state.net.blocks[path] ?? {};
  if (!mean) return undefined;
  const [rows, channels] = mean.shape, sum = (c) => Array.from({ length: rows }, (_, k) => mean.data[k * channels + c]).reduce((a, b) => a + b);
  return Array.from({ length: channels }, (_, c) => sum(c) / rows);
}

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
  ["this image", ...state.net.rows].forEach((name, row) => {
    const top = row * height + (row ? 6 : 0);
    context.fillStyle = colorOf("--ink");
    context.fillText(name, 0, top + 13);
    order.forEach((c, column) => {
      const gate = row ? stats.mean.data[(row - 1) * channels + c] : block.s[c];
      context.fillStyle = `rgb(${cividis((gate - low) / (high - low)).join(" ")})`;
      context.fillRect(left + column * width, top, width, height - 1);
    });
  });
  $("heat-caption").textContent = `The top row is this image. Below: the average gate of each channel in ${labelOf(state.block)}, for each ${state.net.rowKind === "sky" ? "color of the sky" : "class"}, over ${state.net.images_measured}. Dark is ${low}, yellow is ${Math.round(high * 100) / 100}.`;
  describeHeat(state.at.kind === "h" ? 0 : state.at.k, -1);
}

function describeHeat(c, row) {  // of a row; without one, of the image's own class, or of the row whose gates are nearest
  const stats = state.net.blocks[state.block], block = current.blocks[state.block], [rows, channels] = stats.mean.shape;
  const distance = (k) => block.s.reduce((sum, s, channel) => sum + (s - stats.mean.data[k * channels + channel]) ** 2, 0);
  const distances = Array.from({ length: rows }, (_, k) => distance(k)), own = state.net.rows.indexOf(trueClass());
  const k = row >= 0 ? row : own >= 0 ? own : distances.indexOf(Math.min(...distances));
  const mean = stats.mean.data[k * channels + c], sd = stats.sd.data[k * channels + c];
  $("heat-value").textContent = `Channel ${c}: this image ${block.s[c].toFixed(2)}; ${state.net.rows[k]} ${mean.toFixed(2)}${Number.isNaN(sd) ? " (mean" : ` ± ${sd.toFixed(2)} (mean ± sd`} over its images).`;
}
