"""The learning-rate schedule."""

import math


def learning_rate(step: int, steps: int, peak: float, warmup: float = 0.1) -> float:
    """The rate for one step: up in a straight line, then down along half a cosine.

    lr = peak · (step + 1) / w                                   for step < w = warmup · steps
    lr = peak · ½ (1 + cos(π (step − w) / (steps − w)))          after that

    Args:
        step: which step of all `steps` of the run, from 0.
        peak: the highest rate.
        warmup: share of the steps that the way up takes, 0 to 1.

    Source: Goyal et al. 2017 (warm-up), Loshchilov and Hutter 2017 (cosine).
    """
    w = int(warmup * steps)
    if step < w:
        return peak * (step + 1) / w
    return peak * 0.5 * (1 + math.cos(math.pi * (step - w) / (steps - w)))
