"""Planted mistakes in conv2d: what goes wrong between a matrix product and the picture that it is folded back to.

Two of them call the right `col2im`; the others, whose mistake is in the folding, write it out.
"""

# ruff: noqa: RUF059
# Names are unpacked that are not used: to strike them out would give the mistake away.

import numpy as np

from ...ops.conv import col2im
from .registry import Mistake, planter

MISTAKES: list[Mistake] = []
mistake = planter(MISTAKES)


@mistake(
    "conv2d",
    "kernel turned twice",
    cause="flip that is already done",
    why="Textbooks say that dx is a convolution with the kernel turned by 180°, and it is not seen that "
    "adding the columns back where they came from does the turning.",
)
def _turns_the_kernel(dy, cache):
    cols, w, x_shape, stride, pad, has_bias = cache
    kh, kw, _, c_out = w.shape
    dy_rows = dy.reshape(-1, c_out)
    dw = (cols.T @ dy_rows).reshape(w.shape)
    db = dy_rows.sum(axis=0) if has_bias else None
    dcols = dy_rows @ w[::-1, ::-1].reshape(-1, c_out).T
    dx = col2im(dcols, x_shape, kh, kw, stride, pad)
    return dx, dw, db


@mistake(
    "conv2d",
    "db summed over the images alone",
    cause="axes overlooked that the other op lacked",
    why="The line is copied from the fully connected layer, where the batch is the only axis along which a bias is "
    "repeated.",
)
def _sums_images_alone(dy, cache):
    cols, w, x_shape, stride, pad, has_bias = cache
    kh, kw, _, c_out = w.shape
    dy_rows = dy.reshape(-1, c_out)
    dw = (cols.T @ dy_rows).reshape(w.shape)
    db = dy.sum(axis=0) if has_bias else None
    dcols = dy_rows @ w.reshape(-1, c_out).T
    dx = col2im(dcols, x_shape, kh, kw, stride, pad)
    return dx, dw, db


@mistake(
    "conv2d",
    "dw read channel first",
    cause="order of the axes in another library",
    why="In the best-known courses pictures are (N, C, H, W) and a column lists channel by channel, so the product is "
    "unpacked in that order.",
)
def _reads_channels_first(dy, cache):
    cols, w, x_shape, stride, pad, has_bias = cache
    kh, kw, c_in, c_out = w.shape
    dy_rows = dy.reshape(-1, c_out)
    dw = (dy_rows.T @ cols).reshape(c_out, c_in, kh, kw).transpose(2, 3, 1, 0)
    db = dy_rows.sum(axis=0) if has_bias else None
    dcols = dy_rows @ w.reshape(-1, c_out).T
    dx = col2im(dcols, x_shape, kh, kw, stride, pad)
    return dx, dw, db


@mistake(
    "conv2d",
    "padding cut off at one side",
    cause="padding cropped from one side",
    why="dx must have H × W pixels, so that many are sliced from the padded array, starting at 0 as slices usually do.",
)
def _crops_one_side(dy, cache):
    cols, w, x_shape, stride, pad, has_bias = cache
    n, height, width, c_in = x_shape
    kh, kw, _, c_out = w.shape
    h_out, w_out = dy.shape[1:3]
    dy_rows = dy.reshape(-1, c_out)
    dw = (cols.T @ dy_rows).reshape(w.shape)
    db = dy_rows.sum(axis=0) if has_bias else None
    windows = (dy_rows @ w.reshape(-1, c_out).T).reshape(n, h_out, w_out, kh, kw, c_in)
    dx_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c_in), dy.dtype)
    for p in range(kh):
        for q in range(kw):
            dx_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += windows[:, :, :, p, q]
    return dx_pad[:, :height, :width], dw, db


@mistake(
    "conv2d",
    "stride ignored in the folding",
    cause="stride ignored",
    why="The loop was written and tried with stride 1, where the slices need no step, and it runs without complaint "
    "for any other.",
)
def _ignores_the_stride(dy, cache):
    cols, w, x_shape, stride, pad, has_bias = cache
    n, height, width, c_in = x_shape
    kh, kw, _, c_out = w.shape
    h_out, w_out = dy.shape[1:3]
    dy_rows = dy.reshape(-1, c_out)
    dw = (cols.T @ dy_rows).reshape(w.shape)
    db = dy_rows.sum(axis=0) if has_bias else None
    windows = (dy_rows @ w.reshape(-1, c_out).T).reshape(n, h_out, w_out, kh, kw, c_in)
    dx_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c_in), dy.dtype)
    for p in range(kh):
        for q in range(kw):
            dx_pad[:, p : p + h_out, q : q + w_out] += windows[:, :, :, p, q]
    return dx_pad[:, pad : pad + height, pad : pad + width], dw, db
