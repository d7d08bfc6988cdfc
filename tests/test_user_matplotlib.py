"""Figures depend on no setting of the user's: no matplotlibrc, no MPLBACKEND, no notebook; and they change none."""

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import matplotlib
import pytest
from cycler import cycler
from small_figure import draw_small

from senet_np.figures.style import style

SETTINGS: Any = {
    "image.origin": "lower",
    "image.cmap": "hot",
    "text.usetex": True,
    "font.family": ["No Such Font"],
    "font.size": 30,
    "figure.autolayout": True,
    "figure.facecolor": "pink",
    "savefig.format": "pdf",
    "savefig.bbox": "tight",
    "savefig.transparent": True,
    "axes.prop_cycle": cycler(color=["red"]),
    "lines.linewidth": 9,
    "path.sketch": (1, 100, 2),  # as xkcd draws
    "legend.loc": "center",
}


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """The small figure, drawn where nobody has settings."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        return draw_small(tmp_path_factory.mktemp("usual") / "figure.png")


def in_a_process(folder, backend="agg", matplotlibrc=b""):
    """Draw the small figure with settings of the user's: the file's bytes, stdout and stderr."""
    (folder / "matplotlibrc").write_bytes(matplotlibrc)
    program = [sys.executable, str(Path(__file__).with_name("small_figure.py")), "figure.png"]
    done = subprocess.run(
        program,
        cwd=folder,
        env=os.environ | {"MPLBACKEND": backend},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    figure = folder / "figure.png"
    return figure.read_bytes() if figure.exists() else None, done.stdout.strip(), done.stderr


def test_no_setting_of_the_user_changes_a_figure(usual, tmp_path, caplog):
    with matplotlib.rc_context(SETTINGS):
        assert draw_small(tmp_path / "figure.png") == usual
    assert caplog.records == []


def test_every_setting_of_the_caller_is_put_back_even_after_an_error():
    with matplotlib.rc_context(SETTINGS):
        before = dict(matplotlib.rcParams.copy())
        with pytest.raises(ZeroDivisionError), style():
            matplotlib.rcParams["lines.linewidth"] = 1 / 0
        assert dict(matplotlib.rcParams.copy()) == before


def test_a_notebook_goes_on_showing_what_is_drawn_in_the_style():
    with matplotlib.rc_context({"interactive": not matplotlib.rcParamsDefault["interactive"]}):
        before = matplotlib.is_interactive(), matplotlib.get_backend()
        with style():
            assert (matplotlib.is_interactive(), matplotlib.get_backend()) == before


def test_letters_that_the_font_lacks_are_boxes_without_a_word(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_small(tmp_path / "figure.png", "猫犬🐈.jpg")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("backend", ["nonsense", "module://gone"])
def test_a_backend_that_cannot_be_used_changes_no_figure(backend, usual, tmp_path):
    figure, _, complaints = in_a_process(tmp_path, backend)
    assert figure == usual
    assert complaints == ""


def test_a_matplotlibrc_full_of_errors_changes_no_figure_and_prints_nothing(usual, tmp_path):
    lines = b"this is no setting\nno.such.key: 1\nimage.origin: sideways\nbackend: nonsense\ntext.usetex: True\n"
    figure, _, complaints = in_a_process(tmp_path, matplotlibrc=lines + b"font.family: No Such Font\n")
    assert figure == usual
    assert complaints == ""


def test_the_callers_own_plots_have_the_callers_settings_after_ours(tmp_path):
    _, printed, _ = in_a_process(tmp_path, "svg", b"lines.linewidth: 9\n")
    assert printed == "svg 9.0 svg"


def test_a_matplotlibrc_that_is_no_text_is_an_error_that_says_what_to_do(tmp_path):
    figure, _, complaints = in_a_process(tmp_path, matplotlibrc="lines.linewidth: 9".encode("utf-16"))
    assert figure is None
    last = complaints.splitlines()[-1]
    assert last.startswith("senet_np.errors.SenetError: Matplotlib cannot be imported ('utf-8' codec can't decode")
    assert last.endswith("): correct its configuration file (matplotlibrc), or install it again")
