"""The SE block's relatives: what each computes, told in another way than the code does.

They are among the cases of `gradcheck/cases.py`, so `test_gradients.py` checks their gradients, `test_purity.py` what
they leave alone, and `test_arguments.py` what they refuse; `test_drawn.py` compares them with loops.
"""

import re

import numpy as np
import pytest

from senet_np import ops
from senet_np.fast import blocks
from senet_np.se import GATE, se_backward, se_forward
from senet_np.variants import (
    BLOCKS,
    eca_backward,
    eca_forward,
    eca_kernel,
    se_avg_max_backward,
    se_avg_max_forward,
    se_per_position_backward,
    se_per_position_forward,
)

every_gate = pytest.mark.parametrize("gate", GATE)
WITH_FCS = {
    "per position": (se_per_position_forward, se_per_position_backward),
    "avg+max": (se_avg_max_forward, se_avg_max_backward),
}
PAIRS = WITH_FCS | {"ECA": (eca_forward, eca_backward)}
every_pair = pytest.mark.parametrize("name", PAIRS)


def rng(seed=0):
    return np.random.default_rng(seed)


def block(u, h=4, dtype=np.float64):
    """Feature maps and two FCs that fit them."""
    draw, c = rng(1), u.shape[3]
    fcs = {"w1": (c, h), "b1": (h,), "w2": (h, c), "b2": (c,)}
    return {"u": u, **{name: draw.standard_normal(shape).astype(dtype) for name, shape in fcs.items()}}


def maps(*shape, seed=0, dtype=np.float64):
    return rng(seed).standard_normal(shape).astype(dtype)


def arguments(name, seed=0, dtype=np.float64):
    """For any of the three."""
    u = maps(2, 3, 4, 6, seed=seed, dtype=dtype)
    return {"u": u, "w": maps(3, seed=2, dtype=dtype)} if name == "ECA" else block(u, dtype=dtype)


# Without the squeeze


@every_gate
def test_without_the_squeeze_each_pixel_is_treated_as_an_image_of_its_own(gate):
    args = block(maps(2, 3, 4, 6))
    x_scaled, _ = se_per_position_forward(**args, gate=gate)
    for n, i, j in np.ndindex(2, 3, 4):
        pixel = args["u"][n : n + 1, i : i + 1, j : j + 1]
        alone, _ = se_forward(**{**args, "u": pixel}, gate=gate)
        assert np.allclose(x_scaled[n, i, j], alone[0, 0, 0], rtol=1e-13, atol=1e-15)


def test_without_the_squeeze_another_pixel_changes_nothing():
    args = block(maps(1, 3, 4, 6))
    before = se_per_position_forward(**args)[0]
    args["u"] = args["u"].copy()
    args["u"][0, 2, 3] += 1
    moved = (se_per_position_forward(**args)[0] != before).any(axis=(0, 3))
    assert np.argwhere(moved).tolist() == [[2, 3]]


def test_on_images_of_one_pixel_the_squeeze_does_nothing():
    args = block(maps(3, 1, 1, 6))
    dx = maps(3, 1, 1, 6, seed=2)
    (y, cache), (y_se, cache_se) = se_per_position_forward(**args), se_forward(**args)
    assert np.array_equal(y, y_se)
    assert all(map(np.array_equal, se_per_position_backward(dx, cache), se_backward(dx, cache_se)))


def test_without_the_squeeze_a_gradient_with_height_and_width_exchanged_is_refused():
    _, cache = se_per_position_forward(**block(maps(2, 3, 4, 6)))
    with pytest.raises(ValueError, match=r"^dx_scaled has shape \(2, 4, 3, 6\), expected \(2, 3, 4, 6\)"):
        se_per_position_backward(np.ones((2, 4, 3, 6)), cache)


# Two squeezes


@every_gate
def test_where_mean_and_maximum_are_the_same_two_squeezes_count_what_one_says_twice(gate):
    args = block(np.broadcast_to(maps(3, 1, 1, 6), (3, 4, 5, 6)))  # maps that are constant
    once = {**args, "w2": 2 * args["w2"], "b2": 2 * args["b2"]}  # then e is doubled
    assert np.allclose(se_avg_max_forward(**args, gate=gate)[0], se_forward(**once, gate=gate)[0], rtol=1e-13)


def test_the_gate_of_two_squeezes_is_cbams_equation():
    args = block(maps(2, 3, 4, 6))
    _, cache = se_avg_max_forward(**args)
    for n, u in enumerate(args["u"]):
        e = [
            args["w2"].T @ np.maximum(args["w1"].T @ z + args["b1"], 0) + args["b2"]
            for z in (u.mean(axis=(0, 1)), u.max(axis=(0, 1)))
        ]
        assert np.allclose(cache.s[n], 1 / (1 + np.exp(-e[0] - e[1])))


def test_the_second_bias_counts_twice():
    args = block(maps(2, 3, 4, 6))
    args["w2"] = np.zeros_like(args["w2"])
    _, cache = se_avg_max_forward(**args)
    assert np.allclose(cache.s, ops.sigmoid_forward(2 * args["b2"])[0])


# ECA


@pytest.mark.parametrize("k", [1, 3, 5, 7])
def test_eca_convolves_the_means_along_the_channels(k):
    u, w = maps(3, 4, 5, 6), maps(k, seed=1)
    _, cache = eca_forward(u, w)
    for n in range(3):
        z = np.pad(u[n].mean(axis=(0, 1)), k // 2)
        e = np.convolve(z, w[::-1], mode="valid")  # NumPy's turns the kernel round, networks' do not
        assert np.allclose(cache.s[n], 1 / (1 + np.exp(-e)))


def test_eca_multiplies_each_channel_by_its_gate():
    u = maps(2, 3, 4, 6)
    x_scaled, cache = eca_forward(u, maps(3, seed=1))
    assert np.allclose(x_scaled, u * cache.s[:, None, None, :], rtol=1e-15)
    assert cache.u is u
    assert np.allclose(cache.z, u.mean(axis=(1, 2)))


def test_a_gate_of_eca_listens_to_its_neighbors_alone():
    u, w = maps(1, 3, 4, 9), maps(3, seed=1)
    before = eca_forward(u, w)[1].s
    u[..., 4] += 1
    assert np.flatnonzero(eca_forward(u, w)[1].s != before).tolist() == [3, 4, 5]


@pytest.mark.parametrize(("c", "k"), [(16, 3), (32, 3), (64, 3), (128, 5), (256, 5), (512, 5)])
def test_the_width_of_ecas_kernel_is_as_in_the_paper(c, k):
    assert eca_kernel(c) == k


def test_the_width_of_ecas_kernel_is_odd_and_within_one_of_half_the_logarithm():
    for c in range(1, 2049):
        assert eca_kernel(c) % 2 == 1
        assert abs(eca_kernel(c) - (np.log2(c) + 1) / 2) <= 1


@pytest.mark.parametrize("k", [2, 4])
def test_a_kernel_without_a_middle_is_refused(k):
    with pytest.raises(ValueError, match=f"^w has {k} numbers, expected an odd number"):
        eca_forward(maps(2, 3, 4, 6), np.ones(k))


# What a cache shows

SQUEEZED = {
    "avg": lambda u: u.mean(axis=(1, 2)),
    "max": lambda u: u.max(axis=(1, 2)),
    "none": lambda u: u,
    "avg+max": lambda u: np.concatenate([u.mean(axis=(1, 2)), u.max(axis=(1, 2))]),
}
every_block = pytest.mark.parametrize("squeeze", BLOCKS)
plain_and_fast = pytest.mark.parametrize("table", [BLOCKS, blocks.BLOCKS], ids=["plain", "fast"])


@plain_and_fast
@every_block
def test_a_cache_has_the_input_the_squeeze_and_the_hidden_units(squeeze, table):
    args = block(maps(2, 3, 4, 6))
    _, cache = table[squeeze][0](**args)
    z = SQUEEZED[squeeze](args["u"])
    h = np.maximum(z.reshape(-1, 6) @ args["w1"] + args["b1"], 0)
    assert cache.u is args["u"]
    assert (cache.z.shape, cache.h.shape) == (z.shape, h.shape)
    assert np.allclose(cache.z, z, rtol=1e-13)
    assert np.allclose(cache.h, h, rtol=1e-12)


@every_gate
@plain_and_fast
@every_block
def test_a_caches_gates_are_the_gate_function_of_the_second_fc(squeeze, table, gate):
    args = block(maps(2, 3, 4, 6))
    _, cache = table[squeeze][0](**args, gate=gate)
    e = cache.h @ args["w2"] + args["b2"]
    e = e[:2] + e[2:] if squeeze == "avg+max" else e
    s = GATE[gate][0](e)[0]
    assert cache.s.shape == ((2, 3, 4, 6) if squeeze == "none" else (2, 6))
    assert np.allclose(cache.s, s.reshape(cache.s.shape), rtol=1e-13)


@plain_and_fast
@every_block
def test_a_cache_names_its_squeeze_and_its_gate(squeeze, table):
    _, cache = table[squeeze][0](**block(maps(2, 3, 4, 6)), gate="tanh")
    assert (cache.squeeze, cache.gate) == (squeeze, "tanh")


@plain_and_fast
@every_block
def test_the_output_is_the_input_times_the_caches_gates(squeeze, table):
    args = block(maps(2, 3, 4, 6))
    x_scaled, cache = table[squeeze][0](**args)
    s = cache.s if squeeze == "none" else cache.s[:, None, None, :]
    assert np.array_equal(x_scaled, s * args["u"])


# All of them


@every_pair
def test_an_unknown_gate_is_named(name):
    with pytest.raises(ValueError, match=rf"gate='softmax'.*: expected .*{re.escape(repr([*GATE]))}"):
        PAIRS[name][0](**arguments(name), gate="softmax")


@every_pair
def test_the_gate_is_a_sigmoid_unless_another_is_asked_for(name):
    forward, args = PAIRS[name][0], arguments(name)
    assert np.array_equal(forward(**args)[0], forward(**args, gate="sigmoid")[0])


@every_pair
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_goes_in_and_what_comes_out_have_one_dtype(name, dtype):
    forward, backward = PAIRS[name]
    y, cache = forward(**arguments(name, dtype=dtype))
    assert {a.dtype for a in (y, cache.z, cache.s, *backward(np.ones_like(y), cache))} == {np.dtype(dtype)}


@pytest.mark.parametrize("name", WITH_FCS)
def test_without_biases_their_gradients_are_none(name):
    forward, backward = WITH_FCS[name]
    _, cache = forward(**{**arguments(name), "b1": None, "b2": None})
    _, _, db1, _, db2 = backward(np.ones((2, 3, 4, 6)), cache)
    assert (db1, db2) == (None, None)


@every_block
def test_the_table_of_blocks_has_each_forward_pass_beside_its_own_backward_pass(squeeze):
    forward, backward = BLOCKS[squeeze]
    named = {"avg": se_forward, "max": se_forward, "none": se_per_position_forward, "avg+max": se_avg_max_forward}
    more = {"squeeze": squeeze} if squeeze in ("avg", "max") else {}
    args, dy = block(maps(2, 3, 4, 6)), maps(2, 3, 4, 6, seed=3)
    expected, cache = named[squeeze](**args, gate="tanh", **more)
    y, _ = forward(*args.values(), gate="tanh")
    assert np.array_equal(y, expected)
    assert [g.shape for g in backward(dy, cache)] == [a.shape for a in args.values()]
