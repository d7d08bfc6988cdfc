"""Vectorized equals loops: every op against its counterpart in `ops/reference/`, forward and backward."""

import numpy as np
import pytest
from pairs import cast

from senet_np import ops
from senet_np.gradcheck.cases import Case, op_cases
from senet_np.ops import reference

CASES = {case.name: case for case in op_cases()}

# Sums of up to ~100 products: rounding stays within some 100 units in the last place of the largest value.
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-13}


def close(a, b, dtype):
    if a is None or b is None:
        return a is b
    assert np.shape(a) == np.shape(b)
    assert a.dtype == b.dtype == dtype
    return np.abs(a - b).max() <= TOLERANCE[dtype] * max(1, np.abs(b).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_vectorized_equals_loops(case: Case, dtype):
    rng = np.random.default_rng(1)
    args = cast(case.draw(rng), dtype)
    y, cache = case.forward(**args)
    y_loops, cache_loops = getattr(reference, f"{case.op}_forward")(**args)
    assert close(y, y_loops, dtype)

    dy = rng.standard_normal(y.shape).astype(dtype) if y.ndim else 1.5
    grads, grads_loops = case.backward(dy, cache), getattr(reference, f"{case.op}_backward")(dy, cache_loops)
    if not isinstance(grads, tuple):
        grads, grads_loops = (grads,), (grads_loops,)
    assert all(close(g, r, dtype) for g, r in zip(grads, grads_loops, strict=True))


def test_every_op_has_its_loops():
    names = {name for name in vars(ops) if name.endswith(("_forward", "_backward"))}
    assert names <= vars(reference).keys()


@pytest.mark.parametrize("pool", [ops.max_pool2d_forward, ops.global_max_pool_forward])
def test_at_a_tie_the_first_place_wins_as_in_the_loops(pool):
    op = pool.__name__.removesuffix("_forward")
    args = (np.zeros((1, 4, 4, 1)), 2, 2) if "2d" in op else (np.zeros((1, 4, 4, 1)),)
    y, cache = pool(*args)
    _, cache_loops = getattr(reference, f"{op}_forward")(*args)
    dy = np.ones_like(y)
    dx_loops = getattr(reference, f"{op}_backward")(dy, cache_loops)
    assert np.array_equal(getattr(ops, f"{op}_backward")(dy, cache), dx_loops)
