"""Answers to the exercises of notebook 14, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

from senet_np.containers import trace
from senet_np.nets import resnet50


def forward(x):
    return x * np.clip(x / 6 + 0.5, 0, 1), x


def backward(dy, x):
    inside = (x > -3) & (x < 3)
    return dy * (np.clip(x / 6 + 0.5, 0, 1) + inside * x / 6)


def forward_in_parts(x):
    gate = np.minimum(1, np.maximum(0, (x + 3) / 6))
    return x * gate, {"x": x, "gate": gate}


def backward_in_parts(dy, cache):
    x = cache["x"]
    return (dy * np.where(x <= -3, 0, np.where(x >= 3, 1, x / 3 + 0.5)),)


def in_place(x):
    y = forward(x)[0]
    x[:] = y
    return y, x


def gate_alone(dy, x):
    return dy * np.clip(x / 6 + 0.5, 0, 1)


def slope_everywhere(dy, x):
    return dy * (np.clip(x / 6 + 0.5, 0, 1) + x / 6)


def forward_with_a_mask(x):
    return forward(x)[0], (x, x > 0, x >= 3)


def backward_with_a_mask(dy, cache):
    return backward(dy, cache[0])


small = resnet50(widths=(4, 4, 8, 8), classes=10)
STEPS = trace(small, *small.init(np.random.default_rng(0)), np.zeros((1, 32, 32, 3), np.float32))
POOL = next(step for step in STEPS if step.node.path == "stem.pool")


TRIED = {
    "14.1": Tried(
        right=([24, 24, 48],),
        unexpected=({200: 48.0, 72: 24.0, 88: 24.0},),
        wrong={
            "hidden: 18 for C = 72 is C // 4": ([18, 22, 50],),
            "nine tenths": ([16, 24, 48],),
            "hidden: 56 for C = 200 is not the multiple of 8 that is nearest to 50": ((24, 24, 56),),
            "hidden: 20 for C = 88 is no multiple": ([24, 20, 48],),
            "hidden holds 2 numbers, expected 3": ([24, 24],),
            "hidden holds 1 number, expected 3": (24,),
            "hidden: 0 for C = 72 is not the multiple": ([0, 24, 48],),
            "hidden is a dictionary": ({"a": 24},),
            "✗ 14.1: hidden ": (None,),
            "hidden is 'twenty-four', expected numbers": ("twenty-four",),
        },
    ),
    "14.2": Tried(
        right=(forward, backward),
        unexpected=(forward_with_a_mask, lambda dy, cache: (backward_with_a_mask(dy, cache),)),
        wrong={
            "WRONG x": (forward, gate_alone),
            "WRONG x: worst": (forward, slope_everywhere),
            "backward returned nothing": (forward, lambda dy, x: print(end="")),
            "forward changed its argument": (in_place, backward),
            "y[": (lambda x: (x * np.clip(x / 6, 0, 1), x), backward),
            "`return y, cache`": (lambda x: forward(x)[0], backward),
        },
    ),
    "14.3": Tried(
        right=("stem.pool",),
        unexpected=(POOL,),
        wrong={
            "the outputs of stem.conv are equal": ("stem.conv",),
            "but so do those of a layer before it": ("stage1.block1.residual",),
            "first is 'stem', expected a path": ("stem",),
            "first is of type tuple, expected a path": (("stem.pool", (1, 2)),),
            "first is of type NoneType, expected a path": (None,),
            "first is of type list": ([*STEPS],),
        },
    ),
    "14.4": Tried(
        right=(453152, 18656),
        unexpected=("453152", np.array([18656.0])),
        wrong={
            "middle holds 2 numbers, expected one": ([453152, 1], 18656),
            "✗ 14.4: middle ": (None, 18656),
            "end is 'few', expected numbers": (453152, "few"),
            "middle: 18,656 belongs to the other place": (18656, 453152),
            "middle: 226,576 is one of the two matrices": (226576, 9328),
            "counts all blocks of the table": (459616, 19232),
            "end: 1 is not right": (453152, 1),
        },
    ),
}
