"""Exercises of notebook 11: is it better, or was it luck?"""

import reprlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..experiments.statistics import t975
from ..grading.marks import Array, require
from . import reading
from .checking import exercise

Interval = Callable[[Array, Array], tuple[Any, Any]]  # of two arms: the mean difference and half its interval
LEFT_OUT = "Draw ten pairs per comparison, with some spread of the seeds."


@exercise("11.1")
def report(errors: Any, seeds_at_03: Any, seeds_at_05: Any) -> str:
    """How many standard errors a difference is, and how many seeds would show it."""
    errors = reading.number(errors, "errors")
    one = 0.3 / 0.274  # of a single accuracy
    require(
        not np.isclose(errors, one, rtol=0.03), "errors: that is for one accuracy; a difference has the luck of two."
    )
    require(not np.isclose(errors, one / 2, rtol=0.03), "errors: standard errors do not add, variances do.")
    require(
        not np.isclose(errors, 0.3873, rtol=0.03),
        "errors: that is the standard error. How many of them are 0.3 points?",
    )
    require(
        0.73 <= errors <= 0.82, f"errors is {errors:.3g}: 0.3 points divided by the standard error of the difference."
    )
    for name, answer, sd, right in (("seeds_at_03", seeds_at_03, 0.3, 10), ("seeds_at_05", seeds_at_05, 0.5, 24)):
        given = reading.whole(answer, name)
        advice = f"The rule of section 6 with a difference of 0.3 and an sd of {sd}."
        require(abs(given - right) <= 1, f"{name} is {given}. {advice}")
    return (
        "Less than one standard error by the images alone, and the luck of the seeds comes on top: it proves nothing."
    )


@exercise("11.2")
def interval_by_hand(mean_difference: Any, half_width: Any, verdict: Any) -> str:
    """The interval of five pairs."""
    mean, half = reading.number(mean_difference, "mean_difference"), reading.number(half_width, "half_width")
    acc_A, acc_B = np.array([68.2, 67.9, 68.5, 68.0, 68.4]), np.array([67.8, 67.7, 68.0, 67.9, 67.9])
    d = acc_A - acc_B
    require(not np.isclose(mean, -d.mean(), rtol=0.01), "mean_difference has the other sign: with SE minus without.")
    right = np.isclose(mean, d.mean(), rtol=0.01)
    require(right, f"mean_difference is {mean:.4g}: expected the mean of the five differences.")
    error = d.std(ddof=1) / np.sqrt(5)
    unpaired = np.sqrt((acc_A.var(ddof=1) + acc_B.var(ddof=1)) / 5)
    mistakes = {
        "that is the whole width; half of it was asked for.": 2 * 2.776 * error,
        "it ignores the pairs. Take the sd of the five differences.": 2.776 * unpaired,
        "that would be right with 1.96, for very many numbers. There are five.": 1.96 * error,
        "the sd divides by n here. Which divisor does the notebook use?": 2.776 * d.std() / np.sqrt(5),
        "t is that of 5 degrees of freedom.": t975(5) * error,
        "that is how far a single difference may lie from the mean. How far may the mean?": 2.776 * d.std(ddof=1),
        "that is the standard error. By what is it multiplied?": error,
        "that is the sd of the differences.": d.std(ddof=1),
    }
    for message, mistaken in mistakes.items():
        require(not np.isclose(half, mistaken, rtol=0.01), f"half_width is {half:.4g}: {message}")
    formula = "t times sd(d)/√n, with d five numbers."
    right = np.isclose(half, 2.776 * error, rtol=0.01)
    require(right, f"half_width is {half:.4g}, which is not right to three significant digits: {formula}")
    said, words = reprlib.repr(verdict), str(verdict).strip(" .!").lower()
    known = ("more", "less", "no difference seen")
    require(words in known, f"verdict is {said}, expected one of {', '.join(known)}.")
    require(words == "more", f"verdict is {said}. Is 0 inside the interval? If not, on which side of it?")
    return "Five pairs are enough here, because the differences lie close together."


@exercise("11.3")
def one_test(coverage: Callable[[Interval], Any], too_short: Any) -> str:
    """A simulation that tells right intervals from wrong ones, and which of three are too short."""
    ways: dict[str, Interval] = {"right": _right, "1": _by_sd, "2": _sorted, "3": _by_196}
    shares = {}
    for name, way in ways.items():
        answer = coverage(way)
        require(answer is not None, "coverage(interval) is None: does the function return it?")
        shares[name] = reading.number(answer, "coverage(interval)")
    right = shares["right"]
    require(right <= 1.0001, f"for a right interval coverage returns {right:.4g}: expected a share, from 0 to 1.")
    require(right >= 0.1, f"for a right interval coverage returns {right:.3f}: are those the intervals that miss?")
    message = f"for a right interval coverage returns {right:.3f}, and it should be about 0.95. "
    require(right < 0.99, message + "Is the true difference compared with mean ± half, and drawn anew each time?")
    require(0.93 < right < 0.97, message + "Are there enough comparisons, and is the truth the one that you drew with?")
    wide = shares["1"]
    require(wide > 0.985, f"one of the three covers the truth almost always, your test says {wide:.3f}. {LEFT_OUT}")
    for name in "23":
        require(shares[name] < 0.94, f"a wrong interval passes your test, with {shares[name]:.3f}. {LEFT_OUT}")
    said, given = reprlib.repr(too_short), _people(too_short)
    require(given, "too_short is empty. Give all three to your test.")
    require(given <= {"1", "2", "3"}, f"too_short is {said}, expected some of the numbers 1, 2 and 3.")
    require("1" not in given, "too_short has 1. What does your test return for it: less than 0.95, or more?")
    require(given == {"2", "3"}, f"too_short is {said}, and it is not complete. Give all three to your test.")
    return (
        "1 takes the sd for the standard error, and overlooks true differences. 2 pairs the best with the best, so the "
        "differences are too much alike. 3 uses 1.96 and a too small sd."
    )


@exercise("11.4")
def broken(true_pairs: Any, broken_pairs: Any) -> str:
    """The power of ten pairs, and what is left of it when they are broken."""
    answers = {"true_pairs": true_pairs, "broken_pairs": broken_pairs}
    rights = {"true_pairs": 0.944, "broken_pairs": 0.260}
    for name, answer in answers.items():
        given, right = reading.number(answer, name), rights[name]
        require(given >= 0, f"{name} is {given:.3g}, expected a share, from 0 to 1.")
        given = given / 100 if given > 1 else given
        require(
            not np.isclose(given, 1 - right, atol=0.03),
            f"{name} is {given:.2f}: are those the intervals that include 0?",
        )
        swapped = any(np.isclose(given, other, atol=0.03) for key, other in rights.items() if key != name)
        require(not swapped, f"{name} is {given:.2f}: that belongs to the other question.")
        require(
            abs(given - right) < 0.045,
            f"{name} is {given:.2f}. Ten pairs, difference 0.4, sd 0.5, ρ = 0.8, and thousands of comparisons?",
        )
    return (
        "The mean is the same. But what a seed does to both arms no longer cancels, so the sd of the differences grows."
    )


@exercise("11.5")
def same_images(standard_error: Any) -> str:
    """The standard error of the difference of two accuracies on the same images."""
    given = reading.number(standard_error, "standard_error")
    in_points = given * 100 if given < 0.02 else given
    mistakes = {
        "that holds for two independent accuracies.": 0.3837,
        "that is the standard error of one accuracy.": 0.2713,
        "0.05 · 0.95 is the variance of 'they disagree'. But a difference has a sign, and its mean is 0.": 0.2179,
        "that would be the share of images on which they agree.": 0.9747,
    }
    for message, mistaken in mistakes.items():
        require(not np.isclose(in_points, mistaken, rtol=0.008), f"standard_error is {given:.4g}: {message}")
    require(not np.isclose(given, 22.36, rtol=0.01), "standard_error is that of a single image: divide by √n.")
    advice = "How often is the difference of one image −1, 0 and +1? What is the mean of its square?"
    said = f"standard_error is {given:.4g}, which is not right to three significant digits."
    require(np.isclose(in_points, 0.2236, rtol=0.01), f"{said} {advice}")
    return "Less than for two independent networks: images that are easy or hard for both cancel in the difference."


def _people(answer: Any) -> set[str]:
    """Numbers of people: "2", also from 2.0 and "person 2"."""
    answer = answer.ravel().tolist() if isinstance(answer, np.ndarray) else answer
    words = [answer] if isinstance(answer, str) or not isinstance(answer, Iterable) else [*answer]
    words = [str(word) for word in words]
    found = reading.names(words) if any(word.strip() for word in words) else set()
    return {word.removesuffix(".0").removeprefix("person_") for word in found} - {"person", "persons", "people"}


def _interval(d: Array, factor: Any) -> tuple[Any, Any]:
    return d.mean(axis=-1), factor / np.sqrt(d.shape[-1])


def _pairs(acc_A: Any, acc_B: Any) -> tuple[Array, int]:
    d = np.subtract(acc_A, acc_B)
    require(d.ndim and d.shape[-1] >= 5, f"your test gives the interval arrays of shape {d.shape}, expected ten pairs.")
    return d, d.shape[-1]


def _right(acc_A: Array, acc_B: Array) -> tuple[Any, Any]:
    d, n = _pairs(acc_A, acc_B)
    return _interval(d, t975(n - 1) * d.std(axis=-1, ddof=1))


def _by_sd(acc_A: Array, acc_B: Array) -> tuple[Any, Any]:
    d, n = _pairs(acc_A, acc_B)
    return _interval(d, t975(n - 1) * d.std(axis=-1, ddof=1) * np.sqrt(n))


def _sorted(acc_A: Array, acc_B: Array) -> tuple[Any, Any]:
    return _right(np.sort(acc_A), np.sort(acc_B))


def _by_196(acc_A: Array, acc_B: Array) -> tuple[Any, Any]:
    d, _ = _pairs(acc_A, acc_B)
    return _interval(d, 1.96 * d.std(axis=-1))
