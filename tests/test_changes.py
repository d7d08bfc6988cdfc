"""Global changes of images: each does what its name says, to the same images for every network."""

import numpy as np
import pytest

from senet_np.data.changes import CHANGES, changed


def images(n=3):
    return np.random.default_rng(0).integers(60, 190, (n, 8, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_gives_images_of_the_same_kind_and_leaves_the_original(name):
    x = images()
    before = x.copy()
    y = changed(x, name)
    assert (y.dtype, y.shape) == (np.uint8, x.shape)
    assert np.array_equal(x, before)
    assert not np.array_equal(y, x)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_the_same_each_time(name):
    assert np.array_equal(changed(images(), name), changed(images(), name))


def test_brightness_adds_and_stops_at_white_and_black():
    x = images()
    assert np.abs(changed(x, "brightness +0.15") - x.astype(int) - 38.25).max() <= 0.5
    assert changed(np.full((1, 2, 2, 3), 250, np.uint8), "brightness +0.3").min() == 255
    assert changed(np.full((1, 2, 2, 3), 9, np.uint8), "brightness -0.3").max() == 0


def test_contrast_brings_pixels_closer_to_the_mean_and_keeps_it():
    x = images()
    y = changed(x, "contrast -0.6")
    assert np.allclose(y.std(axis=(1, 2, 3)), 0.4 * x.std(axis=(1, 2, 3)), rtol=2e-2)
    assert np.allclose(y.mean(axis=(1, 2, 3)), x.mean(axis=(1, 2, 3)), atol=0.5)


def test_a_color_cast_is_one_factor_for_each_image_and_color():
    ratio = changed(images(), "color cast 0.2") / images()
    assert (ratio.std(axis=(1, 2)) < 6e-3).all()  # but for rounding
    assert len({*ratio.mean(axis=(1, 2)).ravel().round(2)}) > 5


def test_blur_leaves_a_constant_image_and_spreads_a_point():
    assert (changed(np.full((1, 5, 5, 3), 77, np.uint8), "blur 3") == 77).all()
    point = np.zeros((1, 5, 5, 3), np.uint8)
    point[0, 2, 2] = 160
    assert changed(point, "blur 1")[0, 1:4, 1:4, 0].tolist() == [[10, 20, 10], [20, 40, 20], [10, 20, 10]]


def test_noise_has_its_standard_deviation():
    x = np.full((20, 20, 20, 3), 128, np.uint8)
    assert np.isclose(changed(x, "noise 0.04").std(), 0.04 * 255, rtol=0.02)
