"""What was measured goes into one record and comes out of its file unchanged; and titles can say the opposite."""

import numpy as np
import pytest

from senet_np.analysis.findings import load_findings, measure, save_findings
from senet_np.analysis.gates import BINS, summarize
from senet_np.analysis.health import diagnose
from senet_np.analysis.hidden import summarize_hidden
from senet_np.analysis.interventions import ALL, CONTROLS, Controls
from senet_np.analysis.pruning import DRAWS, ORDERS, SHARES, Pruning
from senet_np.analysis.specificity import Shares
from senet_np.analysis.subject import of_run
from senet_np.analysis.tables import block_table, control_table
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.figures import titles
from senet_np.runs.run import create_run
from senet_np.train.loop import train

rng = np.random.default_rng(0)
LABELS = np.repeat(np.arange(10), 3)


@pytest.fixture(scope="module")
def found(tmp_path_factory, few_settings, few_shapes, callback):
    run = create_run(tmp_path_factory.mktemp("run") / "run", few_settings, few_shapes)
    train(run, few_shapes, run.load(), callback(), threads=1)
    with Workers(1) as workers:
        return measure(of_run(run), few_shapes, "val", workers)


def same(one, other):
    """Whether two records hold the same numbers, as float32 keeps them."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return np.allclose(one, other, rtol=1e-6, equal_nan=True) if isinstance(one, np.ndarray) else one == other


def test_everything_is_measured_on_the_validation_images(found, few_shapes):
    assert found.images == "60 validation images"
    assert [*found.blocks] == [*found.hidden] == ["stage1.se", "stage2.se", "stage3.se"]
    assert all(stats.images.sum() == 60 for stats in found.blocks.values())
    assert (found.controls.n, found.pruning.n) == (60, 60)
    assert [*found.controls.correct] == [*found.blocks, ALL]
    assert all(share.sum() == pytest.approx(1) for gates in found.moments.values() for share in gates.values())


def test_findings_come_out_of_their_file_as_they_went_in(found, tmp_path):
    save_findings(tmp_path / "some.npz", found, {"made": "here"})
    assert same(load_findings(tmp_path / "some.npz"), found)


@pytest.mark.parametrize("damage", ["cut", "other arrays"])
def test_a_damaged_file_of_findings_is_refused(found, tmp_path, damage):
    path = tmp_path / "some.npz"
    save_findings(path, found, {})
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        np.savez(path, something=np.zeros(3))
    with pytest.raises(SenetError, match=r"some\.npz"):
        load_findings(path)


def test_tables_have_a_row_a_block_and_a_row_a_control(found):
    blocks, controls = block_table(found), control_table(found.controls)
    assert [row[0] for row in blocks] == ["block", "stage1", "stage2", "stage3"]
    assert [row[0] for row in controls] == ["gates", "learned", *CONTROLS]
    assert all(len(row) == len(table[0]) for table in (blocks, controls) for row in table)
    assert controls[1][1:] == [f"{100 * found.controls.learned / 60:.2f}"] * 4


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.1, 0.2, 0.3), "it rises with depth all along"),
        ((0.2, 0.1, 0.3), "more in the last block than in the first, but not all along: it falls at stage2"),
        ((0.3, 0.2, 0.1), "it does not rise with depth: it falls at stage2 and stage3"),
        ((0.3,), "one block alone has no depth"),
    ],
)
def test_the_title_about_depth_says_the_exception_too(numbers, words):
    shares = {f"stage{k}.se": Shares(0.9 - class_, class_, 0.1, 1.0) for k, class_ in enumerate(numbers, 1)}
    assert titles.shares(shares).endswith(words)


def test_many_blocks_are_told_by_their_least_and_most():
    shares = {f"stage{k}.se": Shares(0.5, k / 20, 0.5 - k / 20, 1.0) for k in range(1, 8)}
    assert titles.shares(shares) == (
        "The class explains 5 % (stage1) to 35 % (stage7) of the variance of the gates: it rises with depth all along"
    )


@pytest.mark.parametrize(
    ("with_means", "words"), [(60, "it matters"), (79, "no difference seen"), (95, "no difference")]
)
def test_the_title_about_controls_sees_a_difference_only_where_it_is_more_than_noise(with_means, words):
    correct = {ALL: dict.fromkeys(CONTROLS, with_means)}
    assert words in titles.controls(Controls(100, 80, correct))


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (0.7, "a small gate marks a channel that can go"),
        (0.45, "a small gate is no sign of a channel that can go"),
        (0.2, "the channels of small gates are needed more than others"),
    ],
)
def test_the_title_about_pruning_compares_with_chance(accuracy, words):
    curve = np.full(len(SHARES), accuracy)
    random = np.linspace(0.4, 0.5, DRAWS)[:, None] * np.ones(len(SHARES))
    found = Pruning(np.array(SHARES), dict.fromkeys(ORDERS, curve), dict.fromkeys(ORDERS, curve), random, 100)
    assert titles.pruning(found).endswith(words)


def test_the_title_about_the_distribution_names_a_dead_block():
    moving = summarize(rng.uniform(0.1, 0.9, (30, 5)), LABELS, 10)
    still = summarize(np.full((30, 5), 0.5), LABELS, 10)
    health = {"stage1.se": diagnose(moving, None), "stage2.se": diagnose(still, None)}
    assert titles.distribution(health).endswith("stage2 is dead")
    assert titles.distribution({"stage1.se": health["stage1.se"]}).endswith("no block is dead or saturated")


def test_the_title_about_one_block_says_which_spread_is_larger():
    by_class = np.tile(LABELS[:, None] / 10, (1, 2))
    by_image = np.tile([[0.2], [0.5], [0.8]], (10, 2))
    assert "more between the classes' means" in titles.one_block("stage1.se", summarize(by_class, LABELS, 10))
    assert "more between images of one class" in titles.one_block("stage1.se", summarize(by_image, LABELS, 10))


def test_the_title_about_moments_says_where_gates_begin_and_end():
    first, last = np.zeros(BINS), np.zeros(BINS)
    first[[9, 10]], last[-1] = 0.5, 1
    assert titles.moments({0: {"se": first}, 1000: {"se": last}}, (0.0, 1.0)) == (
        "Gates begin at 0.50 ± 0.03 and are at 0.97 ± 0.00 after 1,000 steps (mean ± sd, averaged over blocks)"
    )


def test_the_title_about_weights_counts_channels_that_open_themselves():
    w1, w2 = np.array([[1.0], [1.0], [-1.0], [1.0]]), np.array([[1.0, -1.0, -1.0, 1.0]])
    assert titles.weights({"stage1.se": (w1, w2)}).startswith("75 % of the channels tend to open their own gate")


def test_the_title_about_hidden_units_counts_those_that_speak_and_the_dead():
    h = np.ones((30, 3))
    h[LABELS == 4, 0] = 5
    h[:, 2] = 0
    title = titles.hidden({"stage1.se": summarize_hidden(h, LABELS, 10)})
    assert title == "1 of 3 hidden units are twice as strong for one class as on the whole (stage1: 1 of 3); 1 dead"
