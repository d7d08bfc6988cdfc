"""A figure's title is a sentence made of its numbers: given findings that contradict the paper's, it states these."""

import numpy as np
import pytest

from senet_np.analysis.gates import BINS, summarize
from senet_np.analysis.health import diagnose
from senet_np.analysis.hidden import summarize_hidden
from senet_np.analysis.interventions import ALL, INTERVENTIONS, Interventions
from senet_np.analysis.pruning import DRAWS, ORDERS, SHARES, Pruning
from senet_np.analysis.specificity import Shares
from senet_np.data.photo import Photo
from senet_np.figures import (
    answer,
    distribution,
    gates,
    hidden,
    interventions,
    profiles,
    pruning,
    shares,
    sky,
    snapshots,
    weights,
)
from senet_np.figures.style import add_title, new_figure, short

rng = np.random.default_rng(0)
LABELS = np.repeat(np.arange(10), 3)
BY_CLASS = summarize(np.tile(LABELS[:, None] / 10, (1, 2)), LABELS, 10)
BY_IMAGE = summarize(np.tile([[0.2], [0.5], [0.8]], (10, 2)), LABELS, 10)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((0.1, 0.2, 0.3), "it never falls from one block to the next"),
        ((0.2, 0.1, 0.3), "more in the last block than in the first, but it falls at stage2"),
        ((0.3, 0.2, 0.1), "it does not rise with depth: it falls at stage2 and stage3"),
        ((0.3,), "with one block there is no depth to compare"),
    ],
)
def test_about_depth_it_names_the_exceptions_too(numbers, words):
    parts = {f"stage{k}.se": Shares(0.9 - class_, class_, 0.1, 1.0) for k, class_ in enumerate(numbers, 1)}
    assert shares.title(parts, {}).endswith(f": {words}")


def test_about_depth_it_says_nothing_where_the_intervals_overlap():
    parts = {f"stage{k}.se": Shares(0.7, k / 10, 0.2, 1.0) for k in (1, 2)}
    wide = {"stage1.se": np.array([0.0, 0.2]), "stage2.se": np.array([0.1, 0.3])}
    assert shares.title(parts, wide).endswith(": the intervals of the first block and the last overlap")
    narrow = {path: ends / 10 for path, ends in wide.items()} | {"stage2.se": np.array([0.15, 0.25])}
    assert shares.title(parts, narrow).endswith(": it never falls from one block to the next")


def test_many_blocks_are_summarized_by_the_smallest_and_the_largest():
    parts = {f"stage{k}.se": Shares(0.5, k / 20, 0.5 - k / 20, 1.0) for k in range(1, 8)}
    assert shares.title(parts, {}) == (
        "The class explains 5 % (stage1) to 35 % (stage7) of the variance of the gates: "
        "it never falls from one block to the next"
    )


def test_shares_that_are_all_near_0_are_not_given_as_0():
    parts = {f"stage{k}.se": Shares(0.997, 0.003, 0.0, 1.0) for k in range(1, 8)}
    assert shares.title(parts, {}).startswith("The class explains less than 0.5 % of the variance of the gates: ")


def test_profiles_show_classes_from_the_first_to_the_last_that_have_images():
    assert profiles.choose("cifar10", np.ones(10)) == [0, 3, 5, 8]
    assert profiles.choose("/pets", np.array([4, 2, 3])) == [0, 1, 2]
    assert profiles.choose("imagenet", np.array([0, 5, 0, 0, 5, 0])) == [1, 4]
    assert profiles.choose("/many", np.ones(13)) == [0, 4, 8, 12]


def test_about_profiles_it_compares_the_first_block_with_the_last():
    title = profiles.title({"stage1.se": BY_CLASS, "stage2.se": BY_IMAGE})
    assert title.startswith("The classes' mean gates lie 0.287 apart in stage1 and 0.000 in stage2 (")
    assert profiles.title({"stage1.se": BY_CLASS}).startswith("The classes' mean gates lie 0.287 apart (")


@pytest.mark.parametrize(
    ("with_means", "words"), [(60, "it matters"), (79, "no difference seen"), (95, "no difference")]
)
def test_about_interventions_it_sees_a_difference_only_where_it_is_more_than_noise(with_means, words):
    counts = Interventions(100, 80, {ALL: dict.fromkeys(INTERVENTIONS, with_means)})
    assert words in interventions.title(counts)


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (0.7, "a small gate marks a removable channel"),
        (0.45, "no sign that a small gate marks a removable channel"),
        (0.2, "channels with small gates are needed more than others"),
    ],
)
def test_about_pruning_it_compares_with_chance(accuracy, words):
    curve = np.full(len(SHARES), accuracy)
    random = np.linspace(0.4, 0.5, DRAWS)[:, None] * np.ones(len(SHARES))
    found = Pruning(np.array(SHARES), dict.fromkeys(ORDERS, curve), dict.fromkeys(ORDERS, curve), random, 100)
    assert pruning.title(found).endswith(words)


def test_about_the_distribution_it_names_a_dead_block():
    alive = diagnose(summarize(rng.uniform(0.1, 0.9, (30, 5)), LABELS, 10), None)
    dead = diagnose(summarize(np.full((30, 5), 0.5), LABELS, 10), None)
    assert distribution.title({"stage1.se": alive, "stage2.se": dead}).endswith("stage2 is dead")
    assert distribution.title({"stage1.se": alive}).endswith("no block is dead or saturated")


def test_about_one_block_it_tells_which_spread_is_larger():
    assert "more between the classes' means" in gates.title("stage1.se", BY_CLASS)
    assert "more between images of one class" in gates.title("stage1.se", BY_IMAGE)


def test_about_snapshots_it_tells_where_gates_start_and_end():
    first, last = np.zeros(BINS), np.zeros(BINS)
    first[[9, 10]], last[-1] = 0.5, 1
    assert snapshots.title({0: {"se": first}, 1000: {"se": last}}, (0.0, 1.0)) == (
        "Gates start at 0.50 ± 0.03 and are at 0.97 ± 0.00 after 1,000 steps (mean ± sd, averaged over blocks)"
    )


def test_about_weights_it_counts_the_channels_that_open_themselves():
    w1, w2 = np.array([[1.0], [1.0], [-1.0], [1.0]]), np.array([[1.0, -1.0, -1.0, 1.0]])
    assert weights.title({"stage1.se": (w1, w2)}).startswith("75 % of the channels tend to open their own gate")


def test_about_hidden_units_it_counts_the_selective_and_the_dead():
    h = np.ones((30, 3))
    h[LABELS == 4, 0] = 5
    h[:, 2] = 0
    title = hidden.title({"stage1.se": summarize_hidden(h, LABELS, 10)})
    assert title == (
        "1 of 3 hidden units are at least twice as strong for one class as on average (stage1: 1 of 3); 1 dead"
    )


def test_about_an_answer_it_names_the_truth_and_counts_unusual_gates():
    photo = Photo(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 3), np.uint8), "image 7", "dog")
    usual, own = {"stage1.se": BY_IMAGE}, {"stage1.se": np.array([0.5, 1.0])}  # 0.5 ± 0.245
    title = answer.title(answer.Answer(photo, ["cat", "dog"], np.array([0.7, 0.3]), own, usual))
    assert title == (
        "The net answers cat (70 %) for an image of class dog; 1 of 2 gates lie more than 2 sd from their mean"
    )


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (["dots", "rings"], "the answer changes; gates change by up to 0.30"),
        (["dots", "dots"], "the answer stays the same"),
    ],
)
def test_about_the_sky_it_tells_whether_the_answer_changes(answers, words):
    assert words in sky.title(answers, {"stage1.se": np.array([np.full((2, 3), 0.2), np.full((2, 3), 0.5)])})


def test_titles_are_wrapped_at_the_width_of_the_figure():
    figure = add_title(new_figure(4, 3), "a finding that takes many words to be told " * 3, "provenance")
    text = figure.get_suptitle()
    assert max(map(len, text.split("\n"))) <= 42
    assert text.endswith("provenance")


@pytest.mark.parametrize(
    ("path", "name"),
    [("stage1.se", "stage1"), ("stage1.block2.residual.branch.se", "stage1.block2"), ("se", "se")],
)
def test_a_block_is_named_by_where_it_is(path, name):
    assert short(path) == name
