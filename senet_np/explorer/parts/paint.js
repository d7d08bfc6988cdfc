// Drawing on the image: a square brush of whole pixels, moved by the mouse, a finger, or the arrow keys; space paints.

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
  if (/\.(npz|safetensors)$/i.test(file.name)) return takeModel(file);
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
