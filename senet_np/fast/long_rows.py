"""Arithmetic along channels at the speed of memory.

The channel is the last axis, so NumPy's inner loops run along it, and with 16 channels they end before
they are at speed. Seen as rows of many pixels, (…, k·C) in place of (…, C), the same memory has inner loops of many
hundred numbers; a vector of C values is repeated k times to stand beside them. Nothing else is new here: each
function says in its first line what it is in plain NumPy.
"""

import numpy as np

BLOCK = 256  # pixels that are added up in one product
MIN_ROW = 512  # numbers: from here on the cost of beginning a row no longer counts


def long_rows(x: np.ndarray) -> np.ndarray:
    """x.reshape(-1, k·C), a view where x is contiguous; k is a power of two that divides the number of pixels."""
    c = x.shape[-1]
    pixels, k = x.size // c, 1
    while k * c < MIN_ROW and pixels % (2 * k) == 0:
        k *= 2
    return x.reshape(pixels // k, k * c)


def fit(v: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """np.tile(v, k): a vector of C values, repeated until it is as long as a row."""
    return np.concatenate([v] * (rows.shape[-1] // len(v)))


def channel_sum(x: np.ndarray) -> np.ndarray:
    """x.sum(axis=(0, 1, 2)), as products of rows of ones with blocks of pixels: the BLAS sums at the speed of memory.

    In blocks, since the error of a sum grows with the number of its terms; and since NumPy lets go of Python's lock,
    so that another thread can compute, only for products whose result has more than 500 numbers.
    """
    pixels = x.reshape(-1, x.shape[-1])
    whole = len(pixels) // BLOCK * BLOCK
    blocks = np.ones((1, BLOCK), x.dtype) @ pixels[:whole].reshape(-1, BLOCK, x.shape[-1])
    return blocks.sum(axis=(0, 1)) + np.ones(len(pixels) - whole, x.dtype) @ pixels[whole:]


def channel_dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(x · y).sum(axis=(0, 1, 2)), without an array for the product."""
    rows, c = long_rows(x), x.shape[-1]
    y = y.reshape(rows.shape)
    if rows.shape[1] > c or len(rows) < BLOCK:
        return np.einsum("ij,ij->j", rows, y).reshape(-1, c).sum(axis=0)
    whole = len(rows) // BLOCK * BLOCK  # an odd number of pixels has no long rows: in blocks, against rounding
    blocks = np.einsum("bij,bij->bj", rows[:whole].reshape(-1, BLOCK, c), y[:whole].reshape(-1, BLOCK, c))
    return blocks.sum(axis=0) + np.einsum("ij,ij->j", rows[whole:], y[whole:])


def pixel_sum(x: np.ndarray) -> np.ndarray:
    """x.sum(axis=(1, 2)): (N, H, W, C) → (N, C)."""
    n, height, width, c = x.shape
    return x.reshape(n, height, width * c).sum(axis=1).reshape(n, width, c).sum(axis=1)


def pixel_dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(x · y).sum(axis=(1, 2)), without an array for the product."""
    n, height, width, c = x.shape
    rows = (n, height, width * c)
    return np.einsum("nij,nij->nj", x.reshape(rows), y.reshape(rows)).reshape(n, width, c).sum(axis=1)


def times_each(x: np.ndarray, s: np.ndarray) -> np.ndarray:
    """x · s[:, None, None, :]: every channel of every image times its own number."""
    n, height, width, c = x.shape
    return (x.reshape(n, height, width * c) * np.tile(s, width)[:, None, :]).reshape(x.shape)
