"""Answers to the exercises of notebook 5, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

from senet_np.se import se_backward, se_forward


def forward(u, w1, b1, w2, b2):
    z = u.mean(axis=(1, 2))
    a = z @ w1 + b1
    h = np.maximum(a, 0)
    s = 1 / (1 + np.exp(-(h @ w2 + b2)))
    return u * s[:, None, None, :], (u, z, w1, a > 0, h, w2, s)


def backward(dx_scaled, cache, scale=1.0, squeeze=1.0, slope=True, gradient_of_h=False, extra=0.0):
    u, z, w1, alive, h, w2, s = cache
    ds = (dx_scaled * u).sum(axis=(1, 2))
    de = ds * s * (1 - s) if slope else ds
    da = (de @ w2.T) * (1 if gradient_of_h else alive)
    du_squeeze = (da @ w1.T / (u.shape[1] * u.shape[2]))[:, None, None, :]
    du = scale * dx_scaled * s[:, None, None, :] + squeeze * du_squeeze + extra * dx_scaled
    return du, z.T @ da, da.sum(axis=0), h.T @ de, de.sum(axis=0)


def spoiled(**changes):
    return lambda dx_scaled, cache: backward(dx_scaled, cache, **changes)


def forward_with_other_names(maps, fc1, bias1, fc2, bias2):
    x_scaled, cache = se_forward(maps, fc1, bias1, fc2, bias2)
    return [x_scaled, {"of the package": cache}]


def backward_by_name(g, cache):
    names = ("du", "dw1", "db1", "dw2", "db2")
    return dict(zip(names, se_backward(g, cache["of the package"]), strict=True))


def one_z_for_all(u, w1, b1, w2, b2):
    _, cache = forward(u.mean(axis=0, keepdims=True), w1, b1, w2, b2)
    return u * cache[-1][:, None, None, :], cache


def at_one_position(dx_scaled, cache):
    du, *others = backward(dx_scaled, cache, squeeze=0)
    right = backward(dx_scaled, cache)[0]
    du[:, 0, 0] = right[:, 0, 0]
    return du, *others


def plus_forward(u, w1, b1, w2, b2):
    x_scaled, cache = forward(u, w1, b1, w2, b2)
    return u + x_scaled, cache


def mended(dx_scaled, u, s):
    return dx_scaled * s[:, None, None, :], (dx_scaled * u).sum(axis=(1, 2))


def mended_by_order(dx_scaled, u, s):
    ds = np.einsum("nijc,nijc->nc", dx_scaled, u)
    dx_scaled = dx_scaled * s[:, None, None, :]
    return [dx_scaled, ds]


def not_mended(dx_scaled, u, s):
    dx_scaled = dx_scaled * s[:, None, None, :]
    return dx_scaled, (dx_scaled * u).sum(axis=(1, 2))


def in_place(dx_scaled, u, s):
    ds = (dx_scaled * u).sum(axis=(1, 2))
    dx_scaled *= s[:, None, None, :]
    return dx_scaled, ds


FIVE = ["du", "dw1", "db1", "dw2", "db2"]
TRIED = {
    "5.1": Tried(
        right=(forward, backward),
        unexpected=(forward_with_other_names, backward_by_name),
        wrong={
            "expected two things, as in `return y, cache`": (lambda *args: forward(*args)[0], backward),
            "All weights are 0 here": (lambda *args: (args[0], None), backward),
            "Over which axes does your squeeze average?": (one_z_for_all, backward),
            "Compare z, a, h, e and s": (lambda u, w1, b1, w2, b2: forward(u, w1, b1 + b1, w2, b2), backward),
            "expected five gradients": (forward, lambda *args: backward(*args)[0]),
            "dw1 has shape (3, 6), expected (6, 3)": (
                forward,
                lambda *args: [d.T if d.shape == (6, 3) else d for d in backward(*args)],
            ),
            "Look first at what dw2 and db2 need": (forward, spoiled(slope=False)),
            "between FC2 and FC1": (forward, spoiled(gradient_of_h=True)),
            "count the arrows at u": (forward, spoiled(squeeze=0)),
            "It holds one of the gradients": (forward, spoiled(scale=0)),
            "H·W = 20 times too large": (forward, spoiled(squeeze=20)),
            "look where du is put together. u: worst error": (forward, at_one_position),
        },
    ),
    "5.2": Tried(
        right=(["du", "dw1", "db1"], [10, 10]),
        unexpected=("dW1, b1, DU", np.array([[0.0, 0.5]])),
        wrong={
            "dw2: at which line is the mask used": (["du", "dw1", "db1", "dw2"], [10, 10]),
            "1 more of the five differ": (["dw1", "db1"], [10, 10]),
            "still differ": (["du", "dw1", "db1"], [-10, -10]),
            "has 1 numbers, expected two": (["du", "dw1", "db1"], 10),
            "da: expected names out of du": (["da", "du"], [10, 10]),
        },
    ),
    "5.3": Tried(
        right=(1.02e-4, -0.5),
        unexpected=(np.float32(0.000102), np.full(4, -0.45)),
        wrong={
            "which of the two numbers is the divisor": (9807, -0.5),
            "the estimate": (1.816e-4, -0.5),
            "is b2 10 for all channels": (0.01, -0.5),
            "is the absolute value missing": (-1.02e-4, -0.5),
            "at b2 = 0 the largest |dw1| is 0.4534": (1.02e-4, 0),
        },
    ),
    "5.4": Tried(
        right=(["du_scale"], plus_forward, spoiled(extra=1)),
        unexpected=("du_scale", plus_forward, lambda *args: [*backward(*args, extra=1)]),
        wrong={
            "name at least one": ([], plus_forward, spoiled(extra=1)),
            "not right about ds": (["du_scale", "ds"], plus_forward, spoiled(extra=1)),
            "de: write this down for both blocks": (["du_scale", "de"], plus_forward, spoiled(extra=1)),
            "All weights are 0 here": (["du_scale"], forward, backward),
            "It is the du of u·s": (["du_scale"], plus_forward, backward),
            "count the arrows at u": (["du_scale"], plus_forward, spoiled(extra=1, squeeze=0)),
        },
    ),
    "5.5": Tried(
        right=(FIVE, 0.98, mended),
        unexpected=({"W1", "B1", "W2", "B2", "U"}, 98 / 100, mended_by_order),
        wrong={
            "one more gradient is wrong": (["dw1", "db1", "dw2", "db2"], 0.98, mended),
            "4 more gradients are wrong": (["du"], 0.98, mended),
            "turned round": (FIVE, 1 / 0.98, mended),
            "the ratio is not": (FIVE, 0.0196, mended),
            "Now mend the function": (FIVE, 0.98, not_mended),
            "was changed in place": (FIVE, 0.98, in_place),
        },
    ),
}
