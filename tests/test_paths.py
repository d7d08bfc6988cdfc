"""Folders may have any name, the home may be read-only, and no name that we write offends Windows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tally import amount

from senet_np.cli import main

SCRIPT = Path(__file__).with_name("small_training.py")
ROOT = SCRIPT.parents[1]
ODD_NAMES = ("Ördnér, 文件夹, папка 🙂", "a folder with blanks", "it's $HOME; (a) & [b] #1 %20", "-dash")
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{k}" for port in ("com", "lpt") for k in range(1, 10))}


def senet(*words: object, script: Path | None = None, **environ: str) -> subprocess.CompletedProcess:
    start = [sys.executable, script] if script else [sys.executable, "-m", "senet_np"]
    command = [*map(str, (*start, *words))]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environ, timeout=120)


@pytest.fixture(params=ODD_NAMES[: amount(1, 4)])
def folder(tmp_path, request, monkeypatch):
    """A folder with an odd name; the current one, so that a name can begin with a dash."""
    place = tmp_path / request.param
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def test_a_run_lives_in_a_folder_of_any_name(folder):
    assert senet(folder / "run", script=SCRIPT).returncode == 0
    for words in (
        ("evaluate", folder / "run"),
        ("export", folder / "run", folder / "weights of mine.npz"),
        ("import", folder / "weights of mine.npz", "--out", folder / "second run"),
        ("explain", "tiny-plain", "--out", folder / "pictures"),
        ("explorer", "shapes-plain", "--out", folder / "page.html"),
        ("course", folder / "the course"),
    ):
        done = senet(*words)
        assert done.returncode == 0, done.stderr
    assert all(illegal(path.name) is None for path in folder.rglob("*"))


def illegal(name: str) -> str | None:
    """Why Windows would refuse the name of a file; None where it would not."""
    if re.search(r'[<>:"/\\|?*\x00-\x1f]', name):
        return "a character"
    if name[-1:] in (".", " "):
        return "its end"
    return "a device" if name.split(".")[0].lower() in RESERVED else None


def test_the_names_in_the_repository_are_legal_on_windows_and_differ_in_more_than_case():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no clone")
    names = listed.stdout.decode("utf-8").split("\0")[:-1]
    assert len({name.lower() for name in names}) == len(names)
    assert [name for name in names if any(illegal(part) for part in name.split("/"))] == []
    assert max(map(len, names)) < 120  # of 260, and the clone lies somewhere


@pytest.mark.parametrize("home", ["/dev/null", "/proc", "/nowhere"][: amount(1, 3)])
def test_a_home_that_cannot_be_written_is_no_hindrance(tmp_path, home):
    where = {"HOME": home, "XDG_CACHE_HOME": home, "MPLCONFIGDIR": home}
    assert senet(tmp_path / "run", script=SCRIPT, **where).returncode == 0
    done = senet("explain", "tiny-plain", "--out", tmp_path / "pictures", **where)
    assert done.returncode == 0, done.stderr


def test_a_home_that_cannot_be_written_is_said_where_something_would_go_there(monkeypatch, capsys):
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.delenv("SENET_NP_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert main(["data", "--download", "--url", "http://127.0.0.1:9/x"]) == 2
    assert "name a folder with room that may be written to" in capsys.readouterr().err
