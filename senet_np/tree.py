"""Trees of arrays: nested dicts, as parameters, states and gradients are kept everywhere in the package.

A tree is a dict whose values are arrays or trees. A path such as "stage1.conv.w" names one array.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Tree = dict[str, Any]


def tree_items(tree: Tree, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield (path, array) for each array of the tree, in the order in which the dicts were filled."""
    for name, value in tree.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from tree_items(value, path + ".")
        else:
            yield path, value


def tree_map(f: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """Apply f to the arrays that stand at the same place in each tree, and return a tree of the results."""
    return {
        name: tree_map(f, value, *(o[name] for o in others))
        if isinstance(value, dict)
        else f(value, *(o[name] for o in others))
        for name, value in tree.items()
    }


def tree_build(flat: dict[str, np.ndarray], prefix: str = "") -> Tree:
    """Build the tree of those arrays whose path begins with prefix: the inverse of dict(tree_items(tree, prefix))."""
    tree: Tree = {}
    for path, array in flat.items():
        if path.startswith(prefix):
            *parents, name = path.removeprefix(prefix).split(".")
            node = tree
            for parent in parents:
                node = node.setdefault(parent, {})
            node[name] = array
    return tree


def tree_at(tree: Tree, path: str) -> Tree:
    """The part of a tree at a path, {} where there is none."""
    for name in path.split(".") if path else ():
        tree = tree.get(name, {})
    return tree


def tree_size(tree: Tree) -> int:
    """Count the numbers in all arrays of the tree."""
    return sum(array.size for _, array in tree_items(tree))
