"""Answers to the exercises of notebook 12, tried by hand: right, right in another form, and wrong."""

import numpy as np
from tried import Tried

SQUEEZE, FC1, SCALE = 524288 / (4 * 526336), 65536 / (4 * 3584), 524288 / (4 * 1050624)


def in_turns(time_a, time_b):
    ratios = []
    for _ in range(20):
        a = time_a()
        ratios.append(time_b() / a)
    return np.median(ratios)


def with_warm_up(time_a, time_b):
    ratios = []
    for _ in range(21):
        time_a()
        a = time_a()
        time_b()
        ratios.append([time_b() / a])
    return np.array([sorted(ratios)[10]])


def one_after_the_other(time_a, time_b):
    a = [time_a() for _ in range(20)]
    return np.median([time_b() for _ in range(20)]) / np.median(a)


def sums_in_turns(time_a, time_b):
    pairs = [(time_a(), time_b()) for _ in range(20)]
    return sum(b for _, b in pairs) / sum(a for a, _ in pairs)


def mean_in_turns(time_a, time_b):
    pairs = [(time_a(), time_b()) for _ in range(40)][1:]
    return np.mean([b / a for a, b in pairs])


def one_round(time_a, time_b):
    return 1 / (time_a() / time_b()) if time_a() and time_b() else 0


def forever(time_a, time_b):
    while True:
        time_a()


def turned(time_a, time_b):
    return 1 / in_turns(time_a, time_b)


B_T = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], float)
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
A_T = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], float)


def forward(d, g):
    v, k = B_T @ d, G @ g
    return A_T @ (v * k), (v, k)


def backward(dy, cache):
    v, k = cache
    dm = A_T.T @ dy
    return B_T.T @ (dm * k), G.T @ (dm * v)


def forward_by_definition(d, g):
    return np.correlate(d, g), (d, g)


def backward_by_definition(dy, cache):
    d, g = cache
    return [np.convolve(dy, g), np.correlate(d, dy)]


TRIED = {
    "12.1": Tried(
        right=(SQUEEZE, FC1, SCALE, "scale"),
        unexpected=(0.25, [4.57], 1 / 8, "The SCALE."),
        wrong={
            "These are operations per number": (4 * SQUEEZE, 4 * FC1, 4 * SCALE, "scale"),
            "How many bytes has a number in float32": (SQUEEZE / 2, FC1 / 2, SCALE / 2, "scale"),
            "fc1: 2.29 counts a multiplication with its addition": (SQUEEZE, FC1 / 2, SCALE, "scale"),
            "scale: 0.25 counts one large array": (SQUEEZE, FC1, 0.25, "scale"),
            "squeeze: 1 (operations per byte) is not right": (1, FC1, SCALE, "scale"),
            "most_bytes is squeeze: compare": (SQUEEZE, FC1, SCALE, "squeeze"),
            "most_bytes is 3, expected one of squeeze, fc1, scale": (SQUEEZE, FC1, SCALE, 3),
            "most_bytes is None, expected one of": (SQUEEZE, FC1, SCALE, None),
            "✗ 12.1: fc1 ": (SQUEEZE, None, SCALE, "scale"),
            "scale holds 2 numbers": (SQUEEZE, FC1, [SCALE, SCALE], "scale"),
        },
    ),
    "12.2": Tried(
        right=(in_turns,),
        unexpected=(with_warm_up,),
        wrong={
            "A and B are equally fast, on a machine that gets slower": (one_after_the_other,),
            "on a machine that is interrupted now and then": (mean_in_turns,),
            "on a machine that needs more time for the first run": (sums_in_turns,),
            "interrupted now and then; your comparison says": (one_round,),
            "belongs above the fraction line": (turned,),
            "after 10,000 runs": (forever,),
            "B takes 1.4 times as long as A": (lambda a, b: round(in_turns(a, b)),),
            "compare(time_a, time_b) holds 2 numbers, expected one": (lambda a, b: (1, 2),),
            "compare(time_a, time_b) is None: does": (lambda a, b: print(end=""),),
            "compare(time_a, time_b) is 'A', expected numbers": (lambda a, b: "A",),
        },
    ),
    "12.3": Tried(
        right=(1 / (0.75 + 0.25 / 4), 1 / 0.85, 6),
        unexpected=("1.23", np.array([1.18]), 6.0),
        wrong={
            "everything except batch norm were four times as fast": (1 / (0.25 + 0.75 / 4), 1 / 0.85, 6),
            "norm_faster: 4 is not right": (4, 1 / 0.85, 6),
            "norm_faster: 1.2 is not right to three significant digits": (1.2, 1 / 0.85, 6),
            "se_free: 0.15 is not right": (1.23, 0.15, 6),
            "convolutions_needed is 'six', expected numbers": (1.23, 1.18, "six"),
            "✗ 12.3: se_free ": (1.23, None, 6),
            "With 2 the step takes 0.7 of its old time": (1.23, 1 / 0.85, 2),
        },
    ),
    "12.4": Tried(
        right=(forward, backward),
        unexpected=(forward_by_definition, backward_by_definition),
        wrong={
            "ok    d: worst error": (forward, lambda dy, cache: (backward(dy, cache)[0], G.T @ (A_T.T @ dy))),
            "WRONG d: worst error": (
                forward,
                lambda dy, cache: (B_T @ (A_T.T @ dy * cache[1]), backward(dy, cache)[1]),
            ),
            "winograd_forward returned ndarray, expected two things": (lambda d, g: forward(d, g)[0], backward),
            "backward returned 1 gradient, expected dd, dg": (forward, lambda dy, cache: backward(dy, cache)[0]),
            "y of winograd_forward": (lambda d, g: (forward(d, g)[0][::-1], None), backward),
        },
    ),
    "12.5": Tried(
        right=([1, 2, 2, 4, 4],),
        unexpected=({1: 1, 2: 2.0, 3: 2, 4: "4", 8: np.float32(4)}.values(),),
        wrong={
            "3 workers are not 3 times as fast": ([1, 2, 3, 4, 4],),
            "8 workers are not 8 times as fast": ((1, 2, 2, 4, 8),),
            "1 worker is not 2 times as fast as one": ({1: 2, 8: 4, 4: 4, 3: 2, 2: 2},),
            "times_as_fast holds 4 numbers, expected 5": ([1, 2, 2, 4],),
            "times_as_fast holds 1 number, expected 5": (4,),
            "times_as_fast is a dictionary": ({1: 1},),
            "✗ 12.5: times_as_fast ": (None,),
        },
    ),
}
