"""Comparisons over several seeds, paired, with an interval, and every result line kept.

Start reading at `comparison.py`: what is compared. `runner.py` trains, `results.py` stores, `report.py` concludes.
"""
