"""Pooling: over the whole picture (the paper's squeeze) and over small windows (to halve the resolution).

An average shares its gradient out equally; a maximum gives all of it to the winner, so its cache has to
remember who won. Where several are equally large, the first one in row order wins.
"""

import numpy as np

from ..fast.long_rows import pixel_sum
from .arguments import check_array, check_count, check_window


def global_avg_pool_forward(x: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Average each channel over the whole picture: the squeeze.

    z[n,c] = 1/(H·W) Σ_{i,j} x[n,i,j,c]                                 (Eq. 2)

    Args:
        x: feature maps, (N, H, W, C), float32 or float64.

    Returns:
        z: (N, C), dtype and unit of x.
        cache: what the backward pass needs.

    Raises:
        ValueError: x is not a four-axis float array.

    Source: Hu et al. 2019, Eq. 2.
    """
    check_array("x", x, ("N", "H", "W", "C"))
    cache = (x.shape, x.dtype)  # an average forgets everything but how many it averaged
    return pixel_sum(x) / (x.shape[1] * x.shape[2]), cache


def global_avg_pool_backward(dz: np.ndarray, cache: tuple) -> np.ndarray:
    """Share each channel's gradient equally among its H·W positions.

    Derivation: z is linear in x with the same weight everywhere, ∂z[n,c]/∂x[n,i,j,c] = 1/(H·W), so
        ∂L/∂x[n,i,j,c] = dz[n,c] / (H·W)

    Args:
        dz: ∂L/∂z, (N, C), dtype of x.
        cache: from `global_avg_pool_forward`.

    Returns:
        dx: (N, H, W, C), dtype of x.

    Raises:
        ValueError: dz is not of the output's shape and dtype.

    Source: the derivation above.
    """
    shape, dtype = cache
    n, height, width, c = shape
    check_array("dz", dz, (n, c), dtype)
    dx = np.empty((n, height, width * c), dtype)
    dx[:] = np.tile(dz / (height * width), width)[:, None, :]
    return dx.reshape(shape)


def global_max_pool_forward(x: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Take each channel's largest value: the other squeeze that the paper tried.

    z[n,c] = max_{i,j} x[n,i,j,c]

    Args:
        x: feature maps, (N, H, W, C), float32 or float64.

    Returns:
        z: (N, C), dtype and unit of x.
        cache: what the backward pass needs.

    Raises:
        ValueError: x is not a four-axis float array.

    Source: Hu et al. 2019, the ablation of the squeeze operator.
    """
    check_array("x", x, ("N", "H", "W", "C"))
    n, height, width, c = x.shape
    flat = x.reshape(n, height * width, c)
    winner = flat.argmax(axis=1)[:, None, :]
    z = np.take_along_axis(flat, winner, axis=1)[:, 0, :]
    cache = (winner, x.shape, x.dtype)  # winner: the position that alone gets the gradient
    return z, cache


def global_max_pool_backward(dz: np.ndarray, cache: tuple) -> np.ndarray:
    """Hand each channel's gradient to the position that held the maximum.

    Derivation: near x, z[n,c] = x[n,i*,j*,c] with (i*,j*) fixed, so
        ∂L/∂x[n,i,j,c] = dz[n,c] at (i*,j*), and 0 elsewhere
    At a tie the maximum has no derivative; the first winner takes all.

    Args:
        dz: ∂L/∂z, (N, C), dtype of x.
        cache: from `global_max_pool_forward`.

    Returns:
        dx: (N, H, W, C), dtype of x.

    Raises:
        ValueError: dz is not of the output's shape and dtype.

    Source: the derivation above.
    """
    winner, shape, dtype = cache
    n, height, width, c = shape
    check_array("dz", dz, (n, c), dtype)
    dx = np.zeros((n, height * width, c), dtype)
    np.put_along_axis(dx, winner, dz[:, None, :], axis=1)
    return dx.reshape(shape)


def max_pool2d_forward(x: np.ndarray, size: int, stride: int, pad: int = 0) -> tuple[np.ndarray, tuple]:
    """Take the largest value of each size×size window.

    y[n,i,j,c] = max_{p,q < size} x_pad[n, i·stride+p, j·stride+q, c]

    Args:
        x: feature maps, (N, H, W, C), float32 or float64.
        size: side of the window, pixels.
        stride: step of the window, pixels; below `size` the windows overlap.
        pad: rows and columns of −∞ on each side, which never win, pixels; below `size`.

    Returns:
        y: (N, Ho, Wo, C) with Ho = (H + 2·pad − size) // stride + 1 and Wo likewise, dtype of x; rows and columns
            that fill no whole window are left out.
        cache: what the backward pass needs.

    Raises:
        ValueError: a shape, dtype, size, stride or pad that does not fit.

    Source: the definition.
    """
    check_array("x", x, ("N", "H", "W", "C"))
    check_count("size", size, 1)
    check_count("pad", pad, 0)
    if pad >= size:
        raise ValueError(f"pad is {pad}, expected less than size, {size}: a window would see nothing of the picture")
    x_pad = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), constant_values=-np.inf) if pad else x
    first, *others = _windows(x_pad, size, stride)
    y = first.copy()
    winner = np.zeros(y.shape, np.min_scalar_type(size * size))  # which place of the window holds the maximum
    for place, candidate in enumerate(others, start=1):
        better = (candidate > y).astype(winner.dtype)
        better *= place
        np.maximum(winner, better, out=winner)  # places come in rising order, so the last that was better stays
        np.maximum(y, candidate, out=y)
    cache = (winner, x_pad.shape, x.dtype, size, stride, pad)
    return y, cache


def max_pool2d_backward(dy: np.ndarray, cache: tuple) -> np.ndarray:
    """Hand each window's gradient to the place that held its maximum.

    Derivation: as for the global maximum, window by window: ∂y/∂x is 1 at the winner and 0 elsewhere. A pixel may
    win in several overlapping windows, so what it receives is *added* (+=, not =).

    Args:
        dy: ∂L/∂y, (N, Ho, Wo, C), dtype of x.
        cache: from `max_pool2d_forward`.

    Returns:
        dx: (N, H, W, C), dtype of x.

    Raises:
        ValueError: dy is not of the output's shape and dtype.

    Source: the derivation above.
    """
    winner, padded_shape, dtype, size, stride, pad = cache
    check_array("dy", dy, winner.shape, dtype)
    dx_pad = np.zeros(padded_shape, dtype)
    for place, window in enumerate(_windows(dx_pad, size, stride)):  # views: this writes into dx_pad
        if stride < size:
            window += dy * (winner == place)
        else:  # no pixel is in two windows
            np.multiply(dy, winner == place, out=window)
    _, height, width, _ = padded_shape
    return np.ascontiguousarray(dx_pad[:, pad : height - pad, pad : width - pad])


def avg_pool2d_forward(x: np.ndarray, size: int, stride: int) -> tuple[np.ndarray, tuple]:
    """Average each size×size window.

    y[n,i,j,c] = 1/size² Σ_{p,q < size} x[n, i·stride+p, j·stride+q, c]

    Args:
        x: feature maps, (N, H, W, C), float32 or float64.
        size: side of the window, pixels.
        stride: step of the window, pixels; below `size` the windows overlap.

    Returns:
        y: (N, Ho, Wo, C), sizes as for `max_pool2d_forward`, dtype of x.
        cache: what the backward pass needs.

    Raises:
        ValueError: a shape, dtype, size or stride that does not fit.

    Source: the definition.
    """
    first, *others = _windows(x, size, stride)
    y = first.copy()
    for window in others:
        y += window
    y /= size * size
    cache = (y.shape, x.shape, x.dtype, size, stride)  # shapes alone: an average is linear
    return y, cache


def avg_pool2d_backward(dy: np.ndarray, cache: tuple) -> np.ndarray:
    """Share each window's gradient equally among its size² places.

    Derivation: ∂y[n,i,j,c]/∂x = 1/size² for each pixel of the window, so a pixel receives dy/size² from every
    window that it lies in, and these are added.

    Args:
        dy: ∂L/∂y, (N, Ho, Wo, C), dtype of x.
        cache: from `avg_pool2d_forward`.

    Returns:
        dx: (N, H, W, C), dtype of x.

    Raises:
        ValueError: dy is not of the output's shape and dtype.

    Source: the derivation above.
    """
    y_shape, shape, dtype, size, stride = cache
    check_array("dy", dy, y_shape, dtype)
    share = dy / (size * size)
    dx = np.zeros(shape, dtype)
    for window in _windows(dx, size, stride):
        window += share  # a view: this writes into dx
    return dx


def _windows(x: np.ndarray, size: int, stride: int) -> list[np.ndarray]:
    """Views of x, one for each place (p, q) of the window in row order: view[n,i,j,c] = x[n, i·stride+p, …]."""
    check_array("x", x, ("N", "H", "W", "C"))
    check_count("size", size, 1)
    check_count("stride", stride, 1)
    _, height, width, _ = x.shape
    check_window(height, width, size, size)
    down, across = height - size + 1, width - size + 1
    return [x[:, p : p + down : stride, q : q + across : stride] for p in range(size) for q in range(size)]
