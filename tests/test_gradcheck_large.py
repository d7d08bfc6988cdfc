"""Gradient checks of large arrays: a check that will take long says so first, and a sample takes less."""

import warnings

import numpy as np
import pytest

from senet_np import ops
from senet_np.gradcheck import ArgumentCheck, FlatError, Report, check, check_gradients

X, W = np.random.default_rng(0).standard_normal((2, 6, 5))


def multiply(x, w):
    return x * w, (x, w)


def multiply_backward(dy, cache):
    x, w = cache
    return dy * w, dy * x


@pytest.fixture
def one_call_takes(monkeypatch):
    """Say how many seconds a call of forward seems to take."""
    return lambda seconds: monkeypatch.setattr(check.timeit, "repeat", lambda *args, **named: [9 * seconds, seconds])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.6, "2 minutes"),
        (1.1, "3 minutes"),
        (30, "60 minutes"),
        (59, "118 minutes"),
        (120, "4 hours"),
        (3600, "120 hours"),
    ],
)
def test_a_check_that_will_take_long_says_how_long_and_what_to_do(seconds, words, one_call_takes):
    one_call_takes(seconds)
    with pytest.warns(UserWarning, match="^this check will take") as caught:
        assert check_gradients(multiply, multiply_backward, [X, W])  # 60 elements, twice each
    (warning,) = caught
    assert str(warning.message) == (
        f"this check will take about {words}: pass sample=100 to move no more than 100 elements of each argument; "
        "or, for a layer or a net, use senet_np.gradcheck.directions.check_directions(net, shape)"
    )


@pytest.mark.parametrize("options", [{"sample": 10}, {"wrt": "x"}])
def test_what_takes_less_than_a_minute_says_nothing(options, one_call_takes):
    one_call_takes(0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_gradients(multiply, multiply_backward, [X, W], **options)


def moved(sample, rng=None):
    """Which elements of x a check moves."""
    seen = np.zeros(X.shape, bool)

    def forward(x):
        seen[x != X] = True
        return x * x, x

    assert check_gradients(forward, lambda dy, x: 2 * dy * x, [X], sample=sample, rng=rng)
    return seen


@pytest.mark.parametrize(("sample", "count"), [(1, 1), (7, 7), (29, 29), (30, 30), (31, 30), (10**6, 30), (None, 30)])
def test_a_sample_moves_as_many_elements_as_it_says(sample, count):
    assert moved(sample).sum() == count


def test_a_sample_is_the_same_each_time_unless_another_generator_is_given():
    assert np.array_equal(moved(7), moved(7))
    assert not np.array_equal(moved(7), moved(7, np.random.default_rng(1)))


def test_the_report_says_how_many_of_how_many_elements_were_compared():
    x = np.random.default_rng(0).standard_normal((40, 50))
    report = check_gradients(ops.relu_forward, ops.relu_backward, [x], sample=20)
    assert str(report).endswith(" (20 of 2,000 elements)")
    assert "elements" not in str(check_gradients(multiply, multiply_backward, [X, W], sample=30))


def test_a_wrong_gradient_shows_in_a_sample_with_a_hint_from_the_sample():
    report = check_gradients(multiply, lambda dy, c: (2 * dy * c[1], dy * c[0]), [X, W], sample=9)
    first, hint, second = str(report).splitlines()
    assert first.startswith("WRONG x: worst error 5.0e-01 (9 of 30 elements) at [")
    assert "every element is 2 times too large" in hint
    assert second.endswith(" (9 of 30 elements)")


def test_an_error_outside_the_sample_is_not_seen():
    outside = ~moved(9)
    assert check_gradients(lambda x: (x * x, x), lambda dy, x: 2 * dy * x + outside, [X], sample=9)


def test_a_sample_in_which_every_gradient_is_zero_proves_nothing():
    with pytest.raises(FlatError, match=r"^the gradient of x is zero at every element of the sample, which proves"):
        check_gradients(lambda x: (x * ~moved(9), None), lambda dy, _: dy * ~moved(9), [X], sample=9)


@pytest.mark.parametrize("sample", [0, -3, 1.5, True, "all"])
def test_a_sample_is_a_whole_number_of_at_least_1(sample):
    with pytest.raises(ValueError, match=rf"^sample is {sample!r}, expected a whole number of at least 1$"):
        check_gradients(multiply, multiply_backward, [X, W], sample=sample)


def test_what_is_not_compared_counts_as_right_and_the_heat_map_says_so():
    a, n = np.array([[1.0, np.nan, 3.0]]), np.array([[1.0, 5.0, 4.0]])
    left_out = ArgumentCheck("w", a, n, compared=np.array([[True, False, True]]))
    assert left_out.errors.tolist() == [[0, 0, 0.25]]
    assert "What was not compared is white, too." in Report((left_out,))._repr_html_()
    assert "What was not compared" not in Report((ArgumentCheck("w", a, n),))._repr_html_()
