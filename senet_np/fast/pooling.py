"""Global average pooling along long rows, and max pooling as a running maximum over the places of the window."""

import numpy as np

from ..ops.arguments import check_array
from ..ops.pooling import GlobalAvgPoolCache, MaxPool2DCache, check_pool2d, frame
from .long_rows import pixel_sum


def global_avg_pool_forward(x: np.ndarray) -> tuple[np.ndarray, GlobalAvgPoolCache]:
    """`ops.global_avg_pool_forward`."""
    check_array("x", x, ("N", "H", "W", "C"))
    return pixel_sum(x) / (x.shape[1] * x.shape[2]), GlobalAvgPoolCache(x.shape, x.dtype)


def global_avg_pool_backward(dz: np.ndarray, cache: GlobalAvgPoolCache) -> np.ndarray:
    """`ops.global_avg_pool_backward`."""
    n, height, width, c = cache.shape
    check_array("dz", dz, (n, c), cache.dtype)
    dx = np.empty((n, height, width * c), cache.dtype)
    dx[:] = np.tile(dz / (height * width), width)[:, None, :]
    return dx.reshape(cache.shape)


def max_pool2d_forward(
    x: np.ndarray, size: int, stride: int, pad: int = 0, ceil: bool = False
) -> tuple[np.ndarray, MaxPool2DCache]:
    """`ops.max_pool2d_forward`: one pass over the image for each place of the window, none over windows."""
    check_pool2d(x, size, stride, pad)
    widths = frame(x.shape, size, stride, pad, ceil)
    x_pad = np.pad(x, widths, constant_values=-np.inf) if np.any(widths) else x
    first, *others = _places(x_pad, size, stride)
    y = first.copy()
    winner = np.zeros(y.shape, np.min_scalar_type(size * size))
    for place, candidate in enumerate(others, start=1):
        better = (candidate > y).astype(winner.dtype)
        better *= place
        np.maximum(winner, better, out=winner)  # places come in rising order, so the last that was better stays
        np.maximum(y, candidate, out=y)
    return y, MaxPool2DCache(winner, x.shape, x.dtype, size, stride, pad, ceil)


def max_pool2d_backward(dy: np.ndarray, cache: MaxPool2DCache) -> np.ndarray:
    """`ops.max_pool2d_backward`."""
    winner, shape, dtype, size, stride, pad, ceil = cache
    check_array("dy", dy, winner.shape, dtype)
    dx_pad = np.pad(np.zeros(shape, dtype), frame(shape, size, stride, pad, ceil))
    for place, pixels in enumerate(_places(dx_pad, size, stride)):  # views: this writes into dx_pad
        if stride < size:
            pixels += dy * (winner == place)
        else:  # no pixel is in two windows
            np.multiply(dy, winner == place, out=pixels)
    return np.ascontiguousarray(dx_pad[:, pad : pad + shape[1], pad : pad + shape[2]])


def _places(x: np.ndarray, size: int, stride: int) -> list[np.ndarray]:
    """Views of x, one for each place (p, q) of the window in row order: view[n,i,j,c] = x[n, i·stride+p, …]."""
    down, across = x.shape[1] - size + 1, x.shape[2] - size + 1
    return [x[:, p : p + down : stride, q : q + across : stride] for p in range(size) for q in range(size)]
