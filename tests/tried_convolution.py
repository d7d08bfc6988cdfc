"""Answers to the exercises of notebook 6, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

from senet_np import ops

NEVER = [3, 7, 11, 15, 19, 23, 27, 31]
RNG = np.random.default_rng(1)
ONE, TWO = RNG.standard_normal((1, 6, 5, 2)), RNG.standard_normal((2, 6, 5, 2))


def dw_by_convolution(x, dy):
    return ops.conv2d_forward(x.transpose(3, 1, 2, 0), dy.transpose(1, 2, 0, 3), None, 1, 1)[0].transpose(1, 2, 0, 3)


def dw_from_the_cache(x, dy):
    """By the ordinary backward pass: another way."""
    x, dy = x.astype(np.float32), dy.astype(np.float32)
    kernel = tuple(x.shape[axis] + 3 - dy.shape[axis] for axis in (1, 2))
    _, cache = ops.conv2d_forward(x, np.ones((*kernel, x.shape[3], dy.shape[3]), np.float32), None, 1, 1)
    return [ops.conv2d_backward(dy, cache)[1], None]


def dw_by_windows_of_3(x, dy):
    columns, _ = ops.conv.im2col(x, 3, 3, 1, 1)
    return (columns.T @ dy.reshape(-1, dy.shape[3])).reshape(3, 3, x.shape[3], dy.shape[3])


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
    return np.array([np.count_nonzero(du[0, :, 0, 0])])


TRIED = {
    "6.1": Tried(
        right=(2, 3, 8, NEVER),
        unexpected={"padding_5": (2, 2), "padding_7": np.int64(3), "windows": "8", "never": {*NEVER}},
        wrong={
            "5×5 makes 30 rows": (1, 3, 8, NEVER),
            "padding_7: with a padding of 4, a kernel of 7×7 makes 34 rows": (2, 4, 8, NEVER),
            "padding_5 holds 2 numbers, expected one": ((2, 3), 3, 8, NEVER),
            "padding_5: with a padding of 4": ([4, 4], 3, 8, NEVER),
            "padding_7 is None, expected numbers": (2, None, 8, NEVER),
            "padding_5 is -2, expected a number from 0": (-2, 3, 8, NEVER),
            "windows is 7.25, expected a whole number": (2, 3, 7.25, NEVER),
            "windows is 'eight'": (2, 3, "eight", NEVER),
            "windows is 0: how many fit?": (2, 3, 0, NEVER),
            "if there are 9, the last ends at place 34. Does that place exist?": (2, 3, 9, NEVER),
            "if there is 1, the last ends at place 2. Another one fits": (2, 3, 1, NEVER),
            "pixel 4 is in the window that begins at 4": (2, 3, 8, {3, 4}),
            "there is no pixel 32": (2, 3, 8, [*NEVER, 32]),
            "a number in never is 3.7, expected a whole number": (2, 3, 8, [3.7, *NEVER[1:]]),
            "never is '3, 7', expected numbers": (2, 3, 8, "3, 7"),
            "never must hold finite numbers": (2, 3, 8, []),
            "at the end of the line": (2, 3, 8, NEVER[:-1]),
            "not complete.": (2, 3, 8, 31),
        },
    ),
    "6.2": Tried(
        right=(dw_by_convolution,),
        unexpected=(dw_from_the_cache,),
        wrong={
            "dw_by_convolution is no function": (np.zeros((3, 3, 4, 5)),),
            "does the function return it?": (lambda x, dy: print(end=""),),
            "dw is turned by 180°": (lambda x, dy: dw_by_convolution(x, dy)[::-1, ::-1],),
            "the axes are right, but dy is turned by 180°": (lambda x, dy: dw_by_convolution(x, dy[:, ::-1, ::-1]),),
            "x is flipped upside down": (lambda x, dy: dw_by_convolution(x[:, ::-1], dy),),
            "but it is 2 times what it should be": (lambda x, dy: 2 * dw_by_convolution(x, dy),),
            "another order": (lambda x, dy: dw_by_convolution(x, dy).transpose(2, 0, 1, 3),),
            "expected (3, 3, 4, 5)": (lambda x, dy: dw_by_convolution(x, dy)[1:],),
            "dw has shape (3, 3, 2, 7), expected (2, 4, 2, 7)": (dw_by_windows_of_3,),
            "dw must hold finite numbers": (lambda x, dy: dw_by_convolution(x, dy) * np.nan,),
            "dw is 'dw', expected numbers": (lambda x, dy: "dw",),
            "Which axes of x and dy": (lambda x, dy: dw_by_convolution(x, dy[::-1]),),
        },
    ),
    "6.3": Tried(
        right=(["dx", "dw"], ONE),
        unexpected=("dW and X", ONE.tolist()),
        wrong={
            "not all that you name are wrong": ({"dx", "dw", "db"}, ONE),
            "not all that you name are wrong. Which line": ("b", ONE),
            "what you name is wrong, but the list is not complete": (["dx"], ONE),
            "wrong_gradients: dy is none of dx, dw, db": (["dy"], ONE),
            "wrong_gradients: name at least one": ([], ONE),
            "expected four axes": (["dx", "dw"], np.eye(4)),
            "expected images of 4×4 pixels or more": (["dx", "dw"], np.ones((3, 3, 7, 2))),
            "x_hiding is 'one', expected numbers": (["dx", "dw"], "one"),
            "x_hiding is 0 everywhere": (["dx", "dw"], np.zeros((1, 4, 4, 1))),
            "x_hiding holds 2,048 numbers, expected 2,000 at most": (["dx", "dw"], np.ones((1, 32, 32, 2))),
            "of shape (2, 6, 5, 2), a check finds the mistake: dx is off by": (["dx", "dw"], TWO),
        },
    ),
    "6.4": Tried(
        right=(rows_seen,),
        unexpected=(rows_by_backward_passes,),
        wrong={
            "rows_seen is no function": (18,),
            "rows_seen returns None": (lambda layers: print(end=""),),
            "rows_seen([(3, 1)]) must hold finite numbers": (lambda layers: np.nan * len(layers),),
            "rows_seen([(3, 1)]) is 'three', expected numbers": (lambda layers: "three"[: 9 * len(layers)],),
            "[(3, 1), (3, 1)]) is 6: that is too many": (lambda layers: sum(size for size, _ in layers),),
            "[(2, 2), (3, 1)]) is 4: that is too few": (lambda layers: 1 + sum(size - 1 for size, _ in layers),),
            "[(2, 2), (3, 1)]) is 4: that is too few. How far": (lambda layers: rows_seen(layers[::-1]),),
        },
    ),
}
