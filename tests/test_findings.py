"""What was measured goes into one record, and comes out of its file unchanged."""

from dataclasses import replace

import numpy as np
import pytest
from trained_runs import finished

from senet_np.analysis.findings import load_findings, measure, save_findings
from senet_np.analysis.interventions import ALL, INTERVENTIONS
from senet_np.data import Split
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.figures import Sources
from senet_np.figures.gates import gates
from senet_np.figures.shares import shares
from senet_np.figures.tables import block_table, intervention_table


@pytest.fixture(scope="module")
def model(tmp_path_factory, few_settings, few_shapes):
    return finished(tmp_path_factory.mktemp("run") / "run", few_settings, few_shapes, workers=1).model()


@pytest.fixture(scope="module")
def findings(model, few_shapes):
    with Workers(1) as workers:
        return measure(model, few_shapes, "val", workers)


def same(one, other):
    """Whether two records hold the same numbers, as float32 keeps them."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return np.allclose(one, other, rtol=1e-6, equal_nan=True) if isinstance(one, np.ndarray) else one == other


def test_everything_is_measured_on_the_validation_images(findings):
    assert findings.images == "60 validation images"
    assert [*findings.blocks] == [*findings.hidden] == ["stage1.se", "stage2.se", "stage3.se"]
    assert all(stats.images.sum() == 60 for stats in findings.blocks.values())
    assert (findings.interventions.n, findings.pruning.n) == (60, 60)
    assert [*findings.interventions.correct] == [*findings.blocks, ALL]


def test_snapshots_become_histograms_of_all_gates(findings, model):
    assert findings.snapshots.keys() == model.metadata.snapshots.keys()
    assert all(share.sum() == pytest.approx(1) for gates in findings.snapshots.values() for share in gates.values())


@pytest.mark.parametrize(
    ("option", "n"), [({"reclassify": 7}, 7), ({"reclassify": 1000}, 60), ({"thorough": False}, 0)]
)
def test_as_many_images_are_classified_again_as_requested(model, few_shapes, option, n):
    with Workers(1) as workers:
        found = measure(model, few_shapes, "val", workers, **option)
    assert [part.n if part else 0 for part in (found.interventions, found.pruning)] == [n, n]
    assert found.images == "60 validation images"


def test_findings_come_out_of_their_file_as_they_went_in(findings, tmp_path):
    save_findings(tmp_path / "some.npz", findings, {"made": "here"})
    assert same(load_findings(tmp_path / "some.npz"), findings)


@pytest.mark.parametrize("damage", ["cut", "other arrays"])
def test_a_damaged_file_of_findings_is_refused(findings, tmp_path, damage):
    path = tmp_path / "some.npz"
    save_findings(path, findings, {})
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        np.savez(path, something=np.zeros(3))
    with pytest.raises(SenetError, match=r"some\.npz"):
        load_findings(path)


def test_tables_have_one_row_per_block_and_one_per_intervention(findings):
    blocks, replaced = block_table(findings), intervention_table(findings.interventions)
    assert [row[0] for row in blocks] == ["block", "stage1", "stage2", "stage3"]
    assert [row[0] for row in replaced] == ["gates", "learned", *INTERVENTIONS]
    assert all(len(row) == len(table[0]) for table in (blocks, replaced) for row in table)
    assert replaced[1][1:] == [f"{100 * findings.interventions.learned / 60:.2f}"] * 4


def test_where_a_class_has_one_image_nothing_is_said_about_the_spread_within_it(model, few_shapes):
    labels = few_shapes.val.labels
    one_each = np.unique(labels, return_index=True)[1]
    few = replace(few_shapes, val=Split(few_shapes.val.images[one_each], labels[one_each]))
    with Workers(1) as workers:
        found = measure(model, few, "val", workers)
        sources = Sources(model, found, None, few, workers)
    assert not any("same class" in name for name in found.interventions.names)
    assert [row[5:7] for row in block_table(found)[1:]] == [["–", "–"]] * 3
    assert [*shares(sources)] == []
    drawings = [*gates(sources)]
    assert all("one image of a class tells no spread" in drawing.title for drawing in drawings)
    assert len([axes for axes in drawings[0].draw().axes if axes.images]) == 1
