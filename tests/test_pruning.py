"""Channels switched off: ranked by gate, by signal and at random, and what is left of the accuracy."""

import numpy as np
import pytest
from untrained import untrained

from senet_np.analysis.pruning import DRAWS, ORDERS, SHARES, channel_scores, measure
from senet_np.data.dataset import Split
from senet_np.fast.workers import Workers
from senet_np.nets import tiny

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def case():
    """A model, labels that are its own answers (all are correct while nothing is switched off), its blocks' caches."""
    model = untrained(tiny(widths=(10, 20)))
    logits, activations = model.run(IMAGES, record=True)
    return model, logits.argmax(axis=1), activations.blocks


def test_channels_are_scored_by_their_mean_gate_and_by_their_mean_signal(case):
    model, _, blocks = case
    with Workers(1) as workers:
        scores = channel_scores(model, IMAGES, workers)
    for path, block in blocks.items():
        signal = np.abs(block.u * block.s[:, None, None, :]).mean(axis=(0, 1, 2))
        assert np.allclose(scores["mean gate"][path], block.s.mean(axis=0), rtol=1e-5)
        assert np.allclose(scores["mean |s·u|"][path], signal, rtol=1e-5)


def test_every_order_begins_with_all_channels_on(case):
    model, labels, blocks = case
    with Workers(1) as workers:
        scores = channel_scores(model, IMAGES, workers)
        found = measure(model, Split(IMAGES, labels), {p: b.s for p, b in blocks.items()}, scores, workers)
    assert found.random.shape == (DRAWS, len(SHARES))
    assert [*found.lowest] == [*found.highest] == [*ORDERS]
    starts = [curve[0] for curve in (*found.lowest.values(), *found.highest.values(), *found.random)]
    assert starts == [1.0] * len(starts)


def test_the_lowest_go_first_or_the_highest(case, monkeypatch):
    model, labels, blocks = case
    gates = {path: block.s for path, block in blocks.items()}
    scores = {"made up": {path: np.arange(s.shape[1], dtype=float) for path, s in gates.items()}}
    used = []

    def spy(*given):
        used.append(given[-1])
        return labels

    monkeypatch.setattr("senet_np.analysis.pruning.predict", spy)
    with Workers(1) as workers:
        measure(model, Split(IMAGES, labels), gates, scores, workers)
    third, curve = SHARES.index(0.3), len(SHARES) - 1  # passes: one with all channels, then those of each curve
    lowest, highest = ((used[third + k * curve]["stage1.se"] == 0).all(axis=0) for k in (0, 1))
    assert lowest.tolist() == [True] * 3 + [False] * 7
    assert highest.tolist() == [False] * 7 + [True] * 3
