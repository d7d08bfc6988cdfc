"""Models for tests: untrained, of any settings, so that none has to be trained first."""

from dataclasses import replace

import numpy as np

from senet_np.data import load_shapes
from senet_np.data.augment import Normalizer
from senet_np.model import new_model
from senet_np.settings import make_settings
from senet_np.tree import tree_map

FEW = load_shapes(seed=5, sizes=(100, 60, 60))
GRAY = Normalizer(np.full(3, 127.5, np.float32), np.full(3, 64.0, np.float32))


def untrained(net=None, **settings):
    """A model of these settings; or of a `net` of any size, with its images' normalizer."""
    model = new_model(make_settings("shapes", settings), FEW)
    if net is None:
        return model
    params, state = net.init(np.random.default_rng(1))
    return replace(model, net=net, params=params, state=state, normalizer=GRAY)


def with_statistics(dataset, settings):
    """A model that has never learned, but whose running statistics have seen some images."""
    rng, model = np.random.default_rng(0), new_model(make_settings("shapes", settings), dataset, str(settings))
    params = tree_map(lambda a: a + 0.02 * rng.standard_normal(a.shape).astype(a.dtype), model.params)
    state, images = model.state, model.normalizer(dataset.train.images)
    for start in range(0, 80, 8):
        _, _, state = model.net.forward(params, state, images[start : start + 8], True)
    return replace(model, params=params, state=state)
