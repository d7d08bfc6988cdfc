"""Every fast pair equals its plain pair, forward and backward: at odd shapes, in both dtypes, in any memory layout.

The convolution's kernels one by one are in `test_fast.py`; numbers at the ends of float32 in `test_extreme_numbers.py`.
"""

import numpy as np
import pytest
from pairs import LAYOUTS, cast, deviation, pair, run

from senet_np import fast, ops, se, variants
from senet_np.fast import blocks

# As a share of the largest value: both sides add up the same numbers, in different orders. Worst, measured: 5e-7 and
# 4e-15 (batch norm); by Winograd's algorithm 6e-6 and 1e-14; blocks, whose sums may cancel, 2.5e-6 and 3e-15.
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-14}
BLOCK_TOLERANCE = {np.float32: 5e-6, np.float64: 1e-14}  # of 1 where all values are smaller
WINOGRAD = {np.float32: 2e-5, np.float64: 4e-14}  # as in `test_fast.py`
SHAPES = {  # (N, H, W, C)
    "odd sides": (2, 5, 7, 3),
    "one pixel": (5, 1, 1, 4),
    "one channel": (2, 6, 5, 1),
    "one image": (1, 8, 8, 16),
    "one row": (3, 1, 37, 5),
    "more channels than fit into a long row": (3, 2, 3, 600),
    "long rows that fit exactly": (4, 16, 16, 32),
}
WINDOWS = {  # size, stride, pad
    "side by side": (2, 2, 0),
    "overlapping": (3, 1, 1),
    "with gaps": (2, 3, 0),
    "one pixel": (1, 1, 0),
    "a wide pad": (4, 3, 3),
}
KERNELS = {  # Cin, Cout, kernel, stride, pad
    "winograd": (32, 40, 3, 1, 1),
    "pieces": (3, 4, 3, 1, 1),
    "5×5": (4, 2, 5, 1, 2),
    "1×1": (8, 2, 1, 1, 0),
    "stride 2": (4, 3, 3, 2, 1),
}


def problems():
    """{"op, what is special": arguments}, a shape for an array."""
    found = {}
    for name, shape in SHAPES.items():
        n, height, width, c = shape
        found[f"global_avg_pool, {name}"] = {"x": shape}
        found[f"channel_scale, {name}"] = {"u": shape, "s": (n, c)}
        found[f"batch_norm, {name}"] = {"x": shape, "gamma": (c,), "beta": (c,)}
        found[f"batch_norm, constants, {name}"] = {"x": shape, "gamma": (c,), "beta": (c,), "mean": (c,), "var": (c,)}
        for window, (size, stride, pad) in WINDOWS.items():
            if min(height, width) + 2 * pad >= size:
                found[f"max_pool2d, {window}, {name}"] = {"x": shape, "size": size, "stride": stride, "pad": pad}
    found["batch_norm, rows, (N, C)"] = {"x": (64, 7), "gamma": (7,), "beta": (7,)}
    for name, (c_in, c_out, size, stride, pad) in KERNELS.items():
        for sides, bias in (((2, 9, 6), True), ((1, 1, 1), True), ((3, 8, 8), False)):
            if min(sides[1:]) + 2 * pad >= size:
                args = {"x": (*sides, c_in), "w": (size, size, c_in, c_out), "b": (c_out,) if bias else None}
                found[f"conv2d, {name}, {sides}"] = {**args, "stride": stride, "pad": pad}
    return found


def draw(what, dtype, seed=0):
    """Arguments by name: shapes become arrays of the dtype, values of order 1; a variance is positive."""
    rng = np.random.default_rng(seed)
    args = {name: rng.standard_normal(a) if isinstance(a, tuple) else a for name, a in what.items()}
    if "var" in args:
        args["var"] = np.square(args["var"]) + 0.5
    return cast(args, dtype)


def worst(fast_pair, plain_pair, args, dy, floor=0.0):
    """The largest deviation of an output or gradient from the plain pair's in float64, on the same numbers."""
    exact = run(plain_pair, cast(args, np.float64), dy.astype(np.float64))
    ours = run(fast_pair, args, dy)
    assert {a.dtype for a in ours} == {dy.dtype}
    return max(deviation(*both, floor) for both in zip(ours, exact, strict=True))


def upstream(forward, args, dtype):
    """A random dy of the output's shape."""
    return np.random.default_rng(1).standard_normal(forward(**args)[0].shape).astype(dtype)


PROBLEMS = problems()
every_problem = pytest.mark.parametrize("name", PROBLEMS)
every_dtype = pytest.mark.parametrize("dtype", TOLERANCE)


def test_every_op_has_a_pair_here():
    promised = {name for name in vars(ops) if name.endswith(("_forward", "_backward"))}
    assert promised == {name for name in vars(fast) if name.endswith(("_forward", "_backward"))}


def test_every_op_with_code_of_its_own_is_compared():
    own = {name.removesuffix("_forward") for name in vars(ops) if name.endswith("_forward")}
    own = {op for op in own if pair(fast, op) != pair(ops, op)}
    assert own == {name.split(",")[0] for name in PROBLEMS}


@every_dtype
@every_problem
def test_a_fast_pair_equals_its_plain_pair(name, dtype):
    op, args = name.split(",")[0], draw(PROBLEMS[name], dtype)
    dy = upstream(pair(ops, op)[0], args, dtype)
    tolerance = WINOGRAD if "winograd" in name else TOLERANCE
    assert worst(pair(fast, op), pair(ops, op), args, dy) <= tolerance[dtype]


@pytest.mark.parametrize("layout", LAYOUTS)
@every_problem
def test_a_fast_pair_equals_its_plain_pair_in_another_memory_layout(name, layout):
    op, args = name.split(",")[0], draw(PROBLEMS[name], np.float64)
    dy = layout(upstream(pair(ops, op)[0], args, np.float64))
    args = {key: layout(a) if isinstance(a, np.ndarray) else a for key, a in args.items()}
    assert worst(pair(fast, op), pair(ops, op), args, dy) <= WINOGRAD[np.float64]


# Max pooling picks numbers and adds none up: it is the same to the last bit.


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name.startswith("max_pool2d")])
def test_fast_max_pooling_has_the_same_output_and_the_same_winners(name):
    args = draw(PROBLEMS[name], np.float32)
    (y, cache), (y_plain, cache_plain) = fast.max_pool2d_forward(**args), ops.max_pool2d_forward(**args)
    assert np.array_equal(y, y_plain)
    assert np.array_equal(cache.winner, cache_plain.winner)


def test_in_fast_max_pooling_the_first_of_equal_numbers_wins():
    x = np.random.default_rng(0).integers(0, 2, (2, 9, 9, 4)).astype(np.float32)
    winners = [module.max_pool2d_forward(x, 3, 2, 1)[1].winner for module in (ops, fast)]
    assert np.array_equal(*winners)


def test_windows_of_17_pixels_have_a_winner_each():
    x = np.zeros((1, 17, 17, 1), np.float32)
    x[0, 16, 16] = 1  # place 288, which does not fit into a byte
    y, cache = fast.max_pool2d_forward(x, 17, 1)
    assert np.array_equal(fast.max_pool2d_backward(y, cache), x)


# Batch norm


@every_dtype
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_fast_batch_norms_cache_has_the_same_mean_and_variance(shape, dtype):
    args = draw({"x": shape, "gamma": shape[3:], "beta": shape[3:]}, dtype)
    cache, exact = fast.batch_norm_forward(**args)[1], ops.batch_norm_forward(**cast(args, np.float64))[1]
    assert max(deviation(cache.mean, exact.mean), deviation(cache.var, exact.var)) <= TOLERANCE[dtype]


def test_fast_batch_norm_of_a_million_pixels_far_from_zero_is_right_in_float32():
    args = draw({"x": (1, 1023, 1023, 2), "gamma": (2,), "beta": (2,)}, np.float32)
    args["x"] += 1000
    y, cache = fast.batch_norm_forward(**args)
    y_exact, exact = ops.batch_norm_forward(**cast(args, np.float64))
    assert np.abs(cache.mean / exact.mean - 1).max() < 5e-6  # one sum after the other would be 1 % off
    assert np.abs(cache.var / exact.var - 1).max() < 5e-6  # and this 91 times too large
    assert deviation(y, y_exact) < 1e-4  # the mean is 1000 times larger than the spread


# The blocks


def fcs(shape, hidden=5, bias=True):
    c = shape[3]
    biases = {"b1": (hidden,), "b2": (c,)} if bias else {"b1": None, "b2": None}
    return {"u": shape, "w1": (c, hidden), "b1": biases["b1"], "w2": (hidden, c), "b2": biases["b2"]}


def block_problem(what, forward, gate, dtype):
    """Weights as in a layer, so that the gates are neither open nor shut; and dy."""
    args = draw(what, dtype) | {"gate": gate}
    for name in ("w1", "w2", "w"):
        if name in args:
            args[name] /= dtype(np.sqrt(len(args[name])))
    return args, upstream(forward, args, dtype)


@every_dtype
@pytest.mark.parametrize("gate", se.GATE)
@pytest.mark.parametrize("squeeze", variants.BLOCKS)
@pytest.mark.parametrize("name", SHAPES)
def test_a_fast_se_block_equals_its_plain_block(name, squeeze, gate, dtype):
    args, dy = block_problem(fcs(SHAPES[name]), variants.BLOCKS[squeeze][0], gate, dtype)
    assert worst(blocks.BLOCKS[squeeze], variants.BLOCKS[squeeze], args, dy, floor=1) <= BLOCK_TOLERANCE[dtype]


@pytest.mark.parametrize("squeeze", variants.BLOCKS)
def test_a_fast_se_block_without_biases_equals_its_plain_block(squeeze):
    what = fcs(SHAPES["odd sides"], bias=False)
    args, dy = block_problem(what, variants.BLOCKS[squeeze][0], "sigmoid", np.float64)
    assert worst(blocks.BLOCKS[squeeze], variants.BLOCKS[squeeze], args, dy, floor=1) <= BLOCK_TOLERANCE[np.float64]


@every_dtype
@pytest.mark.parametrize("gate", se.GATE)
@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("name", SHAPES)
def test_a_fast_eca_block_equals_its_plain_block(name, k, gate, dtype):
    args, dy = block_problem({"u": SHAPES[name], "w": (k,)}, variants.eca_forward, gate, dtype)
    assert worst(pair(blocks, "eca"), pair(variants, "eca"), args, dy, floor=1) <= BLOCK_TOLERANCE[dtype]


@pytest.mark.parametrize("op", ["channel_scale_forward", "channel_scale_backward"])
@pytest.mark.parametrize("name", [*variants.BLOCKS, "eca"])
def test_a_fast_block_really_runs_the_fast_ops(name, op, monkeypatch):
    calls = []
    original = getattr(fast, op)
    monkeypatch.setattr(fast, op, lambda *given: calls.append(op) or original(*given))
    what = {"u": (2, 3, 4, 6), "w": (3,)} if name == "eca" else fcs((2, 3, 4, 6))
    args = draw(what, np.float64)
    run(pair(blocks, "eca") if name == "eca" else blocks.BLOCKS[name], args, args["u"])
    assert calls == [op]
