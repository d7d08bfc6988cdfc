"""The checks of the graded assignments: visible checks whose messages teach, and hidden ones that catch known mistakes.

A cell of an assignment calls one function of this package, and its points stand in the same table that the
tests read. A student can read the hidden checks here, and learns from doing so; for an examination change their seeds.
"""
