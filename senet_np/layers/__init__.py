"""Layers: ops that own parameters.

A layer stores nothing during a pass. What it learns (params), its running statistics (state) and what its backward
pass needs (cache) go in and out as arguments, so anyone can call any step by hand and look at it:

    params, state = layer.init(rng)
    y, cache, new_state = layer.forward(params, state, x, training)
    dx, grads = layer.backward(dy, cache)

params, state and grads are trees (nested dicts) of arrays; grads has exactly the shape of params. With
`needs_input_grad=False`, a layer that saves work by it returns None in place of dx. The layers call the ops of `fast`,
which compute the same as those of `ops`. A network is a layer made of layers: see `containers.py`.

    base.py       what every layer can do
    fixed.py      nothing to learn: ReLU, hard swish, pooling
    learned.py    linear, convolution, batch norm
    blocks.py     the SE block and ECA
"""

from .base import Array, Layer, Rng, Stateless
from .blocks import ECA, SE
from .fixed import AvgPool2D, GlobalAvgPool, HardSwish, MaxPool2D, ReLU
from .learned import BatchNorm, Conv2D, DepthwiseConv2D, FrozenConv2D, Linear

__all__ = [
    "ECA",
    "SE",
    "Array",
    "AvgPool2D",
    "BatchNorm",
    "Conv2D",
    "DepthwiseConv2D",
    "FrozenConv2D",
    "GlobalAvgPool",
    "HardSwish",
    "Layer",
    "Linear",
    "MaxPool2D",
    "ReLU",
    "Rng",
    "Stateless",
]
