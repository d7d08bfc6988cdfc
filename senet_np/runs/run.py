"""A run's folder: config.json, log.jsonl, checkpoint.npz and gates/; later plots/.

config.json says everything that made the run what it is. log.jsonl has one record for each epoch and one for the test
result, each with the data's name and provenance, so that no number can be separated from its source.
"""

import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..data.augment import Normalizer
from ..data.dataset import Dataset
from ..data.view import View, read_view
from ..errors import SenetError
from ..files import only_one, read_text, write_atomically
from ..model import DataInfo, Metadata, Model, Result, new_model
from ..settings import Settings, settings_to_json
from ..train.optimizers import make_optimizer
from ..train.progress import Progress
from ..tree import tree_size
from .checkpoint import load_checkpoint, save_checkpoint
from .interchange import unfilled
from .old_names import current, read_settings
from .snapshots import read_snapshots

LOCK = ".lock"
FILES = ("log.jsonl", "checkpoint.npz", "gates/*.npz")  # of a run, beside its config.json
MAX_BYTES = 16 << 20  # of config.json or of log.jsonl: some 50,000 epochs


@dataclass(frozen=True)
class Run:
    """A run's folder and what its config.json says."""

    path: Path
    settings: Settings
    data: DataInfo
    classes: tuple[str, ...]
    normalizer: Normalizer  # as measured on the images that the run is trained on
    view: View  # how images of other sizes are made to fit
    imported: str | None  # the file that its first weights came from; None where they were drawn

    @property
    def records(self) -> list[dict[str, Any]]:
        """What log.jsonl holds; a last line that was cut off by a crash is left out."""
        path = self.path / "log.jsonl"
        try:
            lines = read_text(path, MAX_BYTES).splitlines(keepends=True)
            records: list[Any] = [current(json.loads(line)) for line in lines if line.endswith("\n")]
        except FileNotFoundError:
            return []
        except (ValueError, RecursionError):
            records = [None]
        if not all(map(_is_record, records)):
            raise SenetError(f"{path} is damaged, a line in it is no record of a run: train again with --overwrite")
        return records

    @property
    def result(self) -> dict[str, Any] | None:
        """The record of the finished run's test result, or None while it is not finished."""
        return next((record for record in self.records if record["kind"] == "result"), None)

    def log(self, kind: str, **values: Any) -> dict[str, Any]:
        """Append one record, with the data that it was measured on."""
        record = {"kind": kind, **values, "data": self.data.name, "provenance": self.data.provenance}
        with open(self.path / "log.jsonl", "a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())  # before the checkpoint, which would count the epoch as done
        return record

    def save(self, progress: Progress) -> None:
        """Write checkpoint.npz."""
        save_checkpoint(self.path / "checkpoint.npz", progress)

    def load(self) -> Progress:
        """Read checkpoint.npz; SenetError if it is missing, damaged, of another network, or beyond the run's end."""
        start = _start(self.settings, *unfilled(self.settings.build_net()))
        progress = load_checkpoint(self.path / "checkpoint.npz", start)
        if progress.epoch > self.settings.epochs:
            raise SenetError(f"{self.path} stands in epoch {progress.epoch} of {self.settings.epochs}: train again")
        return progress

    def model(self, progress: Progress | None = None) -> Model:
        """The model as it is at `progress`, by default that of the checkpoint."""
        progress, settings, record = progress or self.load(), self.settings, self.result
        metadata = Metadata(
            self.path.as_posix(),
            self.data,
            Result(record["correct"], record["n"]) if record else None,
            self.epochs_until(progress),
            read_snapshots(self.path),
            f"weights from {self.imported}" if self.imported else f"seed {settings.seed}",
            settings.command,
            finished=record is not None,
        )
        net, params, state = settings.build_net(), progress.params, progress.state
        return Model(net, params, state, self.normalizer, self.classes, settings, metadata, self.view)

    def epochs_until(self, progress: Progress) -> list[dict[str, Any]]:
        """The records of the epochs that are in `progress`; a crash may have left one more in the log."""
        return [r for r in self.records if r["kind"] == "epoch" and r["epoch"] <= progress.epoch]

    def forget_records_after(self, progress: Progress) -> None:
        """Drop what was logged after the checkpoint was written: those epochs will be run again."""
        lines = [json.dumps(record) + "\n" for record in self.epochs_until(progress)]
        write_atomically(self.path / "log.jsonl", "".join(lines).encode())


def _start(settings: Settings, params: Any, state: Any) -> Progress:
    return Progress(params, state, make_optimizer(settings).init(params))


@contextmanager
def alone_in(path: Path) -> Iterator[None]:
    """Keep other processes from training in a folder, for a `with` statement; it is made if it is missing."""
    taken = f"another process is training in {path}: wait for its end, or name another folder with --out"
    with ExitStack() as held:
        try:
            path.mkdir(parents=True, exist_ok=True)
            held.enter_context(only_one(path / LOCK, taken))
        except OSError as error:
            reason = error.strerror or error
            raise SenetError(f"could not make the folder {path}: {reason}; choose another with --out") from error
        yield


def create_run(path: Path, settings: Settings, dataset: Dataset, overwrite: bool = False) -> Run:
    """Make a run's folder for a network that is to be trained; see `write_run`."""
    return write_run(path, new_model(settings, dataset), overwrite)


def write_run(path: Path, model: Model, overwrite: bool = False, imported: str | None = None) -> Run:
    """Make a run's folder with an empty log, a checkpoint of the model, and config.json, which comes last.

    So a folder with a config.json is a whole run, whenever this is interrupted.

    Args:
        path: the folder; it must not hold a run yet, unless `overwrite`.
        model: the untrained network, or one with weights from elsewhere.
        overwrite: whether an earlier run in the folder may be replaced.
        imported: the file that the weights come from.
    """
    if (path / "config.json").exists() and not overwrite:
        advice = "continue it (--resume), replace it (--overwrite) or name another"
        raise SenetError(f"{path} already holds a run: {advice}")
    if not overwrite:
        _check_free(path)
    settings = model.settings
    run = Run(path, settings, model.metadata.data, model.classes, model.normalizer, model.view, imported)
    colors = {name: values.tolist() for name, values in run.normalizer._asdict().items()}
    data = asdict(run.data) | {"classes": [*run.classes], "view": [*run.view]} | colors
    data |= {"imported": imported} if imported else {}
    config = {"settings": settings_to_json(settings), "data": data}
    config |= {"parameters": tree_size(model.params), "versions": versions()}
    try:
        path.mkdir(parents=True, exist_ok=True)
        with _set_aside(path, ("config.json", *FILES)):
            write_atomically(path / "log.jsonl", b"")
            run.save(_start(settings, model.params, model.state))
            write_atomically(path / "config.json", (json.dumps(config, indent=2) + "\n").encode())
    except OSError as error:
        raise SenetError(f"could not make the folder {path}: {error.strerror}; choose another with --out") from error
    return run


def _check_free(path: Path) -> None:
    """Refuse a folder with another program's files under a run's names; a run whose making broke off has no line."""
    log = path / "log.jsonl"
    names = [name for name in FILES for _ in path.glob(name)]
    if names and not (log.is_file() and log.stat().st_size == 0):
        raise SenetError(f"{path} holds {names[0]}, but no run: name another folder with --out, or --overwrite it")


@contextmanager
def _set_aside(path: Path, names: tuple[str, ...]) -> Iterator[None]:
    """Put the files of the run that is replaced aside; they come back where the new ones cannot be written."""
    old = {file: file.with_name(f"{file.name}.old") for name in names for file in path.glob(name)}
    for file, aside in old.items():
        file.replace(aside)  # which a crash may have left there; Windows would not rename onto it
    try:
        yield
    except BaseException:
        for file, aside in old.items():
            aside.replace(file)
        raise
    for aside in old.values():
        aside.unlink()


def open_run(path: Path) -> Run:
    """Open a run's folder; SenetError if there is no run in it, or its config.json makes no sense."""
    config_path = path / "config.json"
    try:
        config = json.loads(read_text(config_path, MAX_BYTES))
        settings, data = read_settings(config["settings"]), current(config["data"])
        info = DataInfo(*(data[name] for name in ("name", "provenance", "origin", "fingerprint", "images")))
        classes, imported, normalizer = data["classes"], data.get("imported"), read_normalizer(data)
        view = read_view(data["view"]) if "view" in data else View(settings.image_size)
        texts = all(isinstance(text, str) for text in (info.origin, info.fingerprint, imported or ""))
        printed = all(isinstance(text, str) and text.isprintable() for text in (info.provenance, *classes))
        counted = all(type(info.images[split]) is int for split in ("train", "val", "test"))
        sound = texts and printed and counted and isinstance(classes, list) and len(classes) == settings.classes
        sound = sound and view.size == settings.image_size
    except (FileNotFoundError, NotADirectoryError):
        raise SenetError(f"{path} holds no run (no config.json): train one with python -m senet_np train") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise SenetError(f"{config_path} is not a run's configuration ({error!r:.160}): train again") from error
    if not sound or info.name != settings.data:
        raise SenetError(f"{config_path} does not say what the run was trained on: train again")
    return Run(path, settings, info, tuple(classes), normalizer, view, imported)


def read_normalizer(values: dict[str, Any]) -> Normalizer:
    """The normalizer that a JSON object holds as "mean" and "std"; ValueError where these cannot be."""
    with np.errstate(over="ignore"):
        colors = np.array([values["mean"], values["std"]], np.float64).astype(np.float32)
    if colors.shape != (2, 3) or not np.isfinite(colors).all() or not (colors[1] > 0).all():
        raise ValueError("mean or std is not that of three colors")
    return Normalizer(*colors)


RECORDS: dict[str, dict[str, type]] = {
    "epoch": {"epoch": int, "step": int} | dict.fromkeys(("lr", "train_loss", "train_accuracy"), float)
    | dict.fromkeys(("val_loss", "val_accuracy", "seconds"), float),
    "result": {"test_loss": float, "accuracy": float, "correct": int, "n": int},
}  # fmt: skip


def _is_record(record: Any) -> bool:
    """Whether a line of log.jsonl is what `Run.log` writes."""
    try:
        numbers = [(record[name], kind) for name, kind in RECORDS[record["kind"]].items()]
        sound = all(type(n) is kind and (kind is float or 0 <= n < 1 << 53) for n, kind in numbers)
        possible = record["kind"] == "epoch" or record["correct"] <= record["n"] != 0
        return sound and possible and isinstance(record["provenance"], str)
    except (KeyError, TypeError):
        return False


def versions() -> dict[str, str]:
    """What a result was made with."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index, call-overload]
    return {
        "senet_np": __version__,
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "machine": f"{platform.system()} {platform.machine()}",
    }
