"""Answers to the exercises of notebook 11, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

from senet_np.experiments.statistics import paired_difference


def coverage(interval, trials=2000, n=10, difference=0.4):
    rng = np.random.default_rng(0)
    seed, own_a, own_b = rng.standard_normal((3, trials, n))
    acc_a = difference + 0.5 * (np.sqrt(0.3) * seed + np.sqrt(0.7) * own_a)
    acc_b = 0.5 * (np.sqrt(0.3) * seed + np.sqrt(0.7) * own_b)
    found = [interval(a, b) for a, b in zip(acc_a, acc_b, strict=True)]
    return sum(abs(mean - difference) <= half for mean, half in found) / trials


def coverage_by_name(interval):
    return coverage_of_rows(lambda a, b: interval(acc_A=a, acc_B=b))


def coverage_of_rows(interval):
    rng = np.random.default_rng(1)
    seed = 60 + rng.standard_normal((5000, 1, 10))
    acc_a, acc_b = np.swapaxes(seed + rng.standard_normal((5000, 2, 10)), 0, 1)
    mean, half = interval(acc_a, acc_b)
    return np.array((np.abs(mean) <= half).mean())


D = np.array([0.4, 0.2, 0.5, 0.1, 0.5])
HALF = 2.776 * D.std(ddof=1) / np.sqrt(5)
DONE = paired_difference([68.2, 67.9, 68.5, 68.0, 68.4], [67.8, 67.7, 68.0, 67.9, 67.9])

TRIED = {
    "11.1": Tried(
        right=(0.3 / (100 * np.sqrt(2 * 0.92 * 0.08 / 10_000)), 10, 24),
        unexpected=(np.array(0.775), 10.0, np.int64(24)),
        wrong={
            "that is for one accuracy": (1.1, 10, 24),
            "that is the standard error": (0.387, 10, 24),
            "variances do": (0.548, 10, 24),
            "seeds_at_05 is 15": (0.78, 10, 15),
            "seeds_at_03 is 9.8, expected a whole number": (0.78, 9.8, 24),
            "✗ 11.1: errors ": (None, 10, 24),
            "✗ 11.1: seeds_at_05 ": (0.78, 10, None),
            "seeds_at_05 is 'many', expected numbers": (0.78, 10, "many"),
        },
    ),
    "11.2": Tried(
        right=(D.mean(), HALF, "more"),
        unexpected=(DONE.mean, [round(DONE.half, 3)], "More."),
        wrong={
            "with SE minus without": (-0.34, HALF, "less"),
            "it ignores the pairs": (0.34, 0.347, "no difference seen"),
            "for very many numbers": (0.34, HALF * 1.96 / 2.776, "more"),
            "Which divisor": (0.34, 2.776 * D.std() / np.sqrt(5), "more"),
            "the whole width": (0.34, 2 * HALF, "no difference seen"),
            "How far may the mean": (0.34, HALF * np.sqrt(5), "no difference seen"),
            "half_width is 0.23, which is not right to three significant digits": (0.34, 0.23, "more"),
            "expected the mean of the five": (0.3, HALF, "more"),
            "✗ 11.2: half_width ": (0.34, None, "more"),
            "verdict is None, expected one of more, less": (0.34, HALF, None),
            "Is 0 inside the interval": (0.34, HALF, "no difference seen"),
        },
    ),
    "11.3": Tried(
        right=(coverage, [2, 3]),
        unexpected=(coverage_by_name, "Person 3, and person 2."),
        wrong={
            "are those the intervals that miss": (lambda interval: 1 - coverage(interval), [2, 3]),
            "is the truth the one": (lambda interval: 0.5 * coverage(interval) + 0.3, [2, 3]),
            "expected a share": (lambda interval: 100 * coverage(interval), [2, 3]),
            "less than 0.95, or more": (coverage, [1, 2]),
            "too_short is 2, and it is not complete": (coverage, 2),
            "too_short is array([2]), and": (coverage, np.array([2])),
            "too_short is empty": (coverage, []),
            "too_short is [0, 1], expected some of the numbers": (coverage, [0, 1]),
            "too_short is None, expected some": (coverage, None),
            "coverage(interval) is None: does": (lambda interval: print(end=""), [2, 3]),
            "coverage(interval) is 'all', expected numbers": (lambda interval: "all", [2, 3]),
            "a wrong interval passes": (lambda interval: max(0.945, coverage(interval)), [2, 3]),
        },
    ),
    "11.4": Tried(
        right=(0.944, 0.26),
        unexpected=(np.float64(94), 27),
        wrong={
            "intervals that include 0": (0.056, 0.74),
            "belongs to the other question": (0.26, 0.94),
            "true_pairs is 0.60": (0.6, 0.26),
            "broken_pairs is -3, expected a share": (0.94, -3),
            "✗ 11.4: broken_pairs ": (0.94, None),
            "holds 2 numbers, expected one": ([0.94, 0.94], 0.26),
        },
    ),
    "11.5": Tried(
        right=(100 * np.sqrt(0.05 / 10_000),),
        unexpected=(0.002236,),
        wrong={
            "two independent accuracies": (0.3837,),
            "of one accuracy": (0.271,),
            "a difference has a sign": (0.2179,),
            "divide by √n": (22.36,),
            "What is the mean of its square": (0.05,),
            "standard_error is 0.22, which is not right to three significant digits": (0.22,),
            "✗ 11.5: standard_error ": (None,),
        },
    ),
}
