"""Marks: the right answer gets all, nothing gets none, and each typical wrong answer loses exactly what it should."""

import numpy as np
import pytest

from senet_np import ops as library
from senet_np.checks.planted import PLANTED
from senet_np.grading import ops
from senet_np.grading.marks import marks

RIGHT = {name: getattr(library, name) for mark in ops.TABLE.values() for name in mark.needs}
SHORT = {"global_avg_pool": "pool", "channel_scale": "scale"}
PLANTED_HERE = [one for one in PLANTED if f"{one.op}_backward" in RIGHT]


def lost(table, right, **wrong):
    """What is lost with some wrong answers in place of the right ones: {grade_id: points}."""
    got = marks(table, {**right, **wrong})
    return {grade_id: mark.points - got[grade_id] for grade_id, mark in table.items() if got[grade_id] < mark.points}


def test_the_first_assignment_has_20_points_and_half_of_them_are_hidden():
    assert sum(mark.points for mark in ops.TABLE.values()) == 20
    assert sum(mark.points for mark in ops.TABLE.values() if mark.hidden) == 10


def test_the_librarys_own_functions_get_full_marks():
    assert lost(ops.TABLE, RIGHT) == {}


def test_an_empty_answer_gets_nothing():
    assert set(marks(ops.TABLE, {}).values()) == {0}


@pytest.mark.parametrize("mistake", PLANTED_HERE, ids=lambda mistake: mistake.name)
def test_a_planted_mistake_loses_backward_and_keeps_forward(mistake):
    gone = lost(ops.TABLE, RIGHT, **{f"{mistake.op}_backward": mistake.backward})
    short = SHORT.get(mistake.op, mistake.op)
    assert f"{short}-backward-check" in gone
    assert gone.keys() <= {f"{short}-backward-check", f"{short}-hidden"}


def relu_in_place(x):
    x[x < 0] = 0
    return x, x > 0


def sigmoid_by_the_book(x):
    y = 1 / (1 + np.exp(-x))
    return y, y


def sigmoid_of_float64(x):
    y, cache = library.sigmoid_forward(x.astype(np.float64))
    return y, cache


def linear_backward_in_place(dy, cache):
    dx, dw, db = library.linear_backward(dy, cache)
    dy *= 0
    return dx, dw, db


def scale_backward_of_one_image(dy, cache):
    du, ds = library.channel_scale_backward(dy, cache)
    ds[:] = ds.mean(axis=0)
    return du, ds


def pool_backward_of_a_square(dz, cache):
    dx = library.global_avg_pool_backward(dz, cache)
    return dx * (dx.shape[2] / dx.shape[1])  # 1/H² in place of 1/(H·W)


kept = {}


def relu_that_keeps_outside(x):
    kept["mask"] = x > 0
    return np.maximum(x, 0), None


def relu_backward_from_outside(dy, cache):
    return dy * kept["mask"]


@pytest.mark.parametrize(
    ("wrong", "gone"),
    [
        ({"relu_forward": relu_in_place}, {"relu-backward-check": 1, "relu-hidden": 2}),
        ({"sigmoid_forward": sigmoid_by_the_book}, {"sigmoid-hidden": 2}),
        ({"sigmoid_forward": sigmoid_of_float64}, {"sigmoid-hidden": 2}),
        ({"linear_backward": linear_backward_in_place}, {"linear-backward-check": 1, "linear-hidden": 2}),
        ({"channel_scale_backward": scale_backward_of_one_image}, {"scale-backward-check": 1, "scale-hidden": 2}),
        ({"global_avg_pool_backward": pool_backward_of_a_square}, {"pool-backward-check": 1, "pool-hidden": 2}),
        (
            {"relu_forward": relu_that_keeps_outside, "relu_backward": relu_backward_from_outside},
            {"relu-hidden": 2},
        ),
    ],
    ids=lambda case: " and ".join(case) if isinstance(case, dict) else None,
)
def test_a_typical_wrong_answer_loses_exactly_what_it_should(wrong, gone):
    assert lost(ops.TABLE, RIGHT, **wrong) == gone


def test_a_message_says_what_came_what_was_expected_and_what_to_look_at():
    with pytest.raises(AssertionError) as error:
        ops.check_pool_backward(library.global_avg_pool_forward, lambda dz, cache: np.ones((1, 2, 2, 2)) * 4)
    assert str(error.value) == "dx[0, 0, 0, 0] is 4, expected 1. Each of the H·W positions has the share 1/(H·W)."
