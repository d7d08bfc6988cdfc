"""Public checkpoints compute here what they compute in timm and torchvision: logits and every gate.

Skipped without these packages; `make ci-extra` installs them.
"""

import json
from importlib.util import find_spec

import numpy as np
import pytest

from senet_np.containers import BlockCache, trace
from senet_np.runs.public import read_public
from senet_np.tree import tree_map

torch = pytest.importorskip("torch", reason="PyTorch is not installed; `make ci-extra` installs it")
safetensors_torch = pytest.importorskip("safetensors.torch")
if not find_spec("timm") or not find_spec("torchvision"):
    pytest.skip("timm or torchvision is not installed; `make ci-extra` installs both", allow_module_level=True)
from public_nets import FIXTURE, build, logits_and_gates  # noqa: E402

torch.set_num_threads(1)
CLOSE = {np.float32: 1e-4, np.float64: 1e-9}
NAMES = ("mobilenet_v3_small", "seresnet50", "legacy_seresnet50")


@pytest.mark.parametrize(("name", "side"), [*((name, 96) for name in NAMES), ("seresnet50", 224)])
def test_logits_and_gates_are_those_of_the_real_package(tmp_path, name, side):
    theirs, path = build(name), tmp_path / "it.safetensors"
    safetensors_torch.save_file({key: array.contiguous() for key, array in theirs.state_dict().items()}, path)
    ours = read_public(path)
    x = np.random.default_rng(0).standard_normal((2, side, side, 3))
    for dtype, close in CLOSE.items():
        expected, expected_gates = logits_and_gates(theirs, x.astype(dtype))
        params, state = (tree_map(lambda a, dtype=dtype: a.astype(dtype), tree) for tree in (ours.params, ours.state))
        steps = [*trace(ours.net, params, state, x.astype(dtype))]
        gates = [step.cache.s for step in steps if isinstance(step.cache, BlockCache)]
        np.testing.assert_allclose(steps[-1].output, expected, rtol=0, atol=close)
        for s, t in zip(gates, expected_gates, strict=True):
            np.testing.assert_allclose(s, t, rtol=0, atol=close)


def test_the_names_in_the_fixture_are_those_of_the_packages():
    stored = json.loads(FIXTURE.read_text("utf-8"))
    for name in NAMES:
        assert stored[name] == {key: [*array.shape] for key, array in build(name).state_dict().items()}
