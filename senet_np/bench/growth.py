"""How cost grows: the tiny SE-CNN's training step with the batch, with the width, and with the workers."""

from typing import Any

import numpy as np

from ..fast.workers import Workers
from ..nets import tiny
from ..train.step import gradients
from .nets import default_micro_batch, make_problem
from .timing import in_turns, timer

BATCHES = tuple(2**k for k in range(11))  # 1 to 1024
WIDTHS = (1, 2, 4)  # times 32/64/128 channels
THREADS = (1, 2)


def measure(
    batches: tuple[int, ...] = BATCHES, widths: tuple[int, ...] = WIDTHS, seconds: float = 1.5
) -> list[dict[str, Any]]:
    """Images a second for every batch, width and number of workers.

    Micro-batches are the same whatever the workers, so that one and two compute the same numbers.

    Args:
        batches: images in a minibatch.
        widths: times 32/64/128 channels.
        seconds: about how long each point is timed; at least two steps.

    Returns:
        One record for each width and number of workers: {"width", "threads", "batches", "images_per_second"}.
    """
    curves = []
    for width in widths:
        net = tiny(widths=tuple(width * c for c in (32, 64, 128)))
        for threads in THREADS:
            rates = []
            with Workers(threads) as workers:
                for batch in batches:
                    problem = make_problem(net, batch)
                    micro_batch = default_micro_batch(batch, max(THREADS))
                    step = timer(lambda p=problem, m=micro_batch: gradients(*p, m, workers))
                    rounds = int(np.clip(seconds / step() / 2, 1, 25))
                    rates.append(batch / float(np.median(in_turns({"step": step}, rounds)["step"])))
            curves.append({"width": width, "threads": threads, "batches": [*batches], "images_per_second": rates})
    return curves
