"""Drawn cases: Hypothesis chooses shapes and options, and the vectorised ops must equal the plain loops.

`test_reference.py` has a few cases chosen by hand; here are those that nobody thought of: batches of one, pictures of
one pixel, windows that overlap or leave gaps, kernels larger than the picture. `test_pytorch.py` draws from the same
lists. The draws are the same in every run.
"""

import numpy as np
import pytest
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st

from senet_np import ops, se
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


def draw_se(draw, rng):
    """The whole block, redrawn where rounding could tip a ReLU over."""
    u, r, bias = draw_picture(draw, rng), draw(few), draw(st.booleans())
    c, h = u.shape[3], se.hidden_width(u.shape[3], r)
    w1, b1 = rng.standard_normal((c, h)) / c**0.5, rng.standard_normal(h) if bias else None
    w2, b2 = rng.standard_normal((h, c)) / h**0.5, rng.standard_normal(c) if bias else None
    squeeze, gate = draw(st.sampled_from([*se.SQUEEZE])), draw(st.sampled_from([*se.GATE]))
    a = loops.linear_forward({"avg": np.mean, "max": np.max}[squeeze](u, axis=(1, 2)), w1, b1)[0]
    e = loops.linear_forward(a * (a > 0), w2, b2)[0]
    assume(np.abs(a).min() > 1e-3 and (gate != "relu" or np.abs(e).min() > 1e-3))
    return {"u": u, "w1": w1, "b1": b1, "w2": w2, "b2": b2, "squeeze": squeeze, "gate": gate}


DRAWS = {
    "conv2d": draw_conv2d,
    "linear": draw_linear,
    "relu": draw_activation,
    "sigmoid": draw_activation,
    "tanh": draw_activation,
    "global_avg_pool": draw_global_pool,
    "global_max_pool": draw_global_pool,
    "max_pool2d": draw_pool,
    "avg_pool2d": draw_pool,
    "channel_scale": draw_channel_scale,
    "batch_norm": draw_batch_norm,
    "softmax_cross_entropy": draw_softmax_cross_entropy,
    "se": draw_se,
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
    return getattr(se if op == "se" else ops, f"{op}_forward")(**args)


def backward(op, dy, cache):
    """Our gradients as a tuple, one of them or many."""
    grads = getattr(se if op == "se" else ops, f"{op}_backward")(dy, cache)
    return grads if isinstance(grads, tuple) else (grads,)


def deviation(a, b):
    """Largest difference, as a share of the largest value or of 1; shapes and dtypes must be the same."""
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    return float(np.abs(a - b).max() / max(1, np.abs(b).max()))


def by_loops(op, args, dy):
    """y and the gradients, by the loops of `ops/reference.py`."""
    if op == "se":
        return se_by_loops(dy=dy, **args)
    y, cache = getattr(loops, f"{op}_forward")(**args)
    grads = getattr(loops, f"{op}_backward")(dy, cache)
    return y, grads if isinstance(grads, tuple) else (grads,)


def se_by_loops(u, w1, b1, w2, b2, squeeze, gate, dy):
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


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("op", DRAWS)
@REPEATABLE
@given(data=st.data())
def test_vectorised_equals_loops_forward_and_backward(op, dtype, data):
    args, dy = data.draw(problems(op, dtype))
    y, cache = forward(op, args)
    y_loops, grads_loops = by_loops(op, args, dy)
    for ours, theirs in zip((y, *backward(op, dy, cache)), (y_loops, *grads_loops), strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or deviation(ours, theirs) <= TOLERANCE[dtype]


def test_every_op_is_drawn():
    promised = {name.removesuffix("_forward") for name in vars(ops) if name.endswith("_forward")}
    assert promised | {"se"} == set(DRAWS)


@pytest.mark.parametrize(
    ("op", "wanted"),
    [
        ("conv2d", lambda a: a["x"].shape[0] == 1 and a["x"].shape[1] != a["x"].shape[2]),
        ("conv2d", lambda a: a["w"].shape[0] != a["w"].shape[1] and a["b"] is None),
        ("conv2d", lambda a: 1 < a["stride"] < max(a["w"].shape[:2]) and a["pad"] > 0),
        ("conv2d", lambda a: a["stride"] > max(a["w"].shape[:2])),
        ("max_pool2d", lambda a: a["stride"] < a["size"] < min(a["x"].shape[1:3])),
        ("avg_pool2d", lambda a: a["stride"] > a["size"] > 1),
        ("batch_norm", lambda a: a["x"].ndim == 4 and a["x"].shape[0] == 1 and "mean" not in a),
        ("se", lambda a: a["u"].shape[0] == 1 and a["squeeze"] == "max" and a["gate"] == "tanh" and a["b1"] is None),
    ],
    ids=[
        *("one image, not square", "kernel not square, no bias", "overlap and padding", "kernels with gaps"),
        *("pooling that overlaps", "pooling with gaps", "batch norm of one image", "SE of one image"),
    ],
)
def test_the_draws_hold_the_case(op, wanted):
    find(problems(op, np.float64), lambda problem: wanted(problem[0]), settings=settings(REPEATABLE, max_examples=1000))
