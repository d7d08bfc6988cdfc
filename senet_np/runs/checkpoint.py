"""Checkpoints: the whole state of a run in one .npz file that is either the old one or the new one, never a half.

Arrays lie in it under paths such as "params/stage1.conv.w"; the counters are JSON under "meta". Nothing in
it is a pickle.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SenetError
from ..tree import Tree, tree_build, tree_items
from ..files import check_is_file, write_atomically
from .weight_files import InFile, open_npz, read_text

TREES = ("params", "state", "memory")


@dataclass
class Progress:
    """How far a run has come: enough to go on as if it had never stopped."""

    params: Tree
    state: Tree
    memory: Tree  # the optimizer's
    epoch: int = 0  # epochs finished
    batch: int = 0  # minibatches of the current epoch done
    loss_sum: float = 0.0  # over those minibatches
    correct: int = 0
    seconds: float = 0.0  # spent in training so far


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
    check_is_file(path)
    try:
        with open_npz(path) as (declared, _):
            counters = _counters(path, declared.pop("meta", None), like)
            arrays = _arrays(path, declared, like)
    except SenetError:
        raise
    except FileNotFoundError:
        raise SenetError(f"{path} does not exist: the run was not started, or its folder is another one") from None
    except Exception as error:  # zip, npy and JSON have many ways of being damaged, all with the same meaning
        reason = " ".join(str(error).split())[:160]
        raise SenetError(f"{path} is not a readable checkpoint ({reason}): train again") from error
    return Progress(**{tree: tree_build(arrays, tree + "/") for tree in TREES}, **counters)


def _counters(path: Path, meta: InFile | None, like: Progress) -> dict[str, Any]:
    """What is not an array, each of the type that it has in a fresh start."""
    fresh = {name: value for name, value in vars(like).items() if name not in TREES}
    counters = json.loads(read_text(meta)) if meta else None
    if not isinstance(counters, dict) or {n: type(v) for n, v in counters.items()} != {
        n: type(v) for n, v in fresh.items()
    }:
        raise SenetError(f"{path} holds the counters {str(counters)[:160]}, expected {sorted(fresh)}: train again")
    if not all(0 <= value < (1 << 53 if type(value) is int else float("inf")) for value in counters.values()):
        raise SenetError(
            f"{path} holds the counters {str(counters)[:160]}, expected none to be negative or infinite: train again"
        )
    return counters


def _arrays(path: Path, declared: dict[str, InFile], like: Progress) -> dict[str, np.ndarray]:
    """The arrays, read only once all of them are declared to be what the run needs."""
    expected = {f"{tree}/{name}": a for tree in TREES for name, a in tree_items(getattr(like, tree))}
    for name in sorted(expected.keys() | declared.keys()):
        came, needed = _describe(declared.get(name)), _describe(expected.get(name))
        if came != needed:
            raise SenetError(f"{path} holds {came} as {name[:80]!a}, this run's network has {needed}")
    arrays = {name: declared[name].read() for name in expected}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise SenetError(f"{path} holds NaN or infinite numbers in {name}, which no run writes: train again")
    return arrays


def _describe(array: np.ndarray | InFile | None) -> str:
    return "nothing" if array is None else f"{getattr(array.dtype, 'name', array.dtype)}{list(array.shape)}"
