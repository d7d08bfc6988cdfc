// The tour: six steps, each one sentence and one thing to look at; and what each term means.

const strongest = (values) => values.indexOf(Math.max(...values));

const TOUR = [
  { say: "<b>Squeeze.</b> Each map becomes one number z, its mean over the whole image: so what is far away counts too.", mark: ["u", "z"], at: () => ["z", mostDifferent(state.block)] },
  { say: "<b>Excitation, first half.</b> A small layer (the bottleneck) reads all means at once; a hatched unit is 0 for this image.", mark: ["h"], at: () => ["h", strongest(current.blocks[state.block].h)] },
  { say: "<b>Excitation, second half.</b> Another small layer makes a gate s for each channel, from 0 (shut) to 1 (open).", mark: ["s"], at: () => ["s", mostDifferent(state.block)] },
  { say: "<b>Scale.</b> The whole map is multiplied by its gate, the same at every position.", mark: ["x", "u"], at: () => ["x", mostDifferent(state.block)] },
  { say: "<b>The same image in other colors.</b> z, h, the gates and X̃ have changed with them: look at the answer.", mark: ["s", "input", "logits"], act: changeImage, at: () => ["s", mostDifferent(state.block)] },
  { say: "<b>The same gates for every image?</b> In all blocks each gate stays at its average over many images, and those marked ✗ go wrong.", mark: ["score", "samples", "logits"], act: fixGates, at: () => ["s", mostDifferent(state.block)] },
];

const NARROW = 700;  // CSS pixels: below, the parts stand one below the other
let tourStep = -1, beforeTour = null;

function changeImage() {
  if (state.net.repainted) $("sky").click();
  else state.pixels = Uint8ClampedArray.from(state.pixels, (value) => 255 - value);
}

function fixGates() {
  for (const { path } of state.net.blockSteps) if (meanGates(path)) forceAll(path, meanGates(path).map(inLink));
}

function startTour() {
  beforeTour = { link: stateToLink(), focus: document.activeElement };
  if (!state.net.blockSteps.some(({ op, squeeze }) => op === "se" && squeeze !== "none")) {
    history.replaceState(null, "", "#");
    readLink();
  }
  Object.assign(state, { forced: {}, mode: "forward", block: firstBlock(state.net) });
  chooseImage(firstImage(state.net));
  showNet();
  goTo(0);
  $("tour-next").focus();
}

function goTo(step) {
  tourStep = step;
  const { say, mark, act, at } = TOUR[step];
  if (step < TOUR.length - 1 && anyForced()) state.forced = {};
  act?.();
  const [kind, k] = at();
  state.at = { kind, k };
  showAll();
  countSamples();
  $("tour").hidden = false;
  $("tour-text").innerHTML = `${step + 1} of ${TOUR.length} · ${say}`;
  $("tour-back").disabled = step === 0;
  $("tour-next").textContent = step === TOUR.length - 1 ? "Done" : "Next";
  for (const marked of document.querySelectorAll(".toured")) marked.classList.remove("toured");
  for (const id of mark) $(id).classList.add("toured");
  if (innerWidth <= NARROW) $(mark[0]).scrollIntoView({ block: "center" });
}

function endTour() {
  if (tourStep < 0) return;
  tourStep = -1;
  $("tour").hidden = true;
  for (const marked of document.querySelectorAll(".toured")) marked.classList.remove("toured");
  readLink(beforeTour.link);
  showNet();
  beforeTour.focus?.focus();
}

function listenToTour() {
  $("tour-start").addEventListener("click", startTour);
  $("tour-next").addEventListener("click", () => (tourStep === TOUR.length - 1 ? endTour() : goTo(tourStep + 1)));
  $("tour-back").addEventListener("click", () => goTo(tourStep - 1));
  $("tour-end").addEventListener("click", endTour);
  addEventListener("keydown", (event) => { if (event.key === "Escape") endTour(); });
}
