"""`shapes`: deterministic, and built so that a net without SE cannot see what decides the label."""

import numpy as np
import pytest

from senet_np.containers import trace
from senet_np.data.shapes import CLASSES, GROUND_ROW, SIZE, SKY_ROWS, both_skies, load_shapes, make_shapes, swap_sky
from senet_np.nets import tiny


@pytest.fixture(scope="module")
def some():
    return make_shapes(400, np.random.default_rng(0))


def is_orange(images):
    return images[:, :SKY_ROWS, :, 0].mean(axis=(1, 2)) > images[:, :SKY_ROWS, :, 2].mean(axis=(1, 2))


def test_the_same_seed_makes_the_same_images():
    a, b = (load_shapes(seed=3, sizes=(5, 5, 5)) for _ in range(2))
    assert all(np.array_equal(x, y) for x, y in zip(a.train + a.val + a.test, b.train + b.val + b.test, strict=True))


def test_splits_and_seeds_differ():
    a, b = (load_shapes(seed=seed, sizes=(5, 5, 5)) for seed in (0, 1))
    assert not np.array_equal(a.train.images, a.val.images)
    assert not np.array_equal(a.train.images, b.train.images)


def test_images_are_32_by_32_color_bytes_and_labels_ten_classes(some):
    assert (some.images.shape, some.images.dtype) == ((400, SIZE, SIZE, 3), np.uint8)
    assert sorted(set(some.labels.tolist())) == list(range(len(CLASSES))) == list(range(10))


def test_the_sky_says_nothing_about_the_label_by_itself(some):
    share = np.array([is_orange(some.images)[some.labels == k].mean() for k in range(10)])
    assert np.abs(share - 0.5).max() < 0.3  # 40 images per class: four standard errors


def test_repainting_the_sky_changes_only_the_sky_and_twice_is_once_back(some):
    swapped = swap_sky(some.images)
    assert np.array_equal(swapped[:, SKY_ROWS:], some.images[:, SKY_ROWS:])
    assert not np.array_equal(swapped, some.images)
    assert np.array_equal(swap_sky(swapped), some.images)


def test_both_skies_are_the_image_itself_and_the_repainted_one(some):
    orange, blue = both_skies(some.images)
    assert is_orange(orange).all()
    assert np.array_equal(swap_sky(orange), blue)
    assert ((orange == some.images).all(axis=(1, 2, 3)) | (blue == some.images).all(axis=(1, 2, 3))).all()


def test_no_unit_of_the_last_stage_sees_both_the_sky_and_a_square():
    """The claim of the module's docstring, measured: change the sky or the ground, see which rows of units change."""
    net, rng = tiny(se=False, widths=(2, 2, 2)), np.random.default_rng(1)
    params, state = net.init(np.random.default_rng(0), np.float64)
    x = rng.standard_normal((1, SIZE, SIZE, 3))
    changed = []
    for rows in (slice(0, SKY_ROWS), slice(GROUND_ROW, SIZE)):
        others = np.repeat(x, 20, axis=0)  # twenty other skies (or grounds), so that no ReLU hides a change
        others[:, rows] = rng.standard_normal(others[:, rows].shape)
        before, after = (
            next(step.output for step in trace(net, params, state, images) if step.node.path == "stage3.bn")
            for images in (x, others)
        )
        changed.append((np.abs(after - before) > 1e-9).any(axis=(0, 2, 3)))  # beyond rounding
    sky, ground = changed
    assert sky.any()
    assert ground.any()
    assert not (sky & ground).any()
