"""A training that is killed at any moment goes on as if nothing had been: the same weights to the last bit.

Real processes, real signals; `make stress` kills more of them.
"""

import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from small_training import EPOCHS, POINTS
from tally import amount, tally

from senet_np.runs.run import open_run

SCRIPT = Path(__file__).with_name("small_training.py")
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
WRITINGS = 20  # of files, about, in a whole run
ENDED = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 130, 143}


def start(folder: Path, *words: str, **options) -> subprocess.Popen:
    """The training process; it goes on where there is a run, as a user would have it."""
    resume = ["--resume"] if (folder / "config.json").exists() else []
    return subprocess.Popen(
        [sys.executable, SCRIPT, folder, *words, *resume],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a job in the background has none
        **options,
    )


def weights(folder: Path) -> dict[str, bytes]:
    with np.load(folder / "checkpoint.npz") as file:
        return {name: file[name].tobytes() for name in file.files if name != "meta"}


def scores(folder: Path) -> list[dict]:
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]
    return [{name: value for name, value in record.items() if name != "seconds"} for record in records]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folder of a run that nobody disturbed, and the seconds that it took."""
    folder, began = tmp_path_factory.mktemp("undisturbed") / "run", time.monotonic()
    process = start(folder)
    process.communicate(timeout=120)
    assert process.returncode == 0
    return folder, time.monotonic() - began


def assert_same_end(folder: Path, undisturbed: Path):
    assert weights(folder) == weights(undisturbed)
    assert scores(folder) == scores(undisturbed)
    assert [record.get("epoch") for record in scores(folder)] == [*range(1, EPOCHS + 1), None]
    assert [path.name for path in folder.rglob("*.tmp")] == []


def go_on_to_the_end(folder: Path):
    process = start(folder)
    process.communicate(timeout=120)
    assert process.returncode == 0


def assert_sound(folder: Path):
    """What a kill leaves is a whole run or none: nothing half is ever read."""
    if (folder / "config.json").exists():
        run = open_run(folder)
        assert run.load().epoch <= EPOCHS
        assert len(run.records) <= EPOCHS + 1


@pytest.mark.parametrize("seed", range(amount(1, 5)))
def test_a_training_killed_at_random_moments_ends_bit_identical(tmp_path, undisturbed, seed):
    (reference, usual), rng, kills, wanted = undisturbed, np.random.default_rng(seed), [], amount(4, 8)
    while len(kills) < wanted:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        while len(kills) < wanted:
            how = SIGNALS[len(kills) % 3]
            if not killed(folder, how, rng.uniform(0.2, 0.95) * usual):
                usual *= 0.9  # it was quicker: the undisturbed one had other work beside it, perhaps
                break
            kills.append(how.name)
        go_on_to_the_end(folder)
        assert_same_end(folder, reference)
    for name in {*kills}:
        tally("kills at random moments", signal=name, survived=kills.count(name))


def killed(folder: Path, how: signal.Signals, after: float) -> bool:
    """Train, and send a signal some seconds later; whether that ended the run, in one of the ways in which it may."""
    process = start(folder)
    time.sleep(after)
    process.send_signal(how)
    said, complaint = process.communicate(timeout=60)
    assert_sound(folder)
    assert "Traceback" not in complaint
    assert process.returncode in ENDED | {0}
    if process.returncode in (130, 143):
        assert "everything is saved" in said or "interrupted" in complaint or "plan:" not in said
    return process.returncode != 0


@pytest.mark.parametrize("point", POINTS)
def test_a_training_killed_while_it_saves_ends_bit_identical(tmp_path, undisturbed, point):
    reference, rng = undisturbed[0], np.random.default_rng(POINTS.index(point))
    folder, kills = tmp_path / "run", 0
    for n in rng.permutation(np.arange(1, WRITINGS))[: amount(1, 4)]:
        process = start(folder, point, str(n))
        process.communicate(timeout=60)
        kills += process.returncode == -signal.SIGKILL
        assert_sound(folder)
    assert kills
    go_on_to_the_end(folder)
    assert_same_end(folder, reference)
    tally("kills while saving", point=point, survived=kills)


def stopped(folder: Path) -> bytes:
    """A run that was stopped in its middle; its checkpoint's bytes."""
    process = start(folder, "renamed", "9")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    return (folder / "checkpoint.npz").read_bytes()


def assert_the_last_checkpoint_is_kept(folder: Path, process: subprocess.Popen, before: bytes, reason: str):
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 2
    assert complaint.count("\n") == 1
    assert f"could not write {folder / 'checkpoint.npz'}: {reason}" in complaint
    assert "what was there before is unharmed" in complaint
    assert (folder / "checkpoint.npz").read_bytes() == before
    assert [path.name for path in folder.rglob("*.tmp")] == []


def test_a_file_that_may_not_grow_leaves_the_last_checkpoint(tmp_path, undisturbed):
    folder = tmp_path / "run"
    before = stopped(folder)
    process = start(folder)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (len(before) // 2,) * 2)
    assert_the_last_checkpoint_is_kept(folder, process, before, "File too large")
    go_on_to_the_end(folder)
    assert_same_end(folder, undisturbed[0])
    tally("full disks", kind="a limit on the size of files", survived=1)


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for one checkpoint and a half."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user may mount no file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_the_last_checkpoint_and_with_room_the_run_goes_on(small_disk, undisturbed):
    folder, ballast = small_disk / "run", small_disk / "ballast"
    process = start(folder, "--epochs", str(EPOCHS))
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "No space left on device; what was there before is unharmed" in complaint
    before = (folder / "checkpoint.npz").read_bytes()
    assert_sound(folder)
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    ballast.write_bytes(bytes(1 << 16))
    go_on_to_the_end(folder)
    assert_same_end(folder, undisturbed[0])
    assert before != (folder / "checkpoint.npz").read_bytes()
    tally("full disks", kind="a tmpfs of 1.5 MB", survived=1)


@pytest.mark.parametrize("option", ["--resume", "--overwrite"])
def test_a_second_training_in_the_same_folder_is_refused(tmp_path, undisturbed, option):
    folder = tmp_path / "run"
    stopped(folder)
    first = start(folder)
    assert first.stdout is not None
    next(line for line in first.stdout if line.startswith("plan:"))
    first.send_signal(signal.SIGSTOP)  # so that it is still there, however long the second one takes to come
    words = [sys.executable, SCRIPT, folder, option]
    second = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert f"another process is training in {folder}" in second.stderr
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert_same_end(folder, undisturbed[0])
    tally("two in one folder", option=option, refused=1)
