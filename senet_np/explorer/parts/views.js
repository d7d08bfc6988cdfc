// What a block shows at its five places (U, z, h, s, X̃), forward and backward: numbers, captions, and formulas.
// A view is {u, x: maps; z, h, s: cells; w1, w2: matrices; words: captions; signed: whether its numbers are gradients}.

const labelOfLoss = () => {  // the true class where it is known, else the network's answer
  const truth = trueClass();
  return truth ? state.net.classes.indexOf(truth) : indexOfLargest(learned.logits);
};

function upTo(values) {
  return Array.from(values).some((value) => value) ? `up to ${number(largestOf(values))}` : "all 0";
}

function forwardView(block, step, arrays) {
  const { u, xScaled, s, h = [], z = [] } = block, eca = step.op === "eca";
  return {
    u, x: xScaled, z, h, s, signed: false,
    w1: step.w1 !== undefined && arrays[step.w1], w2: step.w2 !== undefined && arrays[step.w2],
    words: {
      u: `<b>U</b>: ${u.c} maps of ${u.h}×${u.w}`,
      z: z.length ? `<b>squeeze</b> → z: ${u.c} ${step.squeeze === "max" ? "maxima" : "means"}` : "no squeeze",
      h: h.length ? `<b>excitation</b> → h: ${h.length} units` : eca ? "no FCs: a kernel along the channels" : "FC1, ReLU at every position",
      s: `<b>excitation</b> → s: ${u.c} gates`,
      x: "<b>scale</b> → X̃: each map times its gate",
      w1: "W₁", w2: "W₂",
      bypass: "U itself also goes straight on, to be multiplied by s",
    },
  };
}

function backwardView(g, step) {
  const matrix = (values, like) => values && { shape: state.net.arrays[like].shape, data: values };
  return {
    u: g.du, x: g.dxScaled, z: g.dz ?? [], h: g.dh ?? [], s: g.ds ?? [], signed: true,
    w1: matrix(g.dw1, step.w1), w2: matrix(g.dw2, step.w2),
    words: {
      u: "<b>dU</b>: U was used twice, so two arrows meet",
      z: g.dz ? "<b>dz</b>, back through FC1" : "each position by itself",
      h: g.dh ? "<b>dh</b>, back through FC2" : "",
      s: g.ds ? "<b>ds</b>, back through the scale" : "each position by itself",
      x: "<b>dX̃</b>, from the layers behind",
      w1: "dW₁", w2: "dW₂",
      bypass: injected("squeeze path dropped") ? "dX̃ comes straight back, times s. The part through the squeeze is forgotten"
        : "dX̃ also comes straight back, times s: in dU the two gradients are added",
    },
  };
}

const injected = (bug) => gradients !== rightGradients && state.bug === bug;

// What the right number would be, beside one that a bug has changed.
function correction(value, right) {
  return Math.abs(value - right) <= 1e-6 * Math.abs(right) ? "" : ` <span class="right">(without the bug: ${number(right)})</span>`;
}

// Where the gradient of one channel is largest, and the two parts that meet there.
function largestPlace({ du, dScale, dSqueeze }, c) {
  let at = c;
  for (let k = c; k < du.data.length; k += du.c) if (Math.abs(du.data[k]) > Math.abs(du.data[at])) at = k;
  const position = Math.floor(at / du.c);
  return { at, i: Math.floor(position / du.w), j: position % du.w, scaled: dScale.data[at], squeezed: dSqueeze.data[at], sum: du.data[at] };
}

const FORMULAS_BACKWARD = {
  u(g, block, step, arrays, c) {
    const { at, i, j, scaled, squeezed, sum } = largestPlace(g, c), positions = block.u.h * block.u.w;
    const dropped = injected("squeeze path dropped"), struck = (text, wrong) => (wrong ? `<del>${text}</del>` : text);
    const share = `dz<sub>${c}</sub>${struck(`/(${block.u.h}·${block.u.w})`, injected("1/(H·W) lost"))}`;
    const divided = g.dz && step.squeeze !== "max" ? ` = ${sub("s", c)}·dx̃ ${struck(`+ ${share}`, dropped)}` : "";
    const dz = g.dz ? ` (dz<sub>${c}</sub> = ${number(g.dz[c])}, shared by ${positions} positions)` : "";
    return `<b>Two arrows meet</b>: u was used twice, so dU, channel ${c}, at row ${i}, column ${j}${divided}
      = ${number(scaled)}${dropped ? "" : ` + ${bracket(squeezed)} = <b>${number(sum)}</b>`}${correction(sum, rightGradients.du.data[at])}${dz}`;
  },
  z(g, block, step, arrays, c) {
    if (!g.dz) return "<b>No squeeze</b>: each position has gates, and gradients, of its own.";
    if (!g.da) return `<b>The kernel, turned round</b>: dz<sub>${c}</sub> = Σ<sub>j</sub> w<sub>j</sub> de<sub>${c} − j + middle</sub> = <b>${number(g.dz[c])}</b>`;
    return `<b>FC1</b>: dz<sub>${c}</sub> = Σ<sub>j</sub> da<sub>j</sub> w1[${c}, j] = ${sumOf(g.da, rowOf(arrays[step.w1], c), "da")} = <b>${number(g.dz[c])}</b>;
      its weights get dw1[${c}, j] = ${sub("z", c)}·da<sub>j</sub>`;
  },
  h(g, block, step, arrays, j) {
    const mask = injected("ReLU's mask from the gradient") ? ["dh", g.dh[j]] : ["a", block.a[j]], open = mask[1] > 0;
    return `<b>FC2</b>: dh<sub>${j}</sub> = Σ<sub>c</sub> de<sub>c</sub> w2[${j}, c] = ${sumOf(g.de, rowOf(arrays[step.w2], j), "de")} = <b>${number(g.dh[j])}</b>;
      <b>ReLU</b>: ${sub(mask[0], j)} = ${number(mask[1])} is ${open ? "above 0, so da = dh" : "not above 0, so da = 0"}: da<sub>${j}</sub> = <b>${number(g.da[j])}</b>${correction(g.da[j], rightGradients.da[j])}`;
  },
  s(g, block, step, arrays, c) {
    if (!g.ds) return "<b>Each position has its own gate</b>, and ds is no sum: ds = u·dx̃ at each of them.";
    const letters = step.gate === "sigmoid" ? "s(1 − s)" : `${GATE_LETTER[step.gate]}′`, missing = injected("σ′ missing");
    const numbers = step.gate === "sigmoid" && !missing ? ` = ${number(g.ds[c])}·${number(block.learned[c])}·${number(1 - block.learned[c])}` : "";
    const slope = forcedAt(step.path).has(c) ? `de<sub>${c}</sub> = <b>0</b>: the gate is forced, and a constant learns nothing`
      : `de<sub>${c}</sub> = ds${missing ? `<del>·${letters}</del>` : `·${letters}`}${numbers} = <b>${number(g.de[c])}</b>${correction(g.de[c], rightGradients.de[c])}`;
    return `<b>Scale</b>: ds<sub>${c}</sub> = Σ<sub>i,j</sub> u<sub>${c}</sub>·${injected("gate applied twice") ? "<ins>s·</ins>" : ""}dx̃<sub>${c}</sub> = <b>${number(g.ds[c])}</b>${correction(g.ds[c], rightGradients.ds[c])};
      <b>gate</b>: ${slope}.`;
  },
  x(g, block, step, arrays, c) {
    const label = labelOfLoss(), p = softmax(current.logits)[label], name = state.net.classes[label];
    return `<b>dX̃</b> comes from the layers behind the block. The loss is L = −log p(${name}) = −log ${p > 0.999 ? p.toFixed(6) : number(p)} = <b>${number(-Math.log(p))}</b>;
      at the logits its gradient is p − 1 for ${name} and p for all others.`;
  },
};

// By how much a bug changes a gradient: the length of the difference as a share of the right one's length.
function offBy(wrong, right) {
  const one = wrong.data ?? wrong, other = right.data ?? right, square = (sum, value) => sum + value * value;
  const difference = other.map((value, k) => value - one[k]);
  return Math.sqrt(difference.reduce(square, 0) / (other.reduce(square, 0) || 1));
}

// What each cell of the other groups adds to the selected gradient, for the stripes.
function contributionsBackward(g, step, arrays, { kind, k }) {
  if (!g.da) return {};
  if (kind === "h") return { s: rowOf(arrays[step.w2], k).map((w, c) => w * g.de[c]) };
  if (kind === "z" || kind === "u") return { h: rowOf(arrays[step.w1], k).map((w, j) => w * g.da[j]) };
  return {};
}
