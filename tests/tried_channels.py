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


def test_of(u, s):
    def passes(scale):
        return np.allclose(scale(u, s), u * s[:, None, None, :])

    return passes


def asserts(scale):
    u = np.arange(1.0, 121).reshape(2, 3, 4, 5)
    s = np.linspace(0.1, 0.9, 10).reshape(2, 5)
    for n in range(2):
        for c in range(5):
            np.testing.assert_allclose(scale(u, s)[n, :, :, c], u[n, :, :, c] * s[n, c])


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
            "z[1] is 8: this is not the mean of [[8.0, 0.0], [0.0, 8.0]]": ([2.5, 8], TOTAL, [1.25, 1]),
            "without their gates": ([2.5, 4], [[9, 2], [3, 12]], [1.25, 1]),
            "the gate of the other channel": ([2.5, 4], [[4.25, 0.5], [0.75, 5]], [1.25, 1]),
            "row 1, column 0 is 1.4": ([2.5, 4], [[2.5, 1], [1.4, 4]], [1.25, 1]),
            "shape (2,), expected (2, 2)": ([2.5, 4], [2.5, 4], [1.25, 1]),
            "means before the gates": ([2.5, 4], TOTAL, [2.5, 4]),
            "z_gated[0] is 1:": ([2.5, 4], TOTAL, [1, 1]),
            "expected numbers": ("none", TOTAL, [1.25, 1]),
        },
    ),
    "1.2": Tried(
        right=(LEFT, difference),
        unexpected=(LEFT[..., 0].tolist(), by_maxima),
        wrong={
            'is the filter "brighter to the right" itself': (-LEFT, difference),
            "left compares rows": (LEFT.swapaxes(0, 1), difference),
            "each weight of left is 9 times": (9 * LEFT, difference),
            "row 0, column 0 for channel 0 is 0.": (MIDDLE, difference),
            "shape (3, 3), expected (3, 3, 3, 1)": (LEFT[..., 0, 0], difference),
            "no number of yours is below 0": (LEFT, lambda right_map, left_map: right_map + left_map),
            "opposite sign": (LEFT, lambda right_map, left_map: left_map - right_map),
            "(right) and": (LEFT, lambda right_map, left_map: -left_map),
            "is there a `return`": (LEFT, lambda right_map, left_map: print(end="")),
        },
    ),
    "1.3": Tried(
        right=(test_of(RNG.standard_normal((2, 3, 4, 5)), RNG.random((2, 5))),),
        unexpected=(asserts,),
        wrong={
            "says False for a right function": (lambda scale: scale(U, S).shape == (4, 6),),
            "lets your colleague's function pass. Which": (lambda scale: scale(U, S).shape == U.shape,),
            "colleague's function pass (it returned None": (returns_nothing,),
            "returns u unchanged": (test_of(U[:, :5], np.ones((4, 6))),),
            "gates of the first": (test_of(U[:1, :5], FIRST[:1]),),
            "the same gate": (test_of(U[:, :5], SAME),),
            "rounds the gates": (test_of(U, np.round(S)),),
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
        },
    ),
}
