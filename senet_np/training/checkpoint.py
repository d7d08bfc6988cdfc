"""Checkpoints: the whole state of a run in one .npz file that is either the old one or the new one, never a half.

Floor 4. Arrays lie in it under paths such as "params/stage1.conv.w"; the counters are JSON under "meta". Nothing in
it is a pickle.
"""

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import SenetError
from ..tree import Tree, tree_build, tree_items

TREES = ("params", "state", "memory")


@dataclass
class Progress:
    """How far a run has come: enough to go on as if it had never stopped."""

    params: Tree
    state: Tree
    memory: Tree  # the optimiser's
    epoch: int = 0  # epochs finished
    batch: int = 0  # minibatches of the current epoch done
    loss_sum: float = 0.0  # over those minibatches
    correct: int = 0
    seconds: float = 0.0  # spent in training so far


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, force it to the disk, then rename it: readers see all of it or none."""
    path = Path(os.path.realpath(path))  # what a link leads to is written, and the link stays
    if path.exists() and not path.is_file():
        raise SenetError(f"{path} is not a file that could be replaced: name another")
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise SenetError(f"could not write {path}: {error.strerror}; what was there before is unharmed") from error


def save_checkpoint(path: Path, progress: Progress) -> None:
    """Write a checkpoint atomically.

    Args:
        path: the .npz file.
        progress: what to write.

    Raises:
        SenetError: the file cannot be written.
    """
    arrays = {f"{tree}/{name}": a for tree in TREES for name, a in tree_items(getattr(progress, tree))}
    counters = {name: value for name, value in vars(progress).items() if name not in TREES}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays, meta=np.array(json.dumps(counters)))  # pyright: ignore[reportArgumentType]
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path, like: Progress) -> Progress:
    """Read a checkpoint.

    Args:
        path: the .npz file.
        like: a fresh start of the same run: which arrays there must be, of which shapes and dtypes.

    Returns:
        What was saved.

    Raises:
        SenetError: the file is missing, damaged, or of another network.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        counters = json.loads(str(arrays.pop("meta")))
    except FileNotFoundError:
        raise SenetError(f"{path} does not exist: the run was not started, or its folder is another one") from None
    except Exception as error:  # zip, npy and JSON have many ways of being damaged, all with the same meaning
        raise SenetError(f"{path} is not a readable checkpoint ({error}): train again") from error

    expected = {f"{tree}/{name}": a for tree in TREES for name, a in tree_items(getattr(like, tree))}
    for name in expected.keys() | arrays.keys():
        came = _describe(arrays.get(name))
        if came != _describe(expected.get(name)):
            raise SenetError(f"{path} holds {came} as {name}, this run's network has {_describe(expected.get(name))}")
    fresh = {name: value for name, value in vars(like).items() if name not in TREES}
    if not isinstance(counters, dict) or {n: type(v) for n, v in counters.items()} != {
        n: type(v) for n, v in fresh.items()
    }:
        raise SenetError(f"{path} holds the counters {counters}, expected {sorted(fresh)}: train again")
    if not all(0 <= value < float("inf") for value in counters.values()):
        raise SenetError(f"{path} holds the counters {counters}, expected none to be negative or infinite: train again")
    trees = {tree: tree_build(arrays, tree + "/") for tree in TREES}
    return Progress(**trees, **counters)


def _describe(array: np.ndarray | None) -> str:
    return "nothing" if array is None else f"{array.dtype}{list(array.shape)}"
