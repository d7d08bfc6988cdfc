"""Channels switched off: ranked by gate, by signal and by chance, and what is left of the accuracy."""

import numpy as np
import pytest

from senet_np.analysis.pruning import DRAWS, ORDERS, SHARES, channel_scores, measure
from senet_np.containers import se_caches
from senet_np.data.augment import Normalizer
from senet_np.fast.workers import Workers
from senet_np.nets import tiny

PLAIN = Normalizer(np.full(3, 127.5, np.float32), np.full(3, 64.0, np.float32))
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def model():
    """A net, and labels that are what it says: it is right about all of them while nothing is switched off."""
    net = tiny(widths=(10, 20))
    params, state = net.init(np.random.default_rng(1))
    logits, cache, _ = net.forward(params, state, PLAIN(IMAGES), False)
    return (net, params, state), logits.argmax(axis=1), se_caches(cache)


def test_channels_are_scored_by_their_mean_gate_and_by_their_mean_signal(model):
    net, _, blocks = model
    with Workers(1) as workers:
        scores = channel_scores(*net, IMAGES, PLAIN, workers)
    for path, block in blocks.items():
        signal = np.abs(block.scale_cache[0] * block.s[:, None, None, :]).mean(axis=(0, 1, 2))
        assert np.allclose(scores["mean gate"][path], block.s.mean(axis=0), rtol=1e-5)
        assert np.allclose(scores["mean |s·u|"][path], signal, rtol=1e-5)


def test_every_order_begins_with_all_channels_on(model):
    net, labels, blocks = model
    with Workers(1) as workers:
        scores = channel_scores(*net, IMAGES, PLAIN, workers)
        found = measure(*net, IMAGES, labels, PLAIN, {p: b.s for p, b in blocks.items()}, scores, workers)
    assert found.random.shape == (DRAWS, len(SHARES))
    assert [*found.lowest] == [*found.highest] == [*ORDERS]
    starts = [curve[0] for curve in (*found.lowest.values(), *found.highest.values(), *found.random)]
    assert starts == [1.0] * len(starts)


def test_the_lowest_go_first_or_the_highest(model):
    net, labels, blocks = model
    gates = {path: block.s for path, block in blocks.items()}
    some = {"made up": {path: np.arange(s.shape[1], dtype=float) for path, s in gates.items()}}
    seen = []

    def spy(*given):
        seen.append(given[-1])
        return labels

    with Workers(1) as workers, pytest.MonkeyPatch.context() as patch:
        patch.setattr("senet_np.analysis.pruning.predict", spy)
        measure(*net, IMAGES, labels, PLAIN, gates, some, workers)
    third, curve = SHARES.index(0.3), len(SHARES) - 1  # passes: one with all channels, then those of each curve
    lowest, highest = ((seen[third + k * curve]["stage1.se"] == 0).all(axis=0) for k in (0, 1))
    assert lowest.tolist() == [True] * 3 + [False] * 7
    assert highest.tolist() == [False] * 7 + [True] * 3
