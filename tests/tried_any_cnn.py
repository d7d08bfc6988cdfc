"""Answers to the exercises of notebook 10, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried


def added(widths, blocks, r):
    total = 0
    for c in widths:
        hidden = max(2, c // r)
        total += blocks * (2 * c * hidden + hidden + c)
    return total


def added_as_float(widths, blocks, r):
    c = np.array(widths)
    hidden = np.maximum(2, c // r)
    return float(blocks * (2 * c * hidden + c + hidden).sum())


def added_with(widths, blocks, hidden):
    return sum(blocks * (2 * c * max(2, hidden(c)) + c + max(2, hidden(c))) for c in widths)


def identity(dy, branch, branch_cache, shortcut, shortcut_cache):
    return branch.backward(dy, branch_cache)[0] + shortcut.backward(dy, shortcut_cache)[0]


def identity_with_grads(dy, branch, branch_cache, shortcut, shortcut_cache):
    dx, branch_grads = branch.backward(dy, branch_cache)
    more, shortcut_grads = shortcut.backward(dy, shortcut_cache)
    dx += more
    return dx, {"branch": branch_grads, "shortcut": shortcut_grads}


def changing(dy, branch, branch_cache, shortcut, shortcut_cache):
    dx = identity(dy, branch, branch_cache, shortcut, shortcut_cache)
    dy *= 0
    return dx


def dense(dy, c, layer, cache):
    return dy[..., :c] + layer.backward(dy[..., c:], cache)[0]


def dense_by_split(dy, c, layer, cache):
    kept, new = np.split(dy, [c], axis=-1)
    return (sum([layer.backward(new.copy(), cache)[0], kept]),)


def summed(dy, parts, caches):
    dx = dy.copy()
    for part, cache in zip(parts, caches, strict=True):
        dx += part.backward(dy, cache)[0]
    return dx


def as_asked(dy, parts, caches):
    dx = dy
    for part, cache in zip(parts, caches, strict=True):
        dx += part.backward(dy, cache)[0]
    return dx


def chained(dy, parts, caches):
    dx = dy.copy()
    for part, cache in zip(parts, caches, strict=True):
        dx = dx + part.backward(dx, cache)[0]
    return dx


TRIED = {
    "10.1": Tried(
        right=(added,),
        unexpected=(added_as_float,),
        wrong={
            "what else do FC1 and FC2 learn": (lambda w, n, r: sum(2 * n * c * max(2, c // r) for c in w),),
            "How many hidden units has the narrowest": (
                lambda w, n, r: sum(n * (2 * c * (c // r) + c + c // r) for c in w),
            ),
            "one block per stage": (lambda w, n, r: added(w, 1, r),),
            "3, 4) holds 2 numbers, expected one": (lambda w, n, r: [added(w, n, r), 0],),
            "3, 4) is None: does the function return it?": (lambda w, n, r: print(end=""),),
            "added_parameters((44, 60), 5, 8) is 8,030, and the package counts 6,980. Here r does": (
                lambda w, n, r: added_with(w, n, lambda c: -(-c // r)),
            ),
            "added_parameters((44, 60), 5, 8) is 8,030": (lambda w, n, r: added_with(w, n, lambda c: round(c / r)),),
            "6,980. Here r does not divide C": (lambda w, n, r: added_with(w, n, lambda c: c / r),),
            "That is Eq. 5": (lambda w, n, r: sum(2 * n * c * c / r for c in w) if r == 16 else added(w, n, r),),
            "shapes of the four arrays": (lambda w, n, r: 7,),
        },
    ),
    "10.2": Tried(
        right=(identity,),
        unexpected=(lambda *given: identity_with_grads(*given)[0].astype(np.float32),),
        wrong={
            "right where the shortcut returns x as it is": (
                lambda dy, b, b_cache, s, s_cache: dy + b.backward(dy, b_cache)[0],
            ),
            "the branch's gradient alone": (lambda dy, b, b_cache, s, s_cache: b.backward(dy, b_cache),),
            "returned a tuple of 4 things, expected one array, dx. A layer's `backward` returns a tuple too": (
                lambda dy, b, b_cache, s, s_cache: b.backward(dy, b_cache) + s.backward(dy, s_cache),
            ),
            "dx has shape (3,), expected (3, 5, 7, 5)": (lambda *given: [1, 2, 3],),
            "identity_backward returned a tuple of 2 things, expected one array, dx": (lambda dy, *given: (dy, dy),),
            "dx is None: does": (lambda *given: print(end=""),),
            "dx is of type str": (lambda *given: "dx",),
            "dx adds three": (lambda dy, b, b_cache, s, s_cache: dy + identity(dy, b, b_cache, s, s_cache),),
            "dy has changed": (changing,),
        },
    ),
    "10.3": Tried(
        right=(dense,),
        unexpected=(lambda *given: dense_by_split(*given)[0].tolist(),),
        wrong={
            "back along the kept input": (lambda dy, c, layer, cache: dy[..., :c],),
            "back through the layer": (lambda dy, c, layer, cache: layer.backward(dy[..., c:], cache)[0],),
            "the wrong channels of dy": (
                lambda dy, c, layer, cache: dy[..., -c:] + layer.backward(dy[..., c:], cache)[0],
            ),
            "dx has shape": (
                lambda dy, c, layer, cache: np.concatenate(
                    [dy[..., :c], layer.backward(dy[..., c:], cache)[0]], axis=-1
                ),
            ),
        },
    ),
    "10.4": Tried(
        right=(summed,),
        unexpected=(
            lambda dy, parts, caches: (dy + sum(p.backward(dy, c)[0] for p, c in zip(parts, caches, strict=True)),),
        ),
        wrong={
            "But compare dy before the call": (as_asked,),
            "lacks the shortcut's": (lambda dy, parts, caches: summed(dy, parts, caches) - dy,),
            "Which dy does the second branch get": (chained,),
        },
    ),
    "10.5": Tried(
        right=(0.781, 0),
        unexpected=("78.1", "0"),
        wrong={
            "Did the change reach every": (0.0023, 0),
            "Which place was asked for": (1.0, 0),
            "Are they silent": (8.37, 0),
            "that of one block": (0.982, 0),
            "that is the estimate": (0.982**9, 0),
            "share is 0.849: that is the estimate": (84.9, 0),
            "share must hold finite": (np.nan, 0),
            "Are all nine": (0.7, 0),
            "✗ 10.5: share ": (None, 0),
            "✗ 10.5: below_one ": (0.781, None),
            "below_one is 0.5, expected a whole number": (0.781, 0.5),
            "below_one holds 2 numbers": (0.781, [0, 0]),
            "a number of places": (0.78, 7),
            "does your function change nothing now": (0.78, 2),
        },
    ),
}
