"""The fast kernels of the convolution: the same function as `ops.conv2d`, to rounding, under the same signature."""

import numpy as np
import pytest
from pairs import cast, deviation, pair, run, same

from senet_np.fast import columns, products, winograd
from senet_np.fast import conv as fast
from senet_np.gradcheck import check_gradients
from senet_np.ops import conv

KERNELS = {"winograd": winograd, "columns": columns}
SHAPES = {  # image, kernel: sides that are and are not multiples of Winograd's tile, one image, more than one piece
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
every_kernel = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)


def problem(shape, dtype=np.float64, seed=0):
    """The arguments of the forward pass for stride 1 and pad 1, and dy."""
    rng = np.random.default_rng(seed)
    x_shape, w_shape = SHAPES[shape]
    shapes = {"x": x_shape, "w": w_shape, "b": w_shape[3:]}
    args = {name: rng.standard_normal(size).astype(dtype) for name, size in shapes.items()}
    return args, rng.standard_normal((*x_shape[:3], *w_shape[3:])).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "dtype"), TOLERANCE)
def test_a_kernel_computes_what_the_plain_pair_computes_in_float64(name, dtype, shape):
    args, dy = problem(shape, dtype)
    exact = run(pair(conv, "conv2d"), cast(args, np.float64), dy.astype(np.float64))
    ours = run(pair(KERNELS[name], "conv2d"), args, dy)
    assert {a.dtype for a in ours} == {np.dtype(dtype)}
    assert max(map(deviation, ours, exact)) <= TOLERANCE[name, dtype]


@pytest.mark.parametrize("shape", ["one image", "odd sides", "smaller than a tile"])
@every_kernel
def test_a_kernels_backward_pass_is_the_derivative_of_its_forward_pass(kernel, shape):
    report = check_gradients(*pair(kernel, "conv2d"), problem(shape)[0])
    assert report, f"\n{report}"
    assert len(report.arguments) == 3


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize(("size", "pad"), [(1, 0), (2, 0), (2, 1), (3, 0), (3, 2), (5, 2)])
def test_im2col_in_pieces_takes_any_square_kernel_and_any_smaller_pad(size, pad, bias):
    rng = np.random.default_rng(0)
    args = {"x": rng.standard_normal((2, 6, 7, 3)), "w": rng.standard_normal((size, size, 3, 4)), "pad": pad}
    args["b"] = rng.standard_normal(4) if bias else None
    dy = rng.standard_normal(conv.conv2d_forward(**args)[0].shape)
    ours, exact = run(pair(columns, "conv2d"), args, dy), run(pair(conv, "conv2d"), args, dy)
    assert len(ours) == len(exact) == (4 if bias else 3)
    assert max(map(deviation, ours, exact)) < 1e-14


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", ["odd sides", "many pieces"])
@every_kernel
def test_where_dx_is_not_needed_there_is_none_and_the_rest_is_the_same(kernel, shape, dtype):
    args, dy = problem(shape, dtype)
    _, cache = kernel.conv2d_forward(**args)
    _, *with_dx = kernel.conv2d_backward(dy, cache)
    dx, *without = kernel.conv2d_backward(dy, cache, needs_input_grad=False)
    assert dx is None
    assert all(a.dtype == dtype for a in without)
    assert max(map(deviation, without, with_dx)) < (1e-5 if dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("kernel", [*KERNELS.values(), fast], ids=[*KERNELS, "chosen"])
def test_two_passes_in_many_pieces_do_not_disturb_each_other(kernel):
    problems = [problem("many pieces", seed=seed) for seed in (1, 2)]
    alone = [run(pair(kernel, "conv2d"), *one)[1:] for one in problems]
    caches = [kernel.conv2d_forward(**args)[1] for args, _ in problems]
    together = [kernel.conv2d_backward(dy, cache) for (_, dy), cache in zip(problems, caches, strict=True)]
    assert all(map(same, together, alone))


@every_kernel
def test_a_kernel_refuses_a_stride(kernel):
    args, _ = problem("odd sides")
    with pytest.raises(ValueError, match="expected"):
        kernel.conv2d_forward(**args, stride=2)


@pytest.mark.parametrize(("w_shape", "pad"), [((5, 5, 4, 4), 2), ((3, 3, 4, 4), 0), ((3, 1, 4, 4), 1)])
def test_winograd_refuses_all_but_3x3_kernels_with_a_pad_of_1(w_shape, pad):
    with pytest.raises(ValueError, match="expected 3×3, 1 and 1"):
        winograd.conv2d_forward(problem("odd sides")[0]["x"], np.ones(w_shape), None, 1, pad)


@pytest.mark.parametrize(("w_shape", "pad"), [((3, 3, 4, 4), 3), ((3, 5, 4, 4), 1), ((5, 3, 4, 4), 4)])
def test_im2col_in_pieces_refuses_oblong_kernels_and_pads_as_large_as_the_kernel(w_shape, pad):
    with pytest.raises(ValueError, match="expected stride 1, a square, a smaller pad"):
        columns.conv2d_forward(problem("odd sides")[0]["x"], np.ones(w_shape), None, 1, pad)


@pytest.mark.parametrize(("tiles", "images"), [(1, 227), (56, 4), (57, 3), (1000, 1)])
def test_as_many_images_share_a_piece_as_it_has_room_for(tiles, images):
    u = np.ones((36, 16, 8))  # a tile's patches: 36 · 16 numbers of 8 bytes, the larger side counts
    assert winograd._pieces(1000, tiles, u)[0] == slice(0, images)


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
def test_the_choice_goes_by_the_shape(shape, stride, pad, kernel):
    assert fast.choose(shape, stride, pad) is kernel


def test_the_pair_runs_the_chosen_kernel_and_hands_it_what_is_needed():
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
