"""Files are written whole, and to where they can be; what cannot be is said before the work is done for nothing."""

import contextlib
import os
from pathlib import PurePosixPath

import pytest
from systems import links, unix

from senet_np import files
from senet_np.cli import main
from senet_np.errors import SenetError
from senet_np.files import quoted, write_atomically


@links
def test_a_link_stays_a_link_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "there").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"new"


@pytest.mark.parametrize("refusals", [1, 4, 5])
def test_on_windows_a_file_that_another_program_has_open_is_replaced_a_moment_later(tmp_path, monkeypatch, refusals):
    def replace(*paths, usual=os.replace, left=[None] * refusals):
        if left:
            left.pop()
            raise PermissionError(13, "Access is denied")
        usual(*paths)

    (tmp_path / "file").write_bytes(b"old")
    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(files, "PATIENCE", [0] * 4)
    with contextlib.nullcontext() if refusals < 5 else pytest.raises(SenetError, match="Access is denied"):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == (b"new" if refusals < 5 else b"old")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@unix
def test_what_is_no_file_is_left_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(SenetError, match="is not a file that could be replaced"):
            write_atomically(path, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("target", ["", ".", "no/such/folder/x.json"])
def test_where_the_record_cannot_be_written_nothing_is_measured(target, capsys):
    with pytest.raises(SystemExit) as left:
        main(["bench", "loop", "--json", target])
    assert left.value.code == 2
    assert "argument --json: " in capsys.readouterr().err


def test_too_little_memory_is_one_line_and_status_2(monkeypatch, capsys):
    def train(*_):
        raise MemoryError("18 GiB")

    monkeypatch.setattr("senet_np.cli.train.run", train)
    assert main(["train", "--data", "shapes"]) == 2
    assert capsys.readouterr().err.startswith("error: out of memory (18 GiB): ")


@pytest.mark.parametrize(("system", "path"), [("posix", "'my runs/$x'"), ("nt", '"my runs/$x"')])
def test_a_path_with_a_space_is_quoted_as_the_systems_shell_wants_it(system, path, monkeypatch):
    folder = PurePosixPath("my runs/$x")
    monkeypatch.setattr(os, "name", system)
    assert quoted(folder) == path
