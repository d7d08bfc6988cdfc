"""A training that is killed at any moment goes on as if nothing had been: the same weights to the last bit.

Real processes, real signals; `make stress` kills more of them.
"""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from faults import Fault, array, counters
from small_training import EPOCHS, POINTS, Training
from tally import amount, tally

from senet_np.runs.run import open_run

SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)


def content(folder: Path) -> tuple[dict[str, bytes], list[dict]]:
    """What a run has come to: its weights, and its log without times."""
    with np.load(folder / "checkpoint.npz") as file:
        arrays = {name: file[name].tobytes() for name in file.files if name != "meta"}
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]
    return arrays, [record | {"seconds": 0} for record in records]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    """The folder of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    assert Training(folder).end()[0] == 0
    assert [record.get("epoch") for record in content(folder)[1]] == [*range(1, EPOCHS + 1), None]
    return folder


def assert_it_ends_as(undisturbed: Path, folder: Path):
    """Go on to the end, which is the same as if nothing had been."""
    status, output = Training(folder).end()
    assert status == 0, output
    assert content(folder) == content(undisturbed)
    assert [path.name for path in folder.rglob("*.tmp")] == []


def assert_sound(folder: Path):
    """What a kill leaves is a whole run or none: nothing half is ever read."""
    if (folder / "config.json").exists():
        run = open_run(folder)
        assert run.load().epoch <= EPOCHS
        assert len(run.records) <= EPOCHS + 1


def killed(folder: Path, how: signal.Signals, after: float) -> bool:
    """Train, and send a signal some seconds later; whether that ended the run, in one of the ways in which it may."""
    training = Training(folder)
    time.sleep(after)
    training.send(how)
    status, output = training.end()
    assert_sound(folder)
    assert status in (0, -how, 128 + how)
    assert "Traceback" not in output
    assert status <= 0 or "everything is saved" in output or "interrupted" in output or "plan:" not in output
    return status != 0


@pytest.mark.parametrize("seed", range(amount(1, 5)))
def test_a_training_killed_at_random_moments_ends_bit_identical(tmp_path, undisturbed, seed):
    rng, began, kills = np.random.default_rng(seed), time.monotonic(), 0
    Training(tmp_path / "timed").end()
    usual = time.monotonic() - began
    while kills < amount(4, 8):
        folder = tmp_path / f"run{usual}"
        while kills < amount(4, 8) and killed(folder, SIGNALS[kills % 3], rng.uniform(0.1, 0.9) * usual):
            tally("kills at random moments", how=SIGNALS[kills % 3].name)
            kills += 1
        assert_it_ends_as(undisturbed, folder)
        usual *= 0.9  # where it ended before the signal came, the one that was timed had other work beside it, perhaps


@pytest.mark.parametrize("seed", range(amount(1, 5)))
def test_a_training_killed_at_every_point_of_saving_ends_bit_identical(tmp_path, undisturbed, seed):
    folder, rng = tmp_path / "run", np.random.default_rng(seed)
    for point in rng.permutation(amount(1, 2) * POINTS):
        assert Training(folder, at=(point, rng.integers(1, 5))).end()[0] == -signal.SIGKILL
        assert_sound(folder)
        tally("kills while saving", how=point)
    assert_it_ends_as(undisturbed, folder)


@pytest.fixture(scope="module")
def in_the_middle(tmp_path_factory) -> Path:
    """A run that was killed in its middle."""
    folder = tmp_path_factory.mktemp("in_the_middle") / "run"
    assert Training(folder, at=("renamed", 8)).end()[0] == -signal.SIGKILL
    return folder


@pytest.fixture
def stopped(tmp_path, in_the_middle) -> Path:
    """A copy of it, free to be spoilt."""
    return shutil.copytree(in_the_middle, tmp_path / "run")


def test_a_file_that_may_not_grow_as_on_a_full_disk_leaves_the_last_checkpoint(stopped, undisturbed):
    before = (stopped / "checkpoint.npz").read_bytes()
    status, output = Training(stopped, max_file=len(before) // 2).end()
    assert (status, output.count("error: ")) == (2, 1)
    assert "File too large; what was there before is unharmed" in output
    assert (stopped / "checkpoint.npz").read_bytes() == before
    assert [path.name for path in stopped.rglob("*.tmp")] == []
    assert_it_ends_as(undisturbed, stopped)
    tally("full disks", how="a limit on the size of files")


def test_a_second_training_in_the_same_folder_is_refused(tmp_path, undisturbed):
    folder = tmp_path / "run"
    first = Training(folder, at=("renamed", 5), how=signal.SIGSTOP)
    os.waitpid(first.process.pid or 0, os.WUNTRACED)  # until it stops, and holds the folder for as long as we like
    endings = {option: Training(folder, option).end() for option in ("--resume", "--overwrite")}
    first.send(signal.SIGCONT)
    assert first.end()[0] == 0
    assert_it_ends_as(undisturbed, folder)
    for option, (status, output) in endings.items():
        assert (status, f"another process is training in {folder}" in output) == (2, True)
        tally("two in one folder", how=option)


PLANTS = pytest.mark.parametrize("plant", [lambda path: path.symlink_to("../victim"), os.mkfifo], ids=["link", "pipe"])


@pytest.mark.parametrize("name", ["log.jsonl.tmp", "checkpoint.npz.tmp"])
@PLANTS
def test_what_stands_under_a_temporary_name_is_neither_followed_nor_waited_for(stopped, undisturbed, name, plant):
    victim = stopped.parent / "victim"
    victim.write_text("precious")
    plant(stopped / name)
    assert_it_ends_as(undisturbed, stopped)
    assert victim.read_text() == "precious"


@PLANTS
def test_a_lock_that_is_no_file_is_refused(stopped, plant):
    (stopped / ".lock").unlink()
    plant(stopped / ".lock")
    status, output = Training(stopped).end()
    assert (status, "could not make the folder" in output) == (2, True)
    assert not (stopped.parent / "victim").exists()


def spoil(file: Path, fault: Fault):
    fault(file, file.read_bytes(), np.random.default_rng(0))


def test_numbers_in_the_other_byte_order_are_read_as_what_they_are(stopped, undisturbed):
    name = "params/stage2.conv.w.npy"
    spoil(stopped / "checkpoint.npz", array(lambda a: a.astype(a.dtype.newbyteorder()), name))
    assert_it_ends_as(undisturbed, stopped)


def test_a_place_in_the_epoch_beyond_its_end_is_refused(stopped):
    spoil(stopped / "checkpoint.npz", counters(batch=1000))
    status, output = Training(stopped).end()
    assert (status, output.count("error: ")) == (2, 1)
