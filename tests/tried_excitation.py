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


TRIED = {
    "4.1": Tried(
        right=(forward, backward),
        unexpected=(forward_with_a_dict, backward_by_einsum),
        wrong={
            "WRONG w1": (forward, without_the_mask),
            "WRONG b2": (forward, without_the_slope),
            "dz has shape (5, 4), expected (3, 5)": (forward, in_another_order),
            "backward returned 2": (forward, lambda ds, cache: backward(ds, cache)[1:3]),
            "backward returned 1": (forward, lambda ds, cache: backward(ds, cache)[0]),
            "Was excitation_forward changed?": (lambda **args: (forward(**args)[0] * 2, 0), backward),
        },
    ),
    "4.2": Tried(
        right=(4240, 82),
        unexpected=(np.float64(4240.0), "82"),
        wrong={
            "4,096 is the number of weights": (4096, 82),
            "count_16: 64 is the number of weights": (4240, 64),
            "49 is right for one hidden unit": (4240, 49),
            "32 is what two matrices have": (4240, 32),
            "count_128: b1 has one number per hidden unit": (4352, 82),
            "2,192 is not right": (2192, 82),
            "count_16 is 'many'": (4240, "many"),
        },
    ),
    "4.3": Tried(
        right=(["dz", "dw1", "db1"], 1),
        unexpected=("W1, b1 and z", (1.0,)),
        wrong={
            "1 of the names in `wrong` are gradients that are right": ({"dz", "dw1", "db1", "dw2"}, 1),
            "some are missing": (("dz",), 1),
            "dh: expected names out of": (["dh", "dz"], 1),
            "with 4 hidden units and 5 channels, 18 of 20": (["dz", "dw1", "db1"], 4),
            "units is 0": (["dz", "dw1", "db1"], 0),
        },
    ),
    "4.4": Tried(
        right=(share_dead, np.array([[1.0, 0.0], [0.0, 1.0]])),
        unexpected=(share_by_max, [[0, 0, 3], [0, 2, 0], [1, 0, 0]]),
        wrong={
            "share_dead says 0.5, but each unit": (lambda h: (h == 0).mean(), [[1, 0], [0, 1]]),
            "share_dead says 0.5, but both units": (lambda h: (h == 0).all(axis=1).mean(), [[1, 0], [0, 1]]),
            "share_dead says 1, but one unit of three": (lambda h: (h == 0).all(axis=0).sum(), [[1, 0], [0, 1]]),
            "in h_test 1 of 2 units": (share_dead, [[0, 1], [0, 1]]),
            "formula of the report gives 0.25": (share_dead, [[1, 0], [1, 1]]),
            "numbers below 0": (share_dead, [[1, -1], [0, 0]]),
            "h_test has shape (2,)": (share_dead, [0, 1]),
        },
    ),
    "4.5": Tried(
        right=(softmax, softmax_backward, 0, 4),
        unexpected=(softmax_with_jacobian, backward_with_jacobian, 0.0, [4]),
        wrong={
            "expected 1 for each image": (lambda e: (softmax(e.T)[0].T.copy(), 0), softmax_backward, 0, 4),
            "WRONG e": (softmax, lambda ds, s: ds * s * (1 - s), 0, 4),
            "expected two things, as in `return y, cache`": (lambda e: softmax(e)[0], softmax_backward, 0, 4),
            "others_sigmoid is 4": (softmax, softmax_backward, 4, 4),
            "others_softmax is 0": (softmax, softmax_backward, 0, 0),
        },
    ),
}
