"""Planted mistakes in the ops that are products: linear (a matrix product) and channel_scale (a gate times a map)."""

from .registry import Mistake, planter

MISTAKES: list[Mistake] = []
mistake = planter(MISTAKES)


@mistake(
    "linear",
    "reshaped, not transposed",
    cause="reshape in place of a transpose",
    why="The product wants a matrix of shape (M, D), and reshape makes one as readily as .T does, only with every "
    "number in another place.",
)
def _reshapes(dy, cache):
    x, w, has_bias = cache
    dx = dy @ w.reshape(w.shape[1], w.shape[0])
    dw = x.T @ dy
    db = dy.sum(axis=0) if has_bias else None
    return dx, dw, db


@mistake(
    "linear",
    "db keeps the summed axis",
    cause="summed axis kept",
    why="keepdims=True was right for the softmax a page earlier, and a (1, M) array adds to the biases just as well, "
    "by broadcasting.",
)
def _keeps_an_axis(dy, cache):
    x, w, has_bias = cache
    dx = dy @ w.T
    dw = x.T @ dy
    db = dy.sum(axis=0, keepdims=True) if has_bias else None
    return dx, dw, db


@mistake(
    "linear",
    "weight decay inside",
    cause="penalty that is not in the loss",
    why="The gradient λw of the penalty ½λ‖w‖² is so short that it is added where dw is at hand, although the penalty "
    "is no part of this op.",
)
def _decays(dy, cache):
    x, w, has_bias = cache
    dx = dy @ w.T
    dw = x.T @ dy + 1e-3 * w
    db = dy.sum(axis=0) if has_bias else None
    return dx, dw, db


@mistake(
    "channel_scale",
    "each gradient with its own factor",
    cause="own factor in place of the other",
    why="The names are matched, du with u and ds with s, where the product rule asks for the other factor.",
)
def _matches_names(dx_scaled, cache):
    u, s = cache
    du = dx_scaled * u
    ds = (dx_scaled * s[:, None, None, :]).sum(axis=(1, 2))
    return du, ds


@mistake(
    "channel_scale",
    "ds summed over the images too",
    cause="value of one image taken for a parameter",
    why="One number a channel looks like batch norm's gamma, whose gradient is summed over the batch, but every image "
    "has gates of its own.",
)
def _shares_gates(dx_scaled, cache):
    u, s = cache
    du = dx_scaled * s[:, None, None, :]
    ds = (dx_scaled * u).sum(axis=(0, 1, 2))
    return du, ds


@mistake(
    "channel_scale",
    "ds averaged, not summed",
    cause="mean in place of a sum",
    why="The squeeze next door averages over the positions, so averaging seems to be the way from a map to one number "
    "a channel.",
)
def _averages(dx_scaled, cache):
    u, s = cache
    du = dx_scaled * s[:, None, None, :]
    ds = (dx_scaled * u).mean(axis=(1, 2))
    return du, ds
