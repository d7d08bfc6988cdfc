"""Answers to the exercises of notebook 4, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried


def forward(z, w1, b1, w2, b2):
    a = z @ w1 + b1
    h = np.maximum(a, 0)
    s = 1 / (1 + np.exp(-(h @ w2 + b2)))
    return s, (z, w1, w2, a > 0, h, s)


def backward(ds, cache):
    z, w1, w2, active, h, s = cache
    de = ds * s * (1 - s)
    dh, dw2, db2 = de @ w2.T, h.T @ de, de.sum(axis=0)
    da = dh * active
    return da @ w1.T, z.T @ da, da.sum(axis=0), dw2, db2


def forward_with_a_dict(z, w1, b1, w2, b2):
    s, cache = forward(z, w1, b1, w2, b2)
    return s, dict(zip(("z", "w1", "w2", "active", "h", "s"), cache, strict=True))


def backward_by_einsum(ds, cache):
    de = ds * (cache["s"] - cache["s"] ** 2)
    da = np.einsum("nc,jc->nj", de, cache["w2"]) * (cache["h"] > 0)
    dw1, dw2 = np.einsum("nk,nj->kj", cache["z"], da), np.einsum("nj,nc->jc", cache["h"], de)
    return [np.einsum("nj,kj->nk", da, cache["w1"]), dw1, da.sum(0), dw2, de.sum(0)]


def without_the_mask(ds, cache):
    z, w1, w2, _, h, s = cache
    return backward(ds, (z, w1, w2, 1.0, h, s))


def without_the_slope(ds, cache):
    s = cache[-1]
    return backward(ds / (s * (1 - s)), cache)


def in_another_order(ds, cache):
    dz, dw1, db1, dw2, db2 = backward(ds, cache)
    return dw1, db1, dw2, db2, dz


def share_dead(h):
    return (h == 0).all(axis=0).mean()


def backward_by_name(ds, cache):
    return dict(zip(("dz", "dW1", "b1", "dw2", "db2"), backward(ds, cache), strict=True))


def with_w1_not_transposed(ds, cache):
    _, w1, w2, active, _, s = cache
    right = backward(ds, cache)
    da = ((ds * s * (1 - s)) @ w2.T) * active
    return da @ w1.reshape(w1.shape[::-1]), *right[1:]


def changes_its_input(z, w1, b1, w2, b2):
    result = forward(z, w1, b1, w2, b2)
    z *= 2
    return result


def share_by_max(h):
    return np.array([sum(column.max() == 0 for column in h.T) / h.shape[1]])


def softmax(e):
    p = np.exp(e - e.max(axis=1, keepdims=True))
    s = p / p.sum(axis=1, keepdims=True)
    return s, s


def softmax_backward(ds, s):
    return s * (ds - (ds * s).sum(axis=1, keepdims=True))


def softmax_with_jacobian(e):
    s = softmax(e)[0]
    return s, [np.diag(row) - np.outer(row, row) for row in s]


def backward_with_jacobian(ds, cache):
    return (np.stack([table @ row for table, row in zip(cache, ds, strict=True)]),)


H_TEST = [[1, 0], [0, 1]]
TRIED = {
    "4.1": Tried(
        right=(forward, backward),
        unexpected=(forward_with_a_dict, lambda ds, cache: backward_by_name(ds, tuple(cache.values()))),
        wrong={
            "wrong: db1, dw1, dz. dw2 and db2 are right": (forward, without_the_mask),
            "Look first at what dw2 and db2 need: ds, de and h. (dw2[": (forward, without_the_slope),
            "wrong: dz. All others are right, so da is right": (forward, with_w1_not_transposed),
            "dz has shape (5, 7), expected (3, 5), the shape of z; is the order dz,": (
                forward,
                in_another_order,
            ),
            "dw1 has shape (7, 5), expected (5, 7), the shape of w1; are rows and columns exchanged?": (
                forward,
                lambda *args: [d.T if d.ndim == 2 and d.shape != (3, 5) else d for d in backward(*args)],
            ),
            "wrong: dw2. dz is right, so de, dh and da are right. Look at the line of this": (
                forward,
                lambda *args: [2 * d if d.shape == (7, 5) else d for d in backward(*args)],
            ),
            "finite differences say": (forward, lambda *args: [-d for d in backward(*args)]),
            "Of dw2, every element is 2 times too large": (forward, lambda *args: [2 * d for d in backward(*args)]),
            "excitation_backward returned 2 things, expected 5": (forward, lambda *args: backward(*args)[1:3]),
            "excitation_backward returned ndarray": (forward, lambda *args: backward(*args)[0]),
            "excitation_backward returned NoneType": (forward, lambda ds, cache: print(end="")),
            "excitation_backward returned no dw1, no db1": (
                forward,
                lambda *args: {"dz": backward(*args)[0]},
            ),
            "expected two things, as in `return y, cache`": (lambda *args: forward(*args)[0], backward),
            "changed its argument number 1": (changes_its_input, backward),
            "Was excitation_forward changed?": (lambda *args: (forward(*args)[0] * 2, 0), backward),
        },
    ),
    "4.2": Tried(
        right=(4240, 82),
        unexpected=(np.float64(4240.0), "82"),
        wrong={
            "count_128 is 4,096: that is the number of weights": (4096, 82),
            "count_16 is 64: that is the number of weights": (4240, 64),
            "49: right for one hidden unit": (4240, 49),
            "32: that is what two matrices have": (4240, 32),
            "count_128 is 4,352: b1 has one number per hidden unit": (4352, 82),
            "2,192, and that is not right": (2192, 82),
            "count_16 is 'many'": (4240, "many"),
            "count_128 is 1e+300, and": (1e300, 82),
            "count_128 is 4240.5, expected a whole number": (4240.5, 82),
            "count_128 must hold finite numbers": (np.nan, 82),
        },
    ),
    "4.3": Tried(
        right=(["dz", "dw1", "db1"], 1),
        unexpected=("W1, b1 and z", (1.0,)),
        wrong={
            "`wrong` names a gradient that is right": ({"dz", "dw1", "db1", "dw2"}, 1),
            "`wrong` names a gradient that is right. ": ("all", 1),
            "some are missing": (("dz",), 1),
            "`wrong`: name at least one": ([], 1),
            "`wrong` is None, expected names": (None, 1),
            "`wrong`: dh is none of dz, dw1": (["dh", "dz"], 1),
            "with 4 hidden units and 5 channels, 18 of 20": (["dz", "dw1", "db1"], 4),
            "units is 0": (["dz", "dw1", "db1"], 0),
            "units is 1e+300": (["dz", "dw1", "db1"], 1e300),
            "units is None, expected numbers": (["dz", "dw1", "db1"], None),
        },
    ),
    "4.4": Tried(
        right=(share_dead, np.array([[1.0, 0.0], [0.0, 1.0]])),
        unexpected=(share_by_max, [[0, 0, 3], [0, 2, 0], [1, 0, 0]]),
        wrong={
            "share_dead says 0.5, but each unit": (lambda h: (h == 0).mean(), H_TEST),
            "share_dead says 0.5, but both units": (lambda h: (h == 0).all(axis=1).mean(), H_TEST),
            "share_dead says 1, but one unit of three": (lambda h: (h == 0).all(axis=0).sum(), H_TEST),
            "share_dead says 0.667, but one unit of three": (lambda h: (h.mean(0) < 0.3).mean(), H_TEST),
            "share_dead says 0.667, but one": (lambda h: (h <= 0.5).all(0).mean(), H_TEST),
            "share_dead says 0.667": (lambda h: ((h[0] == 0) & (h[-1] == 0)).mean(), H_TEST),
            "the result of share_dead is None, expected numbers": (lambda h: print(end=""), H_TEST),
            "the result of share_dead holds 2 numbers": (lambda h: (h == 0).all(axis=0), H_TEST),
            "in h_test 1 of 2 units is 0 for every image, so it is dead": (share_dead, [[0, 1], [0, 1]]),
            "in h_test 2 of 3 units are 0": (share_dead, [[0, 1, 0], [0, 1, 0]]),
            "formula of the report gives 0.25": (share_dead, [[1, 0], [1, 1]]),
            "numbers below 0": (share_dead, [[1, -1], [0, 0]]),
            "h_test has shape (2,)": (share_dead, [0, 1]),
            "h_test must hold finite numbers": (share_dead, [[0, np.inf], [1, 0]]),
            "h_test must hold finite": (share_dead, [[0, np.nan], [1, 0]]),
            "h_test is [[1, 0], [0]], expected numbers": (share_dead, [[1, 0], [0]]),
        },
    ),
    "4.5": Tried(
        right=(softmax, softmax_backward, 0, 4),
        unexpected=(softmax_with_jacobian, backward_with_jacobian, 0.0, [4]),
        wrong={
            "expected 1 for each image": (lambda e: (softmax(e.T)[0].T.copy(), 0), softmax_backward, 0, 4),
            "the gates of the whole batch add up to 1": (
                lambda e: (np.exp(e) / np.exp(e).sum(), 0),
                softmax_backward,
                0,
                4,
            ),
            "mixes the images: its sum": (softmax, lambda ds, s: s * (ds - (ds * s).sum()), 0, 4),
            "softmax_backward mixes the images": (softmax, lambda ds, s: s * (ds - (ds * s).sum(axis=0)), 0, 4),
            "right if each gate depended on its own e alone: does it?": (
                softmax,
                lambda ds, s: ds * s * (1 - s),
                0,
                4,
            ),
            "WRONG e": (softmax, lambda ds, s: s * (ds + (ds * s).sum(axis=1, keepdims=True)), 0, 4),
            "backward returned a str": (softmax, lambda ds, s: "text", 0, 4),
            "expected two things, as in `return y, cache`": (lambda e: softmax(e)[0], softmax_backward, 0, 4),
            "s is None": (lambda e: (None, 0), softmax_backward, 0, 4),
            "others_sigmoid is 4": (softmax, softmax_backward, 4, 4),
            "others_softmax is 0": (softmax, softmax_backward, 0, 0),
            "others_softmax is 1e+300": (softmax, softmax_backward, 0, 1e300),
            "others_softmax is 3.5, expected a whole number": (softmax, softmax_backward, 0, 3.5),
        },
    ),
}
