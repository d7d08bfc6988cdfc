"""A model answers and records: whatever the batches, the same numbers as its network computes."""

from dataclasses import replace

import numpy as np
import pytest

import senet_np
from senet_np.data import make_shapes
from senet_np.layers import ReLU
from senet_np.model import BATCH, Model, hidden_units, new_model
from senet_np.settings import make_settings

NETS = {
    "tiny": {},
    "resnet20": {"widths": (4, 8)},
    "inception": {"widths": (16, 16)},
    "vgg": {"widths": (4, 8), "squeeze": "avg+max"},
}


def images(n):
    return make_shapes(n, np.random.default_rng(3)).images


def model_of(few_shapes, net="tiny", **settings):
    return new_model(make_settings("shapes", {"net": net, **NETS[net], **settings}), few_shapes)


@pytest.mark.parametrize("net", NETS)
def test_recording_changes_no_bit_and_keeps_every_layers_output(few_shapes, net):
    model, pixels = model_of(few_shapes, net), images(3)
    logits, activations = model.run(pixels, record=True)
    assert np.array_equal(logits, model.run(pixels))
    x = model.normalizer(pixels)
    assert np.array_equal(logits, model.net.forward(model.params, model.state, x, False)[0])
    assert np.array_equal([*activations.outputs.values()][-1], logits)
    assert "stage1" not in activations.outputs
    assert set(activations.blocks) == set(activations.gates) == set(activations.hidden)
    for path, block in activations.blocks.items():
        assert np.array_equal(activations.outputs[path], block.u * block.s[:, None, None, :])


def test_more_images_than_a_batch_are_joined_in_order(few_shapes):
    model, pixels = model_of(few_shapes, widths=(4, 4)), images(BATCH + 3)
    logits, activations = model.run(pixels, record=True)
    last, parts = model.run(pixels[BATCH:], record=True)
    assert np.array_equal(logits[BATCH:], last)
    assert np.array_equal(activations.gates["stage1.se"][BATCH:], parts.gates["stage1.se"])
    assert np.array_equal(activations.hidden["stage2.se"][BATCH:], parts.hidden["stage2.se"])
    assert activations.outputs["stage1.conv"].shape == (BATCH + 3, 32, 32, 4)
    assert (activations.blocks, [*parts.blocks]) == ({}, ["stage1.se", "stage2.se"])


def test_a_layer_may_be_replaced(few_shapes):
    model, pixels = model_of(few_shapes, gate="relu"), images(2)
    without = replace(model, net=replace(model.settings, se=False).build_net())
    blocks = {path: Identity() for path in ("stage1.se", "stage2.se", "stage3.se")}
    assert np.array_equal(model.run(pixels, replace=blocks), without.run(pixels))
    logits, activations = model.run(pixels, record=True, replace={"stage3.se": ReLU()})
    assert not np.array_equal(logits, model.run(pixels))
    assert [*activations.gates] == ["stage1.se", "stage2.se"]


class Identity:
    def forward(self, params, state, x, training):
        return x, None, state


@pytest.mark.parametrize(
    ("squeeze", "expected"),
    [
        ("avg", lambda h: h),
        ("avg+max", lambda h: h[:2] + h[2:]),
        ("none", lambda h: h.reshape(2, -1, h.shape[1]).mean(axis=1)),
    ],
)
def test_hidden_units_have_one_row_per_image(few_shapes, squeeze, expected):
    _, activations = model_of(few_shapes, squeeze=squeeze).run(images(2), record=True)
    block = activations.blocks["stage2.se"]
    assert np.array_equal(activations.hidden["stage2.se"], expected(block.h))
    assert hidden_units(block).shape == (2, 16)
    assert activations.gates["stage2.se"].shape == (2, 64)


def test_eca_has_gates_and_no_hidden_units(few_shapes):
    _, activations = model_of(few_shapes, attention="eca").run(images(2), record=True)
    assert [*activations.gates] == ["stage1.se", "stage2.se", "stage3.se"]
    assert activations.hidden == {}


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8), np.zeros((0, 8, 8, 3), np.uint8)], ids=str
)
def test_what_is_not_a_batch_of_images_is_refused(few_shapes, wrong):
    with pytest.raises(ValueError, match=r"images is .*, expected uint8 \(N, H, W, 3\)"):
        model_of(few_shapes).run(wrong)


def test_the_package_offers_model_and_load():
    assert senet_np.Model is Model
    assert isinstance(senet_np.load("shapes-plain"), Model)
    with pytest.raises(AttributeError, match="no attribute 'pretrained'"):
        _ = senet_np.pretrained
