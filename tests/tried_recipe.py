"""Answers to the exercises of notebook 13, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

T = np.array([0.91] + 9 * [0.01])
RNG = np.random.default_rng(0)
GRAY = np.repeat(RNG.standard_normal((20, 8, 8, 1)), 3, axis=-1)


def smoothed(p, labels, smoothing):
    n, k = p.shape
    t = np.full((n, k), smoothing / k)
    t[np.arange(n), labels] += 1 - smoothing
    return (p - t) / n


def smoothed_by_a_loop(p, labels, smoothing):
    n, k = p.shape
    return [[(p[i, j] - smoothing / k - (1 - smoothing) * (j == labels[i])) / n for j in range(k)] for i in range(n)]


def plain(p, labels, smoothing):
    return smoothed(p, labels, 0)


def in_place(p, labels, smoothing):
    p[np.arange(len(p)), labels] -= 1 - smoothing
    return (p - smoothing / p.shape[1]) / len(p)


def all_classes_alike(p, labels, smoothing):
    n, k = p.shape
    t = np.full((n, k), smoothing / (k - 1))  # as if the right class had no part of what is spread
    t[np.arange(n), labels] = 1 - smoothing
    return (p - t) / n


def without_the_rest(p, labels, smoothing):
    dlogits = p.copy()
    dlogits[np.arange(len(p)), labels] -= 1 - smoothing
    return dlogits / len(p)


TRIED = {
    "13.1": Tried(
        right=(-(T * np.log(T)).sum(),),
        unexpected=("0.5",),
        wrong={
            "a loss is never below 0": ((T * np.log(T)).sum(),),
            "is in bits": (-(T * np.log2(T)).sum(),),
            "0.0943: the sum goes over all ten classes": (-np.log(0.91),),
            "0 would need a target that is 1": (0,),
            "2.3 is not right": (np.log(10),),
        },
    ),
    "13.2": Tried(
        right=(smoothed,),
        unexpected=(smoothed_by_a_loop,),
        wrong={
            "that is the gradient without smoothing": (plain,),
            "the loss is a mean over the images": (lambda p, labels, s: len(p) * smoothed(p, labels, s),),
            "the sign is turned": (lambda p, labels, s: -smoothed(p, labels, s),),
            "p was changed": (in_place,),
            "Its rows add up to 0": (all_classes_alike,),
            "Its rows should add up to 0": (without_the_rest,),
            "dlogits has shape (4,)": (lambda p, labels, s: smoothed(p, labels, s)[:, 0],),
        },
    ),
    "13.3": Tried(
        right=(GRAY,),
        unexpected=(np.full((1, 3, 3, 3), 7, np.uint8),),
        wrong={
            "no weight is above": (RNG.standard_normal((20, 8, 8, 3)),),
            "expected (N, H, W, 3)": (GRAY[0],),
            "have no patch": (np.zeros((5, 2, 2, 3)),),
            "not finite themselves": (np.full((1, 3, 3, 3), np.nan),),
        },
    ),
    "13.4": Tried(
        right=(lambda done: 0.95 * done,),
        unexpected=(lambda done: np.array([0.9]) if done > 0.5 else False,),
        wrong={
            "Calm at the end, but": (lambda done: 0.9,),
            "Quick at first, but": (lambda done: 0.77 * done**3,),
            "the start and the end differ": (lambda done: 1 - done / 2,),
            "expected a share from 0 to 1": (lambda done: 5 * done,),
        },
    ),
}
