"""Three relatives of the SE block: without the squeeze (the paper's ablation), with two squeezes, without the FCs.

Read `se.py` first; each pair here changes one step of it and keeps the rest.

    per position   no squeeze: the excitation sees one pixel at a time, and gates it alone   (Hu et al. 2019, NoSqueeze)
    avg + max      squeezed twice, and both go through the same two FCs                      (Woo et al. 2018, CBAM)
    ECA            each gate is computed from k neighboring channels, not from all           (Wang et al. 2020)
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from . import ops
from .ops.arguments import check_array, check_count, check_fcs
from .se import GATE, SECache, se_backward, se_forward

Array = np.ndarray


def se_per_position_forward(
    u: Array, w1: Array, b1: Array | None, w2: Array, b2: Array | None, gate: str = "sigmoid"
) -> tuple[Array, SECache]:
    """Multiply each channel of each *position* by a gate computed from that position alone: no squeeze.

    s[n,i,j,:] = σ(W₂ δ(W₁ u[n,i,j,:])),    x̃ = s ⊙ u

    Each position is treated as an image of one pixel, which is its own mean. So the FCs become 1×1 convolutions, as the
    paper describes it. What is lost is the view of the whole image.

    Args:
        u, w1, b1, w2, b2, gate: as for `se_forward`.

    Returns:
        x_scaled: X̃, (N, H, W, C), dtype of u.
        cache: as for `se_forward`, but `cache.z` is u, `cache.h` has a row for each position, (N·H·W, C/r), and
            `cache.s` a gate for each position, (N, H, W, C).

    Source: Hu et al. 2019, the ablation of the squeeze operation ("NoSqueeze").
    """
    check_array("u", u, ("N", "H", "W", "C"))
    x_scaled, cache = se_forward(u.reshape(-1, 1, 1, u.shape[3]), w1, b1, w2, b2, "avg", gate)
    return x_scaled.reshape(u.shape), cache._replace(squeeze="none", u=u, z=u, s=cache.s.reshape(u.shape))


def se_per_position_backward(
    dx_scaled: Array, cache: SECache
) -> tuple[Array, Array, Array | None, Array, Array | None]:
    """Gradients of the block without squeeze.

    Derivation: as for `se_backward`, every position an image of its own; over one pixel 1/(H·W) is 1.

    Args:
        dx_scaled: ∂L/∂X̃, (N, H, W, C), dtype of u.

    Returns:
        du (N, H, W, C), dw1 (C, C/r), db1 (C/r,) or None, dw2 (C/r, C), db2 (C,) or None; dtype of u.
    """
    check_array("dx_scaled", dx_scaled, cache.s.shape, cache.s.dtype)
    pixels = dx_scaled.reshape(-1, 1, 1, dx_scaled.shape[3])
    du, dw1, db1, dw2, db2 = se_backward(pixels, cache._replace(squeeze="avg"))
    return du.reshape(dx_scaled.shape), dw1, db1, dw2, db2


def se_avg_max_forward(
    u: Array, w1: Array, b1: Array | None, w2: Array, b2: Array | None, gate: str = "sigmoid"
) -> tuple[Array, SECache]:
    """Multiply each channel by a gate computed from both its mean and its maximum: the channel half of CBAM.

    s = σ(F(avg u) + F(max u)),    F(z) = W₂ δ(W₁ z + b₁) + b₂        the same F for both, so b₂ counts twice

    Args:
        u, w1, b1, w2, b2, gate: as for `se_forward`.

    Returns:
        x_scaled: X̃, (N, H, W, C), dtype of u.
        cache: as for `se_forward`, but `cache.z` (2N, C) and `cache.h` (2N, C/r) have the averages' rows above the
            maxima's.

    Source: Woo et al. 2018, "CBAM: Convolutional Block Attention Module", Eq. 2.
    """
    if gate not in GATE:
        raise ValueError(f"gate={gate!r}: expected one of {[*GATE]}")
    check_fcs(u, w1, b1, w2, b2)
    z_avg, avg_cache = ops.global_avg_pool_forward(u)
    z_max, max_cache = ops.global_max_pool_forward(u)
    z = np.concatenate([z_avg, z_max])  # (2N, C)  as rows of one matrix, both pass through the same FCs
    a, fc1_cache = ops.linear_forward(z, w1, b1)
    h, relu_cache = ops.relu_forward(a)
    e_both, fc2_cache = ops.linear_forward(h, w2, b2)
    e = e_both[: len(u)] + e_both[len(u) :]  # (N, C)
    s, gate_cache = GATE[gate][0](e)
    x_scaled, scale_cache = ops.channel_scale_forward(u, s)
    steps = ((avg_cache, max_cache), fc1_cache, relu_cache, fc2_cache, gate_cache, scale_cache)
    return x_scaled, SECache("avg+max", gate, *steps, u, z, h, s)


def se_avg_max_backward(dx_scaled: Array, cache: SECache) -> tuple[Array, Array, Array | None, Array, Array | None]:
    """Gradients of the block with both squeezes.

    Derivation: as for `se_backward`; what is new are the sum and the stack,
        e = e_avg + e_max           de_avg = de_max = de: a sum hands its gradient to both
        z = [avg u; max u]          the upper rows of dz go back through the average, the lower ones through the maximum
    u was used three times, so du has three parts.

    Args:
        dx_scaled: ∂L/∂X̃, (N, H, W, C), dtype of u.

    Returns:
        du (N, H, W, C), dw1 (C, C/r), db1 (C/r,) or None, dw2 (C/r, C), db2 (C,) or None; dtype of u.
    """
    avg_cache, max_cache = cache.squeeze_cache
    du_scale, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(np.concatenate([de, de]), cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    du_avg = ops.global_avg_pool_backward(dz[: len(de)], avg_cache)
    du_max = ops.global_max_pool_backward(dz[len(de) :], max_cache)
    return du_scale + du_avg + du_max, dw1, db1, dw2, db2  # u fanned out to the scale and to both squeezes


class ECACache(NamedTuple):
    """What an ECA block remembers: as `SECache`, with the channels' neighbors in place of the FCs."""

    gate: str
    squeeze_cache: Any
    neighbors: Array  # (N, C, k): for dw
    w: Array  # (k,): for dz
    gate_cache: Any
    scale_cache: ops.scale.ChannelScaleCache
    u: Array  # (N, H, W, C) the input
    z: Array  # (N, C) each channel's mean: the squeeze
    s: Array  # (N, C) the gates


def eca_kernel(channels: int) -> int:
    """How many channels a gate is computed from: about half the logarithm of the number of channels, made odd.

    k = t if t is odd, else t + 1,    t = ⌊(log₂ C + 1) / 2⌋

    Args:
        channels: C.

    Returns:
        k; 3 for 16 to 64 channels, 5 for 128 to 512.

    Raises:
        ValueError: channels is no whole number of at least 1.

    Source: Wang et al. 2020, Eq. 12 with γ = 2 and b = 1.
    """
    check_count("channels", channels, 1)
    t = int((np.log2(channels) + 1) / 2)
    return t if t % 2 else t + 1


def eca_forward(u: Array, w: Array, gate: str = "sigmoid") -> tuple[Array, ECACache]:
    """Multiply each channel by a gate computed from its own mean and those of its neighbors.

    z_c = mean of u_c,    s_c = σ(Σ_j w_j · z_{c + j − (k−1)/2}),    x̃_c = s_c · u_c

    k weights in place of SE's 2·C·h: one small kernel slides along the channels, with zeros beyond their ends.

    Args:
        u: feature maps, (N, H, W, C), float32 or float64.
        w: the kernel, (k,) with k odd, dtype of u.
        gate: a name of `se.GATE`.

    Returns:
        x_scaled: X̃, (N, H, W, C), dtype of u.
        cache: for `eca_backward`; `cache.s` are the gates, (N, C), dimensionless.

    Source: Wang et al. 2020, "ECA-Net: Efficient Channel Attention", Eq. 9.
    """
    if gate not in GATE:
        raise ValueError(f"gate={gate!r}: expected one of {[*GATE]}")
    check_array("u", u, ("N", "H", "W", "C"))
    check_array("w", w, ("k",), u.dtype)
    if len(w) % 2 == 0:
        raise ValueError(f"w has {len(w)} numbers, expected an odd number: a channel, and as many at either side")
    z, squeeze_cache = ops.global_avg_pool_forward(u)
    neighbors = _neighbors(z, len(w))
    s, gate_cache = GATE[gate][0](neighbors @ w)
    x_scaled, scale_cache = ops.channel_scale_forward(u, s)
    return x_scaled, ECACache(gate, squeeze_cache, neighbors, w, gate_cache, scale_cache, u, z, s)


def eca_backward(dx_scaled: Array, cache: ECACache) -> tuple[Array, Array]:
    """Gradients of an ECA block with respect to its input and its kernel.

    Derivation: scale, gate and squeeze as for `se_backward`. In between, e_c = Σ_j w_j z_{c+j−m} with m = (k−1)/2, so
        ∂L/∂w_j = Σ_{n,c} z_{c+j−m} · de_c
        ∂L/∂z_c = Σ_j w_j · de_{c−j+m}                 the same sliding sum over de, with the kernel turned round

    Args:
        dx_scaled: ∂L/∂X̃, (N, H, W, C), dtype of u.

    Returns:
        du (N, H, W, C) and dw (k,), dtype of u.
    """
    du_scale, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dw = np.einsum("nck,nc->k", cache.neighbors, de)
    dz = _neighbors(de, len(cache.w)) @ cache.w[::-1]
    return du_scale + ops.global_avg_pool_backward(dz, cache.squeeze_cache), dw  # u fanned out: two gradients add up


def _neighbors(z: Array, k: int) -> Array:
    """View[n,c,j] = z[n, c + j − (k−1)/2], zeros beyond the ends; (N, C, k)."""
    padded = np.pad(z, ((0, 0), (k // 2, k // 2)))
    return np.lib.stride_tricks.sliding_window_view(padded, k, axis=1)


# The blocks by their squeeze: forward(u, w1, b1, w2, b2, gate=...), backward(dx_scaled, cache).
BLOCKS = {
    "avg": (partial(se_forward, squeeze="avg"), se_backward),
    "max": (partial(se_forward, squeeze="max"), se_backward),
    "none": (se_per_position_forward, se_per_position_backward),
    "avg+max": (se_avg_max_forward, se_avg_max_backward),
}
