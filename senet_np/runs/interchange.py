"""Weights under PyTorch's names and in PyTorch's layouts: train here and run there, or the other way.

Here arrays lie as the formulas read, x @ w over (N, H, W, C); there, outputs come first. What a file or a
`state_dict` declares is compared with what the network needs before one number is read, so one that lies about its
size costs nothing.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import SenetError
from ..layers import Layer
from ..tree import Tree, tree_build, tree_items
from .weight_files import InFile, reading, write_arrays

Array = np.ndarray


class Layout(NamedTuple):
    """How an array lies there and here."""

    theirs: Callable[[Array], Array]  # ours as a view of their shape
    ours: Callable[[Array], Array]  # and back


SAME = Layout(lambda a: a, lambda a: a)
MATRIX = Layout(np.transpose, np.transpose)  # (cin, cout) ↔ (cout, cin)
KERNEL = Layout(lambda w: w.transpose(3, 2, 0, 1), lambda w: w.transpose(2, 3, 1, 0))  # (kh, kw, cin, cout) ↔ ...
SLIDING = Layout(lambda w: w[None, None], lambda w: w[0, 0])  # (k,) ↔ (1, 1, k)

# Our name and number of axes: PyTorch's name, and the layout. A w of one axis can only be ECA's.
LEAVES = {
    ("w", 4): ("weight", KERNEL),
    ("w", 2): ("weight", MATRIX),
    ("w", 1): ("conv.weight", SLIDING),
    ("b", 1): ("bias", SAME),
    ("gamma", 1): ("weight", SAME),
    ("beta", 1): ("bias", SAME),
    ("mean", 1): ("running_mean", SAME),
    ("var", 1): ("running_var", SAME),
    ("w1", 2): ("fc1.weight", MATRIX),
    ("b1", 1): ("fc1.bias", SAME),
    ("w2", 2): ("fc2.weight", MATRIX),
    ("b2", 1): ("fc2.bias", SAME),
}
COUNTER = "num_batches_tracked"  # PyTorch's batch norm counts its batches; nothing here depends on it
FLOATS = ("float16", "float32", "float64")
OTHER_NET = "choose the network that these weights belong to"


def to_pytorch(params: Tree, state: Tree) -> dict[str, Array]:
    """Rename and turn a network's arrays into what the `state_dict` of the same network in PyTorch would hold.

    Args:
        params, state: the network's trees.

    Returns:
        {"stage1.conv.weight": (cout, cin, kh, kw), ...}: contiguous copies, of the dtypes that came.

    Raises:
        SenetError: an array that has no name in PyTorch.
    """
    arrays = {path: array for tree in (params, state) for path, array in tree_items(tree)}
    places = {path: _place(path, array) for path, array in arrays.items()}
    # A copy, for a transposed view would keep the numbers in our order.
    return {name: layout.theirs(arrays[path]).copy(order="C") for path, (name, layout) in places.items()}


def from_pytorch(weights: Mapping[str, Any], net_params: Tree, net_state: Tree) -> tuple[Tree, Tree]:
    """Turn what a `state_dict` holds into a network's trees: the inverse of `to_pytorch`.

    Args:
        weights: {name: array}, float16, float32 or float64; PyTorch's own tensors will do. `num_batches_tracked` is
            left out.
        net_params, net_state: the network's trees, for their names and shapes alone: those of `unfilled(net)`.

    Returns:
        params and state, of the names and shapes of net_params and net_state, float32.

    Raises:
        SenetError: a name is missing or unknown, a shape or dtype does not fit, a number is not finite in float32, or
            a variance is below 0.
    """
    weights = {name: weight for name, weight in weights.items() if name.rpartition(".")[2] != COUNTER}
    params, state = (
        {path: (*_place(path, array), array) for path, array in tree_items(tree)} for tree in (net_params, net_state)
    )
    _check_names(weights.keys(), [name for name, _, _ in (*params.values(), *state.values())])
    params, state = ({path: _take(weights, *place) for path, place in tree.items()} for tree in (params, state))
    return tree_build(params), tree_build(state)


def save_weights(path: str | Path, params: Tree, state: Tree, metadata: dict[str, str] | None = None) -> None:
    """Write a network's arrays for PyTorch, all of the file or none of it.

    Args:
        path: a name that ends in .safetensors or .npz.
        params, state: the network's trees.
        metadata: what to say about them. Several entries stand in a .safetensors in another order each time; with
            one, the same weights make the same file.

    Raises:
        SenetError: another ending, safetensors is not installed, an array that has no name in PyTorch, or the file
            cannot be written.
    """
    write_arrays(Path(path), to_pytorch(params, state), metadata or {})


def load_weights(path: str | Path, like_params: Tree, like_state: Tree) -> tuple[Tree, Tree]:
    """Read a network's arrays from a file with PyTorch's names and layouts.

    Args:
        path: a name that ends in .safetensors or .npz.
        like_params, like_state: the network's trees, for their names and shapes alone: those of `unfilled(net)`.

    Returns:
        params and state, float32.

    Raises:
        SenetError: the file is missing, damaged, of another kind or of another network: see `from_pytorch`.
    """
    with reading(Path(path)) as (arrays, _):
        return from_pytorch(arrays, like_params, like_state)


def load_metadata(path: str | Path) -> dict[str, str]:
    """Read what a file says about its arrays.

    Args:
        path: a name that ends in .safetensors or .npz.

    Returns:
        What was given to `save_weights`, {} if nothing was.

    Raises:
        SenetError: the file is missing, damaged or of another kind.
    """
    with reading(Path(path)) as (_, metadata):
        return metadata


def unfilled(net: Layer) -> tuple[Tree, Tree]:
    """Make a network's trees with their names and shapes, in which what would be drawn takes no time and no memory.

    Args:
        net: the network, or any layer.

    Returns:
        params and state, float32, to be looked at only.
    """
    return net.init(_Unfilled())  # pyright: ignore[reportArgumentType]


class _Unfilled:
    """In the place of a random generator: what it draws is one 0 that is seen everywhere."""

    def standard_normal(self, shape: tuple[int, ...]) -> "_Unfilled":
        self.shape = shape
        return self

    def __rmul__(self, std: float) -> "_Unfilled":
        return self

    def astype(self, dtype: Any) -> Array:
        return np.broadcast_to(np.zeros((), dtype), self.shape)


def _place(path: str, array: Array) -> tuple[str, Layout]:
    """An array's name and layout in PyTorch."""
    *parents, leaf = path.split(".")
    if (leaf, array.ndim) not in LEAVES:
        known = ", ".join(f"{name} of {axes}" for name, axes in LEAVES)
        raise SenetError(f"{path}, an array of {array.ndim} axes, has no name in PyTorch: add it to those of {known}")
    name, layout = LEAVES[leaf, array.ndim]
    return ".".join((*parents, name)), layout


def _check_names(came: Collection[str], expected: Collection[str]) -> None:
    """Refuse what is missing and what is unknown."""
    there, known = {*came}, {*expected}
    missing, unknown = [name for name in expected if name not in there], [name for name in came if name not in known]
    faults = [f"{missing[0]} is missing"] if missing else []
    faults += [f"{unknown[0][:80]!a} is unknown"] if unknown else []  # it can be anything: quoted, and cut
    if faults:
        counts = f"{len(missing)} missing and {len(unknown)} unknown, {len(expected)} expected"
        checkpoint = any(name.startswith("params/") for name in came)  # as `checkpoint.save_checkpoint` names them
        advice = "this is a run's checkpoint: export the run, and take that file" if checkpoint else OTHER_NET
        raise SenetError(f"the array {' and '.join(faults)} ({counts}): {advice}")


def _take(weights: Mapping[str, Any], name: str, layout: Layout, like: Array) -> Array:
    """One array of ours, of which PyTorch's lies in `weights`."""
    came, expected = weights[name], layout.theirs(like).shape
    if not isinstance(came, InFile):
        array = np.asarray(came)
        came = InFile(array.shape, array.dtype.name, lambda: array)
    if came.shape != expected:
        raise SenetError(f"{name} has shape {[*came.shape]}, expected {[*expected]}: {OTHER_NET}")
    if came.dtype not in FLOATS:
        pickled = " (a pickle, which can carry code)" if came.dtype == "object" else ""
        raise SenetError(f"{name} is of dtype {came.dtype}{pickled}, expected one of {[*FLOATS]}: convert it first")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as such
        array = came.read().astype(np.float32)
    if not np.isfinite(array).all():
        raise SenetError(f"{name} holds NaN, or numbers that are infinite in float32: take weights that are finite")
    if name.endswith("running_var") and (array < 0).any():
        raise SenetError(f"{name} holds numbers below 0, expected variances: take another file")
    return layout.ours(array).copy(order="C")
