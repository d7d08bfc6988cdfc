"""im2col in pieces: the matrix of windows never leaves the cache, and one such matrix serves both gradients.

`ops/conv.py` lays out the windows of all images at once, kh·kw times the input, in main memory. Here a few
images are laid out, multiplied and forgotten before the next. The backward pass lays out windows of dy:

    dx[n,i,j,c]  = Σ_{p,q,o}  dy_pad[n, i+p, j+q, o] · w[kh−1−p, kw−1−q, c, o]
    dw[kh−1−p, kw−1−q, c, o]  = Σ_{n,i,j}  x[n,i,j,c] · dy_pad[n, i+p, j+q, o]

The first is a convolution of dy with the kernel turned by 180°. The second has the same windows of dy in it: laid out
once, they are multiplied by the turned kernel for dx, and by x for dw.
"""

from typing import NamedTuple

import numpy as np

from ..ops.arguments import check_array
from ..ops.conv import check_conv2d
from .long_rows import channel_sum
from .products import inner_product, rows_product

PIECE = 1 << 20  # bytes of windows at a time: with what they are multiplied into, they fit into a core's own cache


class ColumnsCache(NamedTuple):
    """The inputs themselves: windows are laid out again when they are needed."""

    x: np.ndarray
    w: np.ndarray
    pad: int
    has_bias: bool


def conv2d_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int = 1, pad: int = 1
) -> tuple[np.ndarray, ColumnsCache]:
    """`ops.conv2d_forward` for square kernels, stride 1 and pad < kh.

    Raises:
        ValueError: a shape, dtype, stride or pad that does not fit.
    """
    h_out, w_out = check_conv2d(x, w, b, stride, pad)
    kh, kw, _, c_out = w.shape
    if stride != 1 or kh != kw or pad >= kh:
        raise ValueError(f"stride is {stride}, pad {pad}, kernel {kh}×{kw}; expected stride 1, a square, a smaller pad")
    y = np.empty((len(x), h_out, w_out, c_out), x.dtype)
    kernel = w.reshape(-1, c_out)
    for piece in _pieces(y.shape, len(kernel), x.itemsize):
        rows_product(_windows(x[piece], kh, kw, pad), kernel, out=y[piece].reshape(-1, c_out))
    if b is not None:
        y += b
    return y, ColumnsCache(x, w, pad, b is not None)


def conv2d_backward(
    dy: np.ndarray, cache: ColumnsCache, needs_input_grad: bool = True
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray | None]:
    """`ops.conv2d_backward`, as derived at the head of this file.

    Where the input is the image itself, `needs_input_grad` is False and dx is None: then the windows of x, which are
    fewer than those of dy, give dw.
    """
    x, w, pad, has_bias = cache
    kh, kw, c_in, c_out = w.shape
    shape = (len(x), x.shape[1] + 2 * pad - kh + 1, x.shape[2] + 2 * pad - kw + 1, c_out)
    check_array("dy", dy, shape, x.dtype)
    db = channel_sum(dy) if has_bias else None
    if not needs_input_grad:
        dw = np.zeros((kh * kw * c_in, c_out), dy.dtype)
        for piece in _pieces(dy.shape, len(dw), dy.itemsize):
            dw += inner_product(_windows(x[piece], kh, kw, pad), dy[piece].reshape(-1, c_out))
        return None, dw.reshape(w.shape), db

    turned = np.ascontiguousarray(w[::-1, ::-1].swapaxes(2, 3)).reshape(-1, c_in)  # (kh·kw·Cout, Cin)
    dx = np.empty(x.shape, dy.dtype)
    dw_turned = np.zeros((kh * kw * c_out, c_in), dy.dtype)
    for piece in _pieces(x.shape, len(turned), dy.itemsize):
        windows = _windows(dy[piece], kh, kw, kh - 1 - pad)
        rows_product(windows, turned, out=dx[piece].reshape(-1, c_in))
        dw_turned += inner_product(windows, x[piece].reshape(-1, c_in))
    dw = dw_turned.reshape(kh, kw, c_out, c_in)[::-1, ::-1].swapaxes(2, 3)
    return dx, np.ascontiguousarray(dw), db


def _windows(x: np.ndarray, kh: int, kw: int, pad: int) -> np.ndarray:
    """`im2col` for stride 1, copied in runs of kw·C: a window's row is kw neighboring pixels, and these are together.

    (N, H, W, C) → (N·Ho·Wo, kh·kw·C).
    """
    n, height, width, c = x.shape
    x_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c), x.dtype)
    x_pad[:, pad : pad + height, pad : pad + width] = x
    image, row, pixel, number = x_pad.strides
    shape = (n, height + 2 * pad - kh + 1, width + 2 * pad - kw + 1, kh, kw * c)
    view = np.ndarray(shape, x.dtype, x_pad, 0, (image, row, pixel, row, number))  # windows overlap in memory
    return view.reshape(-1, kh * kw * c)  # copies


def _pieces(shape: tuple[int, ...], columns: int, itemsize: int) -> list[slice]:
    """The batch in slices whose windows, `columns` numbers for each pixel of `shape`, take up about PIECE."""
    n, height, width, _ = shape
    step = max(1, PIECE // (height * width * columns * itemsize))
    return [slice(k, k + step) for k in range(0, n, step)]
