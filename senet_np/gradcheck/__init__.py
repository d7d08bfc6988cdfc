"""Gradient checks: is a hand-written backward pass the derivative of its forward pass?

check.py        `check_gradients`: central differences against a backward pass, at every element
corners.py      whether a gradient disagrees because it is wrong, or because there is a corner
convention.py   what forward and backward passes agree on, checked before any number is compared
report.py       what the check found, as text and as a heat map
hints.py        what the pattern of an error tells about the bug behind it
cases.py        every pair of the package with random arguments
directions.py   a check for whole networks, along random directions
bugs/           wrong backward passes, which the checks must catch
"""

from .check import FlatError, KinkError, check_gradients, decisions
from .report import TOLERANCE, ArgumentCheck, Report

__all__ = ["TOLERANCE", "ArgumentCheck", "FlatError", "KinkError", "Report", "check_gradients", "decisions"]
