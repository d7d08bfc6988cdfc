"""Answers to the exercises of notebook 1, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

LEFT = np.zeros((3, 3, 3, 1))
LEFT[:, 0], LEFT[:, 2] = 1 / 9, -1 / 9
MIDDLE = LEFT * np.array([0, 3, 0])[:, None, None, None]  # the middle row alone
TOTAL = [[2.5, 1], [1.5, 4]]


def by_maxima(right_map, left_map):
    return np.where(right_map > 0, right_map, -left_map).tolist()


def difference(right_map, left_map):
    return right_map - left_map


def with_inputs(u, s):
    def passes(scale):
        return np.allclose(scale(u, s), u * s[:, None, None, :])

    return passes


def asserts(scale):
    u = np.arange(1.0, 121).reshape(2, 3, 4, 5)
    s = np.linspace(0.1, 0.9, 10).reshape(2, 5)
    for n in range(2):
        for c in range(5):
            np.testing.assert_allclose(scale(u, s)[n, :, :, c], u[n, :, :, c] * s[n, c])


def asserts_what_is_false(scale):
    assert scale(U, S).shape == (4, 6), "the shape"


def asserts_without_words(scale):
    assert scale(U, S).min() > 0


def with_integers(scale):
    u, s = np.arange(120).reshape(2, 3, 4, 5), np.linspace(0.1, 0.9, 10, dtype=np.float32).reshape(2, 5)
    return (scale(u, s) == u * s[:, None, None]).all() and (scale(u, 2 * S[:2, :5] > 1) % 1 == 0).all()


def in_float32(scale):
    u, s = U[:3].astype(np.float32), S[:3].astype(np.float32)
    return np.array([np.array_equal(scale(u, s), u * s[:, None, None, :])])


def asserts_in_every_dtype(scale):
    asserts(scale)
    assert with_integers(scale)
    assert in_float32(scale)


def looks_at(*index):
    """A test that compares one part of the result."""

    def passes(scale):
        return np.allclose(scale(U[:, :5], S)[index], (U[:, :5] * S[:, None, None, :])[index])

    return passes


def looks_at_sums(scale):
    return np.allclose(scale(U[:, :5], S).sum(axis=(1, 2)), (U[:, :5] * S[:, None, None, :]).sum(axis=(1, 2)))


def is_not_exact(scale):
    return np.abs(scale(U[:, :5], S) - U[:, :5] * S[:, None, None, :]).max() < 0.1


def returns_nothing(scale):
    scale(U, S)


RNG = np.random.default_rng(0)
U, S = RNG.standard_normal((4, 6, 6, 6)), RNG.random((4, 6))
FIRST, SAME = RNG.random((4, 6)), RNG.random((4, 1)) * np.ones(6)

TRIED = {
    "1.1": Tried(
        right=([2.5, 4], TOTAL, [1.25, 1]),
        unexpected=((2.5, 4), np.array(TOTAL)[..., None], np.array([[1.25, 1.0]])),
        wrong={
            "sums of the two channels": ([10, 16], TOTAL, [1.25, 1]),
            "these are the means after the gates": ([1.25, 1], TOTAL, [1.25, 1]),
            "z_paper[1] is 8: this is not the mean of [[8.0, 0.0], [0.0, 8.0]]": ([2.5, 8], TOTAL, [1.25, 1]),
            "without their gates": ([2.5, 4], [[9, 2], [3, 12]], [1.25, 1]),
            "the gate of the other channel": ([2.5, 4], [[4.25, 0.5], [0.75, 5]], [1.25, 1]),
            "row 1, column 0 is 1.4": ([2.5, 4], [[2.5, 1], [1.4, 4]], [1.25, 1]),
            "shape (2,), expected (2, 2)": ([2.5, 4], [2.5, 4], [1.25, 1]),
            "means before the gates": ([2.5, 4], TOTAL, [2.5, 4]),
            "z_gated[0] is 1: after its gate channel 0 holds [[0.5, 1.0], [1.5, 2.0]]. What": ([2.5, 4], TOTAL, [1, 1]),
            "z_paper is 'none', expected numbers": ("none", TOTAL, [1.25, 1]),
            "total must hold finite numbers": ([2.5, 4], [[2.5, 1], [1.5, np.nan]], [1.25, 1]),
            "z_gated is None, expected numbers": ([2.5, 4], TOTAL, None),
        },
    ),
    "1.2": Tried(
        right=(LEFT, difference),
        unexpected=(LEFT[..., 0].round(3).tolist(), by_maxima),
        wrong={
            "left is large where it becomes brighter to the right": (-LEFT, difference),
            "left is 0 everywhere": (0 * LEFT, difference),
            "left compares rows": (LEFT.swapaxes(0, 1), difference),
            "each weight of left is 9 times": (9 * LEFT, difference),
            "row 1, column 0 for channel 0 is 0.3333": (MIDDLE, difference),
            "shape (3, 3), expected (3, 3, 3, 1)": (LEFT[..., 0, 0], difference),
            "no number of yours is below 0": (LEFT, lambda right_map, left_map: right_map + left_map),
            "opposite sign": (LEFT, lambda right_map, left_map: left_map - right_map),
            "(right) and": (LEFT, lambda right_map, left_map: -left_map),
            "is there a `return`": (LEFT, lambda right_map, left_map: print(end="")),
            "before_relu is": (LEFT, 3),
            "what before_relu returns has shape (2, 5, 7), expected (5, 7)": (LEFT, lambda *maps: np.stack(maps)),
        },
    ),
    "1.3": Tried(
        right=(with_inputs(RNG.standard_normal((2, 3, 4, 5)), RNG.random((2, 5))),),
        unexpected=(asserts_in_every_dtype,),
        wrong={
            "says False for a right function": (lambda scale: scale(U, S).shape == (4, 6),),
            "passes a wrong function: your colleague's function. Which": (lambda scale: scale(U, S).shape == U.shape,),
            "colleague's function (it returned None": (returns_nothing,),
            "returns u unchanged": (with_inputs(U[:, :5], np.ones((4, 6))),),
            "gates of the first": (with_inputs(U[:1, :5], FIRST[:1]),),
            "the same gate": (with_inputs(U[:, :5], SAME),),
            "rounds the gates": (with_inputs(U, np.round(S)),),
            "ignores u": (with_inputs(np.ones((4, 5, 6, 6)), S),),
            "an assert of your test fails for a right function, `u * s[:, None, None, :]` (the shape)": (
                asserts_what_is_false,
            ),
            "an assert of your test fails": (asserts_without_words,),
            "passes returned an array of shape (4, 6), expected one True or False": (
                lambda scale: scale(U, S)[:, 0, 0] == U[:, 0, 0] * S,
            ),
            "passes returned 'yes', expected True or False": (lambda scale: "yes",),
            "passes is": (True,),
            "only in positions (i, j) with even i + j": (looks_at(slice(None), 2, 4),),
            "only in positions (i, j) with odd i + j": (looks_at(1, 2, 3, 4),),
            "only in images with even numbers": (looks_at(2),),
            "only in channels with odd numbers": (looks_at(Ellipsis, 1),),
            "passes a wrong function: one that scales right and then reverses the rows": (looks_at_sums,),
            "1 % too large": (is_not_exact,),
        },
    ),
    "1.4": Tried(
        right=([0.5, 0.5],),
        unexpected=(np.array([[0.49], [0.51]]),),
        wrong={
            "with 1 and 1 the mean squared error": ([1, 1],),
            "more than with weights of 0": ([1.5, 0],),
            "a smaller one is possible": ([0.5, 0.4],),
            "shape (4, 2), expected (2,)": (np.ones((4, 2)),),
            "best is a dictionary": ({"orange": 0.5},),
            "with 1e+300 and 0.5": ([1e300, 0.5],),
        },
    ),
}
