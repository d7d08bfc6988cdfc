"""Answers to the exercises of notebook 3, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

A, B, ZERO = [[1, 2], [4, 5]], [[0, 0], [0, 12]], [[1, -1], [-1, 1]]
PEAKED = np.zeros((4, 4))
PEAKED[0, 0] = 8.0
RANDOM = np.random.default_rng(0).standard_normal((2, 8, 8, 8))
ONE_CHANGED = np.ones((2, 8, 8, 8), int)
ONE_CHANGED[0, 1, 0, 0] = 2  # [0, 0, 0, 0] would not do: there both means change alike


def forward(u):
    return (u**2).mean(axis=(1, 2)), u


def backward(dz, u):
    return 2 * u * dz[:, None, None, :] / (u.shape[1] * u.shape[2])


def forward_by_sums(u):
    n, height, width, c = u.shape
    flat = u.reshape(n, height * width, c)
    return np.einsum("npc,npc->nc", flat, flat) / (height * width), {"flat": flat, "shape": u.shape}


def backward_by_sums(dz, cache):
    return [(2 * cache["flat"] * (dz / cache["flat"].shape[1])[:, None]).reshape(cache["shape"])]


def backward_in_place(dz, u):
    dz *= 2 / (u.shape[1] * u.shape[2])
    return u * dz[:, None, None, :]


def forward_in_place(u):
    u *= u
    return u.mean(axis=(1, 2)), u


def without_the_factor(dz, u):
    return u * dz[:, None, None, :] / (u.shape[1] * u.shape[2])


def without_u(dz, u):
    return np.broadcast_to(2 * dz[:, None, None, :] / (u.shape[1] * u.shape[2]), u.shape)


TRIED = {
    "3.1": Tried(
        right=(np.array(A, float), np.array(B, float), np.array(ZERO, float)),
        unexpected=(A, ((3, 3), (3, 3)), np.array([[0.1, 0.2], [-0.15, -0.15]], np.float32)[None, :, :, None]),
        wrong={
            "the mean of a is 12": ([[12, 12], [12, 12]], B, ZERO),
            "5 stands in a and in b": (A, [[5, 7], [0, 0]], ZERO),
            "the mean of zero is 0.5": (A, B, [[1, -1], [1, 1]]),
            "4 of the numbers of zero are 0": (A, B, np.zeros((2, 2))),
            "b has shape (4,)": (A, [0, 0, 0, 12], ZERO),
            "1 of the numbers of zero is 0": (A, B, [[1, 0], [-2, 1]]),
            "the mean of zero is 1e-10": (A, B, np.full((2, 2), 1e-10)),
            "zero is 'none', expected numbers": (A, B, "none"),
            "a must hold finite numbers": ([[1, 2], [3, np.nan]], B, ZERO),
        },
    ),
    "3.2": Tried(
        right=(forward, backward, PEAKED),
        unexpected=(forward_by_sums, backward_by_sums, PEAKED.astype(int).tolist()),
        wrong={
            "square of the mean": (lambda u: (u.mean(axis=(1, 2)) ** 2, u), backward, PEAKED),
            "z has shape (3, 5)": (lambda u: ((u**2).mean(axis=(2, 3)), u), backward, PEAKED),
            "expected two things, as in `return y, cache`": (lambda u: (u**2).mean(axis=(1, 2)), backward, PEAKED),
            "(ratio 0.5)": (forward, without_the_factor, PEAKED),
            "hint: every element is 2 times too small": (forward, without_the_factor, PEAKED),
            "forward changed its argument number 1": (forward_in_place, backward, PEAKED),
            "changed dy in place": (forward, backward_in_place, PEAKED),
            "forward is": ("u", backward, PEAKED),
            "peaked has shape (16,), expected (4, 4)": (forward, backward, np.ones(16)),
            "WRONG u": (forward, without_u, PEAKED),
            "peaked has a number below 0": (forward, backward, -PEAKED),
            "the mean of peaked is 1,": (forward, backward, np.ones((4, 4))),
            "the mean of squares of peaked is 0.25": (forward, backward, np.full((4, 4), 0.5)),
        },
    ),
    "3.3": Tried(
        right=("WC", RANDOM, (2, 3, 4, 5)),
        unexpected=("(2, 3.0)", ONE_CHANGED, "(7.0, 1, 1, 2)"),
        wrong={
            "it is not C and H": ("H and C", RANDOM, (2, 3, 4, 5)),
            "names 1 of the axes": ("C", RANDOM, (2, 3, 4, 5)),
            "it is not H and W": ({1, -2.0}, RANDOM, (2, 3, 4, 5)),
            "averaged: name at least one": ([], RANDOM, (2, 3, 4, 5)),
            "u has no axis 4": ((3, 4), RANDOM, (2, 3, 4, 5)),
            "'columns' is not made of the letters N, H, W, C": ("columns", RANDOM, (2, 3, 4, 5)),
            "a number in shape is 2.5, expected a whole number": ("C, W", RANDOM, (2.5, 3, 4, 5.9)),
            "shape is ['four'], expected numbers": (["W", "C"], RANDOM, "four"),
            "the second assert passes as well": (("w", "c"), np.zeros((2, 8, 8, 8)), (2, 3, 4, 5)),
            "u_test has shape (2, 3, 4, 5)": ("w, c", np.ones((2, 3, 4, 5)), (2, 3, 4, 5)),
            "squeeze(u) has shape (2, 3), and (N, C) is (2, 3)": ("C and W", RANDOM, (2, 3, 4, 3)),
            "expected four whole numbers": ((2, 3), RANDOM, (2, 3, 4)),
        },
    ),
    "3.4": Tried(
        right=(1 / 64, 1 / 1024, 15),
        unexpected=(np.float32(0.0156), [0.00098], "15"),
        wrong={
            "64 shares of 64 (three significant digits?) add up to 4096": (64, 1024, 15),
            "64 shares of 0.016 (three significant digits?) add up to 1.024": (0.016, 0.001, 15),
            "share_32 is 'small', expected numbers": (1 / 64, "small", 15),
            "share_32: 1024 shares of 0.03125": (1 / 64, 1 / 32, 15),
            "a share is 0.005102": (1 / 64, 1 / 1024, 14),
            "a smaller map passes as well": (1 / 64, 1 / 1024, 16),
            "expected a whole number": (1 / 64, 1 / 1024, 14.2),
        },
    ),
}
