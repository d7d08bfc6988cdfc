"""Comparing: several networks, several seeds, an interval.

Floor 4.
"""
