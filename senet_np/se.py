"""The Squeeze-and-Excitation block, forward and backward, in the paper's letters.

      U ──────────────────────────────────────┐
      │ squeeze   z_c = mean of u_c           │
      z                                       │
      │ excite    s = σ(δ(z W₁ + b₁) W₂ + b₂) │
      s ──────────────────────────────────────┴── scale   x̃_c = s_c · u_c ──▶ X̃

U goes to two places, the squeeze and the scale, so in the backward pass two gradients arrive at U and are added.
Forgetting one of them is the most common mistake; the gradient check finds it.

Samples are rows here, `z @ w1`, so w1 (C, C/r) is the transpose of the paper's W₁ (C/r × C), and w2 of its W₂.
"""

from typing import Any, NamedTuple

import numpy as np

from . import ops
from .ops.arguments import check_fcs

Array = np.ndarray
SQUEEZE = {
    "avg": (ops.global_avg_pool_forward, ops.global_avg_pool_backward),
    "max": (ops.global_max_pool_forward, ops.global_max_pool_backward),
}
GATE = {
    "sigmoid": (ops.sigmoid_forward, ops.sigmoid_backward),
    "tanh": (ops.tanh_forward, ops.tanh_backward),
    "relu": (ops.relu_forward, ops.relu_backward),
    "hard_sigmoid": (ops.hard_sigmoid_forward, ops.hard_sigmoid_backward),
}


class SECache(NamedTuple):
    """What the block remembers: the cache of each step for the backward pass, and the paper's quantities to look at."""

    squeeze: str  # "avg", "max"
    gate: str  # a name of GATE
    squeeze_cache: Any
    fc1_cache: ops.linear.LinearCache
    relu_cache: ops.activations.ReLUCache
    fc2_cache: ops.linear.LinearCache
    gate_cache: Any
    scale_cache: ops.scale.ChannelScaleCache
    u: Array  # (N, H, W, C) the input
    z: Array  # (N, C) each channel's mean: the squeeze
    h: Array  # (N, C/r) the hidden units, after ReLU
    s: Array  # (N, C) the gates


def hidden_width(channels: int, reduction: int, multiple: int = 1) -> int:
    """The number of hidden units: C/r, but never below 2, as one unit would tie all gates to one number.

    Args:
        channels: C, how many channels the block gates.
        reduction: the paper's reduction ratio r, dimensionless.
        multiple: the number is rounded to a multiple of it, as MobileNets do; 1 for no rounding.

    Returns:
        max(2, C // r), rounded by `round_width`; shapes everywhere call it C/r.

    Source: Hu et al. 2019, section 3.2; the lower bound is ours.
    """
    if channels < 1 or reduction < 1 or multiple < 1:
        found = f"channels is {channels}, reduction {reduction} and multiple {multiple}"
        raise ValueError(f"{found}, expected all to be at least 1")
    return round_width(max(2, channels // reduction), multiple)


def round_width(channels: float, multiple: int) -> int:
    """The nearest multiple of a number, itself at least; the next one up where that is less than nine tenths.

    Source: the published code of MobileNetV2 (Sandler et al. 2018).
    """
    rounded = max(multiple, int(channels + multiple / 2) // multiple * multiple)
    return rounded if rounded >= 0.9 * channels else rounded + multiple


def se_forward(
    u: Array, w1: Array, b1: Array | None, w2: Array, b2: Array | None, squeeze: str = "avg", gate: str = "sigmoid"
) -> tuple[Array, SECache]:
    """Multiply each channel of each image by a gate, which is computed from that image.

    z_c = 1/(H·W) Σ_{i,j} u_c(i,j)                                      (Eq. 2)
    s = σ(W₂ δ(W₁ z))                                                   (Eq. 3)
    x̃_c = s_c · u_c                                                     (Eq. 4)

    Args:
        u: feature maps, (N, H, W, C), float32 or float64.
        w1: first FC, C → C/r, (C, C/r), dtype of u.
        b1: its bias, (C/r,), dtype of u; or None.
        w2: second FC, C/r → C, (C/r, C), dtype of u.
        b2: its bias, (C,), dtype of u; or None. (The paper's text drops both biases, its released models have them.)
        squeeze: "avg" or "max".
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid". Only the sigmoids' s lies between 0 and 1.

    Returns:
        x_scaled: X̃, (N, H, W, C), dtype of u.
        cache: for `se_backward`; `cache.s` are the gates, (N, C), dimensionless.

    Raises:
        ValueError: a shape, dtype or option that does not fit.

    Source: Hu, Shen, Albanie, Sun, Wu 2019, "Squeeze-and-Excitation Networks", section 3.
    """
    if squeeze not in SQUEEZE or gate not in GATE:
        raise ValueError(f"squeeze={squeeze!r}, gate={gate!r}: expected one of {[*SQUEEZE]} and one of {[*GATE]}")
    check_fcs(u, w1, b1, w2, b2)

    z, squeeze_cache = SQUEEZE[squeeze][0](u)  # (N, C)  one number per channel
    a, fc1_cache = ops.linear_forward(z, w1, b1)  # (N, C/r)  r times fewer numbers
    h, relu_cache = ops.relu_forward(a)  # (N, C/r)
    e, fc2_cache = ops.linear_forward(h, w2, b2)  # (N, C)  one number per channel again
    s, gate_cache = GATE[gate][0](e)  # (N, C)  the gates
    x_scaled, scale_cache = ops.channel_scale_forward(u, s)  # (N, H, W, C)

    steps = (squeeze_cache, fc1_cache, relu_cache, fc2_cache, gate_cache, scale_cache)
    return x_scaled, SECache(squeeze, gate, *steps, u, z, h, s)


def se_backward(dx_scaled: Array, cache: SECache) -> tuple[Array, Array, Array | None, Array, Array | None]:
    """Gradients of the SE block with respect to its input and its two FCs.

    Derivation: read the forward pass from its last line to its first, and apply each line's backward pass.
        scale    x̃ = s·u         du_scale = s·dx̃,  ds_c = Σ_{i,j} u_c · dx̃_c
        gate     s = σ(e)        de = ds · s(1 − s)
        FC2      e = h W₂ + b₂   dh = de W₂ᵀ,  dW₂ = hᵀ de,  db₂ = Σ_n de
        ReLU     h = δ(a)        da = dh · [a > 0]
        FC1      a = z W₁ + b₁   dz = da W₁ᵀ,  dW₁ = zᵀ da,  db₁ = Σ_n da
        squeeze  z_c = mean u_c  du_squeeze = dz_c / (H·W), the same at every position
    u was used twice, so du = du_scale + du_squeeze.

    Args:
        dx_scaled: ∂L/∂X̃, (N, H, W, C), dtype of u.

    Returns:
        du (N, H, W, C), dw1 (C, C/r), db1 (C/r,) or None, dw2 (C/r, C), db2 (C,) or None; dtype of u.
    """
    du_scale, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)  # (N, H, W, C), (N, C)
    de = GATE[cache.gate][1](ds, cache.gate_cache)  # (N, C)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)  # (N, C/r)
    da = ops.relu_backward(dh, cache.relu_cache)  # (N, C/r)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)  # (N, C)
    du_squeeze = SQUEEZE[cache.squeeze][1](dz, cache.squeeze_cache)  # (N, H, W, C)
    du = du_scale + du_squeeze  # u fanned out to scale and squeeze: its two gradients add up
    return du, dw1, db1, dw2, db2
