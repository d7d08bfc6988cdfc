// Colors, images, maps and cells. Maps are in cividis: dark is low, yellow is high, also in a gray print.

const CIVIDIS = [[0, 34, 77], [26, 56, 111], [67, 78, 107], [97, 100, 111], [124, 123, 120], [155, 147, 118], [187, 173, 108], [222, 201, 87], [253, 231, 55]];

function cividis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1), low = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return CIVIDIS[low].map((value, k) => value + (at - low) * (CIVIDIS[low + 1][k] - value));
}

function drawPixels(canvas, pixels) {  // RGB, of the shown network's size
  drawSquare(canvas, pixels, SIZE);
}

function drawSquare(canvas, pixels, side) {
  const image = new ImageData(side, side);
  for (let k = 0; k < side * side; k++) image.data.set([pixels[3 * k], pixels[3 * k + 1], pixels[3 * k + 2], 255], 4 * k);
  const small = new OffscreenCanvas(side, side);
  small.getContext("2d").putImageData(image, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

const GAP = 1;

function columnsOf(c) {
  return c > 64 ? 12 : c > 16 ? 8 : 4;
}

function diverging(share) {  // −1 orange, 0 white, 1 blue
  const size = Math.min(Math.abs(share), 1), [r, g, b] = share < 0 ? [213, 94, 0] : [0, 94, 170];
  return [r, g, b].map((value) => 255 + size * (value - 255));
}

// All channels side by side, on one scale: the square root of the value, so that weak responses are visible.
function drawMaps(canvas, { h, w, c, data }, largest, selected, signed) {
  const columns = columnsOf(c), rows = Math.ceil(c / columns);
  canvas.width = columns * (w + GAP) + GAP;
  canvas.height = rows * (h + GAP) + GAP;
  const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
  for (let k = 0; k < c; k++) {
    const left = GAP + (k % columns) * (w + GAP), top = GAP + Math.floor(k / columns) * (h + GAP);
    for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) {
      const share = data[(i * w + j) * c + k] / largest, root = Math.sqrt(Math.abs(share));
      const color = signed ? diverging(Math.sign(share) * root) : cividis(share > 0 ? root : 0);
      image.data.set([...color, 255], 4 * ((top + i) * canvas.width + left + j));
    }
  }
  context.putImageData(image, 0, 0);
  if (selected >= 0 && selected < c) {
    context.fillStyle = "#d55e00";
    const left = (selected % columns) * (w + GAP), top = Math.floor(selected / columns) * (h + GAP);
    for (const [x, y, width, height] of [[0, 0, w + 2, 1], [0, h + 1, w + 2, 1], [0, 0, 1, h + 2], [w + 1, 0, 1, h + 2]]) {
      context.fillRect(left + x, top + y, width, height);
    }
  }
}

function drawMatrix(canvas, { shape: [rows, columns], data }) {  // a pixel for each number
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d"), image = context.createImageData(columns, rows), largest = largestOf(data);
  for (let k = 0; k < rows * columns; k++) image.data.set([...diverging(Math.sign(data[k]) * Math.sqrt(Math.abs(data[k]) / largest)), 255], 4 * k);
  context.putImageData(image, 0, 0);
}

function channelAt(canvas, event, { h, w, c }) {  // the channel under the pointer, or −1
  const box = canvas.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * canvas.width / (w + GAP));
  const row = Math.floor(((event.clientY - box.top) / box.height) * canvas.height / (h + GAP));
  const k = row * columnsOf(c) + column;
  return column >= 0 && column < columnsOf(c) && k >= 0 && k < c ? k : -1;
}

function cellsIn(box, n) {  // makes them where their number has changed; otherwise they are only filled again
  box.style.setProperty("--columns", n > 16 ? columnsOf(n) : 4);  // as the maps lie
  if (box.children.length !== n) {
    box.replaceChildren(...Array.from({ length: n }, (_, k) => {
      const cell = document.createElement("button");
      cell.className = "cell";
      cell.dataset.k = k;
      cell.tabIndex = k ? -1 : 0;
      return cell;
    }));
  }
  return [...box.children];
}

const FLASH = [{ boxShadow: "inset 0 0 0 20px rgb(255 190 0 / .75)" }, { boxShadow: "inset 0 0 0 20px transparent" }];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function fillCells(cells, values, largest, label) {  // what changes by more than a fiftieth flashes
  cells.forEach((cell, k) => {
    const fill = Math.min(Math.abs(values[k]) / (largest || 1), 1), before = cell.style.getPropertyValue("--fill");
    cell.style.setProperty("--fill", fill.toFixed(3));
    cell.style.setProperty("--sign", values[k] < 0 ? "var(--orange)" : "var(--blue)");
    cell.setAttribute("aria-label", label(k));
    if (before !== "" && Math.abs(fill - Number(before)) > 0.02 && !calm.matches) cell.animate(FLASH, 700);
  });
}

function drawStripes(cells, terms) {  // on each cell: what it adds to the selected number
  const largest = terms ? Math.max(...terms.map(Math.abs), 1e-12) : 1;
  cells.forEach((cell, k) => {
    const share = terms ? Math.abs(terms[k]) / largest : 0;
    const color = terms && terms[k] < 0 ? "213 94 0" : "0 80 140";
    cell.style.setProperty("--stripe", share > 0.03 ? `rgb(${color} / ${share.toFixed(2)})` : "transparent");
  });
}
