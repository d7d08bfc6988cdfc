"""Models for tests: untrained, of any settings, so that none has to be trained first."""

from dataclasses import replace

import numpy as np

from senet_np.data import load_shapes
from senet_np.data.augment import Normalizer
from senet_np.model import new_model
from senet_np.settings import make_settings

FEW = load_shapes(seed=5, sizes=(100, 60, 60))
GRAY = Normalizer(np.full(3, 127.5, np.float32), np.full(3, 64.0, np.float32))


def untrained(net=None, **settings):
    """A model of these settings; or of a `net` of any size, with its images' normalizer."""
    model = new_model(make_settings("shapes", settings), FEW)
    if net is None:
        return model
    params, state = net.init(np.random.default_rng(1))
    return replace(model, net=net, params=params, state=state, normalizer=GRAY)
