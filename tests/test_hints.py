"""The hints: they say what the numbers show, and name a cause only where no other mistake looks the same."""

from dataclasses import replace

import numpy as np
import pytest

from senet_np import se
from senet_np.gradcheck import check_gradients
from senet_np.gradcheck.bugs import BUGS
from senet_np.gradcheck.cases import op_cases, se_cases
from senet_np.gradcheck.hints import find_hint, guess_factors, heat_map_html

RIGHT = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
FACTORS = guess_factors({"x": RIGHT, "size": 3})


TWO = np.zeros(RIGHT.shape)
TWO[0, 1, 1:3, 0] = 1  # in one map, away from its border
PLACE = np.zeros((2, 3, 4, 5)) + np.arange(12).reshape(3, 4, 1)
SHIFTED = np.roll(RIGHT, 1, axis=2) - RIGHT
INSIDE = np.zeros(RIGHT.shape, bool)
INSIDE[:, 1:-1, 1:-1] = True


def with_zeros(count):
    zeroed = RIGHT.copy()
    zeroed.ravel()[:count] = 0
    return zeroed


@pytest.mark.parametrize(
    ("wrong", "right", "hint"),
    [
        (-RIGHT, RIGHT, "every element has the wrong sign"),
        (2 * RIGHT, RIGHT, "2 times too large"),
        (12 * RIGHT, RIGHT, "12 times too large (12 is H·W here)"),
        (RIGHT / 24, RIGHT, "24 times too small (24 is N·H·W here)"),
        (RIGHT / 9, RIGHT, "9 times too small (9 is size² here)"),
        (0 * RIGHT, RIGHT, "backward returns zeros"),
        (RIGHT, 0 * RIGHT, "does not depend on this argument"),
        (RIGHT[:, ::-1, ::-1], RIGHT, "turned by 180°"),
        (RIGHT / 2, RIGHT, "2 times too small"),
        (RIGHT + SHIFTED, RIGHT, "in each map the errors add up to 0"),
        (3 * RIGHT, RIGHT, "3 times too large (3 is H or size here)"),
        (RIGHT[::-1, ::-1], RIGHT, "turned by 180°"),
        (RIGHT[:, :1, :1] ** 2, RIGHT[:, :1, :1], ""),
        (RIGHT - RIGHT[:, :1, :1], RIGHT, "it comes through a mean over positions"),
        (with_zeros(7), RIGHT, "7 of 120 elements are zero and should not be; the others are right"),
        (RIGHT, with_zeros(7), "7 of 120 elements are not zero and should be; the others are right"),
        (RIGHT + TWO, RIGHT, "2 of 120 elements are wrong; the others are right"),
        (RIGHT + (PLACE.max() == PLACE), RIGHT, "never two in one map, as if through a maximum over positions"),
        (RIGHT + ~INSIDE, RIGHT, "all of them at the border"),
        (np.full_like(RIGHT, np.inf), RIGHT, "not finite"),
        (RIGHT * (1 + 1e-5), RIGHT, "right to 4 digits"),
        (RIGHT[0, 0] * (1 + 1e-5), RIGHT[0, 0], "right to 4 digits"),
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


def test_a_factor_is_named_by_all_that_it_may_be_and_by_nothing_where_it_is_no_size():
    assert find_hint(RIGHT / 3, RIGHT, {"N": 3, "C": 3}) == "every element is 3 times too small (3 is N or C here)"
    assert find_hint(2 * RIGHT, RIGHT, {"N": 2}) == "every element is 2 times too large"  # a 2 has many causes


# What a hint claims, beyond what can be counted, and of which causes that is true.
CLAIMS = {
    "has the wrong sign": {"sign"},
    "the transpose": set(),
    "turned by 180°": set(),
    "not finite": set(),
    "backward returns zeros": set(),
    "through a mean over positions": {
        "second use of a value forgotten", "divisor of a mean forgotten", "non-linearity skipped",
        "mask of the wrong array", "gradient overwritten before its second use", "path through the mean dropped",
        "kernel not turned round", "ends joined to a ring",
    },
    "through a maximum over positions": {"second use of a value forgotten", "non-linearity skipped",
                                         "mask of the wrong array", "gradient overwritten before its second use"},
    "a small term is wrong": {"small constant left out"},
    "all of them at the border": set(),
}  # fmt: skip


@pytest.mark.parametrize("op", sorted({bug.op for bug in BUGS}))
def test_no_hint_on_an_injected_bug_names_the_cause_of_another(op):
    cases = [case for case in (*op_cases(), *se_cases()) if case.op == op]
    for bug in (bug for bug in BUGS if bug.op == op):
        for case in cases:
            for hint in hints_of(replace(case, backward=bug.backward)):
                claimed = [claim for claim, causes in CLAIMS.items() if claim in hint and bug.cause not in causes]
                assert not claimed, f"{bug.name} ({case.name}): {hint}"
                assert not set("?") & set(hint), f"{bug.name}: a guess, {hint}"


def hints_of(case):
    try:
        return [argument.hint for argument in case.run(0).arguments if argument.hint]
    except IndexError:  # a bug that does not survive its first run
        return []


@pytest.mark.parametrize("wrong", ["squeeze path dropped", "1/(H·W) lost", "gate applied twice"])
def test_a_wrong_du_is_said_to_come_through_the_squeeze_and_what_to_mend_first(wrong):
    bug = next(bug for bug in BUGS if (bug.op, bug.title) == ("se", wrong))
    args = next(se_cases()).draw(np.random.default_rng(0))
    report = check_gradients(se.se_forward, bug.backward, args)
    hint = report.arguments[0].hint
    assert "is missing, has a wrong factor, or begins with a wrong gradient" in hint
    assert hint.endswith("First mend dw1 and db1 and dw2 and db2") == (wrong == "gate applied twice")


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
