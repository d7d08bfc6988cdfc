"""What the tests of forward/backward pairs share: run a pair, compare arrays, store them in another memory layout."""

import numpy as np


def for_every(cases):
    """A check of one case becomes one test of all, {name: case}; it names those that fail."""

    def make(check):
        def test():
            failed = {}
            for name, case in cases.items():
                try:
                    check(case)
                except AssertionError as error:
                    failed[name] = str(error)
            assert not failed, failed

        test.__name__ = getattr(check, "__name__", "test")
        return test

    return make


def arrays_in(thing):
    """All arrays in a tuple, a cache, a dict of arguments."""
    if isinstance(thing, np.ndarray):
        yield thing
    elif isinstance(thing, (tuple, list, dict)):
        for item in thing.values() if isinstance(thing, dict) else thing:
            yield from arrays_in(item)


def cast(args, dtype):
    """The arguments with their floats in a dtype."""
    return {
        name: value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value
        for name, value in args.items()
    }


def pair(module, op):
    """An op of a module, as (forward, backward)."""
    return getattr(module, f"{op}_forward"), getattr(module, f"{op}_backward")


def run(forward_and_backward, args, dy):
    """Run a pair, or a case: [y, all gradients]."""
    if not isinstance(forward_and_backward, tuple):
        forward_and_backward = forward_and_backward.forward, forward_and_backward.backward
    forward, backward = forward_and_backward
    y, cache = forward(**args)
    return [np.asarray(y), *arrays_in((backward(dy, cache),))]


def deviation(ours, exact, floor=0.0):
    """The largest difference, as a share of the largest value; or of `floor` where all values are smaller."""
    assert ours.shape == exact.shape
    return float(np.abs(ours - exact).max() / (max(floor, np.abs(exact).max()) or 1))


def same(results, expected):
    """Whether two lists of arrays are equal, bit for bit."""
    return len(results) == len(expected) and all(map(np.array_equal, results, expected))


def strided(a):
    """Every other element, along every axis, of a larger array."""
    larger = np.full([2 * size for size in a.shape], 99, a.dtype)
    view = larger[(slice(None, None, 2),) * a.ndim]
    view[...] = a
    return view


def reversed_view(a):
    """Stored backwards along every axis, and read forwards again."""
    backwards = (slice(None, None, -1),) * a.ndim
    return a[backwards].copy()[backwards]


def fortran(a):
    """First axis fastest in memory."""
    return a.copy(order="F")


def channels_first(a):
    """N,H,W,C as a view of N,C,H,W, which is how images come from other libraries."""
    return np.moveaxis(np.moveaxis(a, -1, 1).copy(), 1, -1) if a.ndim == 4 else a


LAYOUTS = (strided, reversed_view, fortran, channels_first)
