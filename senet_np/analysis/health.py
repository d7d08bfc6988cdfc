"""Is a block alive? Gates that are the same for every image, or that sit at an end of their range, are no attention."""

from typing import NamedTuple

from .gates import GateStatistics
from .hidden import HiddenStatistics

MIN_SD = 0.01  # of the gate's range: a channel whose gate varies less over images does not look at the image
SATURATED_SHARE = 0.9  # share of gates in the first and the last bin


class Diagnosis(NamedTuple):
    """The state of a block's gates, over all images and channels."""

    shut: float  # share of gates in the first bin: below 0.05 for a sigmoid, below −0.9 for tanh
    open: float  # share in the last bin: above 0.95
    constant: float  # share of the channels whose gate hardly varies
    dead_units: int  # hidden units that are 0 in every image
    units: int  # hidden units; 0 where the block has none
    verdict: str  # "alive", "dead" or "saturated"


def diagnose(stats: GateStatistics, hidden: HiddenStatistics | None) -> Diagnosis:
    """Look for a dead or saturated block; `hidden` is None for ECA, which has no hidden units.

    A block is *dead* if no gate of it varies between images, which happens when all its hidden units are dead, and
    *saturated* if nearly all gates are at an end, where the gradient of a sigmoid or tanh nearly vanishes.
    """
    shut, open_ = (float(stats.histogram[end]) for end in (0, -1))
    span = stats.limits[1] - stats.limits[0]
    constant = float((stats.overall_sd < MIN_SD * span).mean())
    dead, units = (0, 0) if hidden is None else (int(hidden.dead.sum()), len(hidden.dead))
    verdict = "alive"
    if constant == 1:
        verdict = "dead"
    elif shut + open_ >= SATURATED_SHARE:
        verdict = "saturated"
    return Diagnosis(shut, open_, constant, dead, units, verdict)
