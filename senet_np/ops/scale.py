"""Channel scaling: multiply each channel of a feature map by its gate. The last step of an SE block."""

from typing import NamedTuple

import numpy as np

from .arguments import check_array


class ChannelScaleCache(NamedTuple):
    """What the scaling remembers: each factor is the other one's gradient."""

    u: np.ndarray  # (N, H, W, C): for ds
    s: np.ndarray  # (N, C): for du


def channel_scale_forward(u: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, ChannelScaleCache]:
    """Multiply channel c of image n by the one number s[n, c].

    x̃[n,i,j,c] = s[n,c] · u[n,i,j,c]                                   (Eq. 4)

    Args:
        u: feature maps, (N, H, W, C), float32 or float64.
        s: gates, (N, C), dtype of u, dimensionless.

    Returns:
        x_scaled: (N, H, W, C), dtype of u.

    Source: Hu et al. 2019, Eq. 4.
    """
    check_channel_scale(u, s)
    x_scaled = s[:, None, None, :] * u  # (N, H, W, C)
    return x_scaled, ChannelScaleCache(u, s)


def channel_scale_backward(dx_scaled: np.ndarray, cache: ChannelScaleCache) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of the scaling with respect to the feature maps and to the gates.

    Derivation: x̃ is a product, so each factor's gradient is dx̃ times the other factor,
        ∂L/∂u[n,i,j,c] = dx̃[n,i,j,c] · s[n,c]
        ∂L/∂s[n,c]     = Σ_{i,j} dx̃[n,i,j,c] · u[n,i,j,c]
    with a sum where one gate was used at all H·W positions. In words: the gate's gradient is how well the wanted
    change of the channel correlates with the channel itself.

    Args:
        dx_scaled: ∂L/∂x̃, (N, H, W, C), dtype of u.

    Returns:
        du (N, H, W, C) and ds (N, C), dtype of u.
    """
    u, s = cache
    check_array("dx_scaled", dx_scaled, u.shape, u.dtype)
    du = dx_scaled * s[:, None, None, :]  # (N, H, W, C)
    ds = (dx_scaled * u).sum(axis=(1, 2))  # (N, C)
    return du, ds


def check_channel_scale(u: np.ndarray, s: np.ndarray) -> None:
    """Raise ValueError unless feature maps and gates fit together."""
    check_array("u", u, ("N", "H", "W", "C"))
    check_array("s", s, (u.shape[0], u.shape[3]), u.dtype)
