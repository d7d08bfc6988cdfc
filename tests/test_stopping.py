"""A training that is told to stop, or whose terminal is closed, loses nothing. Real processes, which take seconds."""

import os
import signal
import subprocess
import sys
from functools import partial

import pytest
from systems import unix
from trained_runs import assert_same_bits

from senet_np.runs.run import open_run

pytestmark = unix
FEW_IMAGES = """
from senet_np import data
from senet_np.cli import main
few = data.load_shapes(seed=5, sizes=(640, 40, 40))
data.load_shapes = lambda: few
raise SystemExit(main())
"""
TRAIN = [sys.executable, "-c", FEW_IMAGES, "train", "--data", "shapes", "--widths", "4", "--no-plots"]
TRAIN += ["--epochs", "8", "--batch-size", "16", "--micro-batch", "8", "--workers", "2", "--out"]
ENV = {**os.environ, "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A run that nobody stopped."""
    folder = tmp_path_factory.mktemp("runs") / "undisturbed"
    subprocess.run([*TRAIN, folder], check=True, capture_output=True, env=ENV)
    return open_run(folder)


def assert_goes_on_to_the_same_end(folder, undisturbed):
    assert open_run(folder).result is None
    subprocess.run([*TRAIN, folder, "--resume"], check=True, capture_output=True, env=ENV)
    assert_same_bits(open_run(folder).load(), undisturbed.load())


@pytest.mark.parametrize(
    ("number", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)], ids=lambda value: str(value)
)
def test_a_signal_ends_a_process_cleanly_and_the_run_goes_on_to_the_same_end(tmp_path, number, status, undisturbed):
    handle = partial(signal.signal, getattr(signal, number), signal.SIG_DFL)  # nohup, or a shell's `&`, ignores it
    process = subprocess.Popen(
        [*TRAIN, tmp_path / "run"], stdout=-1, stderr=-1, encoding="utf-8", env=ENV, preexec_fn=handle
    )
    assert process.stdout is not None
    assert any(line.startswith("epoch 1/8") for line in process.stdout)
    process.send_signal(getattr(signal, number))
    out, err = process.communicate(timeout=150)
    assert (process.returncode, err) == (status, "")
    assert "everything is saved" in out
    assert_goes_on_to_the_same_end(tmp_path / "run", undisturbed)


def train_on_a_terminal_that_closes(folder, hangup):
    """Train in the foreground of a terminal, close it during the first epoch, and return the exit status."""
    import pty

    process, terminal = pty.fork()
    if process == 0:
        signal.signal(signal.SIGHUP, hangup)
        os.execve(sys.executable, [*TRAIN, str(folder)], ENV)
    seen = b""
    while b"accuracy" not in seen:  # on the bar, after the first steps
        seen += os.read(terminal, 1024)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_a_closed_terminal_loses_no_step(tmp_path, undisturbed):
    assert train_on_a_terminal_that_closes(tmp_path / "run", signal.SIG_DFL) == 129
    progress = open_run(tmp_path / "run").load()
    assert (progress.epoch, progress.batch) > (0, 0)
    assert_goes_on_to_the_same_end(tmp_path / "run", undisturbed)


def test_under_nohup_a_closed_terminal_does_not_matter(tmp_path, undisturbed):
    assert train_on_a_terminal_that_closes(tmp_path / "run", signal.SIG_IGN) == 0
    assert open_run(tmp_path / "run").result == undisturbed.result
