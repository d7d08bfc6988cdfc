"""Pooling: over the whole feature map (the paper's squeeze) and over small windows (to halve the resolution).

An average shares its gradient out equally. A maximum gives all of it to the winner, so its cache has to remember who
won; where several values are equally large, the first one in row order wins.
"""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .arguments import check_array, check_count, check_window


class GlobalAvgPoolCache(NamedTuple):
    """What the global average remembers: it is linear, so no values."""

    shape: tuple[int, ...]  # of x
    dtype: np.dtype  # of x


def global_avg_pool_forward(x: np.ndarray) -> tuple[np.ndarray, GlobalAvgPoolCache]:
    """Average each channel over all positions: the squeeze.

    z[n,c] = 1/(H·W) Σ_{i,j} x[n,i,j,c]                                 (Eq. 2)

    Args:
        x: feature maps, (N, H, W, C), float32 or float64.

    Returns:
        z: (N, C), dtype and unit of x. In float32 the sum of very many positions rounds: 512×512 equal values are a
            quarter of a percent off. (`fast.global_avg_pool_forward` sums along long rows, and is not.)

    Source: Hu et al. 2019, Eq. 2.
    """
    check_array("x", x, ("N", "H", "W", "C"))
    z = x.mean(axis=(1, 2))  # (N, C)
    return z, GlobalAvgPoolCache(x.shape, x.dtype)


def global_avg_pool_backward(dz: np.ndarray, cache: GlobalAvgPoolCache) -> np.ndarray:
    """Share each channel's gradient equally among its H·W positions.

    Derivation: z is linear in x with the same weight everywhere, ∂z[n,c]/∂x[n,i,j,c] = 1/(H·W), so
        ∂L/∂x[n,i,j,c] = dz[n,c] / (H·W)

    Args:
        dz: ∂L/∂z, (N, C), dtype of x.

    Returns:
        dx: (N, H, W, C), dtype of x.
    """
    n, height, width, c = cache.shape
    check_array("dz", dz, (n, c), cache.dtype)
    share = dz / (height * width)  # (N, C)
    return np.broadcast_to(share[:, None, None, :], cache.shape).copy()  # (N, H, W, C)


class GlobalMaxPoolCache(NamedTuple):
    """What the global maximum remembers."""

    winner: np.ndarray  # (N, C) integers: i·W + j of the position that alone gets the gradient
    shape: tuple[int, ...]  # of x
    dtype: np.dtype  # of x


def global_max_pool_forward(x: np.ndarray) -> tuple[np.ndarray, GlobalMaxPoolCache]:
    """Take each channel's largest value: the other squeeze that the paper tried.

    z[n,c] = max_{i,j} x[n,i,j,c]

    Args:
        x: feature maps, (N, H, W, C), float32 or float64.

    Returns:
        z: (N, C), dtype and unit of x.

    Source: Hu et al. 2019, the ablation of the squeeze operator.
    """
    check_array("x", x, ("N", "H", "W", "C"))
    n, height, width, c = x.shape
    flat = x.reshape(n, height * width, c)
    winner = flat.argmax(axis=1)  # (N, C)
    z = flat.max(axis=1)  # (N, C)
    return z, GlobalMaxPoolCache(winner, x.shape, x.dtype)


def global_max_pool_backward(dz: np.ndarray, cache: GlobalMaxPoolCache) -> np.ndarray:
    """Give each channel's gradient to the position that held the maximum.

    Derivation: near x, z[n,c] = x[n,i*,j*,c] with (i*,j*) fixed, so
        ∂L/∂x[n,i,j,c] = dz[n,c] at (i*,j*), and 0 elsewhere
    Where two values are equally large the maximum has no derivative; the first one takes all.

    Args:
        dz: ∂L/∂z, (N, C), dtype of x.

    Returns:
        dx: (N, H, W, C), dtype of x.
    """
    winner, shape, dtype = cache
    n, height, width, c = shape
    check_array("dz", dz, (n, c), dtype)
    dx = np.zeros((n, height * width, c), dtype)
    np.put_along_axis(dx, winner[:, None, :], dz[:, None, :], axis=1)
    return dx.reshape(shape)


class MaxPool2DCache(NamedTuple):
    """What max pooling remembers."""

    winner: np.ndarray  # (N, Ho, Wo, C) integers: p·size + q of the place in the window that held the maximum
    shape: tuple[int, ...]  # of x
    dtype: np.dtype  # of x
    size: int
    stride: int
    pad: int
    ceil: bool


def max_pool2d_forward(
    x: np.ndarray, size: int, stride: int, pad: int = 0, ceil: bool = False
) -> tuple[np.ndarray, MaxPool2DCache]:
    """Take the largest value of each size×size window.

    y[n,i,j,c] = max_{p,q < size} x_pad[n, i·stride+p, j·stride+q, c]

    Args:
        x: feature maps, (N, H, W, C), float32 or float64.
        size: side of the window, pixels.
        stride: step of the window, pixels; below `size` the windows overlap.
        pad: rows and columns of −∞ on each side, pixels; below `size`. One wins only where a window has nothing larger.
        ceil: what becomes of rows and columns at the end that fill no whole window: False leaves them out, True gives
            them a window that hangs over the edge, if it would begin on the image or on the padding before it.

    Returns:
        y: (N, Ho, Wo, C) with Ho = (H + 2·pad − size) / stride + 1, rounded down or, with `ceil`, up, and Wo likewise,
            dtype of x.

    Raises:
        ValueError: a shape, dtype, size, stride or pad that does not fit.
    """
    check_pool2d(x, size, stride, pad)
    x_pad = np.pad(x, frame(x.shape, size, stride, pad, ceil), constant_values=-np.inf)
    windows = _windows(x_pad, size, stride)  # (N, Ho, Wo, C, size·size)
    winner = windows.argmax(axis=-1)  # (N, Ho, Wo, C)
    y = windows.max(axis=-1)  # (N, Ho, Wo, C)
    return y, MaxPool2DCache(winner, x.shape, x.dtype, size, stride, pad, ceil)


def max_pool2d_backward(dy: np.ndarray, cache: MaxPool2DCache) -> np.ndarray:
    """Give each window's gradient to the place that held its maximum.

    Derivation: as for the global maximum, window by window: ∂y/∂x is 1 at the winner and 0 elsewhere. A pixel may
    win in several overlapping windows, so what it receives is *added* (+=, not =).

    Args:
        dy: ∂L/∂y, (N, Ho, Wo, C), dtype of x.

    Returns:
        dx: (N, H, W, C), dtype of x.
    """
    winner, shape, dtype, size, stride, pad, ceil = cache
    check_array("dy", dy, winner.shape, dtype)
    _, h_out, w_out, _ = dy.shape
    _, height, width, _ = shape
    dx_pad = np.pad(np.zeros(shape, dtype), frame(shape, size, stride, pad, ceil))
    for p in range(size):
        for q in range(size):  # the pixel at place (p, q) of every window
            pixels = dx_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride]
            pixels += dy * (winner == p * size + q)  # a view: this adds to dx_pad
    return dx_pad[:, pad : pad + height, pad : pad + width].copy()


class AvgPool2DCache(NamedTuple):
    """What average pooling remembers: it is linear, so no values."""

    shape: tuple[int, ...]  # of x
    dtype: np.dtype  # of x
    size: int
    stride: int


def avg_pool2d_forward(x: np.ndarray, size: int, stride: int) -> tuple[np.ndarray, AvgPool2DCache]:
    """Average each size×size window.

    y[n,i,j,c] = 1/size² Σ_{p,q < size} x[n, i·stride+p, j·stride+q, c]

    Args:
        x: feature maps, (N, H, W, C), float32 or float64.
        size: side of the window, pixels.
        stride: step of the window, pixels; below `size` the windows overlap.

    Returns:
        y: (N, Ho, Wo, C), sizes as for `max_pool2d_forward`, dtype of x.

    Raises:
        ValueError: a shape, dtype, size or stride that does not fit.
    """
    check_pool2d(x, size, stride, 0)
    y = _windows(x, size, stride).mean(axis=-1)  # (N, Ho, Wo, C)
    return y, AvgPool2DCache(x.shape, x.dtype, size, stride)


def avg_pool2d_backward(dy: np.ndarray, cache: AvgPool2DCache) -> np.ndarray:
    """Share each window's gradient equally among its size² places.

    Derivation: ∂y[n,i,j,c]/∂x = 1/size² for each pixel of the window, so a pixel receives dy/size² from every
    window that it lies in, and these are added.

    Args:
        dy: ∂L/∂y, (N, Ho, Wo, C), dtype of x.

    Returns:
        dx: (N, H, W, C), dtype of x.
    """
    (n, height, width, c), dtype, size, stride = cache
    h_out, w_out = (height - size) // stride + 1, (width - size) // stride + 1
    check_array("dy", dy, (n, h_out, w_out, c), dtype)
    dx = np.zeros((n, height, width, c), dtype)
    for p in range(size):
        for q in range(size):
            pixels = dx[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride]
            pixels += dy / size**2  # a view: this adds to dx
    return dx


def check_pool2d(x: np.ndarray, size: int, stride: int, pad: int) -> None:
    """Raise ValueError unless the arguments of a pooling over windows fit together."""
    check_array("x", x, ("N", "H", "W", "C"))
    check_count("size", size, 1)
    check_count("stride", stride, 1)
    check_count("pad", pad, 0)
    if pad >= size:
        raise ValueError(f"pad is {pad}, expected less than size, {size}: a window would see nothing of the image")
    check_window(x.shape[1] + 2 * pad, x.shape[2] + 2 * pad, size, size)


def frame(shape: tuple[int, ...], size: int, stride: int, pad: int, ceil: bool) -> tuple[tuple[int, int], ...]:
    """What `np.pad` adds before and behind each axis of an array (N, H, W, C) that is max-pooled, pixels.

    With `ceil`, so many rows behind the image that its last row has a window too; but no window without a pixel.
    """
    missing = [-(length + 2 * pad - size) % stride if ceil else 0 for length in shape[1:3]]
    down, across = (pad + more if pad + more < size else pad for more in missing)
    return (0, 0), (pad, down), (pad, across), (0, 0)


def _windows(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    """windows[n,i,j,c, p·size+q] = x[n, i·stride+p, j·stride+q, c]."""
    windows = sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]  # (N, Ho, Wo, C, size, size)
    return windows.reshape(*windows.shape[:4], size * size)
