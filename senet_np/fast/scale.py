"""Channel scaling along long rows."""

import numpy as np

from ..ops.arguments import check_array
from ..ops.scale import ChannelScaleCache, check_channel_scale
from .long_rows import pixel_dot, times_each


def channel_scale_forward(u: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, ChannelScaleCache]:
    """`ops.channel_scale_forward`."""
    check_channel_scale(u, s)
    return times_each(u, s), ChannelScaleCache(u, s)


def channel_scale_backward(dx_scaled: np.ndarray, cache: ChannelScaleCache) -> tuple[np.ndarray, np.ndarray]:
    """`ops.channel_scale_backward`."""
    u, s = cache
    check_array("dx_scaled", dx_scaled, u.shape, u.dtype)
    return times_each(dx_scaled, s), pixel_dot(dx_scaled, u)
