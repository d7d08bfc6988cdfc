"""The SE block: what it computes, in numbers that can be followed by hand."""

import re

import numpy as np
import pytest

from senet_np.ops import reference as loops
from senet_np.se import hidden_width, se_backward, se_forward


def block(c=6, h=4, n=2, rng=None):
    rng = rng or np.random.default_rng(0)
    return {
        "u": rng.standard_normal((n, 3, 4, c)),
        "w1": rng.standard_normal((c, h)),
        "b1": rng.standard_normal(h),
        "w2": rng.standard_normal((h, c)),
        "b2": rng.standard_normal(c),
    }


def test_the_block_is_the_papers_three_equations():
    args = block()
    x_scaled, _ = se_forward(**args)
    for n in range(2):
        z = args["u"][n].mean(axis=(0, 1))  # Eq. 2
        e = args["w2"].T @ np.maximum(args["w1"].T @ z + args["b1"], 0) + args["b2"]
        s = 1 / (1 + np.exp(-e))  # Eq. 3
        assert np.allclose(x_scaled[n], s * args["u"][n])  # Eq. 4


def test_the_block_equals_a_chain_of_loops_forward_and_backward():
    args = block()
    x_scaled, cache = se_forward(**args)
    dx = np.random.default_rng(1).standard_normal(x_scaled.shape)

    z, c1 = loops.global_avg_pool_forward(args["u"])
    a, c2 = loops.linear_forward(z, args["w1"], args["b1"])
    h, c3 = loops.relu_forward(a)
    e, c4 = loops.linear_forward(h, args["w2"], args["b2"])
    s, c5 = loops.sigmoid_forward(e)
    x_loops, c6 = loops.channel_scale_forward(args["u"], s)
    du_scale, ds = loops.channel_scale_backward(dx, c6)
    dh, dw2, db2 = loops.linear_backward(loops.sigmoid_backward(ds, c5), c4)
    dz, dw1, db1 = loops.linear_backward(loops.relu_backward(dh, c3), c2)
    du = du_scale + loops.global_avg_pool_backward(dz, c1)

    assert np.allclose(x_scaled, x_loops, rtol=1e-13)
    for ours, theirs in zip(se_backward(dx, cache), (du, dw1, db1, dw2, db2), strict=True):
        assert np.allclose(ours, theirs, rtol=1e-12)


def test_with_zero_weights_every_gate_is_one_half():
    args = {name: np.zeros_like(a) if name != "u" else a for name, a in block().items()}
    x_scaled, _ = se_forward(**args)
    assert np.array_equal(x_scaled, args["u"] / 2)


def test_a_gate_depends_on_its_own_image_alone():
    args = block()
    together = se_forward(**args)[1].s
    alone = se_forward(**{**args, "u": args["u"][:1]})[1].s
    assert np.allclose(together[:1], alone, rtol=1e-14)


def test_sigmoid_gates_only_attenuate():
    s = se_forward(**block(n=50))[1].s
    assert ((s > 0) & (s < 1)).all()


@pytest.mark.parametrize(("c", "r", "h"), [(64, 16, 4), (16, 16, 2), (16, 4, 4), (3, 1, 3), (2, 8, 2), (100, 3, 33)])
def test_the_hidden_width_is_c_over_r_but_never_below_2(c, r, h):
    assert hidden_width(c, r) == h


@pytest.mark.parametrize(("c", "r", "multiple"), [(0, 4, 1), (8, 0, 1), (8, 4, 0)])
def test_a_width_or_ratio_below_1_is_refused(c, r, multiple):
    found = f"channels is {c}, reduction {r} and multiple {multiple}"
    with pytest.raises(ValueError, match=f"{found}, expected all to be at least 1"):
        hidden_width(c, r, multiple)


def test_one_is_a_width_and_a_ratio():
    assert hidden_width(1, 1) == 2


def test_without_biases_their_gradients_are_none():
    _, _, db1, _, db2 = se_backward(np.ones((2, 3, 4, 6)), se_forward(**{**block(), "b1": None, "b2": None})[1])
    assert db1 is None
    assert db2 is None


@pytest.mark.parametrize("option", [{"squeeze": "sum"}, {"gate": "softmax"}])
def test_an_unknown_option_is_named(option):
    with pytest.raises(ValueError, match=re.escape(repr(next(iter(option.values()))))):
        se_forward(**block(), **option)


def test_a_matrix_of_the_wrong_shape_is_named():
    with pytest.raises(ValueError, match=r"w1 has shape \(5, 4\), expected \(6, h\)"):
        se_forward(**{**block(), "w1": np.ones((5, 4))})
