"""Whatever is wrong with a file or a command, it ends in a sentence of ours and status 2, or it is read correctly.

Never a traceback, a hang, 2 GB of memory, a command that runs, or a file outside. Each case is a named fault of a good
input, tried in a process of its own. `make test` tries a core of them, `make stress` all (the table is in
docs/robustness.md).
"""

import functools
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import faults
import numpy as np
import pytest
from cifar10_files import BATCHES, link_copy, write_archive, write_python_version
from faults_of_cifar import ARCHIVES, PICKLES
from faults_of_text import COMMANDS, COMPARISON, JSON, WORDS, words_of
from PIL import Image
from tally import LOG, tally
from trial import attempt

from senet_np.cli import main
from senet_np.data import load_shapes
from senet_np.data.photo import read_photo
from senet_np.errors import SenetError
from senet_np.runs.run import create_run
from senet_np.runs.snapshots import read_moments
from senet_np.settings import make_settings
from senet_np.train.loop import train

SEEDS = 3  # of each fault that has chance in it
EVERY = 1 if LOG else 9  # which of the cases are tried
MEMORY = 2048  # MB
NPZ, TEXT = {**faults.FIXED, **faults.NPZ}, {**faults.FIXED, **WORDS}


class Loader(NamedTuple):
    """Something that reads a file."""

    make: Callable[[Path], Path]  # make the good input within a folder; the file that will be spoilt
    read: Callable[[Path], object]  # read the file; an exit status
    faults: dict[str, faults.Fault]


@functools.cache
def parent() -> Path:
    return Path(tempfile.mkdtemp(prefix="senet_np_faults"))


@functools.cache
def good_run() -> Path:
    """A run of seconds, trained to its end."""
    data = load_shapes(seed=5, sizes=(64, 40, 40))
    options = {"widths": (4, 4, 8), "batch_size": 16, "micro_batch": 8, "epochs": 1}
    run = create_run(parent() / "run", make_settings("shapes", options), data)
    train(run, data, run.load(), Patient())
    return run.path


class Patient:
    """A callback that lets a run be."""

    def step(self, *_):
        pass

    def epoch(self, record):
        pass

    def should_stop(self):
        return False


@functools.cache
def good_weights(ending: str) -> Path:
    path = parent() / f"weights{ending}"
    assert main(["export", str(good_run()), str(path)]) == 0
    return path


@functools.cache
def good_cifar10() -> Path:
    return write_python_version(parent())


@functools.cache
def good_archive() -> Path:
    return write_archive(parent() / "cifar-10-python.tar.gz", good_cifar10())


def run_file(name: str) -> Callable[[Path], Path]:
    return lambda place: Path(shutil.copytree(good_run(), place / "run")) / name


def copy_of(good: Callable[[], Path]) -> Callable[[Path], Path]:
    return lambda place: Path(shutil.copy(good(), place))


def a_comparison(place: Path) -> Path:
    head = ['title = "t"', 'data = "shapes"', "seeds = 2", 'results = "r.jsonl"']
    lines = [*head, "[settings]", "epochs = 1", "[arms.a]", "[arms.b]", "se = false", ""]
    (place / "c.toml").write_text("\n".join(lines))
    shutil.copy(Path(__file__).parents[1] / "docs/comparisons/shapes.jsonl", place / "r.jsonl")
    return place / "c.toml"


def results(place: Path) -> Path:
    return a_comparison(place).with_name("r.jsonl")


def a_batch(place: Path) -> Path:
    return link_copy(good_cifar10(), place) / BATCHES[2]


def a_picture(place: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    Image.fromarray(noise).save(place / "photo.png")
    return place / "photo.png"


def a_jpeg(place: Path) -> Path:
    with Image.open(a_picture(place)) as image:
        image.save(place / "photo.jpg")
    return place / "photo.jpg"


def command(*words: str) -> Callable[[Path], object]:
    """A command of ours; FILE and FOLDER stand for the file and where it lies."""
    return lambda file: main([word.replace("FILE", str(file)).replace("FOLDER", str(file.parent)) for word in words])


def in_words(read: Callable[[Path], object]) -> Callable[[Path], object]:
    """A function of ours, its error told as the command line tells it."""

    def status(file: Path) -> int:
        try:
            read(file)
        except SenetError as error:
            print(f"error: {error}")
            return 2
        return 0

    return status


EXPORT = command("export", "FOLDER", "out.npz")
IMPORT = command("import", "FILE", "--out", "imported")
DATA = command("data", "--data-dir", "FILE")
COMPARE = command("compare", "FILE", "--report")
FIXED, TENSORS = faults.FIXED, faults.FIXED | faults.SAFETENSORS
LOADERS = {
    "CIFAR-10, the archive": Loader(copy_of(good_archive), DATA, FIXED | ARCHIVES),
    "CIFAR-10, a folder": Loader(a_batch, lambda file: DATA(file.parent), FIXED | PICKLES),
    "a run's checkpoint": Loader(run_file("checkpoint.npz"), EXPORT, NPZ),
    "a run's configuration": Loader(run_file("config.json"), EXPORT, TEXT | JSON),
    "a run's log": Loader(run_file("log.jsonl"), EXPORT, TEXT | JSON),
    "gates of a run": Loader(run_file("gates/0000000.npz"), in_words(lambda file: read_moments(file.parents[1])), NPZ),
    "weights, .npz": Loader(copy_of(lambda: good_weights(".npz")), IMPORT, NPZ),
    "weights, .safetensors": Loader(copy_of(lambda: good_weights(".safetensors")), IMPORT, TENSORS),
    "a comparison": Loader(a_comparison, COMPARE, TEXT | COMPARISON),
    "results": Loader(results, lambda file: COMPARE(file.with_name("c.toml")), TEXT | JSON),
    "a picture, PNG": Loader(a_picture, in_words(read_photo), FIXED | faults.PICTURES),
    "a picture, JPEG": Loader(a_jpeg, in_words(read_photo), FIXED),
}
CASES = [
    (loader, fault, seed)
    for loader, (_, _, own) in LOADERS.items()
    for fault, seeds in {**dict.fromkeys(own, 1), **dict.fromkeys(faults.RANDOM, SEEDS)}.items()
    for seed in range(seeds)
]
COMMAND = "a command line"


@pytest.fixture(scope="session", autouse=True)
def tidy():
    yield
    if parent.cache_info().currsize:
        shutil.rmtree(parent(), ignore_errors=True)


def judge(part: str, fault: str, call: Callable[[], object], place: Path):
    """Try it, and see that it ended as it may."""
    ending = attempt(call, place)
    outcome = {0: "read", 2: "refused"}.get(ending.status, "neither")
    assert outcome != "neither", f"status {ending.status}: {ending.said[-2000:]}"
    assert "Traceback" not in ending.said
    if outcome == "refused":
        told = [line for line in ending.said.splitlines() if "error: " in line]
        assert len(told) == 1, ending.said
        assert len(told[0]) < 6000
    assert ending.megabytes < MEMORY
    assert {path.name for path in place.iterdir()} == {"inside", "said"}
    tally("bad input", loader=part, fault=fault, outcome=outcome, seconds=ending.seconds, megabytes=ending.megabytes)


@pytest.mark.parametrize(("name", "fault", "seed"), CASES[::EVERY], ids=lambda value: str(value))
def test_what_is_wrong_with_a_file_is_said_in_a_sentence_or_does_no_harm(tmp_path, name, fault, seed):
    loader, inside = LOADERS[name], tmp_path / "inside"
    inside.mkdir()
    file = loader.make(inside)
    good = file.read_bytes()
    chance = np.random.default_rng([seed, *hashlib.sha256(f"{name}{fault}".encode()).digest()])
    if file.stat().st_nlink > 1:
        file.unlink()  # a link to the good one
    (loader.faults | faults.RANDOM)[fault](file, good, chance)
    judge(name, fault, lambda: loader.read(file), tmp_path)


@pytest.mark.parametrize("fault", [*COMMANDS][:: 1 if LOG else 3])
def test_a_command_that_cannot_be_met_is_said_in_a_sentence(tmp_path, fault):
    inside = tmp_path / "inside"
    inside.mkdir()
    places = {"run": run_file("")(inside), "out": inside / "new", "here": inside}
    before = everything_in(inside)
    words = words_of(COMMANDS[fault], places.__getitem__)
    judge(COMMAND, fault, lambda: main(words), tmp_path)
    assert everything_in(inside) == before


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != ".lock")


def test_every_loader_is_tried_with_twenty_faults_and_all_with_five_hundred_cases():
    assert min(len(loader.faults | faults.RANDOM) for loader in LOADERS.values()) >= 20
    assert len(COMMANDS) >= 20
    assert len(CASES) + len(COMMANDS) >= 500


def test_every_good_input_is_read(tmp_path):
    for name, loader in LOADERS.items():
        place = tmp_path / name
        (place / "inside").mkdir(parents=True)
        file = loader.make(place / "inside")
        ending = attempt(lambda loader=loader, file=file: loader.read(file), place)
        assert ending.status == 0, f"{name}: {ending.said}"
