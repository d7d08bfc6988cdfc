"""The hints: each pattern of a wrong gradient is read as the mistake that makes it, and a stranger one as none."""

import numpy as np
import pytest

from senet_np import se
from senet_np.gradcheck import check_gradients
from senet_np.gradcheck.cases import se_cases
from senet_np.gradcheck.hints import find_hint, guess_factors, heat_map_html

RIGHT = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
FACTORS = guess_factors({"x": RIGHT, "size": 3})


def with_zeros(count):
    zeroed = RIGHT.copy()
    zeroed.ravel()[:count] = 0
    return zeroed


@pytest.mark.parametrize(
    ("wrong", "right", "hint"),
    [
        (-RIGHT, RIGHT, "every element has the wrong sign"),
        (2 * RIGHT, RIGHT, "twice too large"),
        (12 * RIGHT, RIGHT, "12 (H·W) times too large"),
        (RIGHT / 24, RIGHT, "24 (N·H·W) times too small"),
        (RIGHT / 9, RIGHT, "9 (size²) times too small"),
        (0 * RIGHT, RIGHT, "backward returns zeros"),
        (RIGHT, 0 * RIGHT, "does not depend on this argument"),
        (RIGHT[:, ::-1, ::-1], RIGHT, "turned by 180°"),
        (RIGHT / 2, RIGHT, "half of what it should be"),
        (3 * RIGHT, RIGHT, "3 (H or size) times too large"),
        (RIGHT[::-1, ::-1], RIGHT, "turned by 180°"),
        (RIGHT[:, :1, :1] ** 2, RIGHT[:, :1, :1], ""),
        (RIGHT - RIGHT[:, :1, :1], RIGHT, "a path through an average is forgotten"),
        (with_zeros(7), RIGHT, "7 of 120 elements are zero and should not be"),
        (RIGHT, with_zeros(7), "7 of 120 elements should be zero"),
        (np.full_like(RIGHT, np.inf), RIGHT, "not finite"),
        (RIGHT * (1 + 1e-5), RIGHT, "almost right"),
        (RIGHT[0, 0] * (1 + 1e-5), RIGHT[0, 0], "almost right"),
        (RIGHT**2, RIGHT, ""),
    ],
)
def test_a_pattern_is_read_as_its_mistake(wrong, right, hint):
    found = find_hint(wrong, right, FACTORS)
    assert hint in found
    assert bool(hint) == bool(found)


def test_a_transpose_is_recognized():
    square = RIGHT[0, 0, :, :4]
    assert "transpose" in find_hint(square.T, square, {})


def test_a_gradient_that_is_the_same_everywhere_anyway_does_not_look_like_a_forgotten_path():
    flat = np.broadcast_to(RIGHT[:, :1, :1], RIGHT.shape)
    assert find_hint(np.cos(7 * flat), flat, {}) == ""


@pytest.mark.parametrize("factor", [2, 0.5])
def test_a_factor_of_two_may_be_the_batch_and_then_the_hint_names_it(factor):
    assert "(2 is also N)" in find_hint(factor * RIGHT, RIGHT, FACTORS)
    assert "2 is also" not in find_hint(factor * RIGHT, RIGHT, {"N": 3})


def test_the_forgotten_squeeze_path_is_named_by_its_hint():
    def forgets(dx_scaled, cache):
        _, *others = se.se_backward(dx_scaled, cache)
        return dx_scaled * cache.s[:, None, None, :], *others

    args = next(se_cases()).draw(np.random.default_rng(0))
    assert "a path through an average is forgotten" in str(check_gradients(se.se_forward, forgets, args))


def test_the_heat_map_has_a_cell_for_each_element_and_shades_only_the_wrong_ones():
    html = heat_map_html(np.array([[1e-9, 1.0], [0.5, 0.0]]), limit=1e-6)
    assert html.count("<td") == 4
    assert html.count("rgba(213, 94, 0, 0.00)") == 2


@pytest.mark.parametrize(
    ("worst", "shown"),
    [
        ((0, 0), "rows 0 to 39, columns 0 to 39"),
        ((30, 31), "rows 10 to 49, columns 11 to 50"),
        ((49, 59), "rows 10 to 49, columns 20 to 59"),
    ],
)
def test_a_large_heat_map_is_cut_around_the_largest_error_and_says_so(worst, shown):
    errors = np.zeros((50, 60))
    errors[worst] = 1
    html = heat_map_html(errors, limit=1e-6)
    assert html.count("<td") == 1600
    assert html.count("rgba(213, 94, 0, 1.00)") == 1
    assert f"{shown} of (50, 60)" in html


def test_a_heat_map_may_have_any_limit():
    assert "nan" not in heat_map_html(np.array([[0.0, 1.0]]), limit=1.0)


def test_an_infinite_error_has_a_color_too():
    assert "rgba(213, 94, 0, 1.00)" in heat_map_html(np.array([[np.inf]]), limit=1e-6)
