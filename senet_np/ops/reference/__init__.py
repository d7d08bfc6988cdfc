"""The same pairs as plain loops over single numbers: slow, obviously right, and what everything else is tested by.

Names, arguments and results are those of `senet_np.ops`; the docstrings stand there. Nothing is checked
here and nothing is clever: each backward pass walks the same loops as its forward pass and sends the gradient of
each output number to each input number that it was made of.
"""

from .dense import (
    hard_sigmoid_backward,
    hard_sigmoid_forward,
    hard_swish_backward,
    hard_swish_forward,
    linear_backward,
    linear_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
    tanh_backward,
    tanh_forward,
)
from .images import (
    avg_pool2d_backward,
    avg_pool2d_forward,
    batch_norm_backward,
    batch_norm_forward,
    channel_scale_backward,
    channel_scale_forward,
    conv2d_backward,
    conv2d_forward,
    depthwise_conv2d_backward,
    depthwise_conv2d_forward,
    global_avg_pool_backward,
    global_avg_pool_forward,
    global_max_pool_backward,
    global_max_pool_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)
