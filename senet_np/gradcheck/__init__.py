"""Gradient checks: is a hand-written backward pass the derivative of its forward pass?

check.py        `check_gradients`: central differences against a backward pass, at every element
report.py       what it found, as text and as a heat map
hints.py        what the pattern of an error tells about the bug behind it
case.py         one pair with random arguments
cases.py        every pair of the package, as cases
directions.py   a check for whole networks, along random directions
bugs/           wrong backward passes, which the checks must catch
"""

from .check import FlatError, KinkError, UnfitInputsError, check_gradients, decisions
from .report import TOLERANCE, ArgumentCheck, Report

__all__ = [
    "TOLERANCE",
    "ArgumentCheck",
    "FlatError",
    "KinkError",
    "Report",
    "UnfitInputsError",
    "check_gradients",
    "decisions",
]
