// The formula of the selected number, with the numbers in it.

const MAX_TERMS = 4;

function number(value) {
  const size = Math.abs(value);
  return (size !== 0 && (size < 0.001 || size >= 10000) ? value.toExponential(1) : value.toFixed(size < 10 ? 3 : 1)).replaceAll("-", "−");
}

function sub(letter, k) {
  return `${letter}<sub>${k}</sub>`;
}

// The largest terms of Σ value·weight one by one, the others as one number, so that the sum is complete.
function sumOf(values, weights, letter, bias) {
  const terms = Array.from(values, (value, k) => ({ k, product: value * weights[k] }));
  terms.sort((first, second) => Math.abs(second.product) - Math.abs(first.product));
  const shown = terms.slice(0, MAX_TERMS).filter(({ product }) => product !== 0);
  const rest = terms.slice(shown.length), others = rest.reduce((sum, { product }) => sum + product, 0);
  const words = shown.map(({ k }) => `${number(values[k])}·${bracket(weights[k])} <small>(${letter}<sub>${k}</sub>)</small>`);
  if (others !== 0) words.push(`${bracket(others)} <small>(${rest.length} others)</small>`);
  if (bias !== undefined) words.push(`${bracket(bias)} <small>(bias)</small>`);
  return words.join(" + ") || "0";
}

function bracket(value) {
  return value < 0 ? `(${number(value)})` : number(value);
}

function rowOf({ shape: [, m], data }, k) {  // of a matrix
  return data.subarray(k * m, (k + 1) * m);
}

function columnOf({ shape: [d, m], data }, k) {
  return Float32Array.from({ length: d }, (_, i) => data[i * m + k]);
}

const GATE_LETTER = { sigmoid: "σ", tanh: "tanh", relu: "δ", hard_sigmoid: "hard σ" };

const FORMULAS = {
  u(block, step, arrays, c) {
    const values = Float32Array.from({ length: block.u.h * block.u.w }, (_, k) => block.u.data[k * block.u.c + c]);
    return `<b>U, channel ${c}</b>: ${block.u.h}×${block.u.w} numbers, from ${number(Math.min(...values))} to ${number(Math.max(...values))}.
      The layers before the block computed them.`;
  },
  z(block, step, arrays, c) {
    if (!block.z) return "<b>No squeeze</b>: every position computes its own gates.";
    const positions = block.u.h * block.u.w;
    if (step.squeeze === "max") return `<b>Squeeze</b>: ${sub("z", c)} = max ${sub("u", c)}(i, j) = <b>${number(block.z[c])}</b>`;
    return `<b>Squeeze</b> (Eq. 2): ${sub("z", c)} = 1/(${block.u.h}·${block.u.w}) Σ<sub>i,j</sub> ${sub("u", c)}(i, j)
      = ${number(block.z[c] * positions)} / ${positions} = <b>${number(block.z[c])}</b>
      ${step.squeeze === "avg+max" ? `; and the maximum, ${number(block.zs[1][c])}` : ""}`;
  },
  h(block, step, arrays, j) {
    const bias = step.b1 === undefined ? undefined : arrays[step.b1].data[j];
    const text = `<b>FC1 and ReLU</b>: ${sub("a", j)} = Σ<sub>c</sub> z<sub>c</sub> w1[c, ${j}]${bias === undefined ? "" : ` + b1[${j}]`}
      = ${sumOf(block.z, columnOf(arrays[step.w1], j), "z", bias)} = <b>${number(block.a[j])}</b>;
      ${sub("h", j)} = max(0, ${number(block.a[j])}) = <b>${number(block.h[j])}</b>`;
    const inactive = block.h[j] === 0 ? ": inactive for this image, it adds nothing to any gate." : ".";
    return text + inactive + (block.zs.length > 1 ? " (Computed from the means; the maxima go through the same FCs.)" : "");
  },
  s(block, step, arrays, c) {
    const letter = GATE_LETTER[step.gate], forced = forcedAt(step.path).get(c);
    let text = `<b>The gate of channel ${c}</b>: each position has its own gate; their mean is <b>${number(block.learned[c])}</b>.`;
    if (step.op === "eca") {
      const w = arrays[step.w].data, middle = (w.length - 1) / 2, near = w.map((_, j) => block.z[c + j - middle] ?? 0);
      text = `<b>ECA</b>: ${sub("e", c)} = Σ<sub>j</sub> w<sub>j</sub> z<sub>${c} + j − ${middle}</sub> = ${Array.from(w, (weight, j) => `${number(near[j])}·${bracket(weight)}`).join(" + ")} = <b>${number(block.e[c])}</b>;`;
    } else if (block.h) {
      const bias = step.b2 === undefined ? undefined : arrays[step.b2].data[c], both = block.passes.length > 1;
      const hidden = both ? block.h.map((value, j) => value + block.passes[1].h[j]) : block.h;
      text = `<b>FC2</b>: ${sub("e", c)} = Σ<sub>j</sub> h<sub>j</sub> w2[j, ${c}]${bias === undefined ? "" : ` + ${both ? "2 " : ""}b2[${c}]`}
        = ${sumOf(hidden, columnOf(arrays[step.w2], c), "h", bias === undefined ? undefined : bias * block.passes.length)} = <b>${number(block.e[c])}</b>;`;
    }
    if (block.e) {
      const inserted = step.gate === "sigmoid" ? ` = 1 / (1 + e<sup>${number(-block.e[c])}</sup>)` : "";
      text += ` ${sub("s", c)} = ${letter}(${number(block.e[c])})${inserted} = <b>${number(block.learned[c])}</b> (Eq. 3)`;
    }
    return text + (forced === undefined ? "" : `<br><b>Now forced to ${forced}.</b>`);
  },
  x(block, step, arrays, c) {
    let largest = 0;  // by its absolute value; a map may be negative
    for (let k = c; k < block.u.data.length; k += block.u.c) if (Math.abs(block.u.data[k]) > Math.abs(largest)) largest = block.u.data[k];
    return `<b>Scale</b> (Eq. 4): x̃<sub>${c}</sub> = ${sub("s", c)} · ${sub("u", c)}, the same factor at every position: the strongest value,
      ${number(largest)}, becomes ${number(block.s[c])}·${number(largest)} = <b>${number(block.s[c] * largest)}</b>`;
  },
};

// What each cell of the other groups adds to the selected number, or gets from it: {z: […], h: […], s: […]}, for the stripes.
function contributions(block, step, arrays, { kind, k }) {
  if (!block.h) return {};
  if (kind === "h") return { z: columnOf(arrays[step.w1], k).map((w, c) => w * block.z[c]), s: rowOf(arrays[step.w2], k).map((w) => w * block.h[k]) };
  if (kind === "z") return { h: rowOf(arrays[step.w1], k).map((w) => w * block.z[k]) };
  if (kind === "s" || kind === "x") return { h: columnOf(arrays[step.w2], k).map((w, j) => w * block.h[j]) };
  return {};
}
