"""Checkpoints: everything that a run needs to go on, in one .npz file that is either the old one or the new one.

Arrays lie in it under paths such as "params/stage1.conv.w"; the counters are JSON under "meta". Nothing in it is a
pickle.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SenetError
from ..train.progress import Progress
from ..tree import tree_build, tree_items
from .old_names import current_path
from .weight_files import InFile, read_text, reading, write_npz

TREES = ("params", "state", "optimizer_state")


def save_checkpoint(path: Path, progress: Progress) -> None:
    """Write a checkpoint, an .npz file, all of it or nothing; SenetError if it cannot be written."""
    write_npz(path, _arrays(progress) | {"meta": np.array(json.dumps(_counters(progress)))})


def load_checkpoint(path: Path, like: Progress) -> Progress:
    """Read a checkpoint; SenetError if the file is missing, damaged, or of another network.

    `like`, a fresh start of the same run, says which arrays there must be, of which shapes and dtypes.
    """
    with reading(path, "the run was not started, or its folder is another one", "train again") as (declared, _):
        counters = _read_counters(declared.pop("meta", None), _counters(like))
        arrays = _read_arrays({current_path(name): array for name, array in declared.items()}, _arrays(like))
    return Progress(**{tree: tree_build(arrays, tree + "/") for tree in TREES}, **counters)


def _arrays(progress: Progress) -> dict[str, np.ndarray]:
    return {f"{tree}/{path}": array for tree in TREES for path, array in tree_items(getattr(progress, tree))}


def _counters(progress: Progress) -> dict[str, Any]:
    return {name: value for name, value in vars(progress).items() if name not in TREES}


def _read_counters(meta: InFile | None, like: dict[str, Any]) -> dict[str, Any]:
    """What is not an array, each of the type that it has in a fresh start."""
    counters = json.loads(read_text(meta)) if meta else None
    types = {name: type(value) for name, value in like.items()}
    found = f"it holds the counters {str(counters)[:160]}, expected"
    if not isinstance(counters, dict) or {name: type(value) for name, value in counters.items()} != types:
        raise SenetError(f"{found} {sorted(like)}: train again")
    if not all(0 <= value < (1 << 53 if type(value) is int else float("inf")) for value in counters.values()):
        raise SenetError(f"{found} none to be negative or infinite: train again")
    return counters


def _read_arrays(declared: dict[str, InFile], like: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays, read only once all of them are declared to be what the run needs."""
    for name in sorted(like.keys() | declared.keys()):
        actual, expected = _describe(declared.get(name)), _describe(like.get(name))
        if actual != expected:
            raise SenetError(f"it holds {actual} as {name[:80]!a}, this run's network has {expected}")
    arrays = {name: declared[name].read() for name in like}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise SenetError(f"it holds NaN or infinite numbers in {name}, which no run writes: train again")
    return arrays


def _describe(array: np.ndarray | InFile | None) -> str:
    return "nothing" if array is None else f"{getattr(array.dtype, 'name', array.dtype)}{list(array.shape)}"
