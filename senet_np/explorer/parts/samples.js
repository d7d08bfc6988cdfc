// The images to start from, and how many of them each network gets right: counted a few at a time, so that the page
// stays responsive.

function showSamples() {
  const { net, image, pixels } = state;
  $("samples").replaceChildren();
  const { labels } = samplesFor(net) ?? { labels: [] };
  for (const name of labels.map((_, k) => String(k))) {
    const button = document.createElement("button"), canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE;
    chooseImage(name);
    drawPixels(canvas, state.pixels);
    button.dataset.name = name;
    button.tabIndex = -1;
    button.setAttribute("aria-label", `sample ${name}, ${net.classes[labels[Number(name)]]}`);
    button.append(canvas);
    $("samples").append(button);
  }
  Object.assign(state, { image, pixels });
}

function markSample() {  // the one that is shown; it is also the group's one stop for the keyboard
  const buttons = [...$("samples").children], shown = buttons.find((button) => button.dataset.name === state.image);
  for (const button of buttons) {
    button.setAttribute("aria-pressed", button === shown);
    button.tabIndex = button === (shown ?? buttons[0]) ? 0 : -1;
  }
}

let lastCount = 0;

async function countSamples() {
  const id = ++lastCount, { net } = state, outdated = () => id !== lastCount;
  $("score").textContent = "";
  if (!samplesFor(net)) return;
  const { images, labels } = samplesFor(net), n = labels.length;
  const rightOnes = async (other, forced) => {
    const right = [];
    for (let k = 0; k < n; k++) {
      const { logits } = run(other, images.data.subarray(k * PIXELS, (k + 1) * PIXELS), forced);
      right.push(indexOfLargest(logits) === labels[k]);
      if (k % 4 === 3) { await new Promise((done) => setTimeout(done)); if (outdated()) return null; }
    }
    return right;
  };
  const sum = (right) => right.filter(Boolean).length, twin = twinOf(net);
  const ownRight = net.right ?? await rightOnes(net, {});
  if (outdated()) return;
  net.right = ownRight;
  const right = anyForced() ? await rightOnes(net, state.forced) : net.right;
  if (outdated()) return;
  for (const button of $("samples").children) button.classList.toggle("wrong", right[Number(button.dataset.name)] === false);
  const gates = anyForced() ? ` with these gates, ${sum(net.right)} with the learned ones` : "";
  $("score").textContent = `${sum(right)} of ${n} sample images are classified correctly${gates}.`;
  sayAgain();
  if (!twin) return;
  const twinRight = twin.right ?? await rightOnes(twin, {});
  if (outdated()) return;
  twin.right = twinRight;
  $("score").textContent += ` Trained without SE: ${sum(twinRight)}.${n < 30 ? " (Of so few, some more or less say nothing.)" : ""}`;
}
