"""A figure that cannot be drawn costs itself and one sentence, and no result of a training."""

import pytest
from trained_runs import finished
from untrained import FEW, untrained

from senet_np.analysis.findings import measure
from senet_np.cli import main
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.figures import Sources, write_report
from senet_np.figures.registry import kinds
from senet_np.figures.style import STYLE
from senet_np.settings import make_settings

GATES = {"gates_stage1.se.png", "gates_stage2.se.png"}


@pytest.fixture(scope="module")
def sources():
    model = untrained(widths=(4, 4))
    with Workers(1) as workers:
        return Sources(model, measure(model, FEW, "val", workers, thorough=False))


@pytest.fixture(autouse=True)
def two_kinds(monkeypatch):
    """Only two kinds of figures, of which the second has one figure per block; coarsely drawn."""
    monkeypatch.setitem(STYLE, "figure.constrained_layout.use", False)
    monkeypatch.setitem(STYLE, "savefig.dpi", 20)
    every = {kind.key: kind for kind in kinds()}
    monkeypatch.setattr("senet_np.figures.report.kinds", lambda: [every["distribution"], every["gates"]])


@pytest.fixture
def failing(monkeypatch):
    """Put a failure in a function's place."""

    def put(name, error):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr(f"senet_np.{name}", fail)

    return put


def drawn_with_one_warning(sources, folder):
    """The names of the figures that are written, and the sentence."""
    with pytest.warns(UserWarning, match="not drawn") as caught:
        page, *figures = write_report(sources, folder)
    (sentence,) = (str(one.message) for one in caught)
    assert sentence in page.read_text("utf-8")
    return {path.name for path in figures}, sentence


def test_a_figure_that_fails_costs_itself_and_one_sentence(sources, failing, tmp_path):
    failing("figures.distribution.draw_distribution", OSError(24, "Too many open files"))  # which the disk is not
    figures, sentence = drawn_with_one_warning(sources, tmp_path)
    assert figures == {path.name for path in tmp_path.glob("*.png")} == GATES
    assert sentence == "not drawn: “Dead, saturated or alive?” (OSError: [Errno 24] Too many open files)"


def test_the_page_has_no_figure_that_is_missing(sources, failing, tmp_path):
    failing("figures.distribution.draw_distribution", ValueError("no"))
    drawn_with_one_warning(sources, tmp_path)
    assert "distribution.png" not in (tmp_path / "index.html").read_text("utf-8")


def test_figures_that_fail_for_one_reason_are_named_in_one_sentence(sources, failing, tmp_path):
    failing("figures.gates.new_figure", ValueError("in many\nlines"))
    figures, sentence = drawn_with_one_warning(sources, tmp_path)
    assert figures == {"distribution.png"}
    names = "“All gates of one block: stage1”, “All gates of one block: stage2”"
    assert sentence == f"not drawn: {names} (ValueError: in many lines)"


def test_a_figure_whose_numbers_cannot_be_computed_costs_itself(sources, failing, tmp_path):
    failing("figures.distribution.diagnose", MemoryError("2 GiB"))
    figures, sentence = drawn_with_one_warning(sources, tmp_path)
    assert figures == GATES
    assert sentence == "not drawn: “Dead, saturated or alive?” (MemoryError: 2 GiB)"


def test_without_matplotlib_there_is_the_page_with_its_tables(sources, failing, tmp_path):
    failing("figures.report.load_matplotlib", SenetError("Matplotlib cannot be imported"))
    figures, sentence = drawn_with_one_warning(sources, tmp_path)
    assert figures == set()
    assert sentence == "not drawn: all figures (Matplotlib cannot be imported)"
    assert "Each block in numbers" in (tmp_path / "index.html").read_text("utf-8")


def test_a_full_disk_is_no_failure_of_a_figure(sources, failing, tmp_path):
    failing("figures.report.Path.write_bytes", OSError(28, "No space left on device"))
    with pytest.raises(SenetError, match=r"could not write the plots to .*: No space left on device; choose another"):
        write_report(sources, tmp_path)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A finished run; `train --resume` has nothing left to do but to draw."""
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: FEW)
    settings = make_settings("shapes", {"widths": (4, 4), "batch_size": 16, "micro_batch": 8, "epochs": 1})
    return finished(tmp_path / "run", settings, FEW, workers=1)


def test_training_prints_its_result_before_anything_is_drawn(run, failing, capsys):
    failing("cli.explain.first_look", SenetError("the disk is full"))
    assert main(["train", "--resume", "--out", str(run.path)]) == 2
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1].startswith("test accuracy ")
    assert printed.err == "error: the disk is full\n"


def test_training_ends_well_where_no_figure_can_be_drawn(run, failing, capsys):
    failing("figures.report.draw", RuntimeError("no"))
    assert main(["train", "--resume", "--out", str(run.path)]) == 0
    *_, result, figures = capsys.readouterr().out.splitlines()
    assert result.startswith("test accuracy ")
    assert figures.startswith("figures: 0, on ")
