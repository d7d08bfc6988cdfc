"""Cases that Hypothesis draws: for each op, shapes and options that nobody thought of, the same in every run.

Batches of one, images of one pixel, windows that overlap or leave gaps, kernels larger than the image.
"""

import numpy as np
from hypothesis import assume, settings
from hypothesis import strategies as st

from senet_np import ops, se, variants
from senet_np.ops import reference as loops

REPEATABLE = settings(deadline=None, derandomize=True, database=None, max_examples=250)

# Every input is of order 1 and no sum has more than some hundred terms, so rounding stays within a few dozen units in
# the last place (1.2e-7 and 2.2e-16) of the largest value, or of 1 where the terms cancel. Worst of 1,000 draws for
# each op, against the loops and against PyTorch: 2.5e-6 (SE) and 6.0e-15 (batch norm).
TOLERANCE = {np.float32: 1e-5, np.float64: 3e-14}

few, sizes, channels = st.integers(1, 3), st.integers(1, 5), st.integers(1, 4)


def spread(rng, *shape):
    """Values of order 1, in random order, no two of them close and none close to 0: no ties, no kinks."""
    n = int(np.prod(shape))
    places = rng.permutation(n) - n // 2 + rng.uniform(0.25, 0.75, n)
    return (places * (4 / max(n, 4))).reshape(shape)


def draw_images(draw, rng, smallest=1):
    """A batch of images, at least so many pixels high and wide."""
    side = st.integers(smallest, 6)
    return spread(rng, draw(few), draw(side), draw(side), draw(channels))


def draw_conv2d(draw, rng):
    kh, kw, pad, c_in, c_out = draw(few), draw(few), draw(st.integers(0, 2)), draw(few), draw(few)
    height, width = draw(st.integers(max(1, kh - 2 * pad), 5)), draw(st.integers(max(1, kw - 2 * pad), 5))
    w, b = rng.standard_normal((kh, kw, c_in, c_out)), rng.standard_normal(c_out) if draw(st.booleans()) else None
    return {"x": spread(rng, draw(few), height, width, c_in), "w": w, "b": b, "stride": draw(few), "pad": pad}


def draw_depthwise_conv2d(draw, rng):
    args = draw_conv2d(draw, rng)
    c = args["x"].shape[3]
    b = None if args["b"] is None else rng.standard_normal(c)
    return {**args, "w": rng.standard_normal((*args["w"].shape[:2], c)), "b": b}


def draw_linear(draw, rng):
    n, d, m = draw(sizes), draw(sizes), draw(sizes)
    b = rng.standard_normal(m) if draw(st.booleans()) else None
    return {"x": rng.standard_normal((n, d)), "w": rng.standard_normal((d, m)), "b": b}


def draw_activation(draw, rng):
    return {"x": 2 * spread(rng, *(draw(sizes) for _ in range(draw(sizes))))}


def draw_global_pool(draw, rng):
    return {"x": draw_images(draw, rng)}


def draw_pool(draw, rng):
    size = draw(st.integers(1, 4))
    return {"x": draw_images(draw, rng, smallest=size), "size": size, "stride": draw(st.integers(1, 4))}


def draw_padded_pool(draw, rng):
    size = draw(st.integers(1, 4))
    pad = draw(st.integers(0, size - 1))
    x = draw_images(draw, rng, smallest=max(1, size - 2 * pad))
    return {"x": x, "size": size, "stride": draw(st.integers(1, 4)), "pad": pad, "ceil": draw(st.booleans())}


def draw_channel_scale(draw, rng):
    u = draw_images(draw, rng)
    return {"u": u, "s": rng.standard_normal((u.shape[0], u.shape[3]))}


def draw_batch_norm(draw, rng):
    x = spread(rng, draw(st.integers(2, 6)), draw(channels)) if draw(st.booleans()) else draw_images(draw, rng, 2)
    c = x.shape[-1]
    constants = {"mean": rng.standard_normal(c), "var": rng.uniform(0.5, 2, c)} if draw(st.booleans()) else {}
    eps = draw(st.sampled_from([1e-5, 1e-3]))
    return {"x": x, "gamma": rng.standard_normal(c), "beta": rng.standard_normal(c), **constants, "eps": eps}


def draw_softmax_cross_entropy(draw, rng):
    n, k = draw(sizes), draw(st.integers(2, 6))
    smoothing = draw(st.sampled_from([0.0, 0.2, 1.0]))
    return {"logits": 3 * rng.standard_normal((n, k)), "labels": rng.integers(k, size=n), "label_smoothing": smoothing}


SQUEEZED = {  # (N, H, W, C) → the rows that pass through the FCs
    "avg": lambda u: u.mean(axis=(1, 2)),
    "max": lambda u: u.max(axis=(1, 2)),
    "none": lambda u: u.reshape(-1, u.shape[3]),
    "avg+max": lambda u: np.concatenate([u.mean(axis=(1, 2)), u.max(axis=(1, 2))]),
}


def draw_block(draw, rng, squeeze):
    """A whole block, redrawn where rounding could tip a ReLU over."""
    u, r, bias = draw_images(draw, rng), draw(few), draw(st.booleans())
    c, h = u.shape[3], se.hidden_width(u.shape[3], r)
    w1, b1 = rng.standard_normal((c, h)) / c**0.5, rng.standard_normal(h) if bias else None
    w2, b2 = rng.standard_normal((h, c)) / h**0.5, rng.standard_normal(c) if bias else None
    gate = draw(st.sampled_from([*se.GATE]))
    a = loops.linear_forward(SQUEEZED[squeeze](u), w1, b1)[0]
    e = loops.linear_forward(a * (a > 0), w2, b2)[0]
    e = e[: len(u)] + e[len(u) :] if squeeze == "avg+max" else e
    assume(np.abs(a).min() > 1e-3 and (gate != "relu" or np.abs(e).min() > 1e-3))
    return {"u": u, "w1": w1, "b1": b1, "w2": w2, "b2": b2, "gate": gate}


def draw_se(draw, rng):
    squeeze = draw(st.sampled_from([*se.SQUEEZE]))
    return {**draw_block(draw, rng, squeeze), "squeeze": squeeze}


def draw_eca(draw, rng):
    u, w, gate = draw_images(draw, rng), rng.standard_normal(2 * draw(few) - 1), draw(st.sampled_from([*se.GATE]))
    assume(gate != "relu" or np.abs(variants.eca_forward(u, w)[1].neighbors @ w).min() > 1e-3)
    return {"u": u, "w": w, "gate": gate}


DRAWS = {
    "conv2d": draw_conv2d,
    "depthwise_conv2d": draw_depthwise_conv2d,
    "linear": draw_linear,
    "relu": draw_activation,
    "sigmoid": draw_activation,
    "tanh": draw_activation,
    "hard_sigmoid": draw_activation,
    "hard_swish": draw_activation,
    "global_avg_pool": draw_global_pool,
    "global_max_pool": draw_global_pool,
    "max_pool2d": draw_padded_pool,
    "avg_pool2d": draw_pool,
    "channel_scale": draw_channel_scale,
    "batch_norm": draw_batch_norm,
    "softmax_cross_entropy": draw_softmax_cross_entropy,
    "se": draw_se,
    "se_per_position": lambda draw, rng: draw_block(draw, rng, "none"),
    "se_avg_max": lambda draw, rng: draw_block(draw, rng, "avg+max"),
    "eca": draw_eca,
}
BLOCKS = {
    "se": (se.se_forward, se.se_backward),
    "se_per_position": (variants.se_per_position_forward, variants.se_per_position_backward),
    "se_avg_max": (variants.se_avg_max_forward, variants.se_avg_max_backward),
    "eca": (variants.eca_forward, variants.eca_backward),
}


@st.composite
def problems(draw, op, dtype):
    """An op's arguments and an upstream gradient, all in one dtype: (args, dy)."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    args = {
        name: value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value
        for name, value in DRAWS[op](draw, rng).items()
    }
    return args, np.asarray(rng.standard_normal(forward(op, args)[0].shape), dtype)


def forward(op, args):
    return (BLOCKS[op][0] if op in BLOCKS else getattr(ops, f"{op}_forward"))(**args)


def backward(op, dy, cache):
    """Our gradients as a tuple, one of them or many."""
    grads = (BLOCKS[op][1] if op in BLOCKS else getattr(ops, f"{op}_backward"))(dy, cache)
    return grads if isinstance(grads, tuple) else (grads,)


def deviation(a, b):
    """Largest difference, as a share of the largest value or of 1; shapes and dtypes must be the same."""
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    return float(np.abs(a - b).max() / max(1, np.abs(b).max()))
