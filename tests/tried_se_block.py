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


def changes_its_input(u, w1, b1, w2, b2):
    x_scaled, cache = forward(u.copy(), w1, b1, w2, b2)
    u -= u.mean()
    return x_scaled, cache


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


def on_paper(**changes):
    """The answers to 5.2 in order, some of them changed."""
    answers = {"ds": [12, -4], "de": [3, -1], "dw2": [[12, -4], [0, 0]], "dh": [4, 7], "da": [4, 0]}
    answers |= {"dw1": [[8, 0], [4, 0]], "dz": [4, 8], "du_0": [[2, 3], [0, 3]], "du_1": [[3, 1], [5, 2]]}
    return tuple((answers | changes).values())


FIVE = ["du", "dw1", "db1", "dw2", "db2"]
TRIED = {
    "5.1": Tried(
        right=(forward, backward),
        unexpected=(forward_with_other_names, backward_by_name),
        wrong={
            "my_forward returned ndarray, expected two things": (lambda *args: forward(*args)[0], backward),
            "my_forward changed its argument number 1": (changes_its_input, backward),
            "All weights are 0 here": (lambda *args: (args[0], None), backward),
            "x_scaled is None": (lambda *args: (None, None), backward),
            "Over which axes does your squeeze average?": (one_z_for_all, backward),
            "Compare z, a, h, e and s": (lambda u, w1, b1, w2, b2: forward(u, w1 / 2, b1, w2, b2), backward),
            "With biases of 0 x_scaled is right: are b1 and b2 used": (
                lambda u, w1, b1, w2, b2: forward(u, w1, 0 * b1, w2, b2),
                backward,
            ),
            "my_backward returned ndarray, expected 5 gradients": (forward, lambda *args: backward(*args)[0]),
            "my_backward returned no dw2, no db2": (forward, lambda *args: [*backward(*args)[:3], None, None]),
            "dw1 has shape (11, 9), expected (9, 11)": (
                forward,
                lambda *args: [d.T if d.shape == (9, 11) else d for d in backward(*args)],
            ),
            "Look first at what dw2 and db2 need: ds, de and h. (dw2[": (forward, spoiled(slope=False)),
            "The mistake stands after it: look at dh, da": (forward, spoiled(gradient_of_h=True)),
            "du, and nothing else, is wrong: compare it with": (forward, spoiled(squeeze=0)),
            "finite differences at one pixel": (forward, spoiled(scale=0)),
            "du is right, so ds, de, dh, da and dz are right. Look at the lines of these": (
                forward,
                lambda *args: [d if k == 0 else 3 * d for k, d in enumerate(backward(*args))],
            ),
            "every element is 3 times too large (3 is N here)": (
                forward,
                lambda *args: [3 * d if k == 4 else d for k, d in enumerate(backward(*args))],
            ),
            "every element is 35 times too small (35 is H·W here)": (
                forward,
                lambda d, cache: backward(d / 35, cache),
            ),
            "H·W = 35 times too large": (forward, spoiled(squeeze=35)),
            "four lines are left: dz, du_scale, du_squeeze and their sum. (du[": (forward, at_one_position),
        },
    ),
    "5.2": Tried(
        right=on_paper(),
        unexpected=on_paper(ds=(12.0, -4.0), de=np.array([[3, -1]]), dh=np.array([[4], [7]]), dw1=[8, 0, 4, 0]),
        wrong={
            "my_ds[1] is 4, and that is not right": on_paper(ds=[12, 4]),
            "my_ds: these are means over the positions": on_paper(ds=[3, -1]),
            "up to my_ds all is right. my_de: that is ds": on_paper(de=[12, -4]),
            "my_dw2: rows and columns are exchanged": on_paper(dw2=[[12, 0], [-4, 0]]),
            "my_dh: W₂ is not transposed here": on_paper(dh=[0, -5]),
            "my_da: that is dh": on_paper(da=[4, 7]),
            "my_dw1: that is computed with dh": on_paper(dw1=[[8, 14], [4, 7]]),
            "my_dz: W₁ is not transposed here": on_paper(dz=[4, 12]),
            "my_du_0: that is the scale's part alone": on_paper(du_0=[[1, 2], [-1, 2]]),
            "my_du_1: the squeeze's part is H·W = 4 times too large": on_paper(du_1=[[9, 7], [11, 8]]),
            "up to my_du_0 all is right. my_du_1[0, 1] is 0, and": on_paper(du_1=[[3, 0], [5, 2]]),
            "my_dz has shape (3,), expected (2,)": on_paper(dz=[4, 8, 0]),
            "my_dz is 'four', expected numbers": on_paper(dz="four"),
            "my_du_1 must hold finite numbers": on_paper(du_1=[[np.nan, 1], [5, 2]]),
        },
    ),
    "5.3": Tried(
        right=(1.02e-4, -0.5),
        unexpected=(np.float32(0.000102), np.full(4, -0.45)),
        wrong={
            "which of the two numbers is the divisor": (9807, -0.5),
            "that is the estimate": (1.816e-4, -0.5),
            "that is the estimate, for": (1.8e-4, -0.5),
            "ratio of the largest |du|": (1.58, -0.5),
            "shrink is 0.01, the block gives another number": (0.01, -0.5),
            "a ratio of two sizes cannot be below 0": (-1.02e-4, -0.5),
            "shrink is 0, but neither of the two sizes is": (0.0, -0.5),
            "shrink holds 2 numbers": ([1.02e-4, 1.0], -0.5),
            "at b2 = 0 the largest |dw1| is 0.4534": (1.02e-4, 0),
            "at b2 = -0.4 the largest": (1.02e-4, -0.4),
            "best holds 2 different numbers": (1.02e-4, [0, 1]),
            "best is 1e+300": (1.02e-4, 1e300),
            "best must hold finite numbers": (1.02e-4, np.inf),
        },
    ),
    "5.4": Tried(
        right=(["du_scale"], plus_forward, spoiled(extra=1)),
        unexpected=("du_scale", plus_forward, lambda *args: [*backward(*args, extra=1)]),
        wrong={
            "changed: name at least one": ([], plus_forward, spoiled(extra=1)),
            "changed: dw is none of du_scale, ds": (["dw"], plus_forward, spoiled(extra=1)),
            "changed names ds: differentiate": (["du_scale", "ds"], plus_forward, spoiled(extra=1)),
            "changed names ds: ": (["ds"], plus_forward, spoiled(extra=1)),
            "changed names de: write its formula": (["du_scale", "de"], plus_forward, spoiled(extra=1)),
            "changed names du_squeeze: which formula": (["du_squeeze"], plus_forward, spoiled(extra=1)),
            "All weights are 0 here": (["du_scale"], forward, backward),
            "It is the du of u·s": (["du_scale"], plus_forward, backward),
            "compare it with finite differences at one": (["du_scale"], plus_forward, spoiled(extra=1, squeeze=0)),
            "plus_backward returned NoneType": (["du_scale"], plus_forward, lambda *args: print(end="")),
        },
    ),
    "5.5": Tried(
        right=(FIVE, 0.98, mended),
        unexpected=({"W1", "B1", "W2", "B2", "U"}, 98 / 100, lambda a, b, c: mended_by_order(a, b, c)),
        wrong={
            "`wrong`: name at least one": ([], 0.98, mended),
            "`wrong`: everything is none of du, dw1": ("everything", 0.98, mended),
            "each name in `wrong` is a wrong gradient, but some": (["dw1", "db1", "dw2", "db2"], 0.98, mended),
            "but some are missing": (["du"], 0.98, mended),
            "turned round": (FIVE, 1 / 0.98, mended),
            "ratio is 0.0196: by which factor": ("all", 0.0196, mended),
            "ratio is None, expected numbers": (FIVE, None, mended),
            "Now mend the function": (FIVE, 0.98, not_mended),
            "dx_scaled was changed in place": (FIVE, 0.98, in_place),
            "something else than two arrays": (FIVE, 0.98, lambda *args: mended(*args)[0]),
        },
    ),
}
