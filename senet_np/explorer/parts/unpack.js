// The page's data: the bytes back from base64 and deflate, and the arrays in them.

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function float16(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

function arrayAt(bytes, { at, shape, type }) {
  const n = shape.reduce((a, b) => a * b, 1);
  if (type === "u1") return { shape, data: bytes.subarray(at, at + n) };
  const data = new Float32Array(n), word = new DataView(new ArrayBuffer(4));
  for (let k = 0; k < n; k++) {
    if (type === "f2") data[k] = float16(bytes[at + k] | (bytes[at + n + k] << 8));
    else {
      for (let byte = 0; byte < 4; byte++) word.setUint8(byte, bytes[at + byte * n + k]);
      data[k] = word.getFloat32(0, true);
    }
  }
  return { shape, data };
}

function unpackNet(net, bytes) {
  net.arrays = net.arrays.map((place) => arrayAt(bytes, place));
  net.blockSteps = net.steps.filter((step) => step.op in BLOCKS);
  for (const block of Object.values(net.blocks)) {
    const [low, high] = block.limits, rescale = (place, from) => {
      const { shape, data } = arrayAt(bytes, place);
      return { shape, data: Float32Array.from(data, (value) => from + (value / 255) * (high - low)) };
    };
    block.mean = rescale(block.mean, low);
    block.sd = rescale(block.sd, 0);
  }
  if (net.samples) net.samples.images = arrayAt(bytes, net.samples.images);
}
