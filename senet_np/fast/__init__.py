"""The ops at speed: the same functions under the same names, for the layers. To understand the mathematics, read `ops`.

    conv.py        convolution: chooses for each shape among
      columns.py     im2col in pieces that fit into the cache
      winograd.py    Winograd's algorithm, a quarter of the multiplications
      products.py    matrix products in blocks that the BLAS likes
    norm.py        batch norm; also for numbers whose squares overflow
    pooling.py     global average and max pooling
    scale.py       channel scaling
    long_rows.py   what the last three are made of: sums and products along long rows
    blocks.py      the SE block and its relatives, made of these ops
    workers.py     several micro-batches at a time
    memory.py      freed memory stays with the process

An op without a faster form here is the plain one of `ops`. Each fast pair is tested to equal its plain pair.
"""

from ..ops import (
    avg_pool2d_backward,
    avg_pool2d_forward,
    depthwise_conv2d_backward,
    depthwise_conv2d_forward,
    global_max_pool_backward,
    global_max_pool_forward,
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
from .conv import conv2d_backward, conv2d_forward
from .norm import batch_norm_backward, batch_norm_forward
from .pooling import global_avg_pool_backward, global_avg_pool_forward, max_pool2d_backward, max_pool2d_forward
from .scale import channel_scale_backward, channel_scale_forward
