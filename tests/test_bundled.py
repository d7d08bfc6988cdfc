"""Bundled pretrained models: all there, small, as accurate as their metadata says, and explained offline."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tools import bundle, gates
from trained_runs import finished

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.cli import main
from senet_np.data import load_cifar10, load_shapes
from senet_np.data.places import find_cifar10
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.figures import draw, plan
from senet_np.figures.registry import kinds
from senet_np.runs import bundled
from senet_np.runs.bundled import FOLDER, SUMS, findings_path, names
from senet_np.train.evaluation import evaluate
from senet_np.tree import tree_items

PAGE = Path(__file__).parents[1] / "docs" / "gates.md"
PLACE = os.environ.get("SENET_NP_DATA", "")
ROUNDING = 2  # images on the border of two classes, which another machine's sums may push over it
EXPECTED = {
    "tiny-se": ("tiny", True, 4), "tiny-se-r2": ("tiny", True, 2), "tiny-se-r8": ("tiny", True, 8),
    "tiny-se-r16": ("tiny", True, 16), "tiny-plain": ("tiny", False, 4), "resnet20-se": ("resnet20", True, 4),
    "sprint-se": ("sprint", True, 4), "sprint-plain": ("sprint", False, 4),
    "shapes-se": ("tiny", True, 4), "shapes-plain": ("tiny", False, 4),
}  # fmt: skip


def correct(model, test):
    with Workers() as workers:
        return evaluate(model, test, workers).correct


def test_the_bundled_models_are_the_promised_ones():
    assert names() == sorted(EXPECTED)
    for name, (net, se, r) in EXPECTED.items():
        settings = senet_np.load(name).settings
        assert (settings.net, settings.se, settings.reduction) == (net, se, r), name


def test_all_together_are_smaller_than_8_megabytes():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 8_000_000


def test_every_file_is_listed_with_its_digest():
    listed = {line.split()[1] for line in (FOLDER / SUMS).read_text("utf-8").splitlines()}
    assert listed == {path.name for path in FOLDER.iterdir()} - {SUMS}
    for name in listed:
        bundled.check_sum(FOLDER / name)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_tells_what_it_was_trained_and_measured_on_and_by_which_command(name):
    metadata = senet_np.load(name).metadata
    assert metadata.command.startswith("python -m senet_np train --data ")
    assert metadata.data.provenance in ("not the official bytes", "made by NumPy")
    assert metadata.result.n == metadata.data.images["test"]


@pytest.mark.parametrize("name", [name for name, (_, se, _) in EXPECTED.items() if se])
def test_its_findings_are_over_all_test_images(name):
    findings, result = load_findings(findings_path(name)), senet_np.load(name).metadata.result
    n = result.n
    assert findings.images == f"{n:,} test images"
    assert (findings.interventions.n, findings.pruning.n) == (n, n)
    assert findings.interventions.learned == result.correct
    counts = [stats.counts.sum(axis=(0, 2)) for stats in findings.blocks.values()]
    assert all((channels == n).all() for channels in counts)
    assert len(findings.snapshots) == 8


@pytest.mark.parametrize("name", ["shapes-se", "shapes-plain"])
def test_on_shapes_evaluate_finds_the_accuracy_of_the_metadata(name):
    model, test = senet_np.load(name), load_shapes().test
    assert abs(correct(model, test) - model.metadata.result.correct) <= ROUNDING
    assert len(test.labels) == model.metadata.result.n


@pytest.mark.skipif(not PLACE, reason="SENET_NP_DATA is not set: no real images to test on")
@pytest.mark.filterwarnings("ignore:CIFAR-10 in")
@pytest.mark.parametrize("name", ["tiny-se", "tiny-plain", "resnet20-se"])
def test_on_cifar10_evaluate_finds_the_accuracy_of_the_metadata(name):
    place = find_cifar10(PLACE)
    assert place is not None
    dataset, model = load_cifar10(place), senet_np.load(name)
    if dataset.fingerprint != model.metadata.data.fingerprint:
        pytest.skip("this is another copy of CIFAR-10 than the networks were measured on")
    assert abs(correct(model, dataset.test) - model.metadata.result.correct) <= ROUNDING


@pytest.fixture
def no_data(tmp_path, monkeypatch):
    """A machine on which no CIFAR-10 is found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENET_NP_DATA", raising=False)
    for variable in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))


def test_a_bundled_model_is_explained_with_no_data_on_the_machine(no_data, monkeypatch, capsys):
    drawn = {}

    def write_report(sources, out, notes, *_):
        drawn.update({kind.key: draw(drawing, sources).get_suptitle() for kind, drawing in plan(sources)})
        return [out / "index.html"]

    monkeypatch.setattr("senet_np.cli.explain.write_report", write_report)
    assert main(["explain", "tiny-se"]) == 0
    assert capsys.readouterr().out.startswith("CIFAR-10 is not on this machine")
    assert drawn.keys() == {kind.key for kind in kinds()} - {"top_images", "sky"}, "images of the data need the data"
    assert "a photo of a person" in drawn["answer"], "the photo that comes with Matplotlib"
    assert drawn["profiles"].endswith("cifar10 (not the official bytes), seed 0; n = 10,000 test images")


def test_a_number_names_no_image_where_the_data_is_missing(no_data, capsys):
    assert main(["explain", "tiny-se", "--image", "7"]) == 2
    assert "--image 7 is a validation image's number, but the data is not on this machine" in capsys.readouterr().err


def test_the_page_about_gates_is_up_to_date():
    assert gates.refreshed(PAGE) == PAGE.read_text("utf-8"), "run: python docs/tools/gates.py docs/gates.md"


def test_a_figure_that_does_not_exist_is_refused_by_the_page(tmp_path):
    (tmp_path / "page.md").write_text("<!-- gates tiny-se clouds -->\n<!-- end -->\n")
    with pytest.raises(SenetError, match="asks for 'clouds' of tiny-se, expected one of curves"):
        gates.refreshed(tmp_path / "page.md")


def test_float16_is_what_is_on_disk():
    for name in EXPECTED:
        with np.load(FOLDER / f"{name}.npz") as file:
            assert {file[key].dtype for key in file.files if not key.startswith("__")} == {np.dtype(np.float16)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, few_settings, few_shapes):
    return finished(tmp_path_factory.mktemp("run") / "run", few_settings, few_shapes, workers=1).model()


def test_a_model_that_is_bundled_is_loaded_as_it_was_measured(trained, few_shapes, tmp_path, monkeypatch):
    with Workers(1) as workers:
        result = bundle.bundle(trained, few_shapes, "small", workers, tmp_path)
    monkeypatch.setattr(bundled, "FOLDER", tmp_path)
    model = senet_np.load("small")
    assert model.metadata.result == result
    assert (result.correct, result.n) == (correct(model, few_shapes.test), 60)
    halves = {path: array.astype(np.float16) for path, array in tree_items(trained.params)}
    assert all(np.array_equal(array, halves[path]) for path, array in tree_items(model.params))
    assert load_findings(findings_path("small")).images == "60 test images"
    assert [record["epoch"] for record in model.metadata.epochs] == [1, 2, 3]


def test_a_run_that_is_not_finished_is_not_bundled(trained, few_shapes, tmp_path):
    unfinished = replace(trained, metadata=replace(trained.metadata, finished=False))
    with Workers(1) as workers, pytest.raises(SenetError, match="is not trained to its end"):
        bundle.bundle(unfinished, few_shapes, "small", workers, tmp_path)


def test_a_run_is_not_bundled_with_other_data(trained, few_shapes, tmp_path):
    other = replace(few_shapes, fingerprint="0" * 64)
    with Workers(1) as workers, pytest.raises(SenetError, match="holds other bytes"):
        bundle.bundle(trained, other, "small", workers, tmp_path)
