"""The mathematics: forward and backward passes as pairs of pure functions on plain arrays.

Every pair follows one convention, and anyone can add to it:

    y, cache = op_forward(x, ...)          the cache holds all that the backward pass may use, each thing by its name
    dx, ...  = op_backward(dy, cache)      d<name> is ∂L/∂<name> and has <name>'s shape; cache: from op_forward

Arrays are (N, H, W, C), channels last. float32 in gives float32 out, float64 gives float64. A shape or dtype that does
not fit raises a ValueError. No argument is changed. A cache borrows its arrays and does not copy them, so leave them as
they are between the two passes. `reference` has the same pairs as plain loops, `senet_np.fast` at speed.
"""

from .activations import (
    hard_sigmoid_backward,
    hard_sigmoid_forward,
    hard_swish_backward,
    hard_swish_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    tanh_backward,
    tanh_forward,
)
from .conv import conv2d_backward, conv2d_forward
from .depthwise import depthwise_conv2d_backward, depthwise_conv2d_forward
from .linear import linear_backward, linear_forward
from .loss import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from .norm import batch_norm_backward, batch_norm_forward
from .pooling import (
    avg_pool2d_backward,
    avg_pool2d_forward,
    global_avg_pool_backward,
    global_avg_pool_forward,
    global_max_pool_backward,
    global_max_pool_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)
from .scale import channel_scale_backward, channel_scale_forward
