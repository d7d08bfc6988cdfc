"""What the page holds: models, what was measured about their gates, and images; as JSON and one block of bytes.

An array stands in the JSON as {"at": offset, "shape": [...], "type": "f2"}. The bytes are deflated and written as
base64. An array's first bytes come first, then its second ones, and so on: similar bytes side by side deflate better.
"""

import base64
import json
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..analysis.findings import Findings
from ..analysis.gates import GateStatistics
from ..data.dataset import Split
from ..figures.style import short
from ..model import Model
from ..train.evaluation import result_line
from .images import drawings, sources
from .program import compile_net

SKIES = ("orange sky", "blue sky")


class ExplorerModel(NamedTuple):
    """A model, and what the page shows beside it."""

    model: Model
    findings: Findings | None = None  # None for a network without SE
    samples: Split | None = None  # images that it was not trained on; None for the page's drawings, or for none
    repainted: np.ndarray | None = None  # (n,) labels of the samples under the other sky, for `shapes`
    twin: str = ""  # the page's name of the same network trained without SE
    first: str = ""  # path of the block that is shown first; the network's first one where it is empty
    skies: dict[str, GateStatistics] | None = None  # of each block, under an orange and a blue sky, for `shapes`

    @property
    def name(self) -> str:
        """A short name for the page's list: "tiny-se"; "mine" for the run in runs/mine."""
        return Path(self.model.metadata.name).name


class Packer:
    """Collects arrays, and gives for each what the page finds it by."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.places: dict[tuple[bytes, tuple[int, ...]], dict[str, Any]] = {}  # what is stored already
        self.size = 0

    def put(self, array: np.ndarray) -> dict[str, Any]:
        """Store an array: uint8 as it is, floats as float16 where nothing is lost, else as float32."""
        if array.dtype != np.uint8:
            with np.errstate(over="ignore", under="ignore"):  # what does not fit is stored as float32
                half = array.astype(np.float16)
            array = half if np.array_equal(half.astype(array.dtype), array) else array.astype(np.float32)
        little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        content = little_endian.reshape(-1).view(np.uint8).reshape(-1, array.itemsize).T.tobytes()
        if (content, array.shape) in self.places:
            return self.places[content, array.shape]
        place = {"at": self.size, "shape": [*array.shape], "type": {1: "u1", 2: "f2", 4: "f4"}[array.itemsize]}
        self.places[content, array.shape] = place
        self.parts.append(content)
        self.size += len(content)
        return place

    def text(self) -> str:
        """All bytes, deflated, as base64."""
        return base64.b64encode(zlib.compress(b"".join(self.parts), 9)).decode("ascii")


def make_payload(models: list[ExplorerModel]) -> tuple[str, str]:
    """Pack models and images for the page, see `explorer_page`: the JSON, and the bytes as base64."""
    packer, drawn = Packer(), drawings()
    nets = [_net(shown, packer) for shown in models]
    content = {"nets": nets, "drawings": _images(drawn, packer), "sources": sources()}
    return json.dumps(content, separators=(",", ":")), packer.text()


def _net(shown: ExplorerModel, packer: Packer) -> dict[str, Any]:
    model, findings, samples = shown.model, shown.findings, shown.samples
    blocks = shown.skies or (findings.blocks if findings else {})
    program = compile_net(model.net, model.params, model.state)
    data, result = model.metadata.data, model.metadata.result
    interventions = findings and findings.interventions
    return {
        "name": shown.name,
        "provenance": model.provenance,
        "result": result_line(result.correct, result.n, data.name, data.provenance) if result else "no test result",
        "tested": result and [result.correct, result.n],
        "classes": model.classes,
        "mean": model.normalizer.mean.tolist(),
        "std": model.normalizer.std.tolist(),
        "steps": program.steps,
        "arrays": [packer.put(array) for array in program.arrays],
        "twin": shown.twin,
        "first": shown.first,
        "rows": SKIES if shown.skies else model.classes,
        "rowKind": "sky" if shown.skies else "class",
        "images_measured": f"{_measured(shown.skies)} images" if shown.skies else findings.images if findings else "",
        "blocks": {path: _block(path, gates, packer) for path, gates in blocks.items()},
        "interventions": interventions and interventions._asdict(),
        "data": data.name,
        "samples": samples and _images(samples, packer),
        "repainted": None if shown.repainted is None else shown.repainted.tolist(),
    }


def _images(split: Split, packer: Packer) -> dict[str, Any]:
    return {"images": packer.put(split.images), "labels": split.labels.tolist()}


def _measured(blocks: dict[str, GateStatistics]) -> int:
    return int(next(iter(blocks.values())).images.sum())


def _block(path: str, gates: GateStatistics, packer: Packer) -> dict[str, Any]:
    """Class means and standard deviations in steps of 1/255 of the gate's range: the eye cannot tell the difference."""
    low, high = gates.limits

    def rounded(values: np.ndarray) -> dict[str, Any]:
        return packer.put(np.nan_to_num(255 * values / (high - low)).round().clip(0, 255).astype(np.uint8))

    return {"label": short(path), "limits": [low, high], "mean": rounded(gates.mean - low), "sd": rounded(gates.sd)}
