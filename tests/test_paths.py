"""Folders may have any name, the home may be read-only, and no name that we write offends Windows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from small_data import few_images
from systems import LINUX, linux, unix
from tally import amount

from senet_np import data
from senet_np.cli import main

if LINUX:
    from small_training import Training

ODD_NAMES = ("Ördnér, 文件夹, папка 🙂; it's $HOME & [b] #1 %20", "a folder with blanks", "-dash")
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{k}" for port in ("com", "lpt") for k in range(1, 10))}


@pytest.fixture(params=ODD_NAMES[: amount(1, 3)])
def folder(tmp_path, request, monkeypatch):
    """A folder with an odd name; the current one, so that a name can begin with a dash."""
    place = tmp_path / request.param
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setattr(data, "load_shapes", few_images)
    return place


@linux
def test_a_run_lives_in_a_folder_of_any_name(folder):
    assert Training(folder / "run").end()[0] == 0
    for words in (
        ("evaluate", folder / "run"),
        ("export", folder / "run", folder / "weights of mine.npz"),
        ("import", folder / "weights of mine.npz", "--out", folder / "second run"),
        ("explorer", "shapes-plain", "--out", folder / "page.html"),
        ("course", folder / "the course"),
    ):
        assert main([*map(str, words)]) == 0
    assert [path for path in folder.rglob("*") if illegal(path.name)] == []


@unix
@pytest.mark.parametrize("home", ["/dev/null", "/proc", "/nowhere"][: amount(1, 3)])
def test_a_home_that_cannot_be_written_is_no_hindrance(folder, home):
    command = [sys.executable, "-m", "senet_np", "explain", "tiny-plain", "--out", folder / "figures"]
    environ = os.environ | {"HOME": home, "XDG_CACHE_HOME": home, "MPLCONFIGDIR": home}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=environ, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [path for path in folder.rglob("*") if illegal(path.name)] == []


@linux  # elsewhere a name has to be Unicode
def test_an_image_may_have_any_name(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/$\\frac{$ \xff a\nb.png"))
    Image.new("RGB", (40, 40), "blue").save(tmp_path / "a.png")
    os.rename(tmp_path / "a.png", path)
    assert main(["explain", "tiny-plain", "--image", str(path), "--out", str(tmp_path / "out")]) == 0


@unix
def test_a_home_that_cannot_be_written_is_told_where_something_would_go_there(monkeypatch, capsys):
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.delenv("SENET_NP_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert main(["data", "--download", "--url", "http://127.0.0.1:9/x"]) == 2
    assert "name a folder with room that may be written to" in capsys.readouterr().err


def illegal(name: str) -> str | None:
    """Why Windows would refuse the name of a file; None where it would not."""
    if re.search(r'[<>:"/\\|?*\x00-\x1f]', name):
        return "a character"
    if name[-1:] in (".", " "):
        return "its end"
    return "a device" if name.split(".")[0].lower() in RESERVED else None


def test_the_names_in_the_repository_are_legal_on_windows_and_differ_in_more_than_case():
    root = Path(__file__).parents[1]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no clone")
    names = listed.stdout.decode("utf-8").split("\0")[:-1]
    assert len({name.lower() for name in names}) == len(names)
    assert [name for name in names if any(illegal(part) for part in name.split("/"))] == []
    assert max(map(len, names)) < 120  # of 260, and the clone lies somewhere
