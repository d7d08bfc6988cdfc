"""The fast kernels: the same function as `ops.conv2d`, to rounding, under the same signature."""

import numpy as np
import pytest

from senet_np import ops
from senet_np.fast import columns, products, winograd
from senet_np.fast import conv as fast
from senet_np.gradcheck import check_gradients
from senet_np.ops import conv

KERNELS = {"winograd": winograd, "columns": columns}
SHAPES = {  # picture, kernel: sides that are and are not multiples of Winograd's tile, one image, more than one piece
    "one image": ((1, 8, 8, 3), (3, 3, 3, 5)),
    "odd sides": ((2, 5, 7, 4), (3, 3, 4, 4)),
    "smaller than a tile": ((2, 3, 2, 4), (3, 3, 4, 3)),
    "many pieces": ((23, 16, 16, 32), (3, 3, 32, 32)),
}
# As a share of the largest value. Measured over these shapes, worst of output and gradients: im2col in pieces 9e-7 and
# 8e-15; Winograd 5e-6 and 1e-14, as its transforms multiply by up to 5 and subtract.
TOLERANCE = {
    ("columns", np.float32): 4e-6,
    ("columns", np.float64): 3e-14,
    ("winograd", np.float32): 2e-5,
    ("winograd", np.float64): 4e-14,
}


def problem(shape, dtype=np.float64, seed=0):
    """x, w, b and dy for stride 1 and pad 1."""
    rng = np.random.default_rng(seed)
    (n, height, width, _), w_shape = SHAPES[shape]
    arrays = (SHAPES[shape][0], w_shape, (w_shape[3],), (n, height, width, w_shape[3]))
    return [rng.standard_normal(a).astype(dtype) for a in arrays]


def run(kernel, x, w, b, dy):
    """[y, dx, dw, db]"""
    y, cache = kernel.conv2d_forward(x, w, b)
    return [y, *kernel.conv2d_backward(dy, cache)]


def deviation(ours, exact):
    assert ours.shape == exact.shape
    return float(np.abs(ours - exact).max() / np.abs(exact).max())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "dtype"), TOLERANCE)
def test_a_kernel_computes_what_the_readable_pair_computes_in_float64(name, dtype, shape):
    arrays = problem(shape, dtype)
    exact = run(conv, *(a.astype(np.float64) for a in arrays))
    ours = run(KERNELS[name], *arrays)
    assert all(a.dtype == dtype for a in ours)
    assert max(map(deviation, ours, exact)) <= TOLERANCE[name, dtype]


@pytest.mark.parametrize("shape", ["one image", "odd sides", "smaller than a tile"])
@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_a_kernels_backward_pass_is_the_derivative_of_its_forward_pass(kernel, shape):
    report = check_gradients(kernel.conv2d_forward, kernel.conv2d_backward, problem(shape)[:3])
    assert report, f"\n{report}"
    assert len(report.arguments) == 3


@pytest.mark.parametrize(("size", "pad"), [(1, 0), (2, 0), (2, 1), (3, 0), (3, 2), (5, 2)])
def test_im2col_in_pieces_takes_any_square_kernel_and_any_smaller_pad(size, pad):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 6, 7, 3)), rng.standard_normal((size, size, 3, 4))
    y, cache = columns.conv2d_forward(x, w, None, 1, pad)
    y_exact, cache_exact = conv.conv2d_forward(x, w, None, 1, pad)
    dy = rng.standard_normal(y.shape)
    (dx, dw, db), (dx_exact, dw_exact, _) = columns.conv2d_backward(dy, cache), conv.conv2d_backward(dy, cache_exact)
    assert max(map(deviation, (y, dx, dw), (y_exact, dx_exact, dw_exact))) < 1e-14
    assert db is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", ["odd sides", "many pieces"])
@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_where_nobody_wants_dx_there_is_none_and_the_rest_is_the_same(kernel, shape, dtype):
    x, w, b, dy = problem(shape, dtype)
    _, cache = kernel.conv2d_forward(x, w, b)
    (_, *with_dx), (dx, *without) = (
        kernel.conv2d_backward(dy, cache),
        kernel.conv2d_backward(dy, cache, needs_input_grad=False),
    )
    assert dx is None
    assert all(a.dtype == dtype for a in without)
    assert max(map(deviation, without, with_dx)) < (1e-5 if dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("shape", ["odd sides", "many pieces"])
@pytest.mark.parametrize("kernel", [*KERNELS.values(), fast], ids=[*KERNELS, "chosen"])
def test_two_passes_do_not_disturb_each_other(kernel, shape):
    a, b = problem(shape, seed=1), problem(shape, seed=2)
    alone = [run(kernel, *a), run(kernel, *b)]
    (y_a, cache_a), (y_b, cache_b) = (kernel.conv2d_forward(*p[:3]) for p in (a, b))
    together = [[y_a, *kernel.conv2d_backward(a[3], cache_a)], [y_b, *kernel.conv2d_backward(b[3], cache_b)]]
    assert all(np.array_equal(x, y) for p, q in zip(alone, together, strict=True) for x, y in zip(p, q, strict=True))


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_a_result_is_no_part_of_the_cache_and_shares_no_memory_with_the_arguments(kernel):
    x, w, b, dy = problem("odd sides")
    y, cache = kernel.conv2d_forward(x, w, b)
    kept = [a for item in cache for a in (item if isinstance(item, list) else [item]) if isinstance(a, np.ndarray)]
    results = [y, *kernel.conv2d_backward(dy, cache)]
    assert not any(np.shares_memory(result, other) for result in results for other in (*kept, x, w, b, dy))


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_a_kernel_refuses_what_it_is_not_made_for(kernel):
    x, w, _, _ = problem("odd sides")
    with pytest.raises(ValueError, match="expected"):
        kernel.conv2d_forward(x, w, None, 2, 1)
    with pytest.raises(ValueError, match=r"^x has shape"):
        kernel.conv2d_forward(x[0], w, None)
    with pytest.raises(ValueError, match=r"^dy has shape"):
        kernel.conv2d_backward(np.ones((2, 5, 7, 9)), kernel.conv2d_forward(x, w, None)[1])
    with pytest.raises(ValueError, match=r"^dy has dtype"):
        kernel.conv2d_backward(np.ones((2, 5, 7, 4), np.float32), kernel.conv2d_forward(x, w, None)[1])
    with pytest.raises(ValueError, match=r"^b has shape"):
        kernel.conv2d_forward(x, w, np.ones(5))


@pytest.mark.parametrize(("w_shape", "pad"), [((3, 3, 4, 4), 3), ((3, 5, 4, 4), 1), ((5, 3, 4, 4), 4)])
def test_im2col_in_pieces_refuses_oblong_kernels_and_pads_as_large_as_the_kernel(w_shape, pad):
    with pytest.raises(ValueError, match="expected stride 1, a square, a smaller pad"):
        columns.conv2d_forward(problem("odd sides")[0], np.ones(w_shape), None, 1, pad)


@pytest.mark.parametrize(("tiles", "pictures"), [(1, 227), (56, 4), (57, 3), (1000, 1)])
def test_as_many_pictures_share_a_piece_as_it_has_room_for(tiles, pictures):
    u = np.ones((36, 16, 8))  # a tile's patches: 36 · 16 numbers of 8 bytes, the larger side counts
    assert winograd._pieces(1000, tiles, u)[0] == slice(0, pictures)


@pytest.mark.parametrize(
    ("shape", "stride", "pad", "kernel"),
    [
        ((3, 3, 32, 64), 1, 1, winograd),
        ((3, 3, 3, 32), 1, 1, columns),
        ((3, 3, 16, 16), 1, 1, columns),
        ((5, 5, 64, 64), 1, 2, columns),
        ((3, 3, 64, 128), 2, 1, conv),
        ((1, 1, 64, 128), 1, 0, conv),
        ((3, 5, 64, 64), 1, 1, conv),
        ((2, 2, 8, 8), 1, 0, columns),
        ((3, 3, 64, 64), 1, 0, columns),
        ((3, 3, 64, 64), 1, 3, conv),
    ],
)
def test_the_chooser_goes_by_the_shape(shape, stride, pad, kernel):
    assert fast.choose(shape, stride, pad) is kernel


@pytest.mark.parametrize(
    ("w_shape", "stride", "pad"),
    [((3, 3, 3, 4), 1, 1), ((3, 3, 32, 32), 1, 1), ((3, 3, 4, 2), 2, 1), ((1, 1, 8, 2), 2, 0)],
)
def test_the_chosen_kernel_is_conv2d(w_shape, stride, pad):
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(shape) for shape in ((2, 9, 8, w_shape[2]), w_shape, w_shape[3:]))
    (y, cache), (y_exact, cache_exact) = (pair.conv2d_forward(x, w, b, stride, pad) for pair in (fast, ops.conv))
    dy = rng.standard_normal(y.shape)
    ours, exact = fast.conv2d_backward(dy, cache), ops.conv2d_backward(dy, cache_exact)
    assert max(map(deviation, (y, *ours), (y_exact, *exact))) < 1e-13


def test_the_pair_runs_the_chosen_kernel_and_hands_it_what_it_is_asked():
    x, w = np.ones((1, 4, 4, 32)), np.ones((3, 3, 32, 32))
    y, cache = fast.conv2d_forward(x, w, None)
    assert cache[0] is winograd
    assert fast.conv2d_backward(y, cache, needs_input_grad=False)[0] is None
    assert fast.conv2d_backward(y, cache)[0].shape == x.shape


@pytest.mark.parametrize("m", [7, 64, 96, 4096])  # a length without blocks, and others
def test_products_in_blocks_are_products(m):
    rng = np.random.default_rng(0)
    a, w, b = rng.standard_normal((2, m, 40)), rng.standard_normal((2, 40, 24)), rng.standard_normal((2, m, 24))
    assert deviation(products.rows_product(a, w), a @ w) < 1e-14
    assert deviation(products.rows_product(a[0], w[0]), a[0] @ w[0]) < 1e-14
    assert deviation(products.inner_product(a, b), a.swapaxes(1, 2) @ b) < 1e-13
    assert deviation(products.columns_product(w[0], a[0].T.copy()[:24]), w[0] @ a[0].T[:24]) < 1e-14
