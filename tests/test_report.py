"""What a gradient check says, word for word: this is what a learner reads at eleven at night."""

import numpy as np

from senet_np.gradcheck import ArgumentCheck, Report

RIGHT = np.array([[1.0, -2.0], [0.0, 4.0]])
WRONG = np.array([[1.0, -2.0], [1.0, 4.0]])


def test_a_right_gradient_takes_one_short_line():
    assert str(ArgumentCheck("w", RIGHT, RIGHT)) == "w: worst error 0.0e+00"


def test_a_right_gradient_gets_no_hint_even_where_one_is_at_hand():
    assert "hint" not in str(ArgumentCheck("w", RIGHT, RIGHT, hint="unheard"))


def test_a_wrong_gradient_is_shown_with_place_numbers_ratio_and_hint():
    check = ArgumentCheck("w", RIGHT, np.array([[1.0, -2.0], [0.0, 2.0]]), hint="something is counted twice")
    assert str(check) == (
        "w: worst error 5.0e-01 at [1, 1]: backward says 4, finite differences say 2 (ratio 2)\n"
        "      hint: something is counted twice"
    )


def test_where_the_right_value_is_zero_there_is_no_ratio():
    assert str(ArgumentCheck("x", WRONG, RIGHT)) == (
        "x: worst error 2.5e-01 at [1, 0]: backward says 1, finite differences say 0 (no ratio)"
    )


def test_a_problem_stands_in_place_of_numbers():
    check = ArgumentCheck("b", None, None, "backward returned None, expected an array of shape (2,)")
    assert str(check) == "b: backward returned None, expected an array of shape (2,)"
    assert not check.ok
    assert check.worst == np.inf


def test_a_problem_is_wrong_even_where_the_numbers_agree():
    assert not ArgumentCheck("b", RIGHT, RIGHT, "of the wrong dtype").ok


def test_the_error_is_scaled_by_the_largest_value_of_either_array():
    assert ArgumentCheck("x", WRONG, RIGHT).errors.tolist() == [[0, 0], [0.25, 0]]
    assert ArgumentCheck("x", RIGHT, WRONG).errors.tolist() == [[0, 0], [0.25, 0]]
    assert ArgumentCheck("x", np.array([1.0]), np.array([-8.0])).worst == 9 / 8
    assert ArgumentCheck("x", np.array([-8.0]), np.array([1.0])).worst == 9 / 8


def test_a_tiny_gradient_is_compared_absolutely():
    assert np.isclose(ArgumentCheck("x", np.array([1e-6]), np.array([0.0])).worst, 1e-3)


def test_the_tolerance_itself_does_not_pass():
    check = ArgumentCheck("x", np.array([1.5]), np.array([1.0]), tolerance=0.5 / 1.5)
    assert not check.ok


def test_a_report_marks_each_argument():
    report = Report((ArgumentCheck("u", RIGHT, RIGHT), ArgumentCheck("w", WRONG, RIGHT)))
    first, second = str(report).split("\n")
    assert first == "ok    u: worst error 0.0e+00"
    assert second.startswith("WRONG w: worst error 2.5e-01 at [1, 0]")
    assert repr(report) == str(report)


def test_a_report_is_as_good_as_its_worst_argument():
    good, bad = ArgumentCheck("u", RIGHT, RIGHT), ArgumentCheck("w", WRONG, RIGHT)
    assert Report((good, good))
    assert not Report((good, bad))
    assert Report((good, bad)).worst == 0.25


def test_in_a_notebook_each_wrong_gradient_has_a_heat_map_and_nothing_else_has():
    arguments = (
        ArgumentCheck("u", RIGHT, RIGHT),
        ArgumentCheck("w<", WRONG, RIGHT),
        ArgumentCheck("b", None, None, "backward returned None"),
        ArgumentCheck("v", RIGHT, WRONG, tolerance=0.3),
    )
    html = Report(arguments)._repr_html_()
    assert html.startswith('<pre style="font-family: monospace">ok    u: worst error 0.0e+00\nWRONG w&lt;: worst error')
    assert "WRONG b: backward returned None" in html
    assert html.count("<table") == 1
    assert "</pre><p>error of dw&lt;, largest at [1, 0]</p><table" in html
    assert html.count("rgba(213, 94, 0, 0.00)") == 3


def test_the_heat_map_has_the_tolerance_of_its_check():
    html = Report((ArgumentCheck("w", WRONG, RIGHT, tolerance=0.2), ArgumentCheck("v", WRONG, RIGHT)))._repr_html_()
    assert html.count("</p><p>error of dv, largest at [1, 0]</p>") == 1
    first, second = html.split("error of dv")
    shades = [part.split("rgba(213, 94, 0, ")[3].split(")")[0] for part in (first, second)]
    assert 0 < float(shades[0]) < 0.2
    assert float(shades[1]) > 0.8
