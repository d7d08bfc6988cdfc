"""Drawn cases: Hypothesis chooses shapes and options, and the vectorized ops must equal the plain loops.

`test_reference.py` has a few cases chosen by hand; here are those that nobody thought of: batches of one, pictures of
one pixel, windows that overlap or leave gaps, kernels larger than the picture. `test_pytorch.py` draws from the same
lists. The draws are the same in every run.
"""

import numpy as np
import pytest
from hypothesis import assume, find, given, settings
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


def draw_picture(draw, rng, least=1):
    """A batch of pictures, at least so many pixels high and wide."""
    side = st.integers(least, 6)
    return spread(rng, draw(few), draw(side), draw(side), draw(channels))


def draw_conv2d(draw, rng):
    kh, kw, pad, c_in, c_out = draw(few), draw(few), draw(st.integers(0, 2)), draw(few), draw(few)
    height, width = draw(st.integers(max(1, kh - 2 * pad), 5)), draw(st.integers(max(1, kw - 2 * pad), 5))
    w, b = rng.standard_normal((kh, kw, c_in, c_out)), rng.standard_normal(c_out) if draw(st.booleans()) else None
    return {"x": spread(rng, draw(few), height, width, c_in), "w": w, "b": b, "stride": draw(few), "pad": pad}


def draw_linear(draw, rng):
    n, d, m = draw(sizes), draw(sizes), draw(sizes)
    b = rng.standard_normal(m) if draw(st.booleans()) else None
    return {"x": rng.standard_normal((n, d)), "w": rng.standard_normal((d, m)), "b": b}


def draw_activation(draw, rng):
    return {"x": 2 * spread(rng, *(draw(sizes) for _ in range(draw(sizes))))}


def draw_global_pool(draw, rng):
    return {"x": draw_picture(draw, rng)}


def draw_pool(draw, rng):
    size = draw(st.integers(1, 4))
    return {"x": draw_picture(draw, rng, least=size), "size": size, "stride": draw(st.integers(1, 4))}


def draw_padded_pool(draw, rng):
    size = draw(st.integers(1, 4))
    pad = draw(st.integers(0, size - 1))
    x = draw_picture(draw, rng, least=max(1, size - 2 * pad))
    return {"x": x, "size": size, "stride": draw(st.integers(1, 4)), "pad": pad}


def draw_channel_scale(draw, rng):
    u = draw_picture(draw, rng)
    return {"u": u, "s": rng.standard_normal((u.shape[0], u.shape[3]))}


def draw_batch_norm(draw, rng):
    x = spread(rng, draw(st.integers(2, 6)), draw(channels)) if draw(st.booleans()) else draw_picture(draw, rng, 2)
    c = x.shape[-1]
    constants = {"mean": rng.standard_normal(c), "var": rng.uniform(0.5, 2, c)} if draw(st.booleans()) else {}
    eps = draw(st.sampled_from([1e-5, 1e-3]))
    return {"x": x, "gamma": rng.standard_normal(c), "beta": rng.standard_normal(c), **constants, "eps": eps}


def draw_softmax_cross_entropy(draw, rng):
    n, k = draw(sizes), draw(st.integers(2, 6))
    return {"logits": 3 * rng.standard_normal((n, k)), "labels": rng.integers(k, size=n)}


SQUEEZED = {  # (N, H, W, C) → the rows that pass through the FCs
    "avg": lambda u: u.mean(axis=(1, 2)),
    "max": lambda u: u.max(axis=(1, 2)),
    "none": lambda u: u.reshape(-1, u.shape[3]),
    "avg+max": lambda u: np.concatenate([u.mean(axis=(1, 2)), u.max(axis=(1, 2))]),
}


def draw_block(draw, rng, squeeze):
    """A whole block, redrawn where rounding could tip a ReLU over."""
    u, r, bias = draw_picture(draw, rng), draw(few), draw(st.booleans())
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
    u, w, gate = draw_picture(draw, rng), rng.standard_normal(2 * draw(few) - 1), draw(st.sampled_from([*se.GATE]))
    assume(gate != "relu" or np.abs(variants.eca_forward(u, w)[1].neighbors @ w).min() > 1e-3)
    return {"u": u, "w": w, "gate": gate}


DRAWS = {
    "conv2d": draw_conv2d,
    "linear": draw_linear,
    "relu": draw_activation,
    "sigmoid": draw_activation,
    "tanh": draw_activation,
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


def by_loops(op, args, dy):
    """y and the gradients, by the loops of `ops/reference.py`."""
    if op in BLOCKS:
        return BLOCKS_BY_LOOPS[op](dy=dy, **args)
    y, cache = getattr(loops, f"{op}_forward")(**args)
    grads = getattr(loops, f"{op}_backward")(dy, cache)
    return y, grads if isinstance(grads, tuple) else (grads,)


def se_by_loops(u, w1, b1, w2, b2, gate, squeeze, dy):
    """The SE block as a chain of loops."""
    z, c1 = getattr(loops, f"global_{squeeze}_pool_forward")(u)
    a, c2 = loops.linear_forward(z, w1, b1)
    h, c3 = loops.relu_forward(a)
    e, c4 = loops.linear_forward(h, w2, b2)
    s, c5 = getattr(loops, f"{gate}_forward")(e)
    x_scaled, c6 = loops.channel_scale_forward(u, s)
    du_scale, ds = loops.channel_scale_backward(dy, c6)
    dh, dw2, db2 = loops.linear_backward(getattr(loops, f"{gate}_backward")(ds, c5), c4)
    dz, dw1, db1 = loops.linear_backward(loops.relu_backward(dh, c3), c2)
    return x_scaled, (du_scale + getattr(loops, f"global_{squeeze}_pool_backward")(dz, c1), dw1, db1, dw2, db2)


def se_per_position_by_loops(u, w1, b1, w2, b2, gate, dy):
    """The paper's words for it: the FCs as 1×1 convolutions."""
    a, c1 = loops.conv2d_forward(u, w1[None, None], b1, pad=0)
    h, c2 = loops.relu_forward(a)
    e, c3 = loops.conv2d_forward(h, w2[None, None], b2, pad=0)
    s, c4 = getattr(loops, f"{gate}_forward")(e)
    dh, dw2, db2 = loops.conv2d_backward(getattr(loops, f"{gate}_backward")(dy * u, c4), c3)
    du, dw1, db1 = loops.conv2d_backward(loops.relu_backward(dh, c2), c1)
    return u * s, (dy * s + du, dw1[0, 0], db1, dw2[0, 0], db2)


def se_avg_max_by_loops(u, w1, b1, w2, b2, gate, dy):
    """Two chains that begin with another squeeze; what both give to a gradient is added up."""
    e, chains = 0, []
    for squeeze in ("avg", "max"):
        z, c1 = getattr(loops, f"global_{squeeze}_pool_forward")(u)
        a, c2 = loops.linear_forward(z, w1, b1)
        h, c3 = loops.relu_forward(a)
        e_one, c4 = loops.linear_forward(h, w2, b2)
        e = e + e_one
        chains.append((getattr(loops, f"global_{squeeze}_pool_backward"), c1, c2, c3, c4))
    s, c5 = getattr(loops, f"{gate}_forward")(e)
    x_scaled, c6 = loops.channel_scale_forward(u, s)
    du, ds = loops.channel_scale_backward(dy, c6)
    de, dw1, db1, dw2, db2 = getattr(loops, f"{gate}_backward")(ds, c5), 0, 0, 0, 0
    for pool_backward, c1, c2, c3, c4 in chains:
        dh, more_dw2, more_db2 = loops.linear_backward(de, c4)
        dz, more_dw1, more_db1 = loops.linear_backward(loops.relu_backward(dh, c3), c2)
        du, dw1, dw2 = du + pool_backward(dz, c1), dw1 + more_dw1, dw2 + more_dw2
        db1, db2 = (None, None) if b1 is None else (db1 + more_db1, db2 + more_db2)
    return x_scaled, (du, dw1, db1, dw2, db2)


def eca_by_loops(u, w, gate, dy):
    """Each product w·z sends its gate's gradient times z to w and times w to z."""
    z, c1 = loops.global_avg_pool_forward(u)
    c, middle = z.shape[1], len(w) // 2
    e, dz, dw = np.zeros_like(z), np.zeros_like(z), np.zeros_like(w)
    products = [(n, k, j) for n, k, j in np.ndindex(*z.shape, len(w)) if 0 <= k + j - middle < c]
    for n, k, j in products:
        e[n, k] += w[j] * z[n, k + j - middle]
    s, c2 = getattr(loops, f"{gate}_forward")(e)
    x_scaled, c3 = loops.channel_scale_forward(u, s)
    du, ds = loops.channel_scale_backward(dy, c3)
    de = getattr(loops, f"{gate}_backward")(ds, c2)
    for n, k, j in products:
        dw[j] += de[n, k] * z[n, k + j - middle]
        dz[n, k + j - middle] += de[n, k] * w[j]
    return x_scaled, (du + loops.global_avg_pool_backward(dz, c1), dw)


BLOCKS_BY_LOOPS = {
    "se": se_by_loops,
    "se_per_position": se_per_position_by_loops,
    "se_avg_max": se_avg_max_by_loops,
    "eca": eca_by_loops,
}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("op", DRAWS)
@REPEATABLE
@given(data=st.data())
def test_vectorized_equals_loops_forward_and_backward(op, dtype, data):
    args, dy = data.draw(problems(op, dtype))
    y, cache = forward(op, args)
    y_loops, grads_loops = by_loops(op, args, dy)
    for ours, theirs in zip((y, *backward(op, dy, cache)), (y_loops, *grads_loops), strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or deviation(ours, theirs) <= TOLERANCE[dtype]


def test_every_op_is_drawn():
    promised = {name.removesuffix("_forward") for name in vars(ops) if name.endswith("_forward")}
    assert promised | set(BLOCKS) == set(DRAWS)


@pytest.mark.parametrize(
    ("op", "wanted"),
    [
        ("conv2d", lambda a: a["x"].shape[0] == 1 and a["x"].shape[1] != a["x"].shape[2]),
        ("conv2d", lambda a: a["w"].shape[0] != a["w"].shape[1] and a["b"] is None),
        ("conv2d", lambda a: 1 < a["stride"] < max(a["w"].shape[:2]) and a["pad"] > 0),
        ("conv2d", lambda a: a["stride"] > max(a["w"].shape[:2])),
        ("max_pool2d", lambda a: a["stride"] < a["size"] < min(a["x"].shape[1:3])),
        ("max_pool2d", lambda a: 1 < 2 * a["pad"] < a["size"] and a["stride"] > 1),
        ("max_pool2d", lambda a: 2 * a["pad"] > a["size"] > a["x"].shape[1]),
        ("avg_pool2d", lambda a: a["stride"] > a["size"] > 1),
        ("batch_norm", lambda a: a["x"].ndim == 4 and a["x"].shape[0] == 1 and "mean" not in a),
        ("se", lambda a: a["u"].shape[0] == 1 and a["squeeze"] == "max" and a["gate"] == "tanh" and a["b1"] is None),
        ("eca", lambda a: len(a["w"]) > a["u"].shape[3] > 1),
    ],
    ids=[
        *("one image, not square", "kernel not square, no bias", "overlap and padding", "kernels with gaps"),
        *("pooling that overlaps", "pooling with a frame", "pooling with a frame wider than half a window"),
        *("pooling with gaps", "batch norm of one image", "SE of one image", "a kernel wider than the channels"),
    ],
)
def test_the_draws_hold_the_case(op, wanted):
    find(problems(op, np.float64), lambda problem: wanted(problem[0]), settings=settings(REPEATABLE, max_examples=1000))
