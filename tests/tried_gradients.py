"""Answers to the exercises of notebook 2, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried


def forward(x):
    return x / (1 + np.abs(x)), x


def backward(dy, x):
    return dy / (1 + np.abs(x)) ** 2


def forward_by_sign(x):
    y = np.where(x > 0, x / (1 + x * (x > 0)), x / (1 - x * (x < 0)))
    return y, {"y": y}


def backward_from_y(dy, cache):
    return (dy * (1 - abs(cache["y"])) ** 2,)


TRIED = {
    "2.1": Tried(
        right=(forward, backward),
        unexpected=(forward_by_sign, backward_from_y),
        wrong={
            "y[0, 0] is 3": (lambda x: (x, x), backward),
            "wrong sign": (forward, lambda dy, x: -backward(dy, x)),
            "in `": (forward, lambda dy, x: x.no_such),
        },
    ),
}
