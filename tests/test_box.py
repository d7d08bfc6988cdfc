"""The networks that come with the package: all there, small, as good as their metadata says, and explained offline."""

import os
from pathlib import Path

import numpy as np
import pytest

import senet_np
from senet_np.analysis.findings import load_findings
from senet_np.cli import main
from senet_np.data import load_cifar10, load_shapes
from senet_np.data.places import find_cifar10
from senet_np.fast.workers import Workers
from senet_np.figures import docs
from senet_np.figures.style import STYLE
from senet_np.runs.bundled import BOX, SUMS, findings_path, names
from senet_np.train.evaluation import evaluate

PAGE = Path(__file__).parents[1] / "docs" / "gates.md"
PLACE = os.environ.get("SENET_NP_DATA", "")
ROUNDING = 2  # images on the border of two classes, which another machine's sums may push over it
EXPECTED = {
    "tiny-se": ("tiny", True, 4), "tiny-se-r2": ("tiny", True, 2), "tiny-se-r8": ("tiny", True, 8),
    "tiny-se-r16": ("tiny", True, 16), "tiny-plain": ("tiny", False, 4), "resnet20-se": ("resnet20", True, 4),
    "shapes-se": ("tiny", True, 4), "shapes-plain": ("tiny", False, 4),
}  # fmt: skip


def measured(name, test):
    found = senet_np.pretrained(name)
    with Workers() as workers:
        return evaluate(found.net, found.params, found.state, test, found.normalizer, workers)


def test_the_box_holds_what_it_promises():
    assert names() == sorted(EXPECTED)
    for name, (net, se, r) in EXPECTED.items():
        settings = senet_np.pretrained(name).settings
        assert (settings.net, settings.se, settings.reduction) == (net, se, r), name


def test_the_whole_box_is_smaller_than_4_megabytes():
    assert sum(path.stat().st_size for path in BOX.iterdir()) < 4_000_000


def test_every_file_of_the_box_is_listed_with_its_digest():
    listed = {line.split()[1] for line in (BOX / SUMS).read_text("utf-8").splitlines()}
    assert listed == {path.name for path in BOX.iterdir()} - {SUMS}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_says_on_what_it_was_trained_and_measured_and_with_which_command(name):
    about = senet_np.pretrained(name).about
    assert about["command"].startswith("python -m senet_np train --data ")
    assert about["data"]["stamp"] in ("not the official bytes", "made by NumPy")
    assert about["test"]["accuracy"] == about["test"]["correct"] / about["test"]["n"]
    assert about["test"]["n"] == about["data"]["images"]["test"]


@pytest.mark.parametrize("name", [name for name, (_, se, _) in EXPECTED.items() if se])
def test_the_findings_beside_it_are_over_all_test_images(name):
    found, about = load_findings(findings_path(name)), senet_np.pretrained(name).about
    n = about["test"]["n"]
    assert found.images == f"{n:,} test images"
    assert found.controls is not None
    assert (found.controls.n, found.controls.learned) == (n, about["test"]["correct"])
    assert found.pruning is not None
    assert found.pruning.n == n
    assert all(stats.counts.sum(axis=(0, 2)).tolist() == [n] * stats.mean.shape[1] for stats in found.blocks.values())
    assert len(found.moments) == 8


@pytest.mark.parametrize("name", ["shapes-se", "shapes-plain"])
def test_on_shapes_evaluate_finds_the_accuracy_of_the_metadata(name):
    said, score = senet_np.pretrained(name).about["test"], measured(name, load_shapes().test)
    assert score.n == said["n"]
    assert abs(score.correct - said["correct"]) <= ROUNDING


@pytest.mark.skipif(not PLACE, reason="SENET_NP_DATA is not set: no real images to test on")
@pytest.mark.filterwarnings("ignore:CIFAR-10 in")
@pytest.mark.parametrize("name", ["tiny-se", "tiny-plain", "resnet20-se"])
def test_on_cifar10_evaluate_finds_the_accuracy_of_the_metadata(name):
    place = find_cifar10(PLACE)
    assert place is not None
    dataset, about = load_cifar10(place), senet_np.pretrained(name).about
    if dataset.fingerprint != about["data"]["fingerprint"]:
        pytest.skip("this is another copy of CIFAR-10 than the networks were measured on")
    assert abs(measured(name, dataset.test).correct - about["test"]["correct"]) <= ROUNDING


def test_a_network_of_the_box_is_explained_with_no_data_on_the_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENET_NP_DATA", raising=False)
    monkeypatch.setitem(STYLE, "savefig.dpi", 20)
    monkeypatch.setitem(STYLE, "figure.constrained_layout.use", False)
    for variable in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    assert main(["explain", "tiny-se"]) == 0
    drawn = {path.stem for path in (tmp_path / "explained" / "tiny-se").glob("*.png")}
    assert {"answer", "profiles", "shares", "controls", "pruning", "distribution", "moments", "weights"} <= drawn


def test_the_page_about_gates_says_what_lies_in_the_box():
    text = PAGE.read_text("utf-8")
    assert docs.refreshed(PAGE) == text, "run: python -m senet_np.figures.docs docs/gates.md"


def test_float16_is_what_is_on_disk():
    for name in EXPECTED:
        with np.load(BOX / f"{name}.npz") as file:
            assert {file[key].dtype for key in file.files if not key.startswith("__")} == {np.dtype(np.float16)}
