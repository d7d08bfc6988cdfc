// A network of the user's own, from a file that `senet-np export` wrote: .npz or .safetensors. Its metadata holds the
// instructions for the engine, which name the arrays as PyTorch does; here they become arrays in this page's layouts.

function readSafetensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true)), start = 8 + length;
  const { __metadata__: metadata, ...entries } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const arrays = Object.entries(entries).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    if (dtype !== "F32") throw new Error(`${name} is ${dtype}, expected F32`);
    return [name, { shape, data: new Float32Array(buffer.slice(start + from, start + to)) }];
  });
  return { metadata: metadata ?? {}, arrays: Object.fromEntries(arrays) };
}

function readNpz(buffer) {  // a ZIP archive without compression, as NumPy's savez writes it
  const view = new DataView(buffer), text = (at, n) => new TextDecoder().decode(new Uint8Array(buffer, at, n)), arrays = {};
  let end = buffer.byteLength - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;  // the end of the directory
  let at = view.getUint32(end + 16, true);
  for (let k = view.getUint16(end + 10, true); k > 0; k--) {
    const nameLength = view.getUint16(at + 28, true), name = text(at + 46, nameLength).replace(/\.npy$/, ""), file = view.getUint32(at + 42, true);
    if (view.getUint16(at + 10, true)) throw new Error(`${name} is compressed`);
    arrays[name] = readNpy(buffer, file + 30 + view.getUint16(file + 26, true) + view.getUint16(file + 28, true), text);
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  const { __metadata__: metadata, ...rest } = arrays;
  return { metadata: metadata ? JSON.parse(metadata) : {}, arrays: rest };
}

function readNpy(buffer, at, text) {  // an array of float32, or a text
  const view = new DataView(buffer), long = view.getUint8(at + 6) > 1, start = at + (long ? 12 : 10);
  const length = long ? view.getUint32(at + 8, true) : view.getUint16(at + 8, true), header = text(start, length);
  const [, type] = /'descr': '([^']+)'/.exec(header), shape = /'shape': \(([^)]*)\)/.exec(header)[1].split(",").filter((n) => n.trim()).map(Number);
  const n = shape.reduce((a, b) => a * b, 1), from = start + length;
  if (type.startsWith("<U")) return String.fromCodePoint(...new Uint32Array(buffer.slice(from, from + 4 * Number(type.slice(2))))).replace(/\0+$/, "");
  if (type !== "<f4" || header.includes("'fortran_order': True")) throw new Error(`an array is ${type}, expected <f4`);
  return { shape, data: new Float32Array(buffer.slice(from, from + 4 * n)) };
}

function moved({ shape, data }, axes) {  // numpy's transpose
  const strides = shape.map((_, k) => shape.slice(k + 1).reduce((a, b) => a * b, 1)), to = axes.map((axis) => shape[axis]);
  const result = new Float32Array(data.length), index = to.map(() => 0);
  for (let k = 0; k < result.length; k++) {
    result[k] = data[axes.reduce((sum, axis, place) => sum + index[place] * strides[axis], 0)];
    for (let place = to.length - 1; place >= 0 && ++index[place] === to[place]; place--) index[place] = 0;
  }
  return { shape: to, data: result };
}

function inOurLayout(op, name, array) {
  if (op === "conv" && name === "w") return moved(array, [2, 3, 1, 0]);
  if (op === "depthwise_conv" && name === "w") { const [c, , ...k] = array.shape; return moved({ shape: [c, ...k], data: array.data }, [1, 2, 0]); }
  if (op === "eca" && name === "w") return { shape: array.shape.slice(2), data: array.data };
  return array.shape.length === 2 ? moved(array, [1, 0]) : array;
}

function netFromFile(name, { metadata, arrays: stored }) {
  const plain = (_, value) => (typeof value === "string" ? value.replace(/[<>&"]/g, "") : value);  // no text may become HTML
  const about = metadata.senet_np && JSON.parse(metadata.senet_np, plain);
  if (!about?.program) throw new Error("it is not a file that `senet-np export` of this version wrote");
  const side = about.view?.[0] ?? 32, arrays = [];
  if (side > 64) throw new Error(`its images have ${side}×${side} pixels, and this page shows 64×64 at most`);
  const find = (key) => { if (!stored[key]) throw new Error(`${key} is missing`); return stored[key]; };
  const put = (array) => arrays.push(array) - 1;
  const steps = about.program.map((step) => {
    if (step.op === "affine") {
      const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "var"].map((part) => find(step[part]));
      const factor = gamma.data.map((g, c) => g / Math.sqrt(variance.data[c] + step.eps));
      const term = beta.data.map((b, c) => b - mean.data[c] * factor[c]);
      return { op: step.op, path: step.path, in: step.in, factor: put({ shape: gamma.shape, data: factor }), term: put({ shape: gamma.shape, data: term }) };
    }
    const named = ["w", "b", "w1", "b1", "w2", "b2"].filter((part) => typeof step[part] === "string");
    return { ...step, ...Object.fromEntries(named.map((part) => [part, put(inOurLayout(step.op, part, find(step[part])))])) };
  });
  const like = data.nets.find((net) => net.data === "shapes") ?? {}, shapes = about.data.name === "shapes" && side === 32;
  return {
    name, side, steps, arrays, classes: about.data.classes, mean: about.mean, std: about.std, data: about.data.name,
    provenance: `${name}, ${about.data.provenance}`, result: about.test ? `test accuracy ${percent(about.test.accuracy)}` : "no test result",
    samples: shapes ? like.samples : null, repainted: shapes ? like.repainted : null, twin: "", first: "", rows: [], rowKind: "class", blocks: {}, interventions: null,
    blockSteps: steps.filter(({ op }) => op in BLOCKS),
  };
}

async function takeModel(file) {
  try {
    const buffer = await file.arrayBuffer(), isZip = new DataView(buffer).getUint16(0, false) === 0x504b;
    const net = netFromFile(file.name, isZip ? readNpz(buffer) : readSafetensors(buffer));
    run(net, new Uint8ClampedArray(net.side * net.side * 3).fill(128), {});  // what cannot be computed fails here
    addNets([net]);
  } catch (error) { $("verdict").textContent = `${file.name} is not a network that this page can read: ${error.message}.`; }
}
