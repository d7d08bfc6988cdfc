"""The explorer's backward pass: JavaScript finds the gradients that NumPy finds, and its bugs are the injected ones."""

from contextlib import ExitStack
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from chromium import wait_until
from untrained import with_statistics

import senet_np
from senet_np.cli.explorer import SHOWN
from senet_np.containers import walk
from senet_np.explorer.page import explorer_page
from senet_np.explorer.payload import ExplorerModel
from senet_np.gradcheck.bugs import BUGS
from senet_np.layers import ECA, SE
from senet_np.nets import NETS
from senet_np.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from senet_np.se import se_backward
from senet_np.tree import tree_map

CLOSE = 1e-4  # of an array's largest value
LABEL = 3
# Both sides store float32: a ReLU near 0 may be open on one side only, and that moves all gradients before it.
DEEP = ("resnet32", "resnet44", "resnet50", "resnet50_caffe")
WEIGHTS = ("dw1", "db1", "dw2", "db2", "dw")
VARIANTS = [
    *({"squeeze": squeeze} for squeeze in ("max", "avg+max", "none")),
    *({"gate": gate} for gate in ("tanh", "relu", "hard_sigmoid")),
    {"se_bias": False}, {"attention": "eca"},
    *({"net": "resnet20", "position": position} for position in ("pre", "post", "identity")),
]  # fmt: skip


@pytest.fixture(scope="module")
def bundled(browser, explorer):
    browser.get(explorer)
    wait_until(browser, "document.body.dataset.ready")
    return browser


def by_javascript(browser, k, pixels, path, bug=""):
    """What the page computes for its k-th network and the block at a path: {name: numbers}."""
    script = """
        const net = data.nets[arguments[0]], pass = run(net, arguments[1]);
        const found = backward(net, pass, arguments[2], arguments[3], {}, arguments[4]);
        const plain = (value) => Array.from(value.data ?? value);
        const names = ["du", "dxScaled", "dw1", "db1", "dw2", "db2", "dw"].filter((name) => found[name]);
        return Object.fromEntries(names.map((name) => [name, plain(found[name])]));
    """
    pixels = np.asarray(pixels).ravel().tolist()
    return browser.execute_script(script, k, pixels, path, LABEL, bug)


def by_numpy(model, pixels, dtype=np.float32):
    """The same by the network's own backward pass: {path of a block: {name: array}}."""
    params, state = (tree_map(dtype, tree) for tree in (model.params, model.state))
    found = {}

    def recorded(path, layer):
        original = layer.backward

        def backward(dy, cache, needs_input_grad=True):
            du, grads = original(dy, cache, needs_input_grad)
            found[path] = {"du": du, "dxScaled": dy, "cache": cache, **{f"d{name}": g for name, g in grads.items()}}
            return du, grads

        return patch.object(layer, "backward", backward)

    x = model.normalizer(pixels[None]).astype(dtype)
    logits, cache, _ = model.net.forward(params, state, x, False)
    _, loss_cache = softmax_cross_entropy_forward(logits, np.array([LABEL]))
    with ExitStack() as stack:
        for node in walk(model.net):
            if isinstance(node.layer, (SE, ECA)):
                stack.enter_context(recorded(node.path, node.layer))
        model.net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache)
    return found


def away_from_corners(model, images, close):
    """An image where no ReLU and no maximum is so close to its corner that rounding decides which side it is on.

    There weights that are moved by a little more than float32's rounding change the gradients as little.
    """
    rng = np.random.default_rng(0)
    for pixels in images:
        still, off = by_numpy(model, pixels, np.float64), [0.0]
        for _ in range(3):
            params = tree_map(lambda p: p * (1 + 1e-6 * rng.standard_normal(p.shape)), model.params)
            moved = by_numpy(replace(model, params=params), pixels, np.float64)
            pairs = [
                (array, moved[path][name]) for path in still for name, array in still[path].items() if name != "cache"
            ]
            off += [np.abs(one - other).max() / (np.abs(one).max() or 1) for one, other in pairs]
        if max(off) < close:
            return pixels
    raise AssertionError("every image is close to a corner")


def assert_same(actual, expected, close=CLOSE):
    names = {"du", "dxScaled"} | {name for name in WEIGHTS if name in expected}
    assert names <= actual.keys()
    for name in names:
        array = np.asarray(expected[name])
        np.testing.assert_allclose(actual[name], array.ravel(), rtol=0, atol=close * np.abs(array).max() + 1e-30)


@pytest.mark.parametrize("name", [name for name in SHOWN if not name.endswith("plain")])
def test_every_block_of_every_network_of_the_page_has_numpys_gradients(bundled, few_shapes, name):
    model, pixels = senet_np.load(name), few_shapes.test.images[0]
    for path, expected in by_numpy(model, pixels).items():
        assert np.abs(expected["du"]).max() > 0
        assert_same(by_javascript(bundled, SHOWN.index(name), pixels, path), expected)


@pytest.mark.parametrize("title", ["squeeze path dropped", "σ′ missing", "1/(H·W) lost", "gate applied twice"])
def test_a_bug_of_the_page_is_the_injected_bug_of_that_title(bundled, few_shapes, title):
    bug = next(bug for bug in BUGS if (bug.op, bug.title) == ("se", title))
    model, pixels = senet_np.load("shapes-se"), few_shapes.test.images[0]
    right = by_numpy(model, pixels)["stage2.se"]
    wrong = dict(zip(("du", "dw1", "db1", "dw2", "db2"), bug.backward(right["dxScaled"], right["cache"]), strict=True))
    assert not np.allclose(wrong["du"], se_backward(right["dxScaled"], right["cache"])[0], rtol=1e-3, atol=0)
    actual = by_javascript(bundled, SHOWN.index("shapes-se"), pixels, "stage2.se", title)
    assert_same(actual, {"dxScaled": right["dxScaled"], **wrong})


def test_so_has_every_network_and_every_choice_of_the_paper(browser, few_shapes, tmp_path):
    narrow = {name: {"widths": (4, 4, 8, 8)} for name in NETS if name.startswith("resnet50")}
    choices = [{"net": net, **narrow.get(net, {})} for net in NETS if net not in ("resnet56", "resnet110")] + VARIANTS
    models = [with_statistics(few_shapes, settings) for settings in choices]
    path = tmp_path / "all.html"
    path.write_text(explorer_page([ExplorerModel(model) for model in models]), "utf-8")
    browser.get(path.as_uri())
    wait_until(browser, "document.body.dataset.ready")
    for k, model in enumerate(models):
        close = 20 * CLOSE if choices[k].get("net") in DEEP else CLOSE
        pixels = away_from_corners(model, few_shapes.test.images, close)
        found = by_numpy(model, pixels)
        for block in (next(iter(found)), [*found][-1]):
            assert_same(by_javascript(browser, k, pixels, block), found[block], close)
