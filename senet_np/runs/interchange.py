"""Weights under PyTorch's names and in PyTorch's layouts: train here and run there, or the other way round.

Here arrays lie as the formulas read, x @ w over (N, H, W, C); there, outputs come first. What a file or a `state_dict`
declares is compared with what the network needs before a number is read, so a false declaration costs no memory.
"""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import SenetError
from ..layers import Layer
from ..tree import Tree, tree_build, tree_items, tree_size
from .weight_files import InFile, reading, write_arrays

Array = np.ndarray


class Layout(NamedTuple):
    """How an array lies in PyTorch and here."""

    to_pytorch: Callable[[Array], Array]  # ours as a view of PyTorch's shape
    from_pytorch: Callable[[Array], Array]  # and back


SAME = Layout(lambda a: a, lambda a: a)
MATRIX = Layout(np.transpose, np.transpose)  # (cin, cout) ↔ (cout, cin)
KERNEL = Layout(lambda w: w.transpose(3, 2, 0, 1), lambda w: w.transpose(2, 3, 1, 0))  # (kh, kw, cin, cout) ↔ ...
SLIDING = Layout(lambda w: w[None, None], lambda w: w[0, 0])  # (k,) ↔ (1, 1, k)

# Our name and number of axes → PyTorch's name and the layout. A w of one axis can only be ECA's.
PYTORCH_NAMES = {
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
MAX_PARAMETERS = 50_000_000
FLOATS = ("float16", "float32", "float64")
OTHER_NET = "choose the network that these weights belong to"


def to_pytorch(params: Tree, state: Tree) -> dict[str, Array]:
    """What PyTorch's `state_dict` of the same network would hold: {"stage1.conv.weight": (cout, cin, kh, kw), ...}.

    The arrays are contiguous copies of the same dtypes. An array that has no name in PyTorch raises SenetError.
    """
    arrays = [(*pytorch_name(path, array), array) for tree in (params, state) for path, array in tree_items(tree)]
    # A copy, as a transposed view would keep the numbers in our order.
    return {name: layout.to_pytorch(array).copy(order="C") for name, layout, array in arrays}


def from_pytorch(weights: Mapping[str, Any], net_params: Tree, net_state: Tree) -> tuple[Tree, Tree]:
    """Turn what a `state_dict` holds into a network's params and state, float32: the inverse of `to_pytorch`.

    Args:
        weights: {name: array}, float16, float32 or float64; PyTorch's own tensors will do. `num_batches_tracked` is
            left out.
        net_params, net_state: the network's trees, of which only names and shapes count: `unfilled(net)` will do.

    Raises:
        SenetError: a name is missing or unknown, a shape or dtype does not fit, a number is not finite in float32, or
            a variance is below 0.
    """
    weights = {name: weight for name, weight in weights.items() if name.rpartition(".")[2] != COUNTER}
    trees = [dict(tree_items(tree)) for tree in (net_params, net_state)]
    _check_names(weights.keys(), [pytorch_name(path, array)[0] for tree in trees for path, array in tree.items()])
    params, state = (tree_build({path: _take(weights, path, array) for path, array in tree.items()}) for tree in trees)
    return params, state


def save_weights(path: str | Path, params: Tree, state: Tree, metadata: dict[str, str] | None = None) -> None:
    """Write a network's arrays for PyTorch, and texts about them, to a file that ends in .safetensors or .npz.

    All of the file is written or none of it. A .safetensors has several texts in another order each time.
    """
    write_arrays(Path(path), to_pytorch(params, state), metadata or {})


def load_weights(path: str | Path, net_params: Tree, net_state: Tree) -> tuple[Tree, Tree]:
    """`from_pytorch` for a file that ends in .safetensors or .npz; SenetError if it is missing or damaged."""
    with reading(Path(path)) as (arrays, _):
        return from_pytorch(arrays, net_params, net_state)


def load_metadata(path: str | Path) -> dict[str, str]:
    """The metadata that `save_weights` wrote, {} if there is none; SenetError if the file is missing or damaged."""
    with reading(Path(path)) as (_, metadata):
        return metadata


def unfilled(net: Layer) -> tuple[Tree, Tree]:
    """A network's params and state, float32, without drawn numbers: for names and shapes; takes no time and memory."""
    params, state = net.init(_Unfilled())  # pyright: ignore[reportArgumentType]
    if tree_size(params) > MAX_PARAMETERS:
        raise SenetError(f"the network has {tree_size(params):,} parameters, expected at most {MAX_PARAMETERS:,}")
    return params, state


class _Unfilled:
    """In place of a random generator: whatever it draws is a view of one 0."""

    def standard_normal(self, shape: tuple[int, ...]) -> "_Unfilled":
        self.shape = shape
        return self

    def __rmul__(self, std: float) -> "_Unfilled":
        return self

    def astype(self, dtype: Any) -> Array:
        return np.broadcast_to(np.zeros((), dtype), self.shape)


def pytorch_name(path: str, array: Array) -> tuple[str, Layout]:
    """The name and the layout in PyTorch of our array at a path: "stage1.conv.weight" for "stage1.conv.w"."""
    *parents, leaf = path.split(".")
    if (leaf, array.ndim) not in PYTORCH_NAMES:
        known = ", ".join(f"{name} of {axes}" for name, axes in PYTORCH_NAMES)
        raise SenetError(f"{path}, an array of {array.ndim} axes, has no name in PyTorch: add it to those of {known}")
    name, layout = PYTORCH_NAMES[leaf, array.ndim]
    return ".".join((*parents, name)), layout


def _check_names(actual: Collection[str], expected: Collection[str]) -> None:
    """Refuse missing and unknown names."""
    present, known = {*actual}, {*expected}
    missing, unknown = [n for n in expected if n not in present], [n for n in actual if n not in known]
    faults = [f"{missing[0]} is missing"] if missing else []
    faults += [f"{unknown[0][:80]!a} is unknown"] if unknown else []  # it can be anything: quoted, and cut
    if faults:
        counts = f"{len(missing)} missing and {len(unknown)} unknown, {len(expected)} expected"
        checkpoint = any(name.startswith("params/") for name in actual)  # as `checkpoint.save_checkpoint` names them
        advice = "this is a run's checkpoint: export the run, and take that file" if checkpoint else OTHER_NET
        raise SenetError(f"the array {' and '.join(faults)} ({counts}): {advice}")


def _take(weights: Mapping[str, Any], path: str, like: Array) -> Array:
    """Our array at a path, of which PyTorch's is in `weights`."""
    name, layout = pytorch_name(path, like)
    found, shape = weights[name], layout.to_pytorch(like).shape
    if not isinstance(found, InFile):
        array = np.asarray(found)
        found = InFile(array.shape, array.dtype.name, lambda: array)
    if found.shape != shape:
        raise SenetError(f"{name} has shape {[*found.shape]}, expected {[*shape]}: {OTHER_NET}")
    if found.dtype not in FLOATS:
        pickled = " (a pickle, which can carry code)" if found.dtype == "object" else ""
        raise SenetError(f"{name} is of dtype {found.dtype}{pickled}, expected one of {[*FLOATS]}: convert it first")
    with np.errstate(over="ignore"):  # too large numbers become infinite, and are refused as such
        array = found.read().astype(np.float32)
    if not np.isfinite(array).all():
        raise SenetError(f"{name} holds NaN, or numbers that are infinite in float32: take weights that are finite")
    if name.endswith("running_var") and (array < 0).any():
        raise SenetError(f"{name} holds numbers below 0, expected variances: take another file")
    return layout.from_pytorch(array).copy(order="C")
