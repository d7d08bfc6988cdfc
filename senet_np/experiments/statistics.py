"""What several seeds say: mean and spread, and a difference with its interval."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

FEWEST = 5  # pairs from which an interval is given: with fewer it is so wide that the values alone say more

# Student's t with 4, 5, … 29 degrees of freedom, its 97.5 % points. Source: any table of the distribution.
T975 = (2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045)  # fmt: skip


class Difference(NamedTuple):
    """a − b, paired by seed."""

    values: tuple[float, ...]  # pair by pair
    mean: float
    half: float | None  # half the width of the 95 % interval; None with fewer than FEWEST pairs

    @property
    def verdict(self) -> str:
        """What may be said: "more", "less", "no difference seen", or "too few seeds to say"."""
        if self.half is None:
            return "too few seeds to say"
        if abs(self.mean) <= self.half:
            return "no difference seen"
        return "more" if self.mean > 0 else "less"


def t975(degrees: int) -> float:
    """The 97.5 % point of Student's t with 4 degrees of freedom or more.

    From the table; above 29 by the first terms of its expansion, within 0.004.

    Source: Abramowitz and Stegun 26.7.5, with z = 1.960: t ≈ z + (z³ + z) / (4·degrees).
    """
    if degrees < FEWEST - 1:
        raise ValueError(f"degrees is {degrees}, expected at least {FEWEST - 1}")
    return T975[degrees - 4] if degrees <= 29 else 1.960 + 2.372 / degrees


def paired_difference(a: Sequence[float], b: Sequence[float]) -> Difference:
    """The mean of a − b over pairs, and its 95 % interval.

    mean ± t · sd / √n,    sd the standard deviation of the n differences, t Student's with n − 1 degrees of freedom

    Pairs share a seed: the same order of the images, the same flips and crops, and the same first weights up to the
    first layer that only one of them has, for all are drawn from one generator. What a seed does to both cancels out.
    """
    d = np.subtract(a, b)
    half = t975(len(d) - 1) * float(d.std(ddof=1)) / len(d) ** 0.5 if len(d) >= FEWEST else None
    return Difference(tuple(d.tolist()), float(d.mean()), half)
