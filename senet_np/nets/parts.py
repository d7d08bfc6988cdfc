"""The parts that all networks are made of.

A convolution that batch norm follows has no bias: it would be subtracted with the mean.
"""

from ..containers import Sequential
from ..layers import BatchNorm, Conv2D, GlobalAvgPool, Linear, ReLU
from .attention import NamedLayers


def conv_bn(in_channels: int, channels: int, kernel_size: int = 3, stride: int = 1) -> NamedLayers:
    """Convolution and batch norm, as named layers."""
    return [("conv", Conv2D(in_channels, channels, kernel_size, stride, bias=False)), ("bn", BatchNorm(channels))]


def conv_bn_relu(in_channels: int, channels: int, kernel_size: int = 3, stride: int = 1) -> NamedLayers:
    """Convolution, batch norm and ReLU, as named layers."""
    return [*conv_bn(in_channels, channels, kernel_size, stride), ("relu", ReLU())]


def head(channels: int, classes: int) -> Sequential:
    """Global average pooling and one linear layer.

    Its weights are small, so that at the start all logits are close to 0 and the loss is close to log(classes).
    """
    return Sequential([("pool", GlobalAvgPool()), ("fc", Linear(channels, classes, std=0.01))])
