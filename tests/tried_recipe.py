"""Answers to the exercises of notebook 13, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

T = np.array([0.82] + 9 * [0.02])
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


def relabel(p, labels, smoothing):
    dlogits = smoothed(p, labels, smoothing)
    labels[:] = 0
    return dlogits


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
        unexpected=("0.867",),
        wrong={
            "a loss is never below 0": ((T * np.log(T)).sum(),),
            "lowest_loss is 1.25, in bits": (-(T * np.log2(T)).sum(),),
            "0.198: the sum goes over all ten classes": (-np.log(0.82),),
            "lowest_loss is 0. That would need a target that is 1": (0,),
            "lowest_loss is 2.3, which is not right": (np.log(10),),
            "✗ 13.1: lowest_loss ": (None,),
            "lowest_loss is 'half', expected numbers": ("half",),
            "lowest_loss holds 2 numbers": ([0.5, 0.5],),
        },
    ),
    "13.2": Tried(
        right=(smoothed,),
        unexpected=(smoothed_by_a_loop,),
        wrong={
            "that is the gradient without smoothing": (plain,),
            "the loss is a mean over the images": (lambda p, labels, s: len(p) * smoothed(p, labels, s),),
            "the sign is turned": (lambda p, labels, s: -smoothed(p, labels, s),),
            "smoothed_backward changed p: work": (in_place,),
            "smoothed_backward changed labels: work": (relabel,),
            "alpha 0.7, 1 image: that is": (lambda p, labels, s: smoothed(p, labels, s * (len(p) > 1)),),
            "is None: does the function return it": (lambda p, labels, s: print(end=""),),
            "dlogits is 'p - t', expected numbers": (lambda p, labels, s: "p - t",),
            "dlogits must hold finite numbers": (lambda p, labels, s: p * np.nan,),
            "Its rows add up to 0": (all_classes_alike,),
            "Its rows should add up to 0": (without_the_rest,),
            "7 images: dlogits has shape (7,), expected (7, 5)": (lambda p, labels, s: smoothed(p, labels, s)[:, 0],),
        },
    ),
    "13.3": Tried(
        right=(GRAY,),
        unexpected=(np.full((1, 3, 3, 3), 7, np.uint8),),
        wrong={
            "no weight is above": (RNG.standard_normal((20, 8, 8, 3)),),
            "expected (N, H, W, 3)": (GRAY[0],),
            "have no patch": (np.zeros((5, 2, 2, 3)),),
            "bad_images must hold finite numbers": (np.full((1, 3, 3, 3), np.nan),),
            "✗ 13.3: bad_images ": (None,),
            "bad_images is 'gray', expected numbers": ("gray",),
            "a few images are enough": (np.broadcast_to(np.float32(0), (50_000, 32, 32, 3)),),
            "bad_images has shape (2000, 32, 32, 3)": (np.zeros((2000, 32, 32, 3), np.uint8),),
        },
    ),
    "13.4": Tried(
        right=(lambda done: 0.95 * done,),
        unexpected=(lambda done: np.array([0.9]) if done > 0.5 else False,),
        wrong={
            "Calm at the end, but": (lambda done: 0.9,),
            "Quick at first, but": (lambda done: 0.77 * done**3,),
            "the start and the end differ": (lambda done: 1 - done / 2,),
            "keep(0.2025) is 1.01, expected a share from 0 to 1": (lambda done: 5 * done,),
            "keep(0.4025) is 5, expected": (lambda done: 5 if 0.4 < done < 0.41 else 0.95 * done,),
            "keep(0.3025) is -1, expected": (lambda done: -1 if 0.3 < done < 0.35 else 0.95 * done,),
            "keep(0.5025) is None: does each branch": (lambda done: None if done > 0.5 else done,),
            "keep(0.0025) holds 2 numbers": (lambda done: (done, done),),
            "keep(0.0025) must hold finite": (lambda done: np.nan * done,),
        },
    ),
}
