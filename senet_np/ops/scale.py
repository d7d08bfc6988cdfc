"""Channel scaling: multiply each channel of a feature map by its gate. The last step of an SE block."""

import numpy as np

from ..fast.long_rows import pixel_dot, times_each
from .arguments import check_array


def channel_scale_forward(u: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, tuple]:
    """Multiply channel c of image n by the one number s[n, c].

    x̃[n,i,j,c] = s[n,c] · u[n,i,j,c]                                   (Eq. 4)

    Args:
        u: feature maps, (N, H, W, C), float32 or float64.
        s: gates, (N, C), dtype of u, dimensionless.

    Returns:
        x_scaled: (N, H, W, C), dtype of u.
        cache: what the backward pass needs.

    Raises:
        ValueError: a shape or dtype that does not fit.

    Source: Hu et al. 2019, Eq. 4.
    """
    check_array("u", u, ("N", "H", "W", "C"))
    check_array("s", s, (u.shape[0], u.shape[3]), u.dtype)
    cache = (u, s)  # u: for ds.  s: for du.
    return times_each(u, s), cache


def channel_scale_backward(dx_scaled: np.ndarray, cache: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of the scaling with respect to the feature maps and to the gates.

    Derivation: x̃ is a product, so each factor's gradient is dx̃ times the other factor,
        ∂L/∂u[n,i,j,c] = dx̃[n,i,j,c] · s[n,c]
        ∂L/∂s[n,c]     = Σ_{i,j} dx̃[n,i,j,c] · u[n,i,j,c]
    with a sum where one gate was broadcast over all H·W positions. In words: the gate's gradient is how well the
    wanted change of the channel correlates with the channel itself.

    Args:
        dx_scaled: ∂L/∂x̃, (N, H, W, C), dtype of u.
        cache: from `channel_scale_forward`.

    Returns:
        du (N, H, W, C) and ds (N, C), dtype of u.

    Raises:
        ValueError: dx_scaled is not of the output's shape and dtype.

    Source: the derivation above.
    """
    u, s = cache
    check_array("dx_scaled", dx_scaled, u.shape, u.dtype)
    du = times_each(dx_scaled, s)
    ds = pixel_dot(dx_scaled, u)
    return du, ds
