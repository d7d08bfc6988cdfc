"""A small net's weights under PyTorch's names, for tests that change them; and what is said when they do not fit."""

import numpy as np
import pytest

from senet_np.errors import SenetError
from senet_np.nets import tiny
from senet_np.runs.interchange import from_pytorch, to_pytorch, unfilled
from senet_np.tree import tree_items, tree_map

NET = tiny(widths=(4, 6))


def drawn(net=NET):
    """Trees in which no two numbers are equal, float32."""
    rng = np.random.default_rng(0)
    return tree_map_both(lambda a: rng.uniform(0.5, 1.5, a.shape).astype(np.float32), unfilled(net))


def tree_map_both(f, trees):
    params, state = trees
    return tree_map(f, params), tree_map(f, state)


def assert_same(ours, theirs):
    """The same names and the same bits."""
    for a, b in zip(ours, theirs, strict=True):
        a, b = dict(tree_items(a)), dict(tree_items(b))
        assert [*a] == [*b]
        assert all(b[path].tobytes() == array.tobytes() for path, array in a.items())


def refusal(function, *args):
    """The one line in which a SenetError says what is wrong."""
    with pytest.raises(SenetError) as caught:
        function(*args)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def refused(weights):
    """What is said of weights that are not the net's."""
    return refusal(from_pytorch, weights, *unfilled(NET))


def changed(**arrays):
    """The net's weights with some arrays changed, added or, by None, left out; __ stands for a dot."""
    weights = {**to_pytorch(*drawn()), **{name.replace("__", "."): a for name, a in arrays.items()}}
    return {name: array for name, array in weights.items() if array is not None}
