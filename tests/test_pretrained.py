"""Networks in the box: loaded by name, exactly as they were put there, or refused."""

import hashlib
import json

import numpy as np
import pytest

from senet_np.errors import SenetError
from senet_np.training import pretrained as box
from senet_np.training.interchange import save_weights
from senet_np.training.settings import make_settings, settings_to_json
from senet_np.tree import tree_items, tree_map


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A box with one small network in it, and that network's parameters."""
    monkeypatch.setattr(box, "BOX", tmp_path)
    settings = make_settings("shapes", {"widths": (4, 8), "gate": "tanh"})
    params, state = settings.build_net().init(np.random.default_rng(0))
    params, state = (tree_map(np.float16, tree) for tree in (params, state))
    about = {
        "settings": settings_to_json(settings),
        "mean": [1.0, 2.0, 3.0],
        "std": [4.0, 5.0, 6.0],
        "data": {"classes": ["a", "b"]},
    }
    save_weights(tmp_path / "small.npz", params, state, {box.KEY: json.dumps(about)})
    digest = hashlib.sha256((tmp_path / "small.npz").read_bytes()).hexdigest()
    (tmp_path / box.SUMS).write_text(f"{digest}  small.npz\n")
    return params


def test_a_network_comes_as_it_was_put_there(small):
    found = box.pretrained("small")
    assert box.names() == ["small"]
    assert (found.settings.gate, found.classes, found.normaliser.std.tolist()) == ("tanh", ("a", "b"), [4, 5, 6])
    for (path, came), (_, put) in zip(tree_items(found.params), tree_items(small), strict=True):
        assert came.dtype == np.float32, path
        assert np.array_equal(came, put), path
    assert found.net.forward(found.params, found.state, np.ones((1, 8, 8, 3), np.float32), False)[0].shape == (1, 10)


def test_an_unknown_name_is_answered_with_those_that_are_known(small):
    with pytest.raises(SenetError, match="there is no network 'large' in the box, expected one of small"):
        box.pretrained("large")


def test_a_file_that_was_changed_is_refused(small, tmp_path):
    with open(tmp_path / "small.npz", "ab") as file:
        file.write(b"x")
    with pytest.raises(SenetError, match="its sha256 differs"):
        box.pretrained("small")
