"""Whatever is wrong with a file or a command, it ends in a sentence of ours and status 2, or it is read correctly.

Never a traceback, a hang, much memory, a command that runs, or a file outside. What can be wrong stands in tables:
`faults.py`, `faults_of_text.py`, `faults_of_cifar.py`. The faults of one loader are tried one after the other in a
process of their own. `make test` tries a core of them, `make stress` all (the counts are in docs/robustness.md).
"""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from cifar10_files import BATCHES, PYTHON
from faults import ANY, CHECKPOINT, IMAGES, NOT_FINITE, NPZ, SAFETENSORS, Fault
from faults_of_cifar import ARCHIVES, PICKLES
from faults_of_text import COMMANDS, COMPARISON, CONFIG, JSON, LOG, TEXT
from good_files import ARCHIVE, link, make_cifar10, make_good_files
from small_data import few_images
from tally import amount, tally
from trial import Calls, try_all

from senet_np import data
from senet_np.cli import main
from senet_np.data.photo import read_photo
from senet_np.errors import SenetError
from senet_np.experiments.results import append_result
from senet_np.runs.snapshots import read_snapshots

MAX_MEGABYTES = 600  # by which a process grows; CIFAR-10 takes up to 475
# What may be read and do no harm; all other faults of a format are refused.
HARMLESS = {"numbers in the other byte order", "far too many pixels", "long and thin", "54 million pixels of 32 bits"}
HARMLESS |= {"damaged EXIF", *ANY, *TEXT, *JSON}
# Of CIFAR-10, by `make stress` alone: what test_untrusted_files.py tries too, and what has us read all 186 MB.
SLOW = {"its last byte missing", "twice itself", "more behind its end", "one bit flipped", *ARCHIVES, *PICKLES}


class Loader(NamedTuple):
    """Something that reads a file."""

    file: str  # the one that will be spoilt, in the folder of good files
    read: str | Callable[[Path], object]  # a command on {file}, which lies in {folder}; or a function of ours
    faults: dict[str, Fault]  # those of its format

    def status(self, file: Path) -> int:
        """The exit status of reading; what a function raises is told as the command line tells it."""
        if isinstance(self.read, str):
            return main([word.format(file=file, folder=file.parent) for word in self.read.split()])
        try:
            self.read(file)
        except SenetError as error:
            print(f"error: {error}")
            return 2
        return 0


EXPORT, IMPORT = "export {folder} out.npz", "import {file} --out imported"
LOADERS = {
    "CIFAR-10, an archive": Loader(ARCHIVE, "data --data-dir {file}", ARCHIVES),
    "CIFAR-10, a folder": Loader(f"{PYTHON}/{BATCHES[0]}", "data --data-dir {folder}", PICKLES),
    "a checkpoint": Loader("run/checkpoint.npz", EXPORT, NPZ | NOT_FINITE | CHECKPOINT),
    "a configuration": Loader("run/config.json", EXPORT, TEXT | JSON | CONFIG),
    "a log": Loader("run/log.jsonl", EXPORT, TEXT | JSON | LOG),
    "a snapshot": Loader("run/gates/0000000.npz", lambda file: read_snapshots(file.parents[1]), NPZ),
    "weights, .npz": Loader("weights.npz", IMPORT, NPZ | NOT_FINITE),
    "weights, .safetensors": Loader("weights.safetensors", IMPORT, SAFETENSORS),
    "a comparison": Loader("comparison/c.toml", "compare {file} --report", TEXT | COMPARISON),
    "results": Loader("comparison/r.jsonl", "compare {folder}/c.toml --report", TEXT | JSON),
    "an image, PNG": Loader("image.png", read_photo, IMAGES),
    "an image, JPEG": Loader("image.jpeg", read_photo, {}),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    """A folder of good files."""
    place = tmp_path_factory.mktemp("good")
    make_good_files(place)
    make_cifar10(place)
    return place


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(data, "load_shapes", few_images)


def assert_told(loader: str, calls: Calls, place: Path):
    """Try all calls, and see that each ends as it may; what follows a # in its name is no part of the fault's."""
    endings, complaints = try_all(calls, place), []
    for name, ending in endings.items():
        fault = name.split(" #")[0]
        told = [line for line in ending.output.splitlines() if "error: " in line]
        refused = ending.status == 2 and len(told) == 1 and len(told[0]) < 6000
        sound = refused or (ending.status == 0 and fault in HARMLESS)
        if not sound or "Traceback" in ending.output or ending.beside or ending.megabytes > MAX_MEGABYTES:
            complaints.append((name, ending._replace(output=ending.output[-1000:])))
        numbers = {"seconds": ending.seconds, "megabytes": ending.megabytes}
        tally("bad input", loader=loader, fault=fault, outcome="refused" if refused else "read", **numbers)
    assert complaints == []
    assert endings.keys() == calls.keys()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", LOADERS)
def test_a_fault_of_a_file_is_told_in_a_sentence_or_does_no_harm(good, tmp_path, name):
    loader, calls = LOADERS[name], {}
    for fault, spoil in (loader.faults | ANY).items():
        for seed in range(amount(not ("CIFAR" in name and fault in SLOW), 3)):

            def call(inside: Path, spoil=spoil, seed=seed) -> int:
                file = link(good, loader.file, inside)
                file.unlink()
                file.touch()
                spoil(file, (good / loader.file).read_bytes(), np.random.default_rng(seed))
                return loader.status(file)

            calls[f"{fault} #{seed}"] = call
    assert_told(name, calls, tmp_path / "tried")


def test_a_command_that_cannot_be_met_is_told_in_a_sentence_and_leaves_all_as_it_was(good, tmp_path):
    calls = {}
    for line in COMMANDS.strip().splitlines():
        name, _, options = line.partition(" ")
        for option in options.split(" | "):

            def call(inside: Path, command=f"{name} {option}") -> int:
                run, before = link(good, "run", inside), files(inside)
                places = {"run": run, "new": inside / "new", "here": inside, "long": "a" * 5000, "lines": "a\nb"}
                try:
                    return main([word.format(**places) for word in shlex.split(command)])
                finally:
                    assert files(inside) == before

            calls[f"{name} {option}"] = call
    assert_told("a command line", calls, tmp_path / "tried")


def files(folder: Path) -> set[Path]:
    """All files in a folder; a lock and Matplotlib's configuration may come."""
    return {path for path in folder.rglob("*") if path.name != ".lock" and ".config" not in path.parts}


def test_every_good_input_is_read(good, tmp_path):
    calls = {name: lambda inside, of=of: of.status(link(good, of.file, inside)) for name, of in LOADERS.items()}
    endings = try_all(calls, tmp_path / "tried")
    assert {name: ending for name, ending in endings.items() if ending.status != 0} == {}
    assert endings.keys() == calls.keys()


def test_a_file_that_is_no_list_of_results_is_not_cut(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("precious, and without an end of line")
    with pytest.raises(SenetError, match="ends in something else than a result"):
        append_result(path, {"settings": {}})
    assert path.read_text() == "precious, and without an end of line"
