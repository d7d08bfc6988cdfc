"""Trained networks in the box: loaded by name, with no data and no network on the machine.

Each is one file in `senet_np/box/`, under PyTorch's names as `export` writes them, rounded to float16 before
it was evaluated; SHA256SUMS lists their digests. What was measured on it, on which data, and the command that made it
stand in its metadata.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..data.augment import Normalizer
from ..errors import SenetError
from ..layers import Layer
from ..tree import Tree
from .interchange import load_metadata, load_weights, unfilled
from ..settings import Settings, settings_from_json

BOX = Path(__file__).parents[1] / "bundled"
SUMS = "SHA256SUMS"
KEY = "senet_np"  # of the metadata: one JSON text


class Pretrained(NamedTuple):
    """A trained network and what is known of it."""

    net: Layer
    params: Tree
    state: Tree
    normalizer: Normalizer
    classes: tuple[str, ...]
    settings: Settings
    about: dict[str, Any]  # data, test result, and the command that made it


def names() -> list[str]:
    """The names that `pretrained` knows."""
    return sorted(path.stem for path in BOX.glob("*.npz") if "." not in path.stem)


def findings_path(name: str) -> Path:
    """Where what was measured about a network's gates lies, its digest checked; see `explain.findings`."""
    path = BOX / f"{name}.findings.npz"
    check_sum(path)
    return path


def pretrained(name: str) -> Pretrained:
    """Load a trained network by its name.

    Args:
        name: one of `names()`, such as "tiny-se".

    Returns:
        The network with its parameters, float32, and what belongs to them.

    Raises:
        SenetError: there is no such network, or its file is not the one that was put into the box.
    """
    if name not in names():
        raise SenetError(f"there is no network {name!r} in the box, expected one of {', '.join(names()) or 'none'}")
    path = BOX / f"{name}.npz"
    check_sum(path)
    about = json.loads(load_metadata(path)[KEY])
    settings = settings_from_json(about["settings"])
    net = settings.build_net()
    params, state = load_weights(path, *unfilled(net))
    normalizer = Normalizer(*(np.array(about[moment], np.float32) for moment in ("mean", "std")))
    return Pretrained(net, params, state, normalizer, tuple(about["data"]["classes"]), settings, about)


def check_sum(path: Path) -> None:
    """Compare a file of the box with its digest in SHA256SUMS.

    Raises:
        SenetError: they differ, or the file is not listed.
    """
    try:
        lines = [line.split() for line in (path.parent / SUMS).read_text("utf-8").splitlines()]
        listed = {name: digest for digest, name in lines}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise SenetError(f"could not read {path} and its digest: {error}; install senet_np again") from error
    if listed.get(path.name) != digest:
        raise SenetError(f"{path} is not the file that belongs there (its sha256 differs): install senet_np again")
