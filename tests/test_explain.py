"""Gates as numbers, and pictures that can be drawn from them."""

import numpy as np
import pytest

from senet_np.compose import image_gates, se_caches
from senet_np.data.augment import fit_normaliser
from senet_np.explain.gates import collect_gates, summarise
from senet_np.explain.pictures import _mosaic, draw_curves, draw_gates, draw_scaling
from senet_np.explain.style import style
from senet_np.nets import tiny


@pytest.fixture(scope="module")
def net(few_shapes):
    net = tiny(widths=(4, 6, 8))
    return net, *net.init(np.random.default_rng(0)), fit_normaliser(few_shapes.train.images)


def test_gates_are_collected_for_every_block_image_and_channel(net, few_shapes):
    model, params, state, normaliser = net
    gates = collect_gates(model, params, state, few_shapes.train.images, normaliser)
    assert {path: g.shape for path, g in gates.items()} == {
        "stage1.se": (100, 4), "stage2.se": (100, 6), "stage3.se": (100, 8)
    }  # fmt: skip


def test_statistics_are_means_and_deviations_by_class():
    gates = np.array([[0.1, 0.5], [0.3, 0.5], [0.9, 0.7]], np.float32)
    stats = summarise(gates, np.array([0, 0, 1]), 2)
    assert np.allclose(stats.mean, [[0.2, 0.5], [0.9, 0.7]])
    assert np.allclose(stats.sd, [[0.1, 0.0], [0.0, 0.0]], atol=1e-7)
    assert np.allclose(stats.overall_mean, gates.mean(axis=0))


def test_a_class_without_images_has_no_numbers():
    stats = summarise(np.ones((2, 3)), np.array([0, 0]), 2)
    assert np.array_equal(stats.mean, [[1, 1, 1], [np.nan] * 3], equal_nan=True)


def test_the_heat_maps_show_the_means_and_the_spread_in_one_order(few_shapes):
    rng = np.random.default_rng(0)
    labels = np.arange(100) % 10
    stats = summarise(rng.random((100, 5)), labels, 10)
    with style():
        figure = draw_gates(stats, few_shapes.classes, "title", "stamp")
    order = np.argsort(stats.overall_mean)
    shown = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert np.array_equal(shown[0], stats.mean[:, order])
    assert np.array_equal(shown[1], stats.sd[:, order])


def test_curves_show_what_was_logged():
    records = [
        {"epoch": e, "train_loss": 1 / e, "train_accuracy": 0.1 * e, "val_loss": 2 / e, "val_accuracy": 0.2 * e}
        for e in (1, 2)
    ]
    with style():
        figure = draw_curves(records, "title", "stamp")
    assert [list(line.get_ydata()) for line in figure.axes[0].lines] == [[1, 0.5], [2, 1]]
    assert np.allclose([line.get_ydata() for line in figure.axes[1].lines], [[10, 20], [20, 40]])


def test_the_scaling_picture_shows_the_gates_of_this_image(net, few_shapes):
    model, params, state, normaliser = net
    picture = few_shapes.val.images[0]
    block = se_caches(model.forward(params, state, normaliser(picture[None]), False)[1])["stage2.se"]
    with style():
        figure = draw_scaling(picture, block, "title", "stamp")
    bars = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("excitation"))
    assert np.allclose([bar.get_height() for bar in bars.patches], block.s[0])


def test_a_mosaic_keeps_each_channels_pixels_and_frames_them():
    maps = np.random.default_rng(0).random((8, 8, 3))
    colours = np.eye(3)
    picture = _mosaic(maps, colours)
    assert np.array_equal(picture[1:9, 1:9, 0], maps[:, :, 0])
    assert np.array_equal(picture[0, 0], colours[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"squeeze": "max"}, "squeeze: z"),
        ({"squeeze": "avg+max"}, "squeeze: z"),
        ({"squeeze": "none"}, "no squeeze; each channel's mean, which no gate sees"),
        ({"excite": "eca"}, "squeeze: z"),
        ({"gate": "tanh"}, "squeeze: z"),
    ],
    ids=str,
)
def test_one_image_is_followed_through_every_kind_of_block(few_shapes, options, words):
    model = tiny(widths=(4, 6), **options)
    params, state = model.init(np.random.default_rng(0))
    normaliser, picture = fit_normaliser(few_shapes.train.images), few_shapes.train.images[0]
    for block in se_caches(model.forward(params, state, normaliser(picture[None]), False)[1]).values():
        with style():
            figure = draw_scaling(picture, block, "title", "stamp")
        squeeze = next(axes for axes in figure.axes if axes.get_title(loc="left") == words)
        shown = {text.get_text(): axes for axes in [squeeze] for text in axes.get_legend().get_texts()}
        assert len(squeeze.patches) == len(shown) * image_gates(block).shape[1]


def test_where_each_position_has_its_gate_an_image_has_their_mean():
    model = tiny(widths=(4,), squeeze="none")
    params, state = model.init(np.random.default_rng(0))
    images = np.random.default_rng(1).standard_normal((3, 8, 8, 3)).astype(np.float32)
    (block,) = se_caches(model.forward(params, state, images, False)[1]).values()
    assert block.s.shape == (3, 8, 8, 4)
    assert np.allclose(image_gates(block), block.s.mean(axis=(1, 2)))
