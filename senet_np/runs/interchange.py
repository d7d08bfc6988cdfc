"""Weights under PyTorch's names and in PyTorch's layouts: train here and run there, or the other way round.

Here arrays lie as the formulas read, x @ w over (N, H, W, C); there, outputs come first. What a file or a `state_dict`
declares is compared with what the network needs before a number is read, so a false declaration costs no memory.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
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
DEPTHWISE = Layout(lambda w: w.transpose(2, 0, 1)[:, None], lambda w: w[:, 0].transpose(1, 2, 0))  # ↔ (c, 1, kh, kw)
SLIDING = Layout(lambda w: w[None, None], lambda w: w[0, 0])  # (k,) ↔ (1, 1, k)

# Our name and number of axes → PyTorch's name and the layout. A w of one axis can only be ECA's.
PYTORCH_NAMES = {
    ("w", 4): ("weight", KERNEL),
    ("w", 3): ("weight", DEPTHWISE),
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
COUNTERS = ("num_batches_tracked", "n_averaged")  # of batch norm and averaged models; nothing here depends on them
WRAPPERS = re.compile(r"(?<![^.])(module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")  # in any place
MAX_PARAMETERS = 50_000_000
FLOATS = ("float16", "bfloat16", "float32", "float64")
OTHER_NET = "choose the network that these weights belong to, or other weights"


def to_pytorch(params: Tree, state: Tree) -> dict[str, Array]:
    """What PyTorch's `state_dict` of the same network would hold: {"stage1.conv.weight": (cout, cin, kh, kw), ...}.

    The arrays are contiguous copies of the same dtypes. An array that has no name in PyTorch raises SenetError.
    """
    arrays = [(*pytorch_name(path, array), array) for tree in (params, state) for path, array in tree_items(tree)]
    # A copy, as a transposed view would keep the numbers in our order.
    return {name: layout.to_pytorch(array).copy(order="C") for name, layout, array in arrays}


def from_pytorch(weights: Any, net_params: Tree, net_state: Tree) -> tuple[Tree, Tree]:
    """Turn what a `state_dict` holds into a network's params and state, float32: the inverse of `to_pytorch`.

    Args:
        weights: {name: array}, of float16, bfloat16, float32 or float64; PyTorch's own tensors will do. It may be a
            part of a checkpoint's dict, such as its "state_dict". A prefix that all names have, such as "module.", is
            taken off, `num_batches_tracked` is left out, and an FC may be a 1×1 convolution.
        net_params, net_state: the network's trees, of which only names and shapes count: `unfilled(net)` will do.

    Raises:
        SenetError: a name is missing or unknown, a shape or dtype does not fit, there are no numbers, one is not finite
            in float32, or a variance is below 0.
    """
    trees = [dict(tree_items(tree)) for tree in (net_params, net_state)]
    expected = [pytorch_name(path, array)[0] for tree in trees for path, array in tree.items()]
    weights = _state_dict(weights, {*expected})
    _check_names(weights.keys(), expected)
    params, state = (tree_build({path: _take(weights, path, array) for path, array in tree.items()}) for tree in trees)
    return params, state


def save_weights(path: str | Path, params: Tree, state: Tree, metadata: dict[str, str] | None = None) -> None:
    """Write a network's arrays for PyTorch, and texts about them, to a file that ends in .safetensors or .npz.

    All of the file is written or none of it. A .safetensors has several texts in another order each time.
    """
    write_arrays(Path(path), to_pytorch(params, state), metadata or {})


def load_weights(path: str | Path, net_params: Tree, net_state: Tree) -> tuple[Tree, Tree]:
    """`from_pytorch` for a .safetensors or .npz file; SenetError if it is missing or damaged."""
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
        raise SenetError(
            f"the network has {tree_size(params):,} parameters, expected at most {MAX_PARAMETERS:,}: make it smaller"
        )
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


def _state_dict(weights: Any, known: Set[str]) -> dict[str, Any]:
    """The part of what was saved that holds the network's arrays, under names without what wrappers added."""
    found = {place: _unwrapped(part, known) for place, part in _mappings(weights, "weights")}
    if not found:
        raise SenetError(f"weights is of type {type(weights).__name__}, expected {{name: array}}: give a state_dict")
    fits = {place: len(part.keys() & known) for place, part in found.items()}
    best = max(found, key=lambda place: (fits[place], len(found[place])))
    equal = [place for place in found if fits[place] == fits[best] > 0]
    if len(equal) > 1:
        raise SenetError(f"{' and '.join(equal)} hold the network's weights, expected one of them: give that one")
    return found[best]


def _mappings(part: Any, place: str) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """Each mapping in what was saved, and where it is. A PyTorch module stands for its state_dict."""
    part = part.state_dict() if hasattr(part, "state_dict") else part
    if isinstance(part, Mapping):
        yield place, part
        for name, inner in part.items():
            yield from _mappings(inner, f"{place}[{name!a}]")


def _unwrapped(weights: Mapping[Any, Any], known: Set[str]) -> dict[str, Any]:
    """Take wrappers off the names, and, while none of them is known, the first part that all have in common."""
    kept = {name: array for name, array in weights.items() if str(name).rpartition(".")[2] not in COUNTERS}
    names = {WRAPPERS.sub("", str(name)): array for name, array in kept.items()}
    if len(names) < len(kept):  # two would become one
        return {str(name): array for name, array in kept.items()}
    while known.isdisjoint(names) and all("." in n for n in names) and len({n.partition(".")[0] for n in names}) == 1:
        names = {name.partition(".")[2]: array for name, array in names.items()}
    return names


def _check_names(actual: Set[str], expected: list[str]) -> None:
    """Refuse missing and unknown names."""
    known = {*expected}
    missing, unknown = [n for n in expected if n not in actual], [n for n in actual if n not in known]
    if not missing and not unknown:
        return
    faults = [f"missing: {', '.join(missing[:3])} ({len(missing)} of {len(expected)})"] if missing else []
    quoted = ", ".join(ascii(name[:80]) for name in unknown[:3])  # they can be anything: quoted, and cut
    faults += [f"unknown: {quoted} ({len(unknown)})"] if unknown else []
    bare = {name: re.sub(r"[\W_]", "", name).lower() for name in (*missing[:3], *unknown)}
    alike = [(n, m) for m in missing[:3] for n in unknown if bare[n].endswith(bare[m])]
    advice = OTHER_NET if missing else f"{OTHER_NET}, or leave out what it can do without"
    if any(name.startswith("params/") for name in actual):  # as `checkpoint.save_checkpoint` names them
        advice = "this is a run's checkpoint: export the run, and take that file"
    elif alike:
        advice = f"rename {alike[0][0][:80]!a} to {alike[0][1]}, and others likewise, or {OTHER_NET}"
    raise SenetError(f"arrays {'; '.join(faults)}: {advice}")


def _take(weights: Mapping[str, Any], path: str, like: Array) -> Array:
    """Our array at a path, of which PyTorch's is in `weights`."""
    name, layout = pytorch_name(path, like)
    found = weights[name] if isinstance(weights[name], InFile) else _in_memory(name, weights[name])
    actual, shape = found.shape, layout.to_pytorch(like).shape
    if found.dtype not in FLOATS:
        pickled = " (in a file a pickle, which can carry code)" if found.dtype == "object" else ""
        advice = "save it as float32, from before any quantization"
        raise SenetError(f"{name} is of dtype {found.dtype}{pickled}, expected one of {[*FLOATS]}: {advice}")
    both = min(len(actual), len(shape))
    if actual[:both] != shape[:both] or {*actual[both:], *shape[both:]} - {1}:  # an FC may be a 1×1 convolution
        turned = "turn its axes into PyTorch's order, or " if sorted(actual) == sorted(shape) else ""
        raise SenetError(f"{name} has shape {[*actual]}, expected {[*shape]}: {turned}{OTHER_NET}")
    with np.errstate(over="ignore", under="ignore"):  # what becomes infinite is refused below
        array = found.read().astype(np.float32).reshape(shape)
    if not np.isfinite(array).all():
        raise SenetError(f"{name} holds NaN, or numbers that are infinite in float32: take weights that are finite")
    if name.endswith("running_var") and (array < 0).any():
        raise SenetError(f"{name} holds numbers below 0, expected variances: take other weights")
    return layout.from_pytorch(array).copy(order="C")


def _in_memory(name: str, weight: Any) -> InFile:
    """An array, a list of numbers or a tensor of PyTorch's, described as if it were in a file."""
    if getattr(weight, "is_meta", False):
        raise SenetError(f"{name} is on PyTorch's meta device, so it has no numbers: load the weights first")
    try:
        if not hasattr(weight, "detach"):
            array = np.asarray(weight)
            return InFile(array.shape, array.dtype.name, lambda: array)
        dtype = str(weight.dtype).removeprefix("torch.")
        array = weight.float().numpy(force=True) if dtype in FLOATS else np.empty(0)  # others are refused by dtype
        return InFile(tuple(weight.shape), dtype, lambda: array)
    except Exception as error:  # of sparse, sharded and fake tensors, of ragged lists
        raise SenetError(f"{name} cannot be read ({error!r:.160}): make it a plain, dense array or tensor") from error
