"""A lock file lets one holder in at a time, and is let go of however its holder ends."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from systems import links, unix

from senet_np.errors import SenetError
from senet_np.files import only_one


def test_a_second_holder_is_refused_until_the_first_one_ends(tmp_path):
    with only_one(tmp_path / "lock", "taken"), pytest.raises(SenetError, match="taken"):
        only_one(tmp_path / "lock", "taken").__enter__()
    with only_one(tmp_path / "lock", "taken"):
        pass


PLANTS = [
    pytest.param(lambda path: os.mkfifo(path), marks=unix, id="a pipe"),
    pytest.param(Path.mkdir, id="a folder"),
    pytest.param(lambda path: path.symlink_to("victim"), marks=links, id="a link"),
    pytest.param(lambda path: path.symlink_to("nowhere"), marks=links, id="a link to nowhere"),
]


@pytest.mark.parametrize("plant", PLANTS)
def test_what_has_the_name_of_a_lock_and_is_no_file_is_neither_followed_nor_opened(tmp_path, plant):
    (tmp_path / "victim").write_text("precious")
    plant(tmp_path / "lock")
    with pytest.raises(OSError, match="not a file"), only_one(tmp_path / "lock", "taken"):
        pass
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


def _hold(lock: Path, child_alive) -> None:
    with only_one(lock, "taken"):
        if os.fork() == 0:
            child_alive.set()
        time.sleep(5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_forked_child_does_not_keep_the_lock_of_its_killed_parent(tmp_path):
    context = multiprocessing.get_context("fork")
    child_alive = context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "lock", child_alive))
    holder.start()
    assert child_alive.wait(10)
    with pytest.raises(SenetError), only_one(tmp_path / "lock", "taken"):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with only_one(tmp_path / "lock", "taken"):
        pass
