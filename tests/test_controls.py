"""Replaced gates: what each control puts in their place, and what it does to the answers."""

import numpy as np
import pytest

from senet_np.analysis.interventions import ALL, CONTROLS, measure, replacements
from senet_np.analysis.replace import predict, with_gates
from senet_np.containers import se_caches
from senet_np.data.augment import Normalizer
from senet_np.fast.workers import Workers
from senet_np.nets import inception, resnet, tiny

PLAIN = Normalizer(np.full(3, 127.5, np.float32), np.full(3, 64.0, np.float32))
rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (30, 16, 16, 3), dtype=np.uint8)
LABELS = np.repeat(np.arange(10), 3)
NETS = {
    "tiny": tiny(widths=(4, 8)),
    "resnet": resnet(widths=(4, 8), blocks=1),
    "inception": inception(widths=(16,), modules=1),
}


def start(name):
    net = NETS[name]
    params, state = net.init(np.random.default_rng(1))
    logits, cache, _ = net.forward(params, state, PLAIN(IMAGES), False)
    return net, params, state, logits, {path: block.s for path, block in se_caches(cache).items()}


@pytest.mark.parametrize("name", NETS)
def test_with_its_own_gates_a_network_says_what_it_said(name):
    net, params, state, logits, gates = start(name)
    again = with_gates(net, gates).forward(params, state, PLAIN(IMAGES), False)[0]
    assert np.array_equal(again, logits)


@pytest.mark.parametrize("name", NETS)
def test_with_other_gates_in_one_block_it_says_something_else(name):
    net, params, state, logits, gates = start(name)
    for path, s in gates.items():
        changed = with_gates(net, {path: 0 * s}).forward(params, state, PLAIN(IMAGES), False)[0]
        assert np.abs(changed - logits).max() > 1e-3 * np.abs(logits).max(), path


def test_a_network_without_blocks_has_nothing_to_replace():
    net = tiny(se=False, widths=(4, 8))
    params, state = net.init(np.random.default_rng(1))
    with Workers(1) as workers:
        before = predict(net, params, state, IMAGES, PLAIN, workers)
        assert np.array_equal(before, predict(net, params, state, IMAGES, PLAIN, workers, {"stage1.se": np.ones(4)}))


def given_controls():
    gates = rng.uniform(size=(30, 5))
    means, overall, predicted = rng.uniform(size=(10, 5)), rng.uniform(size=5), rng.integers(10, size=30)
    return gates, means, overall, predicted, replacements(gates, means, overall, LABELS, predicted, seed=3)


def rows_of(gates, lent):
    """Which image lent each row."""
    return np.array([int(np.flatnonzero((gates == row).all(axis=1))[0]) for row in lent])


def test_means_are_those_of_the_classes_that_their_names_say():
    _, means, overall, predicted, new = given_controls()
    assert np.array_equal(new["mean"], overall)
    assert np.array_equal(new["mean of the predicted class"], means[predicted])
    assert np.array_equal(new["mean of the true class (oracle)"], means[LABELS])


def test_a_lender_is_another_image_of_the_class_that_the_name_says():
    gates, *_, new = given_controls()
    same = rows_of(gates, new["another image, same class (oracle)"])
    other = rows_of(gates, new["another image, other class"])
    assert (LABELS[same] == LABELS).all()
    assert (same != np.arange(30)).all()
    assert (LABELS[other] != LABELS).all()
    assert sorted(other) == sorted(same) == list(range(30)), "each image lends once, so that means are kept"


def test_shuffling_keeps_each_channels_values_and_breaks_the_rows():
    gates, *_, new = given_controls()
    assert np.array_equal(np.sort(new["shuffled"], axis=0), np.sort(gates, axis=0))
    assert not any((gates == row).all(axis=1).any() for row in new["shuffled"])


def test_controls_are_counted_for_each_block_and_for_all():
    net, params, state, logits, gates = start("tiny")
    training = {path: (np.tile(s.mean(axis=0), (10, 1)), s.mean(axis=0)) for path, s in gates.items()}
    with Workers(1) as workers:
        found = measure(net, params, state, IMAGES, LABELS, PLAIN, gates, training, workers)
    assert (found.n, found.learned) == (30, (logits.argmax(axis=1) == LABELS).sum())
    assert [*found.correct] == ["stage1.se", "stage2.se", ALL]
    assert all([*counts] == [*CONTROLS] for counts in found.correct.values())
    assert found.correct[ALL]["mean"] == found.correct[ALL]["mean of the true class (oracle)"]  # the same gates here
