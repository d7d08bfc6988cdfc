"""What the page holds: networks, what is known of their gates, and pictures; as JSON and one block of bytes.

Arrays stand in the JSON as {"at": offset, "shape": [...], "type": "f2"}; the bytes are deflated and written as
base64. Numbers of two and four bytes are stored byte by byte (all first bytes, then all second ones), for what is
alike then stands together and deflates better.
"""

import base64
import json
import zlib
from typing import Any, NamedTuple

import numpy as np

from ..analysis.findings import Findings
from ..analysis.gates import GateStatistics
from ..analysis.subject import Subject
from ..data.dataset import Split
from ..figures.style import short
from .program import compile_net


class Exhibit(NamedTuple):
    """A network on show."""

    name: str  # short, for the list: "tiny-se", "mine"
    subject: Subject
    found: Findings | None  # None for a network without SE
    said: str  # one line on how good it is: "test accuracy 0.7621 (7621 of 10000, …)"
    pictures: Split | None  # some it was not trained on, with their labels; None where none may be shown
    repainted: np.ndarray | None  # of `shapes`: what would be right under the other sky


class Packer:
    """Collects arrays, and gives for each what the page finds it by."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def put(self, array: np.ndarray) -> dict[str, Any]:
        """Store an array: uint8 as it is, floats as float16 where nothing is lost, else as float32."""
        if array.dtype != np.uint8:
            half = array.astype(np.float16)
            array = half if np.array_equal(half.astype(array.dtype), array) else array.astype(np.float32)
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        planes = little.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T
        at, content = self.size, planes.tobytes()
        self.parts.append(content)
        self.size += len(content)
        return {"at": at, "shape": [*array.shape], "type": {1: "u1", 2: "f2", 4: "f4"}[array.itemsize]}

    def text(self) -> str:
        """All bytes, deflated, as base64."""
        return base64.b64encode(zlib.compress(b"".join(self.parts), 9)).decode("ascii")


def make_payload(exhibits: list[Exhibit], photo: np.ndarray | None) -> tuple[str, str]:
    """Pack networks and pictures for the page.

    Args:
        exhibits: the networks, in the order of the list.
        photo: a picture for all of them, (32, 32, 3) uint8; None where there is none.

    Returns:
        The JSON, and the bytes as base64.
    """
    packer = Packer()
    said = {
        "nets": [_net(one, packer) for one in exhibits],
        "photo": None if photo is None else packer.put(photo),
    }
    return json.dumps(said, separators=(",", ":")), packer.text()


def _net(one: Exhibit, packer: Packer) -> dict[str, Any]:
    subject = one.subject
    program = compile_net(subject.net, subject.params, subject.state)
    arrays = [packer.put(array) for array in program.arrays]
    blocks = one.found.blocks if one.found else {}
    pictures = None
    if one.pictures is not None:
        images, labels = one.pictures
        pictures = {"images": packer.put(images), "labels": labels.tolist()}
        if one.repainted is not None:
            pictures["repainted"] = one.repainted.tolist()
    return {
        "name": one.name,
        "stamp": subject.stamp,
        "said": one.said,
        "classes": [*subject.classes],
        "mean": subject.normalizer.mean.tolist(),
        "std": subject.normalizer.std.tolist(),
        "steps": program.steps,
        "arrays": arrays,
        "seen": one.found.images if one.found else "",
        "blocks": {path: _block(path, stats, packer) for path, stats in blocks.items()},
        "controls": one.found.controls._asdict() if one.found and one.found.controls else None,
        "pictures": pictures,
    }


def _block(path: str, stats: GateStatistics, packer: Packer) -> dict[str, Any]:
    """Class means and spreads in steps of a 255th of the gate's range: more than an eye can tell."""
    low, high = stats.limits

    def coarse(values: np.ndarray) -> dict[str, Any]:
        return packer.put(np.nan_to_num(255 * values / (high - low)).round().clip(0, 255).astype(np.uint8))

    means, spreads = coarse(stats.mean - low), coarse(stats.sd)
    return {"label": short(path), "limits": [low, high], "mean": means, "sd": spreads}
