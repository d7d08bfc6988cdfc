"""Gates as numbers: collected, summarized by class and channel, split into shares, and found dead or alive."""

import numpy as np
import pytest
from untrained import FEW, untrained

from senet_np.analysis.gates import BINS, collect, gate_limits, summarize
from senet_np.analysis.health import diagnose
from senet_np.analysis.hidden import summarize_hidden
from senet_np.analysis.specificity import class_selectivity, class_share_interval, variance_shares
from senet_np.fast.workers import Workers

rng = np.random.default_rng(0)
LABELS = np.repeat(np.arange(10), 3)


@pytest.mark.parametrize("settings", [{}, {"squeeze": "none"}, {"attention": "eca"}, {"se": False}], ids=str)
def test_the_gates_of_many_images_are_those_of_all_batches(settings, monkeypatch):
    model = untrained(widths=(4, 6, 8), **settings)
    _, whole = model.run(FEW.train.images, record=True)
    monkeypatch.setattr("senet_np.model.BATCH", 30)
    with Workers(1) as workers:
        found = collect(model, FEW.train.images, workers)
    for kind in ("gates", "hidden"):
        ours, expected = getattr(found, kind), getattr(whole, kind)
        assert ours.keys() == expected.keys()
        assert all(np.allclose(ours[path], expected[path], rtol=1e-4, atol=1e-6) for path in ours)
    assert len(found.gates) == 3 * model.settings.se


def test_statistics_are_means_and_deviations_by_class():
    gates = np.array([[0.1, 0.5], [0.3, 0.5], [0.9, 0.7]], np.float32)
    stats = summarize(gates, np.array([0, 0, 1]), 2)
    assert np.allclose(stats.mean, [[0.2, 0.5], [0.9, 0.7]])
    assert np.allclose(stats.sd, [[0.1, 0.0], [0.0, 0.0]], atol=1e-7)
    assert np.allclose(stats.overall_mean, gates.mean(axis=0))
    assert np.allclose(stats.overall_sd, gates.astype(float).std(axis=0))


def test_a_class_without_images_has_no_numbers_and_changes_none():
    gates = rng.uniform(size=(2, 3))
    stats = summarize(gates, np.array([0, 0]), 2)
    assert np.isnan(stats.mean[1]).all()
    assert np.allclose(stats.overall_sd, gates.std(axis=0))


def test_histograms_count_each_image_once_for_each_class_and_channel():
    gates = rng.uniform(size=(30, 4))
    gates[0] = (0, 0.05, 0.999999, 1)
    stats = summarize(gates, LABELS, 10)
    assert np.array_equal(stats.counts.sum(axis=2), np.full((10, 4), 3))
    expected = np.histogram(gates[LABELS == 4][:, 2], BINS, (0, 1))[0]
    assert np.array_equal(stats.counts[4, 2], expected)
    assert [stats.counts[0, c].nonzero()[0].max() >= k for c, k in enumerate((0, 1, BINS - 1, BINS - 1))] == [True] * 4


def test_tanh_and_relu_gates_have_histograms_of_their_own_range():
    gates = {"se": np.array([[-0.5, 3.0]])}
    assert gate_limits("tanh", gates) == (-1, 1)
    assert gate_limits("relu", gates) == (0, 3)
    stats = summarize(np.array([[-1.0, -0.5, 0.0, 1.0]]), np.array([0]), 1, (-1, 1))
    assert stats.counts[0].argmax(axis=1).tolist() == [0, 5, 10, BINS - 1]


def test_shares_of_the_variance_add_up_to_it():
    gates = rng.uniform(size=(30, 7))
    shares = variance_shares(summarize(gates, LABELS, 10))
    assert sum(shares[:3]) == pytest.approx(1)
    assert shares.variance == pytest.approx(gates.var())


@pytest.mark.parametrize(
    ("gates", "share"),
    [
        (np.tile([0.1, 0.9], (30, 1)), "channel"),
        (np.tile(LABELS[:, None] / 10, (1, 2)), "class_"),
        (np.tile([[0.2], [0.5], [0.8]], (10, 2)), "image"),
    ],
    ids=["channels differ", "classes differ", "images differ"],
)
def test_a_variance_of_one_kind_has_that_share_whole(gates, share):
    assert getattr(variance_shares(summarize(gates, LABELS, 10)), share) == pytest.approx(1)


def test_gates_that_are_all_equal_have_no_shares():
    assert variance_shares(summarize(np.full((30, 2), 0.3, np.float32), LABELS, 10)) == (0, 0, 0, 0)


def test_selectivity_is_0_for_all_alike_and_1_for_one_class_alone():
    means = np.array([[0.5, 0.9, 0.0], [0.5, 0.0, 0.0], [0.5, 0.0, 0.0]])
    assert np.array_equal(class_selectivity(means), [0, 1, 0])
    assert class_selectivity(np.array([[0.6], [0.2], [0.4]]))[0] == pytest.approx(0.3 / 0.9)


def test_a_hidden_unit_is_selective_for_a_class_where_it_is_twice_as_strong():
    h = np.ones((30, 3))
    h[LABELS == 4, 0] = 5
    h[:, 2] = 0
    units = summarize_hidden(h, LABELS, 10)
    assert units.selective.tolist() == [True, False, False]
    assert units.dead.tolist() == [False, False, True]
    assert units.favorite[0] == 4
    assert units.overall_active.tolist() == [1, 1, 0]


def test_a_block_whose_gates_never_vary_is_dead_and_its_hidden_units_are_counted():
    constant = summarize(np.tile(rng.uniform(0.2, 0.8, 5), (30, 1)), LABELS, 10)
    found = diagnose(constant, summarize_hidden(np.zeros((30, 2)), LABELS, 10))
    assert (found.verdict, found.constant, found.dead_units, found.units) == ("dead", 1, 2, 2)


def test_a_block_whose_gates_are_at_the_ends_is_saturated():
    gates = (rng.uniform(size=(30, 5)) > 0.5).astype(float)
    found = diagnose(summarize(gates, LABELS, 10), None)
    assert (found.verdict, found.shut + found.open) == ("saturated", 1)


def test_a_block_with_gates_in_between_is_alive():
    found = diagnose(summarize(rng.uniform(0.1, 0.9, (30, 5)), LABELS, 10), None)
    assert found == (0, 0, 0, 0, 0, "alive")


def test_the_histogram_of_a_block_is_of_all_its_gates():
    gates = rng.uniform(size=(30, 5))
    share = summarize(gates, LABELS, 10).histogram
    assert np.allclose(share, np.histogram(gates, BINS, (0, 1))[0] / gates.size)


def test_the_interval_of_the_class_share_holds_what_other_images_of_the_same_kind_have():
    def gates(seed):  # of 3 classes and 5 channels: the class moves the mean
        draw = np.random.default_rng(seed)
        return 0.5 + 0.1 * np.repeat(SHIFTS, 200, axis=0) + 0.1 * draw.standard_normal((600, 5))

    SHIFTS, labels = np.random.default_rng(9).standard_normal((3, 5)), np.repeat(np.arange(3), 200)
    low, high = class_share_interval(gates(0), labels)
    others = [variance_shares(summarize(gates(seed), labels, 3)).class_ for seed in range(1, 41)]
    assert np.mean([low <= share <= high for share in others]) >= 0.85
    assert 0 < high - low < 0.1


def test_more_images_give_a_narrower_interval():
    draw = np.random.default_rng(0)
    gates, labels = draw.random((4000, 3)) + 0.3 * (np.arange(4000) % 2)[:, None], np.arange(4000) % 2
    few, many = (np.diff(class_share_interval(gates[:n], labels[:n]))[0] for n in (400, 4000))
    assert 2.2 < few / many < 4.5  # √10


def test_gates_that_are_all_alike_have_a_share_of_0():
    assert class_share_interval(np.full((20, 3), 0.5), np.arange(20) % 2).tolist() == [0, 0]


def test_the_interval_holds_the_share_itself_where_images_are_few():
    gates, labels = np.random.default_rng(0).uniform(size=(32, 64)), np.arange(32) % 4
    share = variance_shares(summarize(gates, labels, 4)).class_
    low, high = class_share_interval(gates, labels)
    assert 0 <= low < share < high <= 1


def test_selectivity_leaves_classes_without_images_out():
    means = np.array([[0.9, 0.1], [0.1, 0.1], [np.nan, np.nan]])
    assert np.allclose(class_selectivity(means), [0.8, 0])
    assert np.array_equal(class_selectivity(means[1:]), [0, 0])  # one class: nothing to compare with
