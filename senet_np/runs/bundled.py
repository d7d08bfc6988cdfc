"""Bundled pretrained models: loaded by name, with no data and no network connection.

Each is one file in `senet_np/bundled/`, under PyTorch's names as `export` writes them, rounded to float16 before it was
evaluated; SHA256SUMS lists the files' digests. Its settings, what was measured on it and on which data stand in its
metadata.
"""

import hashlib
import json
from pathlib import Path

from ..errors import SenetError
from ..model import DataInfo, Metadata, Model, Result
from .interchange import load_metadata, load_weights, unfilled
from .old_names import current, read_settings
from .run import read_normalizer

FOLDER = Path(__file__).parents[1] / "bundled"
SUMS = "SHA256SUMS"
KEY = "senet_np"  # of a file's metadata: one JSON text


def names() -> list[str]:
    """The names of the bundled models."""
    return sorted(path.stem for path in FOLDER.glob("*.npz") if "." not in path.stem)


def findings_path(name: str) -> Path:
    """The file with what was measured about a bundled model's gates, its digest checked; see `analysis.findings`."""
    path = FOLDER / f"{name}.findings.npz"
    check_sum(path)
    return path


def load_bundled(name: str) -> Model:
    """Load a bundled model, one of `names()`; SenetError if its file is not the one that was bundled."""
    path = FOLDER / f"{name}.npz"
    check_sum(path)
    about = json.loads(load_metadata(path)[KEY])
    settings, data, test = read_settings(about["settings"]), current(about["data"]), about["test"]
    info = DataInfo(data["name"], data["provenance"], "", data["fingerprint"], data["images"])
    result, origin = Result(test["correct"], test["n"]), f"seed {settings.seed}"
    metadata = Metadata(name, info, result, about["epochs"], {}, origin, settings.command, finished=True)
    net, classes = settings.build_net(), tuple(data["classes"])
    return Model(net, *load_weights(path, *unfilled(net)), read_normalizer(about), classes, settings, metadata)


def check_sum(path: Path) -> None:
    """Compare a bundled file with its digest in SHA256SUMS; SenetError if they differ, or it is not listed."""
    try:
        lines = [line.split() for line in (path.parent / SUMS).read_text("utf-8").splitlines()]
        listed = {name: digest for digest, name in lines}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise SenetError(f"could not read {path} and its digest: {error}; install senet_np again") from error
    if listed.get(path.name) != digest:
        raise SenetError(f"{path} is not the file that belongs there (its sha256 differs): install senet_np again")
