"""Arithmetic in long rows: each function is what its first line says it is, for any number of pixels and channels."""

import numpy as np
import pytest

from senet_np.fast import long_rows as rows

SHAPES = [(1, 1, 1, 1), (2, 3, 5, 7), (4, 8, 8, 16), (2, 16, 16, 3), (1, 2, 2, 600), (8, 4, 4, 128)]


@pytest.fixture(params=SHAPES, ids=str)
def arrays(request):
    rng = np.random.default_rng(0)
    n, _, _, c = request.param
    return rng.standard_normal(request.param), rng.standard_normal(request.param), rng.standard_normal((n, c))


def test_the_sums_and_products_are_those_of_plain_numpy(arrays):
    x, y, s = arrays
    assert np.allclose(rows.channel_sum(x), x.sum(axis=(0, 1, 2)), atol=1e-12)
    assert np.allclose(rows.channel_dot(x, y), (x * y).sum(axis=(0, 1, 2)), atol=1e-12)
    assert np.allclose(rows.pixel_sum(x), x.sum(axis=(1, 2)), atol=1e-12)
    assert np.allclose(rows.pixel_dot(x, y), (x * y).sum(axis=(1, 2)), atol=1e-12)
    assert np.array_equal(rows.times_each(x, s), x * s[:, None, None, :])


@pytest.mark.parametrize("shape", [(1, 1023, 1023, 2), (1, 1, 300, 2), (1, 1, 7, 2)], ids=str)
def test_a_sum_over_many_pixels_stays_exact_in_float32_whatever_their_number(shape):
    x = np.random.default_rng(0).standard_normal(shape, np.float32) + np.float32(1000)
    exact = x.sum(axis=(0, 1, 2), dtype=np.float64)
    assert np.abs(rows.channel_sum(x) / exact - 1).max() < 5e-6  # one sum after the other would be 1 % off


def test_a_fitted_vector_stands_beside_its_channels(arrays):
    x, _, s = arrays
    long = rows.long_rows(x)
    assert np.array_equal((long + rows.fit(s[0], long)).reshape(x.shape), x + s[0])


@pytest.mark.parametrize(
    ("shape", "length"), [((4, 8, 8, 16), 512), ((2, 3, 1, 7), 14), ((1, 1, 3, 5), 5), ((2, 600), 600)]
)
def test_rows_are_of_about_512_numbers_where_the_pixels_can_be_shared_out(shape, length):
    x = np.ones(shape)
    assert rows.long_rows(x).shape == (x.size // length, length)
    assert np.shares_memory(rows.long_rows(x), x)
