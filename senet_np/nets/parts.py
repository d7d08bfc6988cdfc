"""The parts that all networks are made of.

A convolution that batch norm follows has no bias: it would be subtracted with the mean.
"""

from ..containers import Sequential
from ..layers import BatchNorm, Conv2D, Linear, global_avg_pool, relu
from .attention import Named


def conv_bn(c_in: int, c: int, size: int = 3, stride: int = 1) -> Named:
    """Convolution and batch norm, as named layers."""
    return [("conv", Conv2D(c_in, c, size, stride, bias=False)), ("bn", BatchNorm(c))]


def conv_bn_relu(c_in: int, c: int, size: int = 3, stride: int = 1) -> Named:
    """Convolution, batch norm and ReLU, as named layers."""
    return [*conv_bn(c_in, c, size, stride), ("relu", relu())]


def head(c: int, classes: int) -> Sequential:
    """Global average pooling and one linear layer.

    Its weights are small, so that at the start all logits are close to 0 and the loss is close to log(classes).
    """
    return Sequential([("pool", global_avg_pool()), ("fc", Linear(c, classes, std=0.01))])
