"""Planted mistakes in the pools: over the whole picture (global_avg_pool, global_max_pool), and over windows."""

# ruff: noqa: RUF059
# Names are unpacked that are not used: to strike them out would give the mistake away.

import numpy as np

from .registry import Mistake, planter

MISTAKES: list[Mistake] = []
mistake = planter(MISTAKES)


@mistake(
    "global_avg_pool",
    "not spread out",
    cause="spreading left to broadcasting",
    why="Every position gets the same number and broadcasting will repeat it in the next sum, so H and W are left at "
    "length 1.",
)
def _leaves_it_to_broadcasting(dz, cache):
    (n, height, width, c), dtype = cache
    return dz[:, None, None, :] / (height * width)


@mistake(
    "global_avg_pool",
    "divided by N too",
    cause="divisor counts the batch too",
    why="Batch norm's mean divides by N·H·W, and the same count is taken here although the squeeze averages each "
    "image on its own.",
)
def _counts_the_batch(dz, cache):
    (n, height, width, c), dtype = cache
    dx = np.empty((n, height, width, c), dtype)
    dx[:] = dz[:, None, None, :] / (n * height * width)
    return dx


@mistake(
    "global_avg_pool",
    "always float32",
    cause="dtype written into the code",
    why="Networks are trained in float32, so the type is typed into np.empty, and a float64 gradient is rounded on "
    "its way through.",
)
def _rounds_to_float32(dz, cache):
    (n, height, width, c), dtype = cache
    dx = np.empty((n, height, width, c), np.float32)
    dx[:] = dz[:, None, None, :] / (height * width)
    return dx


@mistake(
    "global_max_pool",
    "every position wins",
    cause="maximum's gradient given to all",
    why="A maximum has slope 1, and that it has this slope for the winner alone gets lost between the formula and "
    "the line.",
)
def _lets_all_win(dz, cache):
    winner, shape, dtype = cache
    dx = np.empty(shape, dtype)
    dx[:] = dz[:, None, None, :]
    return dx


@mistake(
    "global_max_pool",
    "row found by the height",
    cause="height in place of the width",
    why="Height goes with rows, so it is what the flat index is divided by, and on square pictures, where everybody "
    "tries it, that is right.",
)
def _divides_by_height(dz, cache):
    winner, (n, height, width, c), dtype = cache
    row, column = np.divmod(winner[:, 0, :], height)
    image, channel = np.ogrid[:n, :c]
    dx = np.zeros((n, height, width, c), dtype)
    dx[image, row, column, channel] = dz
    return dx


@mistake(
    "global_max_pool",
    "np.put for np.put_along_axis",
    cause="index along an axis used on the whole array",
    why="argmax gives a flat index and np.put takes flat indices, but the one counts within a channel of an image and "
    "the other through the whole array.",
)
def _puts_flat(dz, cache):
    winner, shape, dtype = cache
    dx = np.zeros(shape, dtype)
    np.put(dx, winner, dz)
    return dx


@mistake(
    "max_pool2d",
    "+= on an indexed array",
    cause="indexed += adds once",
    why="The += is there, but where an index names a pixel twice NumPy adds to it only once, and np.add.at is not "
    "widely known.",
)
def _adds_once(dy, cache):
    winner, padded_shape, dtype, size, stride, pad = cache
    n, h_out, w_out, c = dy.shape
    image, i, j, channel = np.ogrid[:n, :h_out, :w_out, :c]
    p, q = np.divmod(winner, size)
    dx_pad = np.zeros(padded_shape, dtype)
    dx_pad[image, i * stride + p, j * stride + q, channel] += dy
    return dx_pad[:, pad : padded_shape[1] - pad, pad : padded_shape[2] - pad]


@mistake(
    "max_pool2d",
    "row and column swapped",
    cause="row and column swapped",
    why="Width comes before height when one speaks of pictures, so the winner's index is split into column and row.",
)
def _swaps_row_and_column(dy, cache):
    winner, padded_shape, dtype, size, stride, pad = cache
    n, h_out, w_out, c = dy.shape
    image, i, j, channel = np.ogrid[:n, :h_out, :w_out, :c]
    q, p = np.divmod(winner, size)
    dx_pad = np.zeros(padded_shape, dtype)
    np.add.at(dx_pad, (image, i * stride + p, j * stride + q, channel), dy)
    return dx_pad[:, pad : padded_shape[1] - pad, pad : padded_shape[2] - pad]


@mistake(
    "max_pool2d",
    "winner's index as a mask",
    cause="index used as a mask",
    why="ReLU's cache is a mask to multiply by, and the cached winners, small whole numbers as well, are used as if "
    "they were one.",
)
def _multiplies_by_the_index(dy, cache):
    winner, padded_shape, dtype, size, stride, pad = cache
    _, h_out, w_out, _ = dy.shape
    dx_pad = np.zeros(padded_shape, dtype)
    for p in range(size):
        for q in range(size):
            dx_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += dy * winner
    return dx_pad[:, pad : padded_shape[1] - pad, pad : padded_shape[2] - pad]


@mistake(
    "max_pool2d",
    "padding forgotten and the index clipped",
    cause="index clipped to silence an error",
    why="A winner's place is counted in the padded picture, so without the padding it may lie outside, and np.clip "
    "makes the error message go away.",
)
def _clips_the_index(dy, cache):
    winner, (n, height, width, c), dtype, size, stride, pad = cache
    height, width = height - 2 * pad, width - 2 * pad
    image, i, j, channel = np.ogrid[:n, : dy.shape[1], : dy.shape[2], :c]
    p, q = np.divmod(winner, size)
    row, column = np.clip(i * stride + p, 0, height - 1), np.clip(j * stride + q, 0, width - 1)
    dx = np.zeros((n, height, width, c), dtype)
    np.add.at(dx, (image, row, column, channel), dy)
    return dx


@mistake(
    "avg_pool2d",
    "divided by size, not size²",
    cause="side in place of area",
    why="The window is described by one number, so the mean is thought to divide by that number.",
)
def _divides_by_the_side(dy, cache):
    y_shape, shape, dtype, size, stride = cache
    _, h_out, w_out, _ = y_shape
    dx = np.zeros(shape, dtype)
    for p in range(size):
        for q in range(size):
            dx[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += dy / size
    return dx


@mistake(
    "avg_pool2d",
    "windows taken for tiles",
    cause="windows taken for tiles",
    why="Repeating every number size × size times is the neatest way back, and in 2×2 pooling of an even-sized "
    "picture it is right.",
)
def _repeats(dy, cache):
    y_shape, shape, dtype, size, stride = cache
    return dy.repeat(size, axis=1).repeat(size, axis=2) / size**2


@mistake(
    "avg_pool2d",
    "overlap averaged",
    cause="sum of several uses averaged",
    why="A pixel in nine windows receives nine shares, which looks like counting it nine times, so the sum is divided "
    "by the number of windows.",
)
def _averages_the_overlap(dy, cache):
    y_shape, shape, dtype, size, stride = cache
    _, h_out, w_out, _ = y_shape
    dx, windows = np.zeros(shape, dtype), np.zeros(shape, dtype)
    for p in range(size):
        for q in range(size):
            dx[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += dy / size**2
            windows[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += 1
    return dx / np.maximum(windows, 1)
