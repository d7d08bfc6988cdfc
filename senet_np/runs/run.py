"""A run's folder: config.json, log.jsonl, checkpoint.npz and, later, plots.

config.json says everything that made the run what it is; log.jsonl has one record an epoch and one for the
test result; every record carries the data set's name and stamp, so no figure can be torn from its source.
"""

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import senet_np

from ..data.augment import Normalizer, fit_normalizer
from ..data.dataset import Dataset
from ..errors import SenetError
from ..locks import only_one
from ..tree import Tree, tree_size
from .checkpoint import Progress, load_checkpoint, save_checkpoint
from ..files import read_text, write_atomically
from .interchange import unfilled
from ..settings import Settings, settings_from_json, settings_to_json

LOCK = ".lock"
CLASSES = 10  # of both data sets
MOST_PARAMETERS = 50_000_000
MOST = 16 << 20  # bytes of config.json or of log.jsonl: some 50,000 epochs
PLOTS = (  # what `explain` draws into a run's folder
    *("answer", "curves", "profiles", "shares", "controls", "pruning", "distribution", "moments", "weights", "hidden"),
    *("gates_*", "scaling_*", "openers_*", "sky"),
)


@dataclass(frozen=True)
class Run:
    """A run's folder and what its config.json says."""

    path: Path
    settings: Settings
    data: dict[str, Any]  # name, stamp, origin, fingerprint, classes, and the normalizer's mean and std

    @property
    def normalizer(self) -> Normalizer:
        """Pixels to the net's input, as measured on the images that the run was trained on."""
        return Normalizer(np.array(self.data["mean"], np.float32), np.array(self.data["std"], np.float32))

    @property
    def records(self) -> list[dict[str, Any]]:
        """What log.jsonl holds; a last line that was cut off by a crash is left out."""
        path = self.path / "log.jsonl"
        try:
            lines = read_text(path, MOST).splitlines(keepends=True)
            records = [json.loads(line) for line in lines if line.endswith("\n")]
            sound = all(map(_is_record, records))
        except FileNotFoundError:
            return []
        except (ValueError, RecursionError):
            sound, records = False, []
        if not sound:
            raise SenetError(f"{path} is damaged, a line in it is no record of a run: train again with --overwrite")
        return records

    @property
    def result(self) -> dict[str, Any] | None:
        """The record of the finished run's test result, or None while it is not finished."""
        return next((record for record in self.records if record["kind"] == "result"), None)

    def log(self, kind: str, **values: Any) -> dict[str, Any]:
        """Append one record, stamped with the data it was measured on."""
        record = {"kind": kind, **values, "data": self.data["name"], "stamp": self.data["stamp"]}
        with open(self.path / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())  # before the checkpoint, which would count the epoch as done
        return record

    def start(self) -> Progress:
        """Fresh parameters, drawn from the run's seed."""
        params, state = self.settings.build_net().init(np.random.default_rng(self.settings.seed))
        return Progress(params, state, self.settings.build_optimizer().init(params))

    def save(self, progress: Progress) -> None:
        """Write checkpoint.npz."""
        save_checkpoint(self.path / "checkpoint.npz", progress)

    def load(self) -> Progress:
        """Read checkpoint.npz.

        Raises:
            SenetError: it is missing, damaged, of another network, or beyond the run's end.
        """
        params, state = unfilled(self.settings.build_net())
        if tree_size(params) > MOST_PARAMETERS:
            raise SenetError(f"{self.path} has a network of {tree_size(params):,} parameters, which is no run of ours")
        like = Progress(params, state, self.settings.build_optimizer().init(params))
        progress = load_checkpoint(self.path / "checkpoint.npz", like)
        if progress.epoch > self.settings.epochs:
            raise SenetError(f"{self.path} stands in epoch {progress.epoch} of {self.settings.epochs}: train again")
        return progress

    def forget_records_after(self, progress: Progress) -> None:
        """Drop what was logged after the checkpoint was written: those epochs are about to be run again."""
        kept = [r for r in self.records if r["kind"] == "epoch" and r["epoch"] <= progress.epoch]
        write_atomically(self.path / "log.jsonl", "".join(json.dumps(r) + "\n" for r in kept).encode())


@contextmanager
def alone_in(path: Path) -> Iterator[None]:
    """Keep other processes from training in a folder, for a `with` statement; the folder is made if it is not there.

    Raises:
        SenetError: another process trains in it, or it cannot be made.
    """
    taken = f"another process is training in {path}: wait for its end, or name another folder with --out"
    with ExitStack() as held:
        try:
            path.mkdir(parents=True, exist_ok=True)
            held.enter_context(only_one(path / LOCK, taken))
        except OSError as error:
            reason = error.strerror or error
            raise SenetError(f"could not make the folder {path}: {reason}; choose another with --out") from error
        yield


def create_run(
    path: Path,
    settings: Settings,
    dataset: Dataset,
    overwrite: bool = False,
    weights: tuple[Tree, Tree] | None = None,
    said: dict[str, Any] | None = None,
) -> Run:
    """Make a run's folder with an empty log, a checkpoint of the untrained net, and config.json, which comes last.

    So a folder with a config.json is a whole run, whenever this is interrupted.

    Args:
        path: the folder; it must not hold a run yet, unless `overwrite`.
        settings: all settings.
        dataset: what will be trained on.
        overwrite: whether an earlier run in the folder may be replaced.
        weights: params and state to begin with, in place of fresh ones.
        said: what to say about the data in config.json, beside or instead of what is usual: a normalizer, say.

    Returns:
        The run.

    Raises:
        SenetError: the folder holds a run, or cannot be written.
    """
    if (path / "config.json").exists() and not overwrite:
        raise SenetError(
            f"{path} already holds a run: go on with it (--resume), replace it (--overwrite) or name another"
        )
    normalizer = fit_normalizer(dataset.train.images)
    data = {
        "name": dataset.name,
        "stamp": dataset.stamp,
        "origin": dataset.origin,
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "images": {
            "train": len(dataset.train.labels),
            "val": len(dataset.val.labels),
            "test": len(dataset.test.labels),
        },
        "mean": normalizer.mean.tolist(),
        "std": normalizer.std.tolist(),
        **(said or {}),
    }
    run = Run(path, settings, data)
    fresh = run.start()
    if weights is not None:
        fresh.params, fresh.state = weights
    config = {
        "settings": settings_to_json(settings),
        "data": data,
        "parameters": tree_size(fresh.params),
        "versions": versions(),
    }
    try:
        path.mkdir(parents=True, exist_ok=True)
        stale = [
            "config.json",
            "checkpoint.npz",
            "gates/*.npz",
            "plots/index.html",
            *(f"plots/{name}.png" for name in PLOTS),
        ]
        for old in (file for pattern in stale for file in path.glob(pattern)):
            old.unlink()  # of the run that is replaced
    except OSError as error:
        raise SenetError(f"could not make the folder {path}: {error.strerror}; choose another with --out") from error
    write_atomically(path / "log.jsonl", b"")
    run.save(fresh)
    write_atomically(path / "config.json", (json.dumps(config, indent=2) + "\n").encode())
    return run


def open_run(path: Path) -> Run:
    """Open a run's folder.

    Raises:
        SenetError: there is no run in it, or its config.json cannot be read.
    """
    config_path = path / "config.json"
    try:
        config = json.loads(read_text(config_path, MOST))
        settings, data = settings_from_json(config["settings"]), config["data"]
        run = Run(path, settings, data)
        complete = _is_data(data, settings)
    except (FileNotFoundError, NotADirectoryError):
        raise SenetError(f"{path} holds no run (no config.json): train one with python -m senet_np train") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise SenetError(f"{config_path} is not a run's configuration ({error!r:.160}): train again") from error
    if not complete:
        raise SenetError(f"{config_path} does not say what the run was trained on: train again")
    return run


def _is_data(data: dict[str, Any], settings: Settings) -> bool:
    """Whether config.json says what the run was trained on."""
    texts = all(isinstance(data[name], str) for name in ("name", "stamp", "origin", "fingerprint"))
    with np.errstate(over="ignore"):
        colors = np.array([data["mean"], data["std"]], np.float64).astype(np.float32)
    measured = colors.shape == (2, 3) and bool(np.isfinite(colors).all() and (colors[1] > 0).all())
    classes = isinstance(data["classes"], list) and len(data["classes"]) == CLASSES
    names = [data["stamp"], *data["classes"]]
    printable = all(isinstance(name, str) and name.isprintable() for name in names)
    images = all(type(data["images"][split]) is int for split in ("train", "val", "test"))
    return texts and measured and classes and printable and images and data["name"] == settings.data


RECORDS = {
    "epoch": ("epoch", "step", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds"),
    "result": ("test_loss", "accuracy", "correct", "n"),
}


def _is_record(record: Any) -> bool:
    """Whether a line of log.jsonl is what `Run.log` writes."""
    if not isinstance(record, dict) or record.get("kind") not in [*RECORDS]:
        return False
    numbers = [record.get(name) for name in RECORDS[record["kind"]]]
    whole = all(type(record.get(name)) is int for name in ("epoch", "correct") if name in RECORDS[record["kind"]])
    plain = all(type(n) is float or (type(n) is int and abs(n) < 1 << 53) for n in numbers)
    if not (whole and plain and isinstance(record.get("stamp"), str)):
        return False
    return record["kind"] != "result" or (type(record["n"]) is int and 0 <= record["correct"] <= record["n"] != 0)


def describe(run: Run) -> str:
    """The run's network in a few words: 'tiny SE-CNN, r = 4'."""
    return describe_settings(run.settings)


def describe_settings(settings: Settings) -> str:
    """The network in a few words: 'tiny SE-CNN, r = 4'."""
    if not settings.se:
        return f"{settings.net} CNN without SE"
    block = "ECA" if settings.excite == "eca" else "SE"
    words = [f"{settings.net} {block}-CNN"] + ([f"r = {settings.reduction}"] if block == "SE" else [])
    if (settings.squeeze, settings.gate) != ("avg", "sigmoid"):
        words += [settings.squeeze, settings.gate]
    if not settings.se_bias:
        words.append("no bias")
    if settings.position != "standard":
        words.append(f"position {settings.position}")
    if settings.stages:
        words.append("in stage " + " and ".join(map(str, settings.stages)))
    return ", ".join(words)


def versions() -> dict[str, str]:
    """What a result was made with."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index, call-overload]
    return {
        "senet_np": senet_np.__version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "machine": f"{platform.system()} {platform.machine()}",
    }
