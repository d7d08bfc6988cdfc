// What each term means: a small button beside it puts the answer where the formulas stand. Where the page is part of the
// site (its body then has data-site), the answer ends in links to the course and the source.

const TERMS = {
  u: ["U, the feature maps", "A convolution has made one map for each channel: where in the image is what this channel looks for? The layers before the block computed them.", "course/06_convolution.html", "source/ops/conv.html"],
  z: ["Squeeze", "Each map becomes one number, z: its mean. Now a channel knows about the whole image, and no longer where.", "course/03_squeeze.html", "source/se.html"],
  h: ["The bottleneck", "FC1 is a matrix that makes few numbers out of many: C/r of C, where r is the reduction ratio. The ReLU sets negative ones to 0. Each hidden unit reads all channels.", "course/04_excitation.html", "source/se.html"],
  s: ["Gates", "FC2 makes one number for each channel again, and the sigmoid puts it between 0 (shut) and 1 (open). A gate is computed from the image, so it is another one for each image.", "course/04_excitation.html", "source/se.html"],
  x: ["Scale", "Each map is multiplied by its gate, the same at every position. The result, X̃, goes on to the next layer.", "course/05_se_block.html", "source/se.html"],
};
const TERMS_BACKWARD = {
  u: ["dU", "How the loss changes when U changes. U was used twice, by the squeeze and by the scale, so two gradients come back and are added. Leaving one out is the most common bug.", "course/05_se_block.html", "source/se.html"],
  z: ["dz", "The gradient of the means. Each position of a map gets the same share of it, 1/(H·W).", "course/03_squeeze.html", "source/se.html"],
  h: ["dh and da", "dh is the gradient of the hidden units. Where the ReLU had cut off a negative number nothing passes, so da is 0 there.", "course/04_excitation.html", "source/se.html"],
  s: ["ds and de", "ds is the gradient of a gate: the sum over all positions of u times dx̃. Through the sigmoid it becomes de = ds · s(1 − s): a gate near 0 or 1 hardly learns.", "course/04_excitation.html", "source/se.html"],
  x: ["dX̃", "The gradient that arrives from the layers behind the block: what they want changed, at every position of every map.", "course/02_gradients.html", "source/se.html"],
};

function explain(key) {
  const [name, text, course, source] = (gradients ? TERMS_BACKWARD : TERMS)[key], { site } = document.body.dataset;
  const links = site === undefined ? "" : ` <a href="${site}${course}">In the course</a> · <a href="${site}${source}">in the source</a>`;
  $("formula").innerHTML = `<b>${name}.</b> ${text}${links}`;
  speak();
}

function askButton(key, about) {
  return ` <button class="what" data-term="${key}" aria-label="What is ${about}?">?</button>`;
}

function listenToTerms() {
  document.querySelector(".flow").addEventListener("click", (event) => {
    const button = event.target.closest(".what");
    if (button) explain(button.dataset.term);
  });
}
