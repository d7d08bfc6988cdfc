"""The plain twin: the same net trained without SE, found by its settings, and shown beside replaced gates."""

from dataclasses import replace

import pytest
from trained_runs import finished

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.cli import main
from senet_np.figures.interventions import draw_interventions, title
from senet_np.figures.style import style
from senet_np.figures.tables import intervention_table
from senet_np.model import Result
from senet_np.runs.bundled import findings_path, names
from senet_np.runs.run import create_run
from senet_np.runs.twins import plain_twin

TWIN = Result(7580, 10_000)


@pytest.mark.parametrize("name", [name for name in names() if name.startswith(("tiny-se", "shapes-se"))])
def test_bundled_models_have_a_bundled_twin_whatever_their_reduction(name):
    assert plain_twin(senet_np.load(name)).name == f"{name.partition('-')[0]}-plain"


def test_the_twin_of_a_run_lies_beside_it(tmp_path, few_settings, few_shapes):
    run = finished(tmp_path / "with SE", replace(few_settings, reduction=2, gate="tanh"), few_shapes)
    create_run(tmp_path / "a of another seed", replace(few_settings, se=False, seed=1), few_shapes)
    create_run(tmp_path / "b not trained yet", replace(few_settings, se=False), few_shapes)
    (tmp_path / "c damaged").mkdir()
    (tmp_path / "c damaged" / "config.json").write_text("{")
    assert plain_twin(run.model()) is None
    twin = finished(tmp_path / "plain", replace(few_settings, se=False), few_shapes)
    assert plain_twin(run.model()).result == twin.model().metadata.result


def test_the_figure_has_a_line_for_the_twin_in_every_panel():
    counts = load_findings(findings_path("tiny-se")).interventions
    with style():
        panels = [axes for axes in draw_interventions(counts, TWIN).axes if axes.lines]
    dashed = [[line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"] for axes in panels]
    assert dashed == [[75.8]] * len(counts.correct)


def test_title_and_table_say_how_good_the_twin_is():
    counts = load_findings(findings_path("tiny-se")).interventions
    assert title(counts, TWIN).endswith(". Trained without SE: 75.8 %")
    assert intervention_table(counts, TWIN)[-1] == ["trained without SE", *["75.80"] * 4]
    assert intervention_table(counts, TWIN)[:-1] == intervention_table(counts)


def test_explain_shows_the_twin(monkeypatch):
    shown = []
    monkeypatch.setattr("senet_np.cli.explain.write_report", lambda sources, *_: shown.append(sources) or ["page"])
    assert main(["explain", "tiny-se"]) == 0
    assert shown[0].twin.result == TWIN


def test_explain_measures_the_twin_of_a_run_on_the_images_of_the_interventions(
    tmp_path, few_settings, few_shapes, monkeypatch
):
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: few_shapes)
    finished(tmp_path / "with SE", few_settings, few_shapes)
    twin = finished(tmp_path / "plain", replace(few_settings, se=False), few_shapes).model()
    shown, n = [], 30
    monkeypatch.setattr("senet_np.cli.explain.write_report", lambda sources, *_: shown.append(sources) or ["page"])
    assert main(["explain", str(tmp_path / "with SE"), "--interventions", str(n)]) == 0
    images, labels = few_shapes.val
    assert shown[0].twin.result == Result(int((twin.run(images[:n]).argmax(axis=1) == labels[:n]).sum()), n)
