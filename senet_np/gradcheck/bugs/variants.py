"""Planted mistakes in the SE block's relatives: what is carried over from the block itself and no longer fits.

The right ones are in `senet_np.variants`.
"""

# ruff: noqa: RUF059
# Names are unpacked that are not used: to strike them out would give the mistake away.

import numpy as np

from ... import ops
from ...se import GATE
from .registry import Mistake, planter

MISTAKES: list[Mistake] = []
mistake = planter(MISTAKES)


@mistake(
    "se_per_position",
    "ds summed over the positions",
    cause="sum where nothing was broadcast",
    why="In SE one gate serves a whole channel, so ds is a sum over H and W, and the line is kept although every "
    "position has a gate of its own.",
)
def _sums_the_positions(dx_scaled, cache):
    u, s = cache.z, cache.s
    du, ds = dx_scaled * s, np.empty_like(s)
    ds[:] = (dx_scaled * u).sum(axis=(1, 2), keepdims=True)
    de = GATE[cache.gate][1](ds.reshape(-1, u.shape[3]), cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    return du + dz.reshape(u.shape), dw1, db1, dw2, db2


@mistake(
    "se_per_position",
    "divided by H·W all the same",
    cause="divisor of a step that was left out",
    why="The squeeze is gone, but the 1/(H·W) that belongs to its mean is so well known from SE that it stays.",
)
def _keeps_the_divisor(dx_scaled, cache):
    n, height, width, c = dx_scaled.shape
    rows = dx_scaled.reshape(-1, 1, 1, c)
    du, ds = ops.channel_scale_backward(rows, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(de, cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    du = du + dz[:, None, None, :] / (height * width)
    return du.reshape(dx_scaled.shape), dw1, db1, dw2, db2


@mistake(
    "se_avg_max",
    "squeezes exchanged",
    cause="halves of a stack exchanged",
    why="Where the forward pass stacks two arrays, the backward pass has to cut in the same order, and that order "
    "stands in another function.",
)
def _exchanges_the_squeezes(dx_scaled, cache):
    avg_cache, max_cache = cache.squeeze_cache
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(np.concatenate([de, de]), cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    dz_max, dz_avg = np.split(dz, 2)
    du = du + ops.global_avg_pool_backward(dz_avg, avg_cache) + ops.global_max_pool_backward(dz_max, max_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se_avg_max",
    "db2 counted once",
    cause="parameter counted once that was used twice",
    why="There is one b2 and one row of gates for each image, so db2 = Σ de looks complete, but both passes through "
    "the FCs added b2.",
)
def _counts_b2_once(dx_scaled, cache):
    avg_cache, max_cache = cache.squeeze_cache
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(np.concatenate([de, de]), cache.fc2_cache)
    if db2 is not None:
        db2 = de.sum(axis=0)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    dz_avg, dz_max = np.split(dz, 2)
    du = du + ops.global_avg_pool_backward(dz_avg, avg_cache) + ops.global_max_pool_backward(dz_max, max_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se_avg_max",
    "each squeeze gets half",
    cause="gradient of a sum shared out",
    why="Two squeezes decide together, so each is given half of de, which would be right if e were their mean and not "
    "their sum.",
)
def _halves(dx_scaled, cache):
    avg_cache, max_cache = cache.squeeze_cache
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(np.concatenate([de / 2, de / 2]), cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    dz_avg, dz_max = np.split(dz, 2)
    du = du + ops.global_avg_pool_backward(dz_avg, avg_cache) + ops.global_max_pool_backward(dz_max, max_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "se_avg_max",
    "one dz for both squeezes",
    cause="gradients of two inputs pooled",
    why="The FCs are shared, and so the gradients of their two inputs are added as those of the weights are, and both "
    "squeezes get the sum.",
)
def _pools_the_gradients(dx_scaled, cache):
    avg_cache, max_cache = cache.squeeze_cache
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dh, dw2, db2 = ops.linear_backward(np.concatenate([de, de]), cache.fc2_cache)
    da = ops.relu_backward(dh, cache.relu_cache)
    dz, dw1, db1 = ops.linear_backward(da, cache.fc1_cache)
    dz = dz[: len(de)] + dz[len(de) :]
    du = du + ops.global_avg_pool_backward(dz, avg_cache) + ops.global_max_pool_backward(dz, max_cache)
    return du, dw1, db1, dw2, db2


@mistake(
    "eca",
    "kernel not turned round",
    cause="kernel not turned round",
    why="dz is a sliding sum with the same weights as e, so the line of the forward pass is copied, and the kernel is "
    "not reversed.",
)
def _leaves_the_kernel(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dw = np.einsum("nck,nc->k", cache.neighbors, de)
    k, c = len(cache.w), de.shape[1]
    padded = np.pad(de, ((0, 0), (k // 2, k // 2)))
    dz = np.stack([padded[:, j : j + c] for j in range(k)], axis=2) @ cache.w
    return du + ops.global_avg_pool_backward(dz, cache.squeeze_cache), dw


@mistake(
    "eca",
    "ends joined to a ring",
    cause="ends joined to a ring",
    why="np.roll is the shortest way to shift an array, and what it pushes out at one end comes in again at the other.",
)
def _rolls(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dw = np.einsum("nck,nc->k", cache.neighbors, de)
    k = len(cache.w)
    dz = np.stack([np.roll(de, j - k // 2, axis=1) for j in range(k)], axis=2) @ cache.w
    return du + ops.global_avg_pool_backward(dz, cache.squeeze_cache), dw


@mistake(
    "eca",
    "dw without the shifts",
    cause="shifts of a sliding window forgotten",
    why="All channels share the kernel, so dw is a sum of z · de over them, and that each of its weights saw another "
    "neighbor gets lost.",
)
def _forgets_the_shifts(dx_scaled, cache):
    du, ds = ops.channel_scale_backward(dx_scaled, cache.scale_cache)
    de = GATE[cache.gate][1](ds, cache.gate_cache)
    dw = np.full_like(cache.w, (cache.z * de).sum())
    k, c = len(cache.w), de.shape[1]
    padded = np.pad(de, ((0, 0), (k // 2, k // 2)))
    dz = np.stack([padded[:, j : j + c] for j in range(k)], axis=2) @ cache.w[::-1]
    return du + ops.global_avg_pool_backward(dz, cache.squeeze_cache), dw
