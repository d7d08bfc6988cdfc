"""Answers to the exercises of notebook 6, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

from senet_np import ops

NEVER = [3, 7, 11, 15, 19, 23, 27, 31]
RNG = np.random.default_rng(1)


def dw_by_convolution(x, dy):
    return ops.conv2d_forward(x.transpose(3, 1, 2, 0), dy.transpose(1, 2, 0, 3), None, 1, 1)[0].transpose(1, 2, 0, 3)


def dw_from_the_cache(x, dy):
    """By the ordinary backward pass: right, though not asked for."""
    kernel = tuple(x.shape[axis] + 3 - dy.shape[axis] for axis in (1, 2))
    _, cache = ops.conv2d_forward(x, np.ones((*kernel, x.shape[3], dy.shape[3])), None, 1, 1)
    return ops.conv2d_backward(dy, cache)[1].tolist()


def rows_seen(layers):
    rows = 1
    for size, stride in reversed(layers):
        rows = (rows - 1) * stride + size
    return rows


def rows_by_backward_passes(layers):
    caches, u = [], np.ones((1, 64, 64, 1))
    for size, stride in layers:
        u, cache = ops.avg_pool2d_forward(u, size, stride)
        caches.append(cache)
    du = np.zeros_like(u)
    du[0, 0, 0, 0] = 1
    for cache in caches[::-1]:
        du = ops.avg_pool2d_backward(du, cache)
    return np.count_nonzero(du[0, :, 0, 0])


TRIED = {
    "6.1": Tried(
        right=(2, 3, 8, NEVER),
        unexpected={"padding_5": 2.0, "padding_7": np.int64(3), "windows": 8.0, "never": range(3, 32, 4)},
        wrong={
            "5×5 makes 30 rows": (1, 3, 8, NEVER),
            "7×7 makes 34 rows": (2, 4, 8, NEVER),
            "7.25 windows": (2, 3, 7.25, NEVER),
            "does that place exist?": (2, 3, 9, NEVER),
            "another one fits": (2, 3, 7, NEVER),
            "pixel 4 is in the window that begins at 4": (2, 3, 8, {3, 4}),
            "there is no pixel 32": (2, 3, 8, [*NEVER, 32]),
            "at the end of the line": (2, 3, 8, NEVER[:-1]),
            "not complete.": (2, 3, 8, (31,)),
        },
    ),
    "6.2": Tried(
        right=(dw_by_convolution,),
        unexpected=(dw_from_the_cache,),
        wrong={
            "does the function return it?": (lambda x, dy: print(end=""),),
            "turned by 180°": (lambda x, dy: dw_by_convolution(x, dy)[::-1, ::-1],),
            "another order": (lambda x, dy: dw_by_convolution(x, dy).transpose(2, 0, 1, 3),),
            "expected (3, 3, 2, 4)": (lambda x, dy: dw_by_convolution(x, dy)[1:],),
            "Which axes of x and dy": (lambda x, dy: dw_by_convolution(x, dy[::-1]),),
        },
    ),
    "6.3": Tried(
        right=(["dx"], RNG.standard_normal((3, 2, 2, 1))),
        unexpected=("dX", RNG.standard_normal((2, 2, 3, 1)).tolist()),
        wrong={
            "dw is right": ({"dx", "dw"}, RNG.standard_normal((3, 3, 2, 1))),
            "db is right": (("x", "b"), RNG.standard_normal((3, 3, 2, 1))),
            "dy: expected names out of dx, dw, db": (["dy"], RNG.standard_normal((3, 3, 2, 1))),
            "name at least one": ([], RNG.standard_normal((3, 3, 2, 1))),
            "expected four axes": (["dx"], np.eye(3)),
            "at least 2 input channels": (["dx"], RNG.standard_normal((3, 3, 1, 1))),
            "are equal": (["dx"], np.ones((3, 3, 2, 4))),
            "finds the mistake: dx is off by": (["dx"], RNG.standard_normal((3, 3, 2, 2))),
        },
    ),
    "6.4": Tried(
        right=(rows_seen,),
        unexpected=(rows_by_backward_passes,),
        wrong={
            "rows_seen returns None": (lambda layers: print(end=""),),
            "[(3, 1), (3, 1)]) is 6: that is too many": (lambda layers: sum(size for size, _ in layers),),
            "[(2, 2), (3, 1)]) is 4: that is too few": (lambda layers: 1 + sum(size - 1 for size, _ in layers),),
            "[(2, 2), (3, 1)]) is 4: ": (lambda layers: rows_seen(layers[::-1]),),
        },
    ),
}
