"""The Squeeze-and-Excitation block, forward and backward, in the paper's letters.

This is the page that the rest of the house exists for.

      U ──────────────────────────────────────┐
      │ squeeze   z_c = mean of u_c           │
      z                                       │
      │ excite    s = σ(δ(z W₁ + b₁) W₂ + b₂) │
      s ──────────────────────────────────────┴── scale   x̃_c = s_c · u_c ──▶ X̃

U goes to two places, the squeeze and the scale, so in the backward pass two gradients arrive at U and are added.
Forgetting one of them is the mistake that everybody makes; the gradient check finds it.

Samples are rows here, `z @ w1`, so w1 (C, h) is the transpose of the paper's W₁ (h × C), and w2 of its W₂.
"""

from typing import NamedTuple

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
}


class SECache(NamedTuple):
    """What the block remembers: its steps' caches for the backward pass, and z and s to look at."""

    squeeze: str  # these two choose the backward passes
    gate: str
    squeeze_cache: tuple
    fc1_cache: tuple
    relu_cache: tuple
    fc2_cache: tuple
    gate_cache: Array
    scale_cache: tuple
    z: Array  # (N, C) what the squeeze saw: to look at
    s: Array  # (N, C) the gates: to look at


def hidden_width(channels: int, r: int) -> int:
    """Width h of the bottleneck: C/r, but never below 2, as one hidden unit would tie all gates to one number.

    Args:
        channels: C, how many channels the block gates.
        r: the reduction ratio, dimensionless.

    Returns:
        h = max(2, C // r).

    Raises:
        ValueError: channels or r is below 1.

    Source: Hu et al. 2019, section 3.2; the lower bound is ours.
    """
    if channels < 1 or r < 1:
        raise ValueError(f"channels is {channels} and r is {r}, expected both to be at least 1")
    return max(2, channels // r)


def se_forward(
    u: Array, w1: Array, b1: Array | None, w2: Array, b2: Array | None, squeeze: str = "avg", gate: str = "sigmoid"
) -> tuple[Array, SECache]:
    """Weigh each channel of each image by a gate that the image itself computes.

    z_c = 1/(H·W) Σ_{i,j} u_c(i,j)                                      (Eq. 2)
    s = σ(W₂ δ(W₁ z))                                                   (Eq. 3)
    x̃_c = s_c · u_c                                                     (Eq. 4)

    Args:
        u: feature maps, (N, H, W, C), float32 or float64.
        w1: first FC, C → h, (C, h), dtype of u.
        b1: its bias, (h,), dtype of u; or None.
        w2: second FC, h → C, (h, C), dtype of u.
        b2: its bias, (C,), dtype of u; or None. (The paper's text drops both biases, its released models have them.)
        squeeze: "avg" or "max".
        gate: "sigmoid", "tanh" or "relu". Only the sigmoid's s lies in (0, 1).

    Returns:
        x_scaled: X̃, (N, H, W, C), dtype of u.
        cache: what the backward pass needs; `cache.s` are the gates, (N, C), dimensionless.

    Raises:
        ValueError: a shape, dtype or option that does not fit.

    Source: Hu, Shen, Albanie, Sun, Wu 2019, "Squeeze-and-Excitation Networks", section 3.
    """
    if squeeze not in SQUEEZE or gate not in GATE:
        raise ValueError(f"squeeze={squeeze!r}, gate={gate!r}: expected one of {[*SQUEEZE]} and one of {[*GATE]}")
    check_fcs(u, w1, b1, w2, b2)

    z, squeeze_cache = SQUEEZE[squeeze][0](u)  # (N, C)  what does each channel hold on the whole?
    a, fc1_cache = ops.linear_forward(z, w1, b1)  # (N, h)  r times fewer numbers
    h, relu_cache = ops.relu_forward(a)
    e, fc2_cache = ops.linear_forward(h, w2, b2)  # (N, C)  one number a channel again
    s, gate_cache = GATE[gate][0](e)  # (N, C)  the gates
    x_scaled, scale_cache = ops.channel_scale_forward(u, s)  # (N, H, W, C)

    cache = SECache(squeeze, gate, squeeze_cache, fc1_cache, relu_cache, fc2_cache, gate_cache, scale_cache, z, s)
    return x_scaled, cache


def se_backward(dx_scaled: Array, cache: SECache) -> tuple[Array, Array, Array | None, Array, Array | None]:
    """Gradients of the SE block with respect to its input and its two FCs.

    Derivation: read the forward pass upwards, each line's backward pass in turn.
        scale    x̃ = s·u         du_scale = s·dx̃,  ds_c = Σ_{i,j} u_c · dx̃_c
        gate     s = σ(e)        de = ds · s(1 − s)
        FC2      e = h W₂ + b₂   dh = de W₂ᵀ,  dW₂ = hᵀ de,  db₂ = Σ_n de
        ReLU     h = δ(a)        da = dh · [a > 0]
        FC1      a = z W₁ + b₁   dz = da W₁ᵀ,  dW₁ = zᵀ da,  db₁ = Σ_n da
        squeeze  z_c = mean u_c  du_squeeze = dz_c / (H·W), the same at every position
    u was used twice, so du = du_scale + du_squeeze.

    Args:
        dx_scaled: ∂L/∂X̃, (N, H, W, C), dtype of u.
        cache: from `se_forward`.

    Returns:
        du (N, H, W, C), dw1 (C, h), db1 (h,) or None, dw2 (h, C), db2 (C,) or None; dtype of u.

    Raises:
        ValueError: dx_scaled is not of the output's shape and dtype.

    Source: the derivation above.
    """
    squeeze, gate, squeeze_cache, fc1_cache, relu_cache, fc2_cache, gate_cache, scale_cache, _, _ = cache
    du_scale, ds = ops.channel_scale_backward(dx_scaled, scale_cache)
    de = GATE[gate][1](ds, gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, fc2_cache)
    da = ops.relu_backward(dh, relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, fc1_cache)
    du_squeeze = SQUEEZE[squeeze][1](dz, squeeze_cache)
    du = np.add(du_scale, du_squeeze, out=du_scale)  # u fanned out to scale and squeeze: its two gradients add up
    return du, dw1, db1, dw2, db2
