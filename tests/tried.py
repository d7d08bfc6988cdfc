"""What was tried on an exercise: right answers in more than one form, and wrong ones with what they are told."""

from typing import Any, NamedTuple


class Tried(NamedTuple):
    """Arguments of `check` after the number, as a tuple, or as a dict where they are given by name."""

    right: Any
    unexpected: Any  # right too, in a form that the exercise does not suggest
    wrong: dict[str, Any]  # by a piece of the message that each must get
