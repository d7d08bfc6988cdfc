"""Is a block alive? Gates that stay where they are whatever the image, or that sit at their ends, are no attention."""

from typing import NamedTuple

import numpy as np

from .gates import GateStatistics
from .hidden import HiddenStatistics

STILL = 0.01  # a channel whose gate has a smaller standard deviation over images, of 1, does not look at the image
SATURATED = 0.9  # share of gates in the first and the last bin


class Diagnosis(NamedTuple):
    """How a block's gates are, over all images and channels."""

    shut: float  # share of gates in the first bin: below 0.05 for a sigmoid
    open: float  # share in the last bin: above 0.95
    still: float  # share of the channels whose gate hardly moves
    dead_units: int  # hidden units that are 0 in every image
    units: int  # hidden units; 0 where the block has none
    verdict: str  # "alive", or what is wrong


def diagnose(stats: GateStatistics, hidden: HiddenStatistics | None) -> Diagnosis:
    """Look for a dead or saturated block.

    Args:
        stats: the block's gates.
        hidden: its hidden units; None for ECA, which has none.

    Returns:
        The shares and a verdict: a block is *dead* if no gate of it moves between images, which happens when all its
        hidden units are, and *saturated* if nearly all gates are at an end, where the gate's gradient vanishes.
    """
    counts = stats.counts.sum(axis=(0, 1))
    shut, open_ = (float(counts[end] / counts.sum()) for end in (0, -1))
    span = stats.limits[1] - stats.limits[0]
    still = float((stats.overall_sd < STILL * span).mean())
    dead, units = (0, 0) if hidden is None else (int(hidden.dead.sum()), len(hidden.dead))
    verdict = "alive"
    if still == 1:
        why = ", as all its hidden units are 0 in every image" if units and dead == units else ""
        verdict = f"dead: no gate moves between images (sd below {STILL:g} of the range){why}"
    elif shut + open_ >= SATURATED:
        verdict = f"saturated: {100 * (shut + open_):.0f} % of the gates are at an end of their range"
    return Diagnosis(shut, open_, still, dead, units, verdict)


def histogram(stats: GateStatistics) -> tuple[np.ndarray, np.ndarray]:
    """All gates of a block together.

    Args:
        stats: the block's.

    Returns:
        (edges (BINS + 1,), share of the gates in each bin (BINS,)).
    """
    counts = stats.counts.sum(axis=(0, 1))
    return np.linspace(*stats.limits, len(counts) + 1), counts / counts.sum()
