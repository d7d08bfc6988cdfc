"""Drawn cases: Hypothesis chooses shapes and options, and the vectorized ops must equal the plain loops.

`test_reference.py` has a few cases chosen by hand; `draws.py` says what is drawn, and `test_pytorch.py` draws the same.
"""

import numpy as np
import pytest
from draws import BLOCKS, DRAWS, REPEATABLE, TOLERANCE, backward, deviation, forward, problems
from hypothesis import find, given, settings
from hypothesis import strategies as st

from senet_np import ops
from senet_np.ops import reference as loops


def by_loops(op, args, dy):
    """y and the gradients, by the loops of `ops/reference/`."""
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
    limits = settings(REPEATABLE, max_examples=1000)
    found = find(problems(op, np.float64), lambda problem: wanted(problem[0]), settings=limits)
    assert wanted(found[0])
