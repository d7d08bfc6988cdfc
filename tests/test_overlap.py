"""A change of the process that several want is undone when the last one has ended, whatever the order."""

from contextlib import contextmanager

import pytest

from senet_np.fast.overlap import Overlapping


@pytest.fixture
def room():
    """Something that has a state, and a change of it that remembers what was before."""
    state = ["as it was"]

    @contextmanager
    def change():
        before, state[0] = state[0], "changed"
        yield
        state[0] = before

    return state, Overlapping(change)


@pytest.mark.parametrize("steps", ["io", "iioo", "ioio", "iiooio", "iioioo"], ids=lambda steps: steps)
def test_the_last_one_out_restores_what_the_first_one_found(room, steps):
    state, change = room
    inside = 0
    for step in steps:
        (change.__enter__ if step == "i" else change.__exit__)()
        inside += 1 if step == "i" else -1
        assert state == ["changed" if inside else "as it was"]


def test_a_change_that_fails_counts_for_nothing(room):
    state, change = room
    working, change.change = change.change, lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        change.__enter__()
    change.change = working
    with change:
        assert state == ["changed"]
    assert state == ["as it was"]


def test_a_change_that_is_kept_is_neither_undone_nor_made_again(room):
    state, change = room
    with change:
        change.keep()
    assert state == ["changed"]
    state[0] = "changed by another"
    with change:
        assert state == ["changed by another"]
